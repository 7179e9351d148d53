"""The text for the ticket: what was proved and done, inert, shown and copied by one key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from csrdesk.app import CsrdeskApp
from csrdesk.console.ticket_text import ticket_text
from csrdesk.flows.csr_main import CallOver
from csrdesk.flows.doors import Agent, CallRecord, Deed, Session, View
from csrdesk.screens.call_over import CallOverScreen
from csrdesk.screens.notice import NoticeScreen
from csrdesk.screens.ticket import TicketScreen
from csrdesk.screens.username import UsernameScreen
from tests.samples import AGENT, NOW
from tests.tui.easel import INFO
from tests.tui.fake import FakeSession
from tests.tui.reading import words

RECORD = CallRecord(
    call_id="5f09832857ae65fe",
    agent=Agent("sam", "Sam Porter"),
    since=NOW,
    until=NOW + timedelta(minutes=6),
    person_id="ada-1",
    account="a***a@e***.example",
    ticket="INC-7",
    proofs=((NOW + timedelta(minutes=2), "authentication: link, code and device (weak)"),),
    deeds=(
        Deed(NOW + timedelta(minutes=4), "disable", "ad.set_enabled", "done", "lost\n\x1b[31mit"),
        Deed(NOW + timedelta(minutes=4), "disable", "pingone.end_sessions", "unknown"),
    ),
    seq=57,
    hash="c0ffee" * 10 + "beef",
    told=(
        (NOW + timedelta(minutes=4), "disabled", "done"),
        (NOW + timedelta(minutes=5), "unlocked", "failed"),
        (NOW + timedelta(minutes=6), "enabled", "maybe sent"),
    ),
)


async def until(condition: Callable[[], object]) -> None:
    """Wait for what will happen soon, at most ten seconds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the screen tells nobody when it changes
            await asyncio.sleep(0.01)


def console(session: FakeSession) -> CsrdeskApp:
    async def connect() -> Session:
        return session

    app = CsrdeskApp(connect, INFO, now=lambda: NOW)
    app.animation_level = "none"
    return app


def test_the_text_says_when_who_whom_what_was_proved_and_done_and_where_it_stands_in_the_audit() -> None:
    assert ticket_text(RECORD).splitlines() == [
        "Call     5f09832857ae65fe",
        "Time     2026-03-04 09:10 to 09:16 UTC",
        "Agent    Sam Porter (sam)",
        "Account  a***a@e***.example, ada-1",
        "Ticket   INC-7",
        "Verified 09:12 authentication: link, code and device (weak)",
        "Done     09:14 disable, account in AD: done (lost\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}[31mit)",
        "         09:14 disable, sessions ended in PingOne: unknown",
        "Customer 09:14 told by mail: disabled",
        "         09:15 not told by mail: unlocked; tell them yourself",
        "         09:16 maybe told by mail: enabled",
        f"Audit    row 57, SHA-256 {RECORD.hash}",
    ]


def test_a_call_without_proof_or_deed_says_so() -> None:
    bare = CallRecord("1", Agent("sam"), NOW, NOW, "", "", "", (), (), 3, "aa")
    text = ticket_text(bare)
    for said in ("Agent    sam\n", "nobody was found", "nobody was verified", "nothing was changed", "Ticket   none"):
        assert said in text


@pytest.mark.parametrize("over", [False, True], ids=["notice", "call over"])
async def test_one_key_shows_the_text_beside_what_was_done_and_after_the_call_and_one_copies_it(*, over: bool) -> None:
    outcome, prompt = (CallOver(), None) if over else (None, AGENT["notice"])
    session = FakeSession(View("call-1", "csr_main", 4, prompt, outcome))
    session.on_record = RECORD
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, CallOverScreen if over else NoticeScreen))
        await pilot.pause()
        assert "Ticket text" in words(app)
        await pilot.press("f6")
        await until(lambda: isinstance(app.screen, TicketScreen) and "INC-7" in words(app))
        await pilot.press("c")
        await until(lambda: "Sent to the clipboard" in words(app))
        assert app.clipboard == ticket_text(RECORD)
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, CallOverScreen if over else NoticeScreen))


async def test_a_call_in_which_nothing_was_done_says_that_there_is_no_text() -> None:
    app = console(FakeSession(View("call-1", "csr_main", 0, AGENT["username"])))
    async with app.run_test() as pilot:
        await until(lambda: "Connected" in words(app))
        await pilot.press("f6")
        await until(lambda: "Nothing was done in this call yet." in words(app))
        assert isinstance(app.screen, UsernameScreen)
