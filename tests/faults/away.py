"""More faults: what the desk stands on is there and refuses, and its servers are restarted one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import psycopg

from csrdesk.flows import prompts as p
from tests.faults.caller import Caller, LostError, all_waited_on, several
from tests.faults.desk import AGENTS, Desk
from tests.faults.size import Came, Size

_OURS = "pid <> pg_backend_pid() AND datname LIKE 'desk%'"


async def connections_used_up(desk: Desk, size: Size) -> Came:
    """PostgreSQL's connection limit is reached, and both replicas have lost their connections"""
    async with AsyncExitStack() as stack:
        calls = await several(desk, stack, size.calls, AGENTS[:4])
        await asyncio.gather(*(call.begin() for call in calls))
        waiting = [asyncio.create_task(call.waits_for(p.AccountPrompt)) for call in calls]
        async with _no_connection_left(desk) as (taken, left):
            pages = [asyncio.create_task(call.goes_through_page()) for call in calls]
            await asyncio.sleep(size.away)
            said = sum(call.reloads for call in calls) + sum(len(call.said) for call in calls)
        await asyncio.gather(*pages, *waiting)
        all_waited_on(calls)
        await asyncio.gather(*(call.whole_after_verified() for call in calls))
        if left or not said:
            raise LostError(f"the desk kept {left} connections, so that this proves nothing")
        return Came(calls, f"{taken} connections taken for {size.away:g} s; then all {len(calls)} calls go on")


@asynccontextmanager
async def _no_connection_left(desk: Desk) -> AsyncIterator[tuple[int, int]]:
    """Take every connection of the server, those of the replicas too; gives how many, and what the desk has left."""
    taken: list[psycopg.Connection[tuple[object, ...]]] = []

    def take_free_ones() -> None:
        with suppress(psycopg.OperationalError):
            while True:
                taken.append(psycopg.connect(desk.database.by_socket(), autocommit=True))

    def take() -> int:
        take_free_ones()
        left: list[tuple[object, ...]] = []
        for _ in range(20):
            taken[0].execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {_OURS}".encode())
            take_free_ones()
            left = taken[0].execute(f"SELECT 1 FROM pg_stat_activity WHERE {_OURS}".encode()).fetchall()
            if not left:
                break
        return len(left)

    def give_back() -> None:
        for one in taken:
            one.close()

    try:
        left = await asyncio.to_thread(take)
        yield len(taken), left
    finally:
        await asyncio.to_thread(give_back)


async def pingone_refuses(desk: Desk, size: Size) -> Came:
    """PingOne answers 429 and 503"""
    async with AsyncExitStack() as stack:
        calls = await several(desk, stack, size.calls, AGENTS[:4])
        await asyncio.gather(*(call.begin() for call in calls))
        half = calls[: len(calls) // 2]
        await asyncio.gather(*(call.is_verified() for call in half))
        refused = [
            desk.box.faults.add(path="^/v1/", status=429, retry_after=1, rate=0.5),
            desk.box.faults.add(path="^/", status=503),
        ]
        before = desk.writes.of("pingone.set_enabled")
        acts = [asyncio.create_task(call.disable()) for call in half]
        pages = [asyncio.create_task(call.is_verified()) for call in calls if call not in half]
        await asyncio.sleep(size.refused)
        if desk.writes.of("pingone.set_enabled") > before:
            raise LostError("PingOne took what it refused")
        for fault in refused:
            desk.box.faults.clear(fault)
        await asyncio.gather(*acts, *pages)
        await asyncio.gather(*(call.disable() for call in calls if call not in half))
        await asyncio.gather(*(call.end() for call in calls))
        notices = sum(len(call.notices) - 1 for call in calls)
        words = f"{size.refused:g} s of refusals, shown as not done {notices} times and tried again"
        return Came(calls, f"{words}; all {len(calls)} calls go on to their end")


async def console_cut_off(desk: Desk, size: Size) -> Came:
    """A console is cut off in the middle of a write, and another while it waits"""
    one = desk.replicas[0]
    async with (
        desk.road(one) as road,
        desk.session(AGENTS[0], road.url) as first,
        desk.session(AGENTS[1], road.url) as second,
    ):
        writing, waiting = (Caller(desk, session, next(desk.people).username) for session in (first, second))
        await asyncio.gather(writing.begin(), waiting.begin())
        await writing.is_verified()
        waits = asyncio.create_task(waiting.waits_for(p.AccountPrompt))
        slow = desk.box.faults.add(method="PUT", path="/enabled$", late_ms=1000, times=1)
        pressing = asyncio.create_task(writing.disable())
        while writing.user.enabled:  # noqa: ASYNC110 - the sandbox rings no event
            await asyncio.sleep(0.01)
        await road.stop()
        await waiting.goes_through_page()
        await asyncio.sleep(size.cut_off)
        if pressing.done() or waits.done():
            raise LostError("a console that is cut off heard from its desk")
        desk.box.faults.clear(slow)
        async with road:
            await asyncio.gather(pressing, waits)
            await waiting.disable()
            await asyncio.gather(writing.end(), waiting.end())
        words = (
            f"cut off for {size.cut_off:g} s; the write is shown as done, the customer who came meanwhile as verified"
        )
        return Came([writing, waiting], words)


async def restarted_in_turn(desk: Desk, size: Size) -> Came:
    """Rolling restart: SIGTERM to one replica after the other while consoles wait and calls are on"""
    async with AsyncExitStack() as stack:
        idle = await several(desk, stack, 2 * size.calls, AGENTS[:2], verifiable=False)
        busy = await several(desk, stack, 2 * size.calls, AGENTS[2:5])
        await asyncio.gather(*(call.begin() for call in idle))
        for call in idle:
            stack.callback(asyncio.create_task(call.waits_for(p.AccountPrompt)).cancel)
        played = [asyncio.create_task(_one_by_one(busy[n::3])) for n in range(3)]
        for replica in desk.replicas:
            await replica.stop()
            await replica.start()
        await asyncio.gather(*played)
        await asyncio.gather(*(call.still_waits() for call in idle))
        await asyncio.gather(*(call.end() for call in idle))
        calls = [*idle, *busy]
        said = [words for call in calls for words in call.said]
        if said:
            raise LostError(f"an agent saw an error: {said[0]}")
        return Came(calls, f"{len(idle)} calls waited and {len(busy)} were played meanwhile; no agent saw an error")


async def _one_by_one(calls: list[Caller]) -> None:
    for call in calls:
        await call.whole()
