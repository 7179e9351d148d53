"""R-43: a console that nobody uses hides its callers, and gives the calls back as they are by then."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from datetime import datetime, timedelta

from textual.strip import Strip
from textual.widgets import Input, Static

from csrdesk.app import CsrdeskApp
from csrdesk.console.idle import Idle
from csrdesk.flows import answers as a
from csrdesk.flows.doors import Session, View
from csrdesk.screens.account import AccountScreen
from csrdesk.screens.calls import CallsScreen
from csrdesk.screens.confirm import ConfirmScreen
from csrdesk.screens.locked import LockedScreen
from csrdesk.screens.polling import PollingScreen
from csrdesk.screens.username import UsernameScreen
from tests.samples import ADA, AGENT, CODE, NOW
from tests.tui.easel import INFO
from tests.tui.fake import FakeDesk, FakeSession
from tests.tui.reading import words


class Clock:
    """Stands still unless it is told otherwise."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def call(number: int, name: str) -> FakeSession:
    code = CODE if name.startswith("polling") else None
    return FakeSession(View(f"call-{number}", "csr_main", 0, AGENT[name], spoken_code=code))


def console(desk: FakeDesk, clock: Clock) -> CsrdeskApp:
    async def connect() -> Session:
        return desk

    app = CsrdeskApp(connect, INFO, now=clock)
    app.animation_level = "none"
    return app


async def until(condition: Callable[[], object]) -> None:
    """Wait for what will happen soon, at most ten seconds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the screen tells nobody when it changes
            await asyncio.sleep(0.01)


def everything() -> str:
    """What stands on every screen that is left in memory, in every field, and in every line that was painted."""
    gc.collect()
    found = gc.get_objects()
    fields = [widget.value for widget in found if isinstance(widget, Input)]
    texts = [str(widget.content) for widget in found if isinstance(widget, Static)]
    lines = [strip.text for strip in found if isinstance(strip, Strip)]
    return " ".join(fields + texts + lines)


async def test_r_43_without_a_call_it_locks_after_three_minutes_and_says_so_thirty_seconds_before() -> None:
    clock = Clock()
    app = console(FakeDesk(call(1, "username")), clock)
    async with app.run_test() as pilot:
        await until(lambda: "Connected" in words(app))
        clock.go_on(140)
        await pilot.pause(0.6)
        assert "Locks in" not in words(app)
        clock.go_on(15)
        await until(lambda: "Locks in 0:2" in words(app))
        await pilot.press("left")
        await until(lambda: "Locks in" not in words(app))
        clock.go_on(179)
        await until(lambda: "Locks in 0:01" in words(app))
        assert isinstance(app.screen, UsernameScreen)
        clock.go_on(1)
        await until(lambda: isinstance(app.screen, LockedScreen))
        await pilot.pause(0.2)


async def test_r_43_while_a_call_is_open_it_locks_after_ten_minutes() -> None:
    clock = Clock()
    app = console(FakeDesk(call(1, "account")), clock)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, AccountScreen))
        clock.go_on(560)
        await pilot.pause(0.6)
        assert isinstance(app.screen, AccountScreen)
        clock.go_on(40)
        await until(lambda: isinstance(app.screen, LockedScreen))
        await pilot.pause(0.2)


async def test_r_43_a_lock_leaves_nothing_of_any_caller_on_the_screen_or_in_memory() -> None:
    clock = Clock()
    first = call(1, "polling")
    app = console(FakeDesk(first, call(2, "confirm")), clock)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, PollingScreen))
        await pilot.press("ctrl+n")
        await until(lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press(*"lost her phone", "f2")
        await until(lambda: isinstance(app.screen, CallsScreen))
        assert ADA.family in everything()
        clock.go_on(600)
        await until(lambda: isinstance(app.screen, LockedScreen) and "2 calls stay open" in words(app))
        await pilot.pause(0.3)
        # What comes meanwhile stays outside, too.
        first.move(prompt=AGENT["account"])
        await pilot.pause(0.3)
        left = words(app) + everything()
        for told in (ADA.given, ADA.family, ADA.username, ADA.email, "lost her phone", "417", "four - one - seven"):
            assert told not in left, told
        for open_call in app.calls:
            assert open_call.newest == View(open_call.view.id, "csr_main", -1)
            assert open_call.verified_until is None


async def test_r_43_waiting_links_go_on_behind_the_lock_and_the_agent_finds_what_came_of_them() -> None:
    clock = Clock()
    first, second = call(1, "polling"), call(2, "polling")
    app = console(FakeDesk(first, second), clock)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, PollingScreen))
        await pilot.press("ctrl+n")
        await until(lambda: app.call.view.id == "call-2" and isinstance(app.screen, PollingScreen))
        clock.go_on(600)
        await until(lambda: isinstance(app.screen, LockedScreen))
        first.move(prompt=AGENT["account"])
        second.move(prompt=AGENT["account_half_disabled"])
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, CallsScreen) and "!" in words(app))
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, AccountScreen))
        await pilot.press("f3")
        await until(lambda: app.call.view.id == "call-1" and isinstance(app.screen, AccountScreen))
        assert first.answers == second.answers == []
        await pilot.press("d")
        await until(lambda: first.answers == [a.DisableChosen()])


async def test_r_43_no_key_reaches_a_call_while_the_console_is_locked() -> None:
    clock = Clock()
    desk = call(1, "account")
    app = console(FakeDesk(desk), clock)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, AccountScreen))
        clock.go_on(600)
        await until(lambda: isinstance(app.screen, LockedScreen))
        await pilot.press("d", "e", "f1", "f2", "f3", "ctrl+n", "ctrl+p", "ctrl+e")
        await pilot.pause(0.3)
        assert isinstance(app.screen, LockedScreen)
        assert desk.answers == []
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, AccountScreen))
        await pilot.press("d")
        await until(lambda: desk.answers == [a.DisableChosen()])


async def test_r_43_the_first_key_after_a_computer_slept_locks_and_does_nothing_else() -> None:
    clock = Clock()
    desk = call(1, "account")
    app = console(FakeDesk(desk), clock)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, AccountScreen))
        clock.go_on(3600)
        await pilot.press("d")
        await until(lambda: isinstance(app.screen, LockedScreen))
        assert desk.answers == []


async def test_a_locked_console_is_left_without_ending_a_call() -> None:
    clock = Clock()
    desk = call(1, "account")
    app = console(FakeDesk(desk), clock)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, AccountScreen))
        clock.go_on(600)
        await until(lambda: isinstance(app.screen, LockedScreen))
        await pilot.press("ctrl+q")
        await until(lambda: not app.is_running)
    assert desk.answers == []


async def test_it_locks_again_and_again() -> None:
    clock = Clock()
    app = console(FakeDesk(call(1, "username")), clock)
    async with app.run_test() as pilot:
        await until(lambda: "Connected" in words(app))
        for _ in range(2):
            clock.go_on(180)
            await until(lambda: isinstance(app.screen, LockedScreen))
            await pilot.press("enter")
            await until(lambda: isinstance(app.screen, UsernameScreen))


def test_r_43_idle_time_is_the_longer_of_what_two_clocks_say() -> None:
    clock, steady = Clock(), [0.0]
    idle = Idle(clock, seconds=180, seconds_in_call=600, steady=lambda: steady[0])
    clock.go_on(-3600)  # set back
    steady[0] = 170
    assert idle.left(in_call=False) == 10
    assert idle.left(in_call=True) == 430
    clock.go_on(3600 + 175)  # slept: the steady clock stood still
    assert idle.left(in_call=False) == 5
    idle.touch()
    assert idle.left(in_call=False) == 180
