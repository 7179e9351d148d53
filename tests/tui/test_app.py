"""The console against a session of ten lines: it keeps up with the call, answers once, and loses nothing."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable

import pytest
from textual.widgets import Input

from csrdesk.app import ConsoleInfo, CsrdeskApp
from csrdesk.errors import StoreUnavailableError, UnreachableError
from csrdesk.flows import answers as a
from csrdesk.flows.csr_main import CallOver
from csrdesk.flows.doors import Session, View
from csrdesk.flows.kernel import Answer
from csrdesk.screens.account import AccountScreen
from csrdesk.screens.call_over import CallOverScreen
from csrdesk.screens.card import CardScreen
from csrdesk.screens.frame import FrameScreen
from csrdesk.screens.help import HelpScreen
from csrdesk.screens.leave import LeaveScreen
from csrdesk.screens.polling import PollingScreen
from csrdesk.screens.trouble import TroubleScreen
from csrdesk.screens.username import UsernameScreen
from tests.samples import AGENT, CODE, NOW
from tests.tui.easel import INFO
from tests.tui.fake import FakeSession
from tests.tui.reading import words


def console(session: FakeSession, *, gate: asyncio.Event | None = None) -> CsrdeskApp:
    async def connect() -> Session:
        if gate:
            await gate.wait()
        return session

    app = CsrdeskApp(connect, INFO, now=lambda: NOW)
    app.animation_level = "none"
    return app


def at(name: str, rev: int = 0) -> View:
    return View("call-1", "csr_main", rev, AGENT[name], spoken_code=CODE if name.startswith("polling") else None)


async def until(condition: Callable[[], object]) -> None:
    """Wait for what will happen soon."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - the screen tells nobody when it changes
            await asyncio.sleep(0.01)


def test_the_console_is_there_before_anything_heavy_is_loaded() -> None:
    program = "import sys, csrdesk.app; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = (
        "csrdesk.engine",
        "csrdesk.services",
        "csrdesk.server",
        "csrdesk.wiring",
        "httpx",
        "starlette",
        "sqlite3",
    )
    loaded = done.stdout.split()
    assert [name for name in loaded if name.startswith(heavy)] == []
    assert "csrdesk.screens.registry" not in loaded


async def test_what_is_typed_before_the_desk_is_connected_is_looked_up_once_it_is() -> None:
    gate, session = asyncio.Event(), FakeSession(at("username"))
    app = console(session, gate=gate)
    async with app.run_test() as pilot:
        await pilot.press(*"ada", "enter")
        await pilot.pause()
        assert session.answers == []
        gate.set()
        await until(lambda: session.answers)
        assert session.answers == [a.UsernameGiven("ada")]


async def test_a_name_that_begins_with_q_does_not_leave_even_where_the_field_has_no_focus_yet() -> None:
    app = console(FakeSession(at("username")), gate=asyncio.Event())
    async with app.run_test() as pilot:
        app.set_focus(None)
        await pilot.press("q")
        await pilot.pause()
        assert app.is_running


async def test_what_is_typed_while_a_new_call_is_still_working_is_looked_up_once_it_asks() -> None:
    session = FakeSession(View("call-1", "csr_main", 1, working="Working"))
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: "Connected" in words(app))
        await pilot.press(*"ada", "enter")
        assert session.answers == []
        session.move(prompt=AGENT["username"])
        await until(lambda: session.answers)
        assert session.answers == [a.UsernameGiven("ada")]


async def test_what_was_missing_is_still_said_when_the_call_asks_for_the_first_time() -> None:
    session = FakeSession(View("call-1", "csr_main", 1, working="Working"))
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: "Connected" in words(app))
        await pilot.press("enter")
        await until(lambda: "Type something" in words(app))
        session.move(prompt=AGENT["username"])
        await pilot.pause(0.1)
        assert "Type something" in words(app)


async def test_until_the_desk_is_connected_the_screen_says_so() -> None:
    gate = asyncio.Event()
    app = console(FakeSession(at("username")), gate=gate)
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "Connecting" in words(app)
        assert "Connected" not in words(app)
        gate.set()
        await until(lambda: "Connected" in words(app))


async def test_what_does_not_answer_outside_stands_on_the_first_line_before_a_call_begins() -> None:
    app = console(FakeSession(at("username")))
    meaning = {"PingOne": "Nobody can be verified.", "mail": "No link can be sent."}
    async with app.run_test(notifications=True):
        await until(lambda: "Connected" in words(app))
        app.say_down(("PingOne", "mail"), meaning)
        await until(lambda: "! PingOne, mail down" in words(app))
        assert [note.message for note in app._notifications] == [*meaning.values()]  # noqa: SLF001 - Textual's own list
        app.say_down(("mail",), meaning)
        await until(lambda: "! mail down" in words(app))
        assert len(app._notifications) == 2  # noqa: SLF001 - as above
        app.say_down((), meaning)
        await until(lambda: "Connected" in words(app))


async def test_what_is_half_typed_when_the_desk_is_connected_stays() -> None:
    gate, session = asyncio.Event(), FakeSession(at("username"))
    app = console(session, gate=gate)
    async with app.run_test() as pilot:
        await pilot.press(*"ada")
        gate.set()
        await until(lambda: "Connected" in words(app))
        await pilot.press(*".l", "enter")
        await until(lambda: session.answers)
        assert session.answers == [a.UsernameGiven("ada.l")]


async def test_a_key_pressed_twice_answers_once() -> None:
    session = FakeSession(at("card"))
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, CardScreen))
        await pilot.press("l", "l", "p")
        await pilot.pause()
        assert session.answers == [a.MagicLinkChosen()]


async def test_a_second_enter_of_the_look_up_does_nothing_on_the_next_screen() -> None:
    session = FakeSession(at("username"), lambda _: session.move(prompt=AGENT["several_found"]))
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: "Connected" in words(app))
        await pilot.press("a", "enter", "enter", "enter")
        await pilot.pause()
        assert session.answers == [a.UsernameGiven("a")]


async def test_a_change_of_the_link_repaints_the_same_screen() -> None:
    session = FakeSession(at("polling"))
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, PollingScreen))
        before = app.screen
        session.move(prompt=AGENT["polling_fetched"], spoken_code=CODE)
        await until(lambda: "Fetched twice" in words(app))
        assert app.screen is before
        session.move(prompt=AGENT["account"])
        await until(lambda: isinstance(app.screen, AccountScreen))
        await pilot.pause()


async def test_short_work_shows_nothing_and_long_work_says_what_is_done_and_keeps_what_was_typed() -> None:
    session = FakeSession(at("username"))
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: "Connected" in words(app))
        await pilot.press(*"ada", "enter")
        session.move(working="Looking the caller up")
        await until(lambda: "Looking the caller up ..." in words(app))
        session.move(prompt=AGENT["username_nobody"])
        await until(lambda: "Nobody was found" in words(app))
        field = app.screen.query_one("#identifier", Input)
        assert field.value == "ada"
        assert app.focused is field


async def test_a_call_that_moved_on_is_read_again_and_nothing_is_done() -> None:
    session = FakeSession(at("account"))
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, AccountScreen))
        session.now = View("call-1", "csr_main", 9, AGENT["card"])  # elsewhere, and nobody was told
        await pilot.press("d")
        await until(lambda: isinstance(app.screen, CardScreen))
        await pilot.pause()
        assert "had moved on" in words(app)
        assert session.answers == []
        await pilot.press("v")
        await until(lambda: session.answers)
        assert session.answers == [a.CannotVerifyChosen()]


async def test_an_answer_that_could_not_be_saved_is_said_and_can_be_given_again() -> None:
    def react(answer: Answer) -> View | None:
        if len(session.answers) == 1:
            raise StoreUnavailableError("The desk's database cannot be written. Nothing was done.")
        return None

    session = FakeSession(at("card"), react)
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, CardScreen))
        await pilot.press("l")
        await until(lambda: "cannot be written" in words(app))
        await pilot.press("l")
        await until(lambda: len(session.answers) == 2)


async def test_r_61_a_desk_that_cannot_audit_says_so_loudly_until_it_can() -> None:
    session = FakeSession(at("card"))
    app = console(session)
    async with app.run_test(size=(80, 24)):
        await until(lambda: isinstance(app.screen, CardScreen))
        session.move(prompt=AGENT["card"], trouble="The audit cannot be written. Look-ups go on; nothing else does.")
        await until(lambda: "audit cannot be written" in words(app) and "! Audit: look-ups only" in words(app))
        session.move(prompt=AGENT["account"], trouble="")
        await until(lambda: isinstance(app.screen, AccountScreen) and "Connected" in words(app))
        assert "audit cannot be written" not in words(app)


async def test_a_desk_that_cannot_be_opened_is_said_in_words_and_tried_again() -> None:
    tries: list[int] = []
    session = FakeSession(at("username"))

    async def connect() -> Session:
        tries.append(1)
        if len(tries) == 1:
            raise UnreachableError("The desk cannot be reached.", system="desk")
        return session

    app = CsrdeskApp(connect, INFO, now=lambda: NOW)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, TroubleScreen))
        await pilot.pause()
        assert "The desk cannot be reached." in words(app)
        await pilot.press("t")
        await until(lambda: isinstance(app.screen, UsernameScreen))


async def test_what_nobody_expected_becomes_a_reference_and_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    def react(answer: Answer) -> View | None:
        raise ValueError("secret words 417209")

    session = FakeSession(at("card"), react)
    app = console(session)
    with caplog.at_level(logging.ERROR, "csrdesk.console"):
        async with app.run_test() as pilot:
            await until(lambda: isinstance(app.screen, CardScreen))
            await pilot.press("l")
            await until(lambda: isinstance(app.screen, TroubleScreen))
            await pilot.pause()
            seen = words(app)
            reference = app.screen.reference if isinstance(app.screen, TroubleScreen) else ""
            assert reference in seen
            assert "Traceback" not in seen
            await pilot.press("t")
            await until(lambda: isinstance(app.screen, CardScreen))
    assert reference in caplog.text
    assert "ValueError" in caplog.text
    assert "417209" not in caplog.text + seen


async def test_r_46_a_crash_while_painting_prints_a_reference_and_no_values(
    capsys: pytest.CaptureFixture[str],
) -> None:
    session = FakeSession(at("polling"))
    app = console(session)
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - Textual raises it when the application ends
        async with app.run_test():
            await until(lambda: isinstance(app.screen, PollingScreen))
            app.call_later(lambda: 1 // 0)
            await asyncio.sleep(0.2)
    printed = capsys.readouterr()
    assert "417209" not in printed.out + printed.err
    assert "Traceback" not in printed.out + printed.err
    assert "Reference" in printed.out + printed.err


async def test_leaving_asks_once_while_a_call_is_open_and_the_call_can_stay_open() -> None:
    session = FakeSession(at("account"))
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, AccountScreen))
        await pilot.press("ctrl+c")
        assert isinstance(app.screen, LeaveScreen)
        assert "csrdesk call show call-1" in words(app)
        await pilot.press("escape")
        assert isinstance(app.screen, AccountScreen)
        await pilot.press("q", "ctrl+q")
        await pilot.pause()
        assert not app.is_running
    assert session.answers == []


async def test_leaving_can_end_the_call() -> None:
    session = FakeSession(at("account"))
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, AccountScreen))
        await pilot.press("ctrl+q", "e")
        await until(lambda: not app.is_running)
    assert session.answers == [a.CallEnded()]


async def test_what_comes_while_a_box_is_open_is_shown_when_it_closes() -> None:
    session = FakeSession(at("polling"))
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, PollingScreen))
        await pilot.press("f1")
        await until(lambda: isinstance(app.screen, HelpScreen))
        session.move(prompt=AGENT["account"])
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, AccountScreen))


async def test_after_a_call_the_next_one_starts_with_one_key() -> None:
    session = FakeSession(at("card"), lambda _: session.move(outcome=CallOver()))
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, CardScreen))
        await pilot.press("e")
        await until(lambda: isinstance(app.screen, CallOverScreen))
        session.now = View("call-2", "csr_main", 0, AGENT["username"])
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, UsernameScreen))
        assert session.started == 2
        assert [field.value for screen in app.screen_stack for field in screen.query(Input)] == [""] * 4


async def test_the_palette_offers_what_the_screen_offers() -> None:
    session = FakeSession(at("card"))
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, CardScreen))
        await pilot.press("ctrl+p")
        await pilot.pause(0.3)
        await pilot.press(*"magic")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await pilot.pause(0.3)
        if not session.answers:
            await pilot.press("enter")
        await until(lambda: session.answers)
        assert session.answers == [a.MagicLinkChosen()]


async def test_a_whole_call_takes_at_most_twelve_keys_beyond_typed_text() -> None:
    """Look up, card, send, say the code, account, disable, confirm, notice, end."""
    way = iter(["card", "magic_link_form", "polling", "confirm", "notice", "account"])

    def react(answer: Answer) -> View | None:
        if isinstance(answer, a.CallEnded):
            return session.move(outcome=CallOver())
        name = next(way)
        return session.move(prompt=AGENT[name], spoken_code=CODE if name == "polling" else None)

    session = FakeSession(at("username"), react)
    app = console(session)
    keys = 0
    async with app.run_test() as pilot:
        await until(lambda: "Connected" in words(app))
        await pilot.press(*"ada.lovelace")  # typed text
        for key in ("enter", "l", "s"):
            await pilot.press(key)
            await pilot.pause()
            keys += 1
        await until(lambda: isinstance(app.screen, PollingScreen))
        session.move(prompt=AGENT["account"])  # the customer did their part
        await until(lambda: isinstance(app.screen, AccountScreen))
        await pilot.press("d")
        await pilot.pause()
        await pilot.press(*"asked for it")  # typed text; the ticket is there from the look-up
        for key in ("ctrl+s", "enter", "e"):
            await pilot.press(key)
            await pilot.pause()
            keys += 1
        keys += 1
        await until(lambda: isinstance(app.screen, CallOverScreen))
    assert [type(answer).__name__ for answer in session.answers] == [
        "UsernameGiven", "MagicLinkChosen", "SendChosen", "DisableChosen", "Confirmed", "NoticeRead", "CallEnded",
    ]  # fmt: skip
    assert keys <= 12


async def test_the_clock_of_the_screen_is_the_one_handed_in() -> None:
    session = FakeSession(at("account"))
    app = CsrdeskApp(lambda: ready(session), ConsoleInfo("Sam"), now=lambda: NOW.replace(minute=22, second=6))
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, AccountScreen))
        await pilot.pause()
        assert "0:30 left" in words(app)
        assert isinstance(app.screen, FrameScreen)


async def ready(session: FakeSession) -> Session:
    return session


async def test_an_exception_never_reads_as_a_verified_caller_on_any_screen_that_follows() -> None:
    session = FakeSession(at("account_excepted"))
    app = console(session)
    async with app.run_test(size=(80, 24)):
        for name in ("account_excepted", "confirm", "notice"):
            session.move(prompt=AGENT[name])
            await until(lambda prompt=AGENT[name]: getattr(app.screen, "prompt", None) is prompt)  # type: ignore[misc]
            await until(lambda: "EXCEPTION, CALLER NOT VERIFIED, until 09:22:36, 12:31 left" in words(app))
            assert "CALLER VERIFIED" not in words(app)
        session.move(prompt=AGENT["account"])
        await until(lambda: "CALLER VERIFIED until 09:22:36, 12:31 left" in words(app))


async def test_help_that_does_not_fit_is_read_by_page_down() -> None:
    app = console(FakeSession(at("account")))
    async with app.run_test(size=(60, 16)) as pilot:
        await until(lambda: isinstance(app.screen, AccountScreen))
        await pilot.press("f1")
        await until(lambda: isinstance(app.screen, HelpScreen) and "Help for this screen" in words(app))
        await pilot.press("pagedown", "pagedown", "pagedown")
        await until(lambda: "close this box" in words(app))
        assert "Help for this screen" not in words(app)
        await pilot.press("pageup", "pageup", "pageup")
        await until(lambda: "Help for this screen" in words(app))
