"""The faults: each hurts a desk in the middle of calls, plays these to their end, and says in words what came of it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from csrdesk.flows import prompts as p
from tests.faults.away import connections_used_up, console_cut_off, pingone_refuses, restarted_in_turn
from tests.faults.caller import Caller, LostError, all_waited_on, several
from tests.faults.clocks import clocks_apart
from tests.faults.desk import AGENTS, Desk
from tests.faults.machines import disk_full
from tests.faults.size import Came, Fault, Size


async def killed_while_calls_wait(desk: Desk, size: Size) -> Came:
    """kill -9 of a replica while calls wait"""
    async with AsyncExitStack() as stack:
        agents = AGENTS[: max(2, size.waiting // 5)]  # as many calls as a person has, and not more
        idle = await several(desk, stack, size.waiting - size.verified, agents, verifiable=False)
        goes_on = await several(desk, stack, size.verified, agents)
        for some in _in_tens([*idle, *goes_on]):
            await asyncio.gather(*(call.begin() for call in some))
        waiting = [asyncio.create_task(call.waits_for(p.AccountPrompt)) for call in goes_on]
        for call in idle:
            task = asyncio.create_task(call.waits_for(p.AccountPrompt))
            stack.callback(task.cancel)
        await desk.replicas[0].kill()
        pages = [asyncio.create_task(call.goes_through_page()) for call in goes_on]
        wait = sum(await asyncio.gather(*(call.still_waits() for call in idle)))
        await asyncio.gather(*pages, *waiting)
        await desk.replicas[0].start()
        await _to_the_end(goes_on)
        for some in _in_tens(idle):
            await asyncio.gather(*(call.end() for call in some))
        if wait < len(idle) // 2:
            raise LostError(f"only {wait} calls still waited: the others' time ran out, so that this proves little")
        words = (
            f"{wait} go on waiting, {len(idle) - wait} had run out of their time, {len(goes_on)} verified and disabled"
        )
        return Came([*idle, *goes_on], f"of {len(idle) + len(goes_on)} calls {words}")


async def killed_while_it_writes(desk: Desk, size: Size) -> Came:
    """kill -9 of a replica while it writes to PingOne"""
    one, other = desk.replicas
    async with desk.road(one) as road, desk.session(AGENTS[0], road.url) as session:
        call = Caller(desk, session, next(desk.people).username)
        await call.begin()
        await call.is_verified()
        slow = desk.box.faults.add(method="PUT", path="/enabled$", late_ms=5000, times=1)
        pressing = asyncio.create_task(call.disable())
        while call.user.enabled:  # noqa: ASYNC110 - the sandbox rings no event
            await asyncio.sleep(0.01)
        await one.kill()
        desk.box.faults.clear(slow)
        unknown = await desk.rows("SELECT 1 FROM open_intents")
        road.leads_to(other.api_port)
        await pressing
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
        all_waited_on(calls)
        await asyncio.gather(*(call.disable() for call in calls if call not in half))
        await asyncio.gather(*(call.end() for call in calls))
        return Came(calls, f"nothing written for {size.away:g} s; then all {len(calls)} calls go on to their end")


async def _to_the_end(calls: list[Caller]) -> None:
    for some in _in_tens(calls):
        await asyncio.gather(*(call.disable() for call in some))
        await asyncio.gather(*(call.end() for call in some))


def _in_tens(calls: list[Caller]) -> list[list[Caller]]:
    return [calls[at : at + 10] for at in range(0, len(calls), 10)]


FAULTS: tuple[Fault, ...] = (
    killed_while_calls_wait,
    killed_while_it_writes,
    postgresql_stopped,
    connections_used_up,
    pingone_refuses,
    console_cut_off,
    restarted_in_turn,
    disk_full,
    clocks_apart,
)
