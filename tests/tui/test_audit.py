"""The audit and the calls so far in the console: rows come page by page, each look goes through the session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from textual.app import App

from csrdesk.app import CsrdeskApp
from csrdesk.flows.doors import AuditLine, Session, View
from csrdesk.screens.account import AccountScreen
from csrdesk.screens.audit import PAGE, AuditRowScreen, AuditScreen
from csrdesk.screens.history import HistoryScreen
from csrdesk.screens.ticket import TicketScreen
from csrdesk.screens.username import UsernameScreen
from csrdesk.widgets.row_list import RowList
from tests.samples import AGENT, NOW
from tests.tui.easel import INFO
from tests.tui.fake import FakeSession
from tests.tui.reading import words
from tests.tui.test_ticket import RECORD


def audit(rows: int) -> tuple[AuditLine, ...]:
    """That many rows, newest first, of three calls in turns."""
    return tuple(
        AuditLine(seq, NOW + timedelta(seconds=seq), "event", f"act-{seq}", "", "sam", f"call-{seq % 3}", "why", "")
        for seq in range(rows, 0, -1)
    )


def at(name: str, rows: tuple[AuditLine, ...] = ()) -> FakeSession:
    session = FakeSession(View("call-1", "csr_main", 0, AGENT[name]))
    session.rows = rows
    return session


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


def shows(app: App[None], *wanted: str) -> Callable[[], bool]:
    return lambda: all(word in words(app) for word in wanted)


async def test_during_a_call_the_audit_of_that_call_is_shown_and_one_key_shows_all_of_it() -> None:
    session = at("account", audit(9))
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, AccountScreen))
        await pilot.press("f7")
        await until(shows(app, "Audit of call call-1: 3 rows", "act-7", "act-4"))
        assert "act-9" not in words(app)
        await pilot.press("c")
        await until(shows(app, "Audit: 9 rows", "act-9"))
        await pilot.press("down", "down", "c")  # the third row is of call-1 again
        await until(shows(app, "Audit of call call-1"))
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, AccountScreen))
    assert session.looks == [("call-1", 0), ("", 0), ("call-1", 0)]


async def test_without_a_caller_the_whole_audit_is_shown_and_a_row_opens_whole() -> None:
    session = at("username", audit(3))
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, UsernameScreen) and "Connected" in words(app))
        await pilot.press("f7")
        await until(shows(app, "Audit: 3 rows. Looking adds rows."))
        await pilot.press("down", "enter")
        await until(lambda: isinstance(app.screen, AuditRowScreen))
        await until(shows(app, "Row 2 of the audit", "act-2"))
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, AuditScreen))
        await pilot.press("f7")
        await until(lambda: isinstance(app.screen, UsernameScreen))


async def test_older_rows_are_read_before_the_mark_reaches_the_end_and_no_page_twice() -> None:
    session = at("username", audit(2 * PAGE + 20))
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, UsernameScreen) and "Connected" in words(app))
        await pilot.press("f7")
        await until(shows(app, f"{PAGE} rows, more below"))
        assert session.looks == [("", 0)]
        await pilot.press("end", "up", "down")
        await until(shows(app, f"{2 * PAGE} rows, more below"))
        assert app.screen.query_one(RowList).at == PAGE - 1
        await pilot.press("end")
        await until(shows(app, f"{2 * PAGE + 20} rows. Looking"))
        await pilot.press("end")
        await until(shows(app, "> ", "act-1 "))
    assert session.looks == [("", 0), ("", PAGE + 21), ("", 21)]


async def test_an_audit_that_cannot_be_read_is_said_in_place_and_can_be_tried_again() -> None:
    session = at("username", audit(3))
    session.unreadable = True
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, UsernameScreen) and "Connected" in words(app))
        await pilot.press("f7")
        await until(shows(app, "! The desk's database cannot be used.", "No rows."))
        session.unreadable = False
        await pilot.press("r")
        await until(shows(app, "Audit: 3 rows", "act-3"))
        assert "cannot be used" not in words(app)


async def test_before_the_desk_is_connected_there_is_nothing_to_look_at_and_that_is_said() -> None:
    gate = asyncio.Event()

    async def connect() -> Session:
        await gate.wait()
        return at("username")

    app = CsrdeskApp(connect, INFO, now=lambda: NOW)
    async with app.run_test() as pilot:
        await pilot.press("f7")
        await until(shows(app, "Not connected yet."))
        await pilot.press("f5")
        assert isinstance(app.screen, UsernameScreen)
        gate.set()


async def test_the_calls_so_far_have_their_text_for_the_ticket_and_their_rows() -> None:
    session = at("username", audit(3))
    session.on_record = RECORD
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, UsernameScreen) and "Connected" in words(app))
        await pilot.press("f5")
        await until(lambda: isinstance(app.screen, HistoryScreen))
        await until(shows(app, "Your calls so far: 1", "a***a@e***.example", "INC-7", "! verified, disable done"))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, TicketScreen))
        await until(shows(app, "Account  a***a@e***.example"))
        await pilot.press("escape", "a")
        await until(lambda: isinstance(app.screen, AuditScreen))
        await pilot.press("escape", "escape")
        await until(lambda: isinstance(app.screen, UsernameScreen))
    assert session.looks == [(RECORD.call_id, 0)]


@pytest.mark.parametrize("key", ["f5", "f7"])
async def test_a_lock_takes_what_was_looked_at_off_the_screen(key: str) -> None:
    session = at("account", audit(3))
    session.on_record = RECORD
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, AccountScreen))
        await pilot.press(key)
        await until(shows(app, "act-1") if key == "f7" else shows(app, "INC-7"))
        await app._lock()  # noqa: SLF001 - as the idle clock does
        await until(shows(app, "The console is locked."))
        await pilot.press("f5", "f7", "f8")
        assert app.is_locked
        assert len(app.screen_stack) == 1


async def test_values_of_the_screen_are_copied_one_by_one_and_the_code_to_say_is_not_among_them() -> None:
    session = at("polling")
    app = console(session)
    async with app.run_test() as pilot:
        await until(shows(app, "K7Q-2M9"))
        await pilot.press("f8")
        await until(shows(app, "Copy a value", "Reference", "PingOne id", "Call"))
        assert "417" not in words(app)
        await pilot.press("2", "enter")
        await until(shows(app, "Sent to the clipboard."))
        assert app.clipboard == "Ada Lovelace"


async def test_the_account_s_state_and_ids_can_be_copied() -> None:
    session = at("account")
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, AccountScreen))
        await pilot.press("f8")
        await until(shows(app, "Copy a value", "PingOne id"))
        await pilot.press("enter")
        await until(lambda: app.clipboard == "call-1")


async def test_a_screen_without_values_says_so() -> None:
    gate = asyncio.Event()

    async def connect() -> Session:
        await gate.wait()
        return at("username")

    app = CsrdeskApp(connect, INFO, now=lambda: NOW)
    async with app.run_test() as pilot:
        await pilot.press("f8")
        await until(shows(app, "There is nothing to copy on this screen."))
        gate.set()
