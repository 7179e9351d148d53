"""How long after a press at one server does the agent's front end at another one have the news, through PostgreSQL?

Two processes with an engine each, and a private server with fsync on, all on this machine: a thousand front ends wait
at one of them, each for a call of its own, and 20 calls a second are answered at the other, until each was. From the
moment of the press, before its step is saved, to the moment at which whoever waits holds the new view.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.figure import Figure, Judged, NotMeasured, sample
from csrdesk.engine.engine import Engine
from csrdesk.engine.session import AgentSession
from csrdesk.engine.store_postgres import PostgresStore
from tests import postgres
from tests.engine.world import Begin, desk_on

WAITING, A_SECOND, TARGET = 1000, 20, 250.0
ROOT = Path(__file__).parents[1]

PRESSES = """
import asyncio, sys
from bench.replicas import press
asyncio.run(press(sys.argv[1], float(sys.argv[2])))
"""


def measure(*, quick: bool) -> list[Figure | NotMeasured]:
    question = f"press at one server to news at another, {WAITING} front ends waiting, {A_SECOND} presses a second"
    if why := postgres.why_not():
        return [NotMeasured(question=question, why=why)]
    with postgres.server("fsync=on", "full_page_writes=on") as server:
        delays, alone = asyncio.run(_measured(server.new(), presses=100 if quick else WAITING))
    return [
        Figure(
            question=question, ours=sample(delays), baseline="a bare notification, one way",
            base=sample(alone), judged=Judged.P99, target=TARGET,
        )
    ]  # fmt: skip


@asynccontextmanager
async def _session(url: str) -> AsyncIterator[tuple[Engine, AgentSession]]:
    async with desk_on(url) as desk:
        assert isinstance(desk.store, PostgresStore)
        desk.engine.tell_who_is_gone(await desk.store.arrive(desk.engine.name))
        yield desk.engine, desk.session()


async def _measured(url: str, presses: int) -> tuple[list[float], list[float]]:
    async with _session(url) as (_, session):
        calls = [(await session.start("told", Begin())).id for _ in range(WAITING)]
        came: dict[str, float] = {}

        async def wait(flow_id: str) -> None:
            await session.changed(flow_id, 1)
            came[flow_id] = time.time()

        waiting = {flow_id: asyncio.create_task(wait(flow_id)) for flow_id in calls}
        words = (sys.executable, "-c", PRESSES, url, str(1 / A_SECOND))
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdin=pipe, stdout=pipe)
        told, _ = await process.communicate("\n".join(calls[:presses]).encode())
        pressed = {flow_id: float(at) for flow_id, at in (line.split() for line in told.decode().splitlines())}
        async with asyncio.timeout(30):
            await asyncio.gather(*(waiting.pop(flow_id) for flow_id in pressed))
        for task in waiting.values():
            task.cancel()
        await asyncio.gather(*waiting.values(), return_exceptions=True)
    return [(came[flow_id] - at) * 1000 for flow_id, at in pressed.items()], await _bare(url, len(pressed))


async def press(url: str, pause: float) -> None:
    """In the other process: answer each call that standard input names, and say when."""
    from tests.engine.world import ToldToStop

    calls = sys.stdin.read().split()
    async with _session(url) as (_, session):
        for flow_id in calls:
            begun, at = time.monotonic(), time.time()
            await session.answer(flow_id, 1, ToldToStop())
            print(flow_id, at)
            await asyncio.sleep(max(0.0, pause - (time.monotonic() - begun)))


async def _bare(url: str, rounds: int) -> list[float]:
    """A notification from one connection to another, and nothing else."""
    import psycopg

    took = []
    async with (
        await psycopg.AsyncConnection.connect(url, autocommit=True) as one,
        await psycopg.AsyncConnection.connect(url, autocommit=True) as two,
    ):
        await two.execute(b"LISTEN bare")
        for _ in range(rounds):
            began = time.perf_counter()
            await one.execute(b"NOTIFY bare")
            await anext(two.notifies(stop_after=1))
            took.append((time.perf_counter() - began) * 1000)
    return took
