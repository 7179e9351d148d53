"""The faults: each hurts a desk in the middle of calls, plays these to their end, and says in words what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from csrdesk.flows import prompts as p
from tests.faults.caller import Caller, LostError, several
from tests.faults.desk import AGENTS, Desk


@dataclass(frozen=True)
class Size:
    """How much of it."""

    waiting: int = 200
    """Calls that wait while a replica is killed."""
    verified: int = 12
    """Of these, how many go on to the end."""
    calls: int = 8
    """Calls of the other faults."""
    away: float = 20.0
    """Seconds without PostgreSQL."""
    refused: float = 60.0
    """Seconds of PingOne's refusals."""
    cut_off: float = 300.0
    """Seconds without a network."""


SHORT = Size(waiting=20, verified=3, calls=3, away=3.0, refused=5.0, cut_off=10.0)


@dataclass
class Came:
    """What came of a fault."""

    calls: list[Caller]
    words: str

    @property
    def told(self) -> str:
        """With what agents and customers saw of it."""
        said, reloads = sum(len(call.said) for call in self.calls), sum(call.reloads for call in self.calls)
        return f"{self.words}; {said} errors said to agents, {reloads} pages loaded again"


Fault = Callable[[Desk, Size], Awaitable[Came]]


async def killed_while_calls_wait(desk: Desk, size: Size) -> Came:
    """kill -9 of a replica while calls wait"""
    async with AsyncExitStack() as stack:
        agents = AGENTS[: max(2, size.waiting // 40)]
        idle = await several(desk, stack, size.waiting - size.verified, agents, verifiable=False)
        goes_on = await several(desk, stack, size.verified, agents)
        for some in _in_tens([*idle, *goes_on]):
            await asyncio.gather(*(call.begin() for call in some))
        waiting = [asyncio.create_task(call.waits_for(p.AccountPrompt)) for call in goes_on]
        for call in idle:
            task = asyncio.create_task(call.waits_for(p.AccountPrompt))
            stack.callback(task.cancel)
        await desk.replicas[0].kill()
        await asyncio.gather(*(call.goes_through_page() for call in goes_on))
        await asyncio.gather(*waiting)
        await desk.replicas[0].start()
        await _to_the_end(goes_on)
        for some in _in_tens(idle):
            await asyncio.gather(*(call.still_waits() for call in some))
            await asyncio.gather(*(call.end() for call in some))
        calls = [*idle, *goes_on]
        return Came(calls, f"{len(idle)} calls go on waiting, {len(goes_on)} verified and disabled")


async def killed_while_it_writes(desk: Desk, size: Size) -> Came:
    """kill -9 of a replica while it writes to PingOne"""
    one, other = desk.replicas
    async with desk.road(one) as road, desk.session(AGENTS[0], road.url) as session:
        call = Caller(desk, session, next(desk.people).username)
        await call.begin()
        await call.is_verified()
        slow = desk.box.faults.add(method="PUT", path="/enabled$", late_ms=5000, times=1)
        pressing = asyncio.create_task(call.press_disable())
        while call.user.enabled:  # noqa: ASYNC110 - the sandbox rings no event
            await asyncio.sleep(0.01)
        await one.kill()
        desk.box.faults.clear(slow)
        unknown = await desk.rows("SELECT 1 FROM open_intents")
        road.leads_to(other.api_port)
        await pressing
        await call.finish_disabling()
        await call.end()
        await one.start()
        if not unknown:
            raise LostError("nothing was unknown while nobody knew what came of the write")
        return Came([call], "unknown until the other replica read it back: shown as disabled, written once")


async def postgresql_stopped(desk: Desk, size: Size) -> Came:
    """PostgreSQL is stopped, and started again"""
    async with AsyncExitStack() as stack:
        calls = await several(desk, stack, size.calls, AGENTS[:4])
        await asyncio.gather(*(call.begin() for call in calls))
        half = calls[: len(calls) // 2]
        await asyncio.gather(*(call.is_verified() for call in half))
        waiting = [asyncio.create_task(call.waits_for(p.AccountPrompt)) for call in calls]
        await asyncio.to_thread(desk.database.stop)
        before = len(desk.writes.taken)
        pressed = [asyncio.create_task(call.disable()) for call in half]
        pages = [asyncio.create_task(call.goes_through_page()) for call in calls if call not in half]
        await asyncio.sleep(size.away)
        if len(desk.writes.taken) > before:
            raise LostError("something was written without an audit")
        await asyncio.to_thread(desk.database.start)
        await asyncio.gather(*pressed, *pages, *waiting)
        await asyncio.gather(*(call.disable() for call in calls if call not in half))
        await asyncio.gather(*(call.end() for call in calls))
        return Came(calls, f"nothing written for {size.away:g} s; then all {len(calls)} calls go on to their end")


async def _to_the_end(calls: list[Caller]) -> None:
    for some in _in_tens(calls):
        await asyncio.gather(*(call.disable() for call in some))
        await asyncio.gather(*(call.end() for call in some))


def _in_tens(calls: list[Caller]) -> list[list[Caller]]:
    return [calls[at : at + 10] for at in range(0, len(calls), 10)]


FAULTS: tuple[Fault, ...] = (killed_while_calls_wait, killed_while_it_writes, postgresql_stopped)
