"""Several calls in one console: each keeps its place, none is lost behind another, and the agent hears of news."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from textual.widgets import Input

from csrdesk import app
from csrdesk.app import CsrdeskApp
from csrdesk.console.call import Call
from csrdesk.console.lines import line_of
from csrdesk.errors import StoreUnavailableError
from csrdesk.flows import answers as a
from csrdesk.flows.csr_main import CallOver
from csrdesk.flows.doors import CallSummary, Session, View
from csrdesk.flows.kernel import Answer
from csrdesk.screens.account import AccountScreen
from csrdesk.screens.call_over import CallOverScreen
from csrdesk.screens.calls import CallsScreen
from csrdesk.screens.card import CardScreen
from csrdesk.screens.confirm import ConfirmScreen
from csrdesk.screens.following import Following
from csrdesk.screens.help import HelpScreen
from csrdesk.screens.leave import LeaveScreen
from csrdesk.screens.magic_link_form import MagicLinkFormScreen
from csrdesk.screens.polling import PollingScreen
from csrdesk.screens.username import UsernameScreen
from tests.samples import AGENT, CODE, NOW
from tests.tui.easel import AROUND, INFO, easel, view_of
from tests.tui.fake import FakeDesk, FakeSession
from tests.tui.reading import words


class Ringing(CsrdeskApp):
    """A console that counts its bells."""

    CSS_PATH = [Path(app.__file__).parent / "screens" / name for name in ("frame.tcss", "username.tcss")]  # noqa: RUF012
    rung = 0

    def bell(self) -> None:
        self.rung += 1


def call(number: int, name: str, react: Callable[[Answer], View | None] = lambda _: None) -> FakeSession:
    code = CODE if name.startswith("polling") else None
    return FakeSession(View(f"call-{number}", "csr_main", 0, AGENT[name], spoken_code=code), react)


def console(desk: FakeDesk) -> Ringing:
    async def connect() -> Session:
        return desk

    shown = Ringing(connect, INFO, now=lambda: NOW)
    shown.animation_level = "none"
    return shown


async def until(condition: Callable[[], object]) -> None:
    """Wait for what will happen soon, at most ten seconds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the screen tells nobody when it changes
            await asyncio.sleep(0.01)


async def test_what_is_typed_in_one_call_is_still_there_after_a_look_at_another() -> None:
    shown = console(FakeDesk(call(1, "confirm"), call(2, "username")))
    async with shown.run_test() as pilot:
        await until(lambda: isinstance(shown.screen, ConfirmScreen))
        await pilot.press(*"lost her pho", "ctrl+n")
        await until(lambda: isinstance(shown.screen, UsernameScreen) and "F2 2 calls" in words(shown))
        await pilot.press(*"grace", "f3")
        await until(lambda: isinstance(shown.screen, ConfirmScreen))
        await pilot.press(*"ne")
        assert shown.screen.query_one("#reason", Input).value == "lost her phone"
        await pilot.press("f4")
        await until(lambda: isinstance(shown.screen, UsernameScreen))
        assert shown.screen.query_one("#identifier", Input).value == "grace"


async def test_an_answer_goes_to_the_call_on_the_screen_and_to_no_other() -> None:
    first, second = call(1, "account"), call(2, "card")
    shown = console(FakeDesk(first, second))
    async with shown.run_test() as pilot:
        await until(lambda: isinstance(shown.screen, AccountScreen))
        await pilot.press("ctrl+n")
        await until(lambda: isinstance(shown.screen, CardScreen))
        await pilot.press("l")
        await until(lambda: second.answers)
        assert second.answers == [a.MagicLinkChosen()]
        await pilot.press("f4")
        await until(lambda: isinstance(shown.screen, AccountScreen))
        await pilot.press("d")
        await until(lambda: first.answers)
        assert first.answers == [a.DisableChosen()]
        assert len(second.answers) == 1


@pytest.mark.parametrize(
    ("name", "screen"),
    [("account", AccountScreen), ("magic_link_form", MagicLinkFormScreen)],
    ids=["verified", "expired"],
)
async def test_a_call_behind_the_screen_rings_once_when_it_needs_the_agent(name: str, screen: type) -> None:
    first = call(1, "polling")
    shown = console(FakeDesk(first, call(2, "username")))
    async with shown.run_test() as pilot:
        await until(lambda: isinstance(shown.screen, PollingScreen))
        await pilot.press("ctrl+n")
        await until(lambda: isinstance(shown.screen, UsernameScreen))
        first.move(prompt=AGENT["polling_fetched"], spoken_code=CODE)  # a scanner: nothing for the agent to do
        await pilot.pause(0.1)
        assert shown.rung == 0
        first.move(working="Reading the account")
        first.move(prompt=AGENT[name])
        await until(lambda: shown.rung == 1)
        await until(lambda: "! 1 for you" in words(shown))
        first.move(prompt=AGENT[name])
        await pilot.pause(0.1)
        assert shown.rung == 1
        assert isinstance(shown.screen, UsernameScreen)
        await pilot.press("f4")
        await until(lambda: isinstance(shown.screen, screen))
        await until(lambda: "for you" not in words(shown))


async def test_the_fourth_verified_call_says_in_the_engines_words_why_it_is_refused() -> None:
    refused = View("call-1", "csr_main", 1, AGENT["magic_link_form"])
    told = "You have 3 verified calls open. End one of them first."
    prompt = type(AGENT["magic_link_form"])(person=AGENT["card"].person, note=told)  # type: ignore[attr-defined]
    first = call(1, "polling")
    shown = console(FakeDesk(first, call(2, "username")))
    async with shown.run_test() as pilot:
        await until(lambda: isinstance(shown.screen, PollingScreen))
        await pilot.press("ctrl+n")
        await until(lambda: isinstance(shown.screen, UsernameScreen))
        first.move(prompt=prompt, rev=refused.rev)
        await until(lambda: shown.rung)
        await pilot.press("f3")
        await until(lambda: told in words(shown))


async def test_the_list_shows_each_call_with_its_state_and_its_clock_and_goes_to_one() -> None:
    shown = console(FakeDesk(call(1, "polling"), call(2, "account")))
    async with shown.run_test() as pilot:
        await until(lambda: isinstance(shown.screen, PollingScreen))
        await pilot.press("ctrl+n")
        await until(lambda: isinstance(shown.screen, AccountScreen))
        await pilot.press("f2")
        await until(lambda: isinstance(shown.screen, CallsScreen) and "1:47 left" in words(shown))
        assert "link sent, waiting for the code" in words(shown)
        assert "verified" in words(shown)
        await pilot.press("1", "enter")
        await until(lambda: isinstance(shown.screen, PollingScreen))


async def test_a_call_left_open_by_an_earlier_console_is_gone_on_with_from_the_list() -> None:
    left = CallSummary(
        "call-9", NOW, "Grace Hopper", "verified until 09:22", verified_until=NOW + timedelta(minutes=12)
    )
    empty = CallSummary("call-8", NOW, "", "looking up")
    desk = FakeDesk(call(1, "username"), call(9, "account"), left=(left, empty))
    shown = console(desk)
    async with shown.run_test() as pilot:
        await until(lambda: "Connected" in words(shown))
        await pilot.press("f2")
        await until(lambda: isinstance(shown.screen, CallsScreen) and "Grace Hopper" in words(shown))
        assert "12:00 left" in words(shown)
        assert "3" not in [line.strip()[:1] for line in words(shown).splitlines()]
        await pilot.press("2", "enter")
        await until(lambda: isinstance(shown.screen, AccountScreen))
        await pilot.press("d")
        await until(lambda: desk.known["call-9"].answers)
        await pilot.press("f2")
        await until(lambda: isinstance(shown.screen, CallsScreen))
        assert "Grace Hopper" not in words(shown)


async def test_another_look_up_is_not_opened_while_one_is_empty_and_none_before_the_desk_is_connected() -> None:
    desk = FakeDesk(call(1, "username"), call(2, "username"))
    shown = console(desk)
    async with shown.run_test() as pilot:
        await pilot.press("ctrl+n")
        await until(lambda: "Connected" in words(shown))
        await pilot.press("ctrl+n", "ctrl+n")
        await pilot.pause()
        assert len(list(shown.calls)) == 1


async def test_a_call_that_is_over_is_gone_from_the_list_once_the_agent_looks_elsewhere() -> None:
    second = call(2, "card")
    shown = console(FakeDesk(call(1, "account"), second))
    async with shown.run_test() as pilot:
        await until(lambda: isinstance(shown.screen, AccountScreen))
        await pilot.press("ctrl+n")
        await until(lambda: isinstance(shown.screen, CardScreen))
        second.move(outcome=CallOver())
        await until(lambda: isinstance(shown.screen, CallOverScreen))
        await pilot.press("f3")
        await until(lambda: isinstance(shown.screen, AccountScreen))
        assert [open_.mode for open_ in shown.calls] == ["call-1"]
        await until(lambda: "F2" not in words(shown))


async def test_leaving_names_every_open_call_and_can_end_them_all() -> None:
    first, second = call(1, "account"), call(2, "card")
    shown = console(FakeDesk(first, second))
    async with shown.run_test() as pilot:
        await until(lambda: isinstance(shown.screen, AccountScreen))
        await pilot.press("ctrl+n")
        await until(lambda: isinstance(shown.screen, CardScreen))
        await pilot.press("ctrl+q")
        await until(lambda: isinstance(shown.screen, LeaveScreen))
        assert "2 calls are open." in words(shown)
        assert "csrdesk call show call-1" in words(shown)
        await pilot.press("e")
        await until(lambda: not shown.is_running)
    assert [first.answers, second.answers] == [[a.CallEnded()], [a.CallEnded()]]


async def test_trouble_with_a_call_behind_the_screen_is_shown_when_the_agent_is_back() -> None:
    class Broken(FakeSession):
        broken = False

        async def changed(self, flow_id: str, rev: int) -> View:
            await super().changed(flow_id, rev)
            raise ValueError("secret words")

    first = Broken(View("call-1", "csr_main", 0, AGENT["polling"], spoken_code=CODE))
    shown = console(FakeDesk(first, call(2, "username")))
    async with shown.run_test() as pilot:
        await until(lambda: isinstance(shown.screen, PollingScreen))
        await pilot.press("ctrl+n")
        await until(lambda: isinstance(shown.screen, UsernameScreen))
        first.move(prompt=AGENT["account"])
        await until(lambda: shown.rung == 1)
        assert isinstance(shown.screen, UsernameScreen)
        await pilot.press("f4")
        await until(lambda: "Something went wrong in the console." in words(shown))
        await pilot.press("t")
        await until(lambda: isinstance(shown.screen, AccountScreen))


async def test_news_that_a_box_hides_rings_and_is_there_when_the_box_is_closed() -> None:
    session = call(1, "polling")
    shown = console(FakeDesk(session))
    async with shown.run_test() as pilot:
        await until(lambda: isinstance(shown.screen, PollingScreen))
        await pilot.press("f1")
        await until(lambda: isinstance(shown.screen, HelpScreen))
        session.move(prompt=AGENT["account"])
        await until(lambda: shown.rung == 1)
        assert not shown.call.needs_agent, "nothing to go to: it is the call below the box"
        await pilot.press("escape")
        await until(lambda: isinstance(shown.screen, AccountScreen))
        assert shown.rung == 1


async def test_the_list_of_calls_stays_open_and_as_it_was_while_the_desk_cannot_be_read() -> None:
    left = CallSummary("call-9", NOW, "Grace Hopper", "link sent")
    desk = Unreadable(call(1, "card"), left=(left,))
    shown = console(desk)
    async with shown.run_test() as pilot:
        await until(lambda: isinstance(shown.screen, CardScreen))
        await pilot.press("f2")
        await until(lambda: isinstance(shown.screen, CallsScreen) and "Grace Hopper" in words(shown))
        desk.is_down = True
        asked = desk.asked
        await until(lambda: desk.asked > asked + 1)
        assert isinstance(shown.screen, CallsScreen)
        assert "Grace Hopper" in words(shown)


class Unreadable(FakeDesk):
    """Its list of calls cannot be read while it is down."""

    is_down = False
    asked = 0

    async def calls(self, *, all_of_them: bool = False) -> tuple[CallSummary, ...]:
        self.asked += 1
        if self.is_down:
            raise StoreUnavailableError("The desk's database is busy.")
        return await super().calls(all_of_them=all_of_them)


@pytest.mark.parametrize("name", AGENT)
def test_the_list_says_of_every_prompt_how_far_its_call_is(name: str) -> None:
    async def reach() -> Following:
        raise AssertionError("nobody is to be reached")

    one = Call(easel(AGENT[name]), "call-1", AROUND, reach)
    one.view = view_of(AGENT[name])
    assert line_of(one, current=False).state not in {"", "one moment"}
