"""`csrdesk user expire` and `must-change`, as programs of their own against a running sandbox."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from csrdesk.sandbox import Sandbox, people
from csrdesk.sandbox.domain import filetime, moment_of
from tests.cli.test_calls import Csrdesk, verified_call

WHY = ("--reason", "leaves", "--ticket", "HR-7", "--yes")
WHO = people.ONE_DEVICE


def in_days(box: Sandbox, days: int) -> date:
    return (box.clock.now().astimezone() + timedelta(days=days)).date()


def end_of(day: date) -> str:
    """As AD's own tools write it: midnight after the day, where this machine is."""
    return filetime(datetime.combine(day + timedelta(days=1), time()).astimezone())


async def test_an_account_is_let_end_with_a_day_the_agents_clock_says_and_back_again(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    call, day = await verified_call(box, settings, WHO), in_days(box, 30)
    asked = ("user", "expire", WHO, "--on", day.isoformat(), "--call", call, *WHY)
    dry = await csrdesk(*asked, "--dry-run", "--json")
    words = f"end with {day.day} {day:%B %Y}"
    (would,) = dry.data["wouldWrite"]
    assert (would["where"], would["allowed"], would["what"].endswith(words)) == ("AD", True, True)
    assert box.world.entry(WHO).first("accountExpires") != end_of(day)
    ran = await csrdesk(*asked, "--json")
    assert (ran.code, ran.data["halfDone"]) == (0, False)
    assert ran.data["lines"][0]["text"] == f"AD: set to {words}"
    assert box.world.entry(WHO).first("accountExpires") == end_of(day)
    shown = await csrdesk("user", "show", WHO, "--call", call)
    assert f"with {day.isoformat()}" in shown.out
    again = await csrdesk(*asked)
    assert (again.code, "Nothing was written" in again.out) == (0, True)
    back = await csrdesk("user", "expire", WHO, "--never", "--call", call, *WHY, "--json")
    assert (back.code, back.data["lines"][0]["text"]) == (0, "AD: set never to end")
    rows = (await csrdesk("audit", "list", "--call", call, "--json")).data
    told = [(row["kind"], row["result"], row["reason"]) for row in rows if row["action"] == "ad.set_expiry"]
    assert told == [("intent", "", "leaves"), ("outcome", "done", "leaves")] * 2


async def test_r_53_a_day_that_others_have_set_is_moved_by_nobody_here(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    theirs = filetime(box.clock.now() + timedelta(days=20))
    box.world.entry(WHO).attributes["accountExpires"] = [theirs]
    call = await verified_call(box, settings, WHO)
    for wanted in (("--never",), ("--on", in_days(box, 40).isoformat())):
        ran = await csrdesk("user", "expire", WHO, *wanted, "--call", call, *WHY, "--json")
        assert ran.code == 1
        assert "earlier, never later" in ran.data["lines"][0]["text"]
    rows = (await csrdesk("audit", "list", "--call", call, "--json")).data
    assert [row["kind"] for row in rows if row["action"] == "ad.set_expiry"] == ["refused", "refused"]
    over = await csrdesk("user", "expire", WHO, "--on", in_days(box, -2).isoformat(), "--call", call, *WHY)
    assert "That day is over. To close the account now, disable it" in over.out + over.err
    assert box.world.entry(WHO).first("accountExpires") == theirs


@pytest.mark.parametrize(
    "wrong", [(), ("--on", "24.12.2026"), ("--on", "2026-12-24", "--never"), ("--on", "9999-12-31"), ("--on", "")]
)
async def test_a_day_that_is_none_is_said_before_anything_is_asked(csrdesk: Csrdesk, wrong: tuple[str, ...]) -> None:
    ran = await csrdesk("user", "expire", WHO, *wrong, "--call", "x", *WHY, "--json")
    assert ran.code == 2


async def test_another_password_is_asked_for_and_then_asked_for_already(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    call = await verified_call(box, settings, WHO)
    asked = ("user", "must-change", WHO, "--call", call, *WHY)
    dry = await csrdesk(*asked, "--dry-run", "--json")
    assert [one["allowed"] for one in dry.data["wouldWrite"]] == [True]
    ran = await csrdesk(*asked, "--json")
    assert ran.code == 0
    assert ran.data["lines"][0]["text"] == "AD: password set to be changed at the next sign-in"
    assert ran.data["accountStatus"] == "MUST_CHANGE_PASSWORD"
    assert box.world.entry(WHO).first("pwdLastSet") == "0"
    assert "already" in (await csrdesk(*asked)).out


async def test_where_nobody_could_choose_another_password_that_is_said_and_nothing_written(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    box.world.entry(WHO).attributes["userAccountControl"] = [str(0x200 | 0x10000)]
    call = await verified_call(box, settings, WHO)
    ran = await csrdesk("user", "must-change", WHO, "--call", call, *WHY, "--json")
    assert (ran.code, ran.error["code"]) == (1, "invalid_value")
    assert "never to expire" in ran.error["errorMessage"]
    assert moment_of(box.world.entry(WHO).first("pwdLastSet")).year > 2000


@pytest.mark.parametrize("act", [("expire", "--on", "2099-12-24"), ("must-change",)], ids=lambda words: words[0])
async def test_r_30_neither_is_done_without_a_verified_call(
    box: Sandbox, csrdesk: Csrdesk, act: tuple[str, ...]
) -> None:
    before = dict(box.world.entry(WHO).attributes)
    ran = await csrdesk("user", act[0], WHO, *act[1:], *WHY, "--json")
    assert (ran.code, ran.error["code"]) == (6, "not_verified")
    assert box.world.entry(WHO).attributes == before
