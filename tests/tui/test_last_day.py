"""The last day on the console: typed as a day, sent as the moment after it where the agent sits, asked for again."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from csrdesk.flows import answers as a
from csrdesk.flows.prompts import AccountPrompt
from csrdesk.model.account import Account, DirectoryAccount
from csrdesk.screens.both_directories import ends
from csrdesk.screens.info import Surroundings
from csrdesk.screens.registry import make_screen
from tests.samples import AGENT, FINE, NOW, UNTIL
from tests.tui.easel import INFO, Easel, easel, view_of
from tests.tui.reading import words

ASKED = AGENT["confirm_expiry"]


def east(zone: str) -> Easel:
    around = Surroundings(replace(INFO, zone=ZoneInfo(zone)), lambda: NOW)
    return Easel(make_screen(view_of(ASKED), ASKED, around, UNTIL))


@pytest.mark.parametrize(
    ("zone", "moment"),
    [("Asia/Kolkata", "2026-12-25T00:00:00+05:30"), ("America/New_York", "2026-12-25T00:00:00-05:00")],
)
async def test_the_day_ends_where_the_agent_sits(zone: str, moment: str) -> None:
    app = east(zone)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"2026-12-24", "enter", *"leaves", "ctrl+s")
        await pilot.pause()
        assert [one.answer for one in app.given] == [a.Confirmed("leaves", "HR-7", moment)]


async def test_never_is_a_word_and_anything_else_is_asked_for_again() -> None:
    app = easel(ASKED)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"24.12.2026", "enter", *"typo", "ctrl+s")
        await pilot.pause()
        assert app.given == []
        assert "Type the last day as 2026-12-24, or never." in words(app)
        assert app.focused is not None
        assert app.focused.id == "day"
        await pilot.press(*["backspace"] * 10, *"never", "ctrl+s")
        await pilot.pause()
        assert [one.answer for one in app.given] == [a.Confirmed("typo", "HR-7", "never")]


EXPIRED = replace(FINE, directory=DirectoryAccount("CN=Ada", "ada.l", expired=True))
MUST = replace(FINE, directory=DirectoryAccount("CN=Ada", "ada.l", must_change_password=True))
SMART = replace(FINE, directory=DirectoryAccount("CN=Ada", "ada.l", smart_card=True))


@pytest.mark.parametrize(
    ("account", "offered"),
    [
        (FINE, [a.ExpireChosen, a.MustChangeChosen]),
        (EXPIRED, [a.MustChangeChosen]),
        (MUST, [a.ExpireChosen]),
        (SMART, [a.ExpireChosen]),
        (replace(FINE, directory=None), []),
    ],
    ids=["fine", "expired", "must change", "smart card", "no AD account"],
)
async def test_each_is_offered_only_where_it_can_be_done(account: Account, offered: list[type]) -> None:
    prompt = AGENT["account"]
    assert isinstance(prompt, AccountPrompt)
    app = easel(replace(prompt, account=account))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("y", "h")
        await pilot.pause()
        assert [type(one.answer) for one in app.given] == offered
        assert ("Last day" in words(app)) is (a.ExpireChosen in offered)


def test_a_day_that_ends_at_midnight_is_shown_as_the_day_and_any_other_moment_as_it_is() -> None:
    now, east = datetime(2026, 12, 1, tzinfo=UTC), ZoneInfo("Asia/Kolkata")
    at = datetime(2026, 12, 24, 18, 30, tzinfo=UTC)
    assert ends(DirectoryAccount("", "", expires_at=at), now, east) == "with 2026-12-24, in 23 days"
    assert ends(DirectoryAccount("", "", expires_at=at), now, UTC) == "2026-12-24, in 23 days"
    assert ends(DirectoryAccount("", ""), now, UTC) == "never"
