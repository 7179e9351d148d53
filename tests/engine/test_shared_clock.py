"""Several servers on one PostgreSQL go by its clock: what one of them made counts alike at the other."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from csrdesk.engine.postgres_address import Address
from csrdesk.engine.shared_clock import SLOWER, SharedClock
from csrdesk.engine.store_postgres import PostgresStore
from csrdesk.model.other_clock import DRIFT, Reading
from tests.postgres import Server

NOON = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)


class Machine:
    """A machine with a clock on the wall, the time that has passed, and a database elsewhere."""

    def __init__(self, *, ahead: float = 0.0) -> None:
        self.passed, self.theirs = 1000.0, NOON
        self._ahead = timedelta(seconds=ahead)
        self.clock = SharedClock(wall=lambda: self.theirs + self._ahead, elapsed=lambda: self.passed)

    def pass_(self, seconds: float) -> None:
        self.passed += seconds
        self.theirs += timedelta(seconds=seconds)

    def ask(self, took: float = 0.0) -> None:
        """Ask the database, which takes so long there and back."""
        asked = self.passed
        self.pass_(took / 2)
        moment = self.theirs
        self.pass_(took / 2)
        self.clock.told(Reading.between(moment, asked, self.passed))


def test_it_is_the_databases_time_whatever_the_machines_clock_says() -> None:
    machine = Machine(ahead=120)
    assert machine.clock.now() == NOON + timedelta(seconds=120), "nobody was asked yet"
    assert machine.clock.apart is None
    machine.ask()
    assert machine.clock.now() == NOON
    assert machine.clock.apart == timedelta(seconds=120)
    machine.pass_(3600)
    assert machine.clock.now() == machine.theirs
    assert machine.clock.trouble == ""


def test_two_machines_agree_as_far_as_the_way_to_the_database_is_short() -> None:
    one, two = Machine(ahead=60), Machine(ahead=-60)
    one.ask(0.002)
    two.ask(0.1)
    assert abs(one.clock.now() - one.theirs) <= timedelta(seconds=0.001)
    assert abs(two.clock.now() - two.theirs) <= timedelta(seconds=0.05)


def test_the_surest_answer_is_kept_until_a_newer_one_is_as_sure() -> None:
    sure, slow = Reading(NOON, 0.0, 0.001), Reading(NOON + timedelta(seconds=10.02), 10.0, 0.05)
    assert not slow.replaces(sure)
    assert Reading(slow.moment, 10.0, 0.001).replaces(sure)
    late = 0.05 / DRIFT
    assert Reading(NOON + timedelta(seconds=late), late, 0.05).replaces(sure), "clocks drift, so what is old is unsure"
    assert Reading(NOON + timedelta(seconds=11), 10.0, 0.05).replaces(sure), "the other clock was set"


def test_no_moment_comes_twice_where_the_databases_clock_is_put_right() -> None:
    machine = Machine()
    machine.ask()
    machine.theirs -= timedelta(seconds=10)
    before = machine.clock.now()
    machine.ask()
    assert machine.clock.now() == before
    machine.pass_(50)
    assert machine.clock.now() == before + timedelta(seconds=50 * (1 - SLOWER))
    assert machine.clock.trouble == ""
    machine.pass_(50)
    assert machine.clock.now() == machine.theirs
    machine.pass_(50)
    assert machine.clock.now() == machine.theirs


def test_r_05_r_31_nothing_lasts_longer_where_the_databases_clock_is_set_back_and_it_is_said() -> None:
    machine = Machine()
    machine.ask()
    machine.theirs -= timedelta(hours=1)
    machine.ask()
    machine.pass_(600)
    assert machine.clock.now() == NOON + timedelta(minutes=10)
    assert machine.clock.trouble.startswith("The clock of the database's server was set back by 60 min. Links")
    machine.theirs += timedelta(hours=1)
    machine.ask()
    assert machine.clock.now() == machine.theirs
    assert machine.clock.trouble == ""


def test_a_databases_clock_that_is_set_forward_is_believed() -> None:
    machine = Machine()
    machine.ask()
    machine.theirs += timedelta(minutes=2)
    machine.ask(0.5)
    assert machine.clock.now() == machine.theirs


async def test_whoever_sleeps_by_it_wakes_by_the_databases_time() -> None:
    machine = Machine(ahead=-3600)
    machine.ask()
    await asyncio.wait_for(machine.clock.sleep_until(NOON), 10)
    clock = SharedClock()
    before = clock.now()
    await asyncio.wait_for(clock.sleep_until(before + timedelta(seconds=0.05)), 10)
    assert clock.now() >= before + timedelta(seconds=0.05)


@pytest.mark.needs("postgres")
async def test_postgresql_is_asked_before_anything_is_written_and_while_it_is_listened_to(postgres: Server) -> None:
    wrong = timedelta(hours=-5)
    clock = SharedClock(wall=lambda: datetime.now(UTC) + wrong)
    store = await PostgresStore.open(Address(postgres.new()), clock=clock)
    try:
        assert clock.apart is not None
        assert abs(clock.apart - wrong) < timedelta(seconds=60)
        listening = SharedClock(wall=clock.now)
        beside = PostgresStore(Address(postgres.new()), clock=listening)
        try:
            await beside.arrive("beside")
            assert listening.apart is not None
            assert abs(listening.apart) < timedelta(seconds=60)
        finally:
            await beside.close()
    finally:
        await store.close()
