"""The pace of many calls: evenly, below a rate, and all held back where PingOne asks for it. Time is the test's own."""

from __future__ import annotations

import asyncio

import pytest

from csrdesk.config import PingOneSettings
from csrdesk.errors import RateLimitedError
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Sandbox
from csrdesk.services.pace import LONGEST_PAUSE, TRIES, Pace
from csrdesk.services.pingone import users
from csrdesk.services.pingone.api import Api, open_api


class Time:
    """Moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    async def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        await asyncio.sleep(0)
        self.now = max(self.now, until)


def paced(per_second: float) -> tuple[Pace, Time]:
    time = Time()
    return Pace(per_second, now=lambda: time.now, sleep=time.sleep), time


def pause(after: float) -> RateLimitedError:
    return RateLimitedError("slowly", system="PingOne", after=after)


async def test_calls_go_evenly_and_never_faster_than_the_rate() -> None:
    pace, time = paced(50)
    for _ in range(101):
        await pace.turn()
    assert time.now - 100 == pytest.approx(2.0)
    time.now += 10  # nobody saves up what was not used
    before = time.now
    for _ in range(51):
        await pace.turn()
    assert time.now - before == pytest.approx(1.0)


async def test_all_are_held_back_while_pingone_wants_a_pause() -> None:
    pace, time = paced(10)
    waiting = [asyncio.create_task(pace.turn()) for _ in range(3)]
    await asyncio.sleep(0)
    assert pace.hold(pause(30))
    assert pace.held == 30
    assert pace.hold(pause(0))
    assert pace.held == 30
    await asyncio.gather(*waiting)
    await pace.turn()
    assert time.now >= 130
    assert pace.held == 0


def test_a_pause_that_is_too_long_to_wait_for_is_an_answer() -> None:
    pace, _ = paced(10)
    assert not pace.hold(pause(LONGEST_PAUSE + 1))
    assert pace.held == 0


async def api_at(box: Sandbox, pace: Pace) -> Api:
    there = box.settings()
    settings = PingOneSettings(there.environment_id, there.client_id, api_url=there.api_url, auth_url=there.auth_url)
    return open_api(settings, Secret(there.client_secret), pace)


async def test_a_paced_call_comes_back_after_the_pause_and_a_longer_one_gives_up(box: Sandbox) -> None:
    time = Time()
    pace = Pace(1000, now=lambda: time.now, sleep=time.sleep)
    api = await api_at(box, pace)
    person = box.world.user("ada").id
    box.faults.add(path="/users/", status=429, retry_after=120, times=2)
    assert (await users.read(api, person)).body.id == person
    assert time.now >= 340
    box.faults.add(path="/users/", status=429, retry_after=3600, times=1)
    with pytest.raises(RateLimitedError):
        await users.read(api, person)
    fault = box.faults.add(path="/users/", status=429, retry_after=1)
    met = time.now
    with pytest.raises(RateLimitedError):
        await users.read(api, person)
    assert time.now - met >= TRIES - 1
    box.faults.clear(fault)
    await api.close()
