"""What a terminal and its user can do to the console: shrink it to nothing, paste anything, press what is not there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from textual import events
from textual.widgets import Input

from csrdesk.app import CsrdeskApp
from csrdesk.errors import StaleFlowError
from csrdesk.flows import answers as a
from csrdesk.flows.doors import Session, View
from csrdesk.flows.kernel import Answer
from csrdesk.screens.account import AccountScreen
from csrdesk.screens.audit import AuditScreen
from csrdesk.screens.following import MOVED_ON
from csrdesk.screens.prompted import PromptScreen
from csrdesk.screens.username import UsernameScreen
from csrdesk.widgets.row_list import RowList
from tests.samples import AGENT, CODE, NOW
from tests.tui.easel import INFO
from tests.tui.fake import FakeSession
from tests.tui.reading import words
from tests.tui.test_audit import audit


def at(name: str) -> FakeSession:
    code = CODE if name.startswith("polling") else None
    return FakeSession(View("call-1", "csr_main", 0, AGENT[name], spoken_code=code))


def console(session: FakeSession) -> CsrdeskApp:
    async def connect() -> Session:
        return session

    app = CsrdeskApp(connect, INFO, now=lambda: NOW)
    app.animation_level = "none"
    return app


async def until(condition: Callable[[], object]) -> None:
    """Wait for what will happen soon, at most ten seconds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the screen tells nobody when it changes
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("name", AGENT)
async def test_a_terminal_made_20x5_and_large_again_shows_what_it_showed(name: str) -> None:
    app = console(at(name))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(lambda: isinstance(app.screen, PromptScreen) and "Connected" in words(app))
        await pilot.pause()
        before = words(app)
        await pilot.resize_terminal(20, 5)
        await pilot.pause()
        assert [len(line) for line in words(app).splitlines()] == [20] * 5
        await pilot.press("tab", "pagedown", "pageup", "f1", "escape", "shift+tab")
        await pilot.resize_terminal(100, 30)
        await until(lambda: unfocused(words(app)) == unfocused(before))
    assert app.return_code in (0, None)


def unfocused(screen: str) -> str:
    """Without the frames of fields, which change with the focus."""
    return "".join(letter for letter in screen if letter.isalnum())


async def test_a_list_is_kept_and_gone_through_in_20x5() -> None:
    session = at("username")
    session.rows = audit(40)
    app = console(session)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(lambda: isinstance(app.screen, UsernameScreen) and "Connected" in words(app))
        await pilot.press("f7")
        await until(lambda: "act-40" in words(app))
        await pilot.resize_terminal(20, 5)
        await pilot.press("down", "pagedown", "end", "home", "down")
        await pilot.resize_terminal(100, 30)
        await until(lambda: isinstance(app.screen, AuditScreen) and ">      39 " in words(app))
        assert app.screen.query_one(RowList).at == 1


PASTED = "ada\x1b[2J\x1b]0;owned\x07.love\u202elace\x00\r\nsecond line"


async def test_pasted_escape_sequences_do_nothing_and_only_the_first_line_is_taken() -> None:
    session = at("username")
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, UsernameScreen) and "Connected" in words(app))
        app.post_message(events.Paste(PASTED))
        await until(lambda: app.screen.query_one("#identifier", Input).value)
        assert session.answers == [], "a pasted line break is no Enter"
        typed = app.screen.query_one("#identifier", Input).value
        assert typed == "ada?[2J?]0;owned?.love?lace?".replace("?", "\N{REPLACEMENT CHARACTER}")
        await pilot.press("enter")
        await until(lambda: session.answers)
    assert session.answers == [a.UsernameGiven(typed, "")]


async def test_a_paste_that_is_too_long_is_left_out_as_a_whole_and_that_is_said() -> None:
    app = console(at("username"))
    async with app.run_test(notifications=True) as pilot:
        await until(lambda: isinstance(app.screen, UsernameScreen) and "Connected" in words(app))
        await pilot.press("a")
        app.post_message(events.Paste("x" * 10_000))
        await until(lambda: "At most 256 characters fit here." in words(app))
        assert app.screen.query_one("#identifier", Input).value == "a"


async def test_a_paste_where_nothing_can_be_typed_does_nothing() -> None:
    session = at("account")
    app = console(session)
    async with app.run_test():
        await until(lambda: isinstance(app.screen, AccountScreen))
        app.post_message(events.Paste("d\r\nq\r\n"))
        await asyncio.sleep(0.1)
        assert isinstance(app.screen, AccountScreen)
    assert session.answers == []


@pytest.mark.parametrize("event", [events.Paste("ada"), events.Key("a", "a")], ids=["paste", "key"])
async def test_what_comes_between_two_screens_is_for_nobody_and_ends_nothing(event: events.Event) -> None:
    app = console(at("account"))
    assert app.screen_stack == []
    await app.on_event(event)


class Raced(FakeSession):
    """Another console of the same agent is faster."""

    async def answer(self, flow_id: str, rev: int, answer: Answer) -> View:
        if not self.answers:
            self.answers.append(answer)
            self.now = View("call-1", "csr_main", self.now.rev + 1, AGENT["confirm"])
            raise StaleFlowError("Somebody else was faster.")
        return await super().answer(flow_id, rev, answer)


async def test_of_two_consoles_on_one_call_the_slower_one_is_told_and_sees_what_the_other_did() -> None:
    session = Raced(View("call-1", "csr_main", 0, AGENT["account"]))
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, AccountScreen))
        await pilot.press("d")
        await until(lambda: "The call had moved on meanwhile." in words(app))
        assert MOVED_ON.startswith("The call had moved on meanwhile.")
        assert "Nothing was done" in MOVED_ON
        assert "Disable this account?" in words(app)
