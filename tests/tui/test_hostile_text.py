"""Anybody's name is only a name: on no screen does it style, hide, link or move anything."""

from __future__ import annotations

import unicodedata

import msgspec
import pytest

from csrdesk.flows import prompts as p
from csrdesk.flows.kernel import Prompt
from csrdesk.model.devices import Device
from csrdesk.model.proofs import Act
from csrdesk.model.ways import Way, WayOffer
from tests.samples import ADA, AGENT, HOSTILE, LINK_FETCHED, NOW
from tests.tui.easel import easel
from tests.tui.reading import segments, words

EVIL = "[bold red]\x1b[2J\x1b]8;;https://evil.example\x07click[/] \u202e[@click=app.leave]gnp\u202c\r\n[link=x]${HOME}"
DEVICE = Device(id="d", type="SMS", nickname=EVIL, address=EVIL)

PROMPTS: dict[str, Prompt] = {
    "username": p.UsernamePrompt(note=EVIL, ticket=EVIL),
    "several": p.SeveralFoundPrompt(people=(HOSTILE, ADA)),
    "card": p.CardPrompt(person=HOSTILE, devices=(DEVICE,), ways=(WayOffer(Way.LINK, EVIL),), warning=EVIL, note=EVIL),
    "unverifiable": p.UnverifiableCardPrompt(person=HOSTILE, devices=(DEVICE,), obstacles=(EVIL,), why=EVIL),
    "protected": p.ProtectedPrompt(name=EVIL, message=EVIL),
    "cannot_verify": p.CannotVerifyPrompt(person=HOSTILE),
    "form": p.MagicLinkFormPrompt(person=HOSTILE, note=EVIL),
    "polling": p.PollingPrompt(
        person=HOSTILE, link=msgspec.structs.replace(LINK_FETCHED, fetched_by=EVIL, to=EVIL), note=EVIL
    ),
    "account": msgspec.structs.replace(AGENT["account_unread"], person=HOSTILE, note=EVIL),
    "confirm": p.ConfirmPrompt(person=HOSTILE, act=Act.DISABLE, effects=(EVIL,), ticket=EVIL, verified_until=NOW),
    "notice": p.NoticePrompt(person=HOSTILE, act=Act.DISABLE, lines=(p.ResultLine(EVIL, ok=False),)),
    "error": p.ErrorPrompt(error_message=EVIL, error_details=EVIL, reference=EVIL),
}


@pytest.mark.parametrize("name", PROMPTS)
async def test_r_47_strangers_text_is_inert_on_every_screen(name: str) -> None:
    app = easel(PROMPTS[name])
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        seen = words(app)
        unsafe = {c for c in seen if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs"}}
        assert unsafe == set()
        assert "[" in seen, "markup is shown as it came, not interpreted"
        links = [s.style for s in segments(app) if s.style and (s.style.link or "@click" in s.style.meta)]
        assert links == []


async def test_r_47_a_bracketed_name_is_shown_letter_by_letter() -> None:
    app = easel(PROMPTS["card"])
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "[bold red]root[/]" in words(app)
