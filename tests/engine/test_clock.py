"""A clock that is set back makes nothing last longer: not in the process that sees it, nor in one that starts then."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from csrdesk.engine.clock import MovableClock, SystemClock
from csrdesk.errors import LinkOverError
from csrdesk.flows import prompts as p
from tests.engine.world import desk_on, disable, linked

NOON = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)


class Machine:
    """A clock on the wall, and the time that has passed."""

    def __init__(self) -> None:
        self.wall, self.passed = NOON, 0.0

    def pass_(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.passed += seconds

    @property
    def clock(self) -> SystemClock:
        return SystemClock(wall=lambda: self.wall, elapsed=lambda: self.passed)


def test_a_clock_that_is_set_back_goes_on_by_the_time_that_has_passed_and_says_so() -> None:
    machine = Machine()
    clock = machine.clock
    machine.pass_(60)
    machine.wall -= timedelta(hours=1)
    machine.pass_(60)
    assert clock.now() == NOON + timedelta(minutes=2)
    assert clock.trouble.startswith("The clock of this machine was set back by 60 min.")


def test_a_clock_that_is_set_forward_is_believed_and_one_that_is_put_right_is_no_trouble() -> None:
    machine = Machine()
    clock = machine.clock
    machine.wall += timedelta(hours=1)
    assert clock.now() == NOON + timedelta(hours=1)
    machine.wall = NOON - timedelta(seconds=20)
    assert clock.now() == NOON
    assert clock.trouble == ""


def test_the_machines_own_clock_is_well() -> None:
    clock = SystemClock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
    assert clock.trouble == ""


async def test_r_31_a_verified_window_that_begins_in_the_future_is_none(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as first:
        call = await linked(first)
        await call.verify()
    for back, said in ((timedelta(seconds=20), "PingOneEnabledSet"), (timedelta(minutes=10), "Failed:not_verified")):
        async with desk_on(path, MovableClock(first.clock.now() - back)) as desk:
            assert await desk.do(disable(), call_id=call.id) == (said,)


async def test_r_05_a_link_that_was_made_in_the_future_opens_nothing(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as first:
        call = await linked(first)
        token = first.world.mails[-1].token.reveal()
    async with desk_on(path, MovableClock(first.clock.now() - timedelta(minutes=10))) as desk:
        with pytest.raises(LinkOverError):
            await desk.engine.customers.open(token, "cookie")
        shown = await desk.session().view(call.id)
        async with asyncio.timeout(30):
            while not isinstance(shown.prompt, p.MagicLinkFormPrompt):
                shown = await desk.session().changed(call.id, shown.rev)
        assert "Time ran out" in shown.prompt.note


async def test_a_clock_that_was_set_back_is_said_on_every_screen(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        desk.clock.trouble = "The clock was set back."
        assert (await desk.session().view(call.id)).trouble == "The clock was set back."
