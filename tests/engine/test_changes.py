"""Waiting: each waiter is rung for its topic alone, at once in its process and within a blink across processes."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from csrdesk.engine.changes import Changes
from csrdesk.engine.clock import MovableClock, SystemClock
from csrdesk.engine.store_sqlite import KEPT_CHANGES, SqliteStore

WRITER = """
import asyncio, sys, time
from pathlib import Path
from csrdesk.engine.store_sqlite import SqliteStore

async def main():
    store = await SqliteStore.open(Path(sys.argv[1]))
    for line in sys.stdin:
        async with store.transaction() as tx:
            tx.wake(line.strip())
        print(time.time(), flush=True)
    await store.close()

asyncio.run(main())
"""


@asynccontextmanager
async def watched(path: Path) -> AsyncIterator[tuple[SqliteStore, Changes]]:
    store = await SqliteStore.open(path)
    changes = Changes(store)
    watching = asyncio.create_task(changes.watch())
    yield store, changes
    watching.cancel()
    await asyncio.wait([watching])
    await store.close()


async def wake(store: SqliteStore, topic: str) -> None:
    async with store.transaction() as tx:
        tx.wake(topic)


async def test_a_commit_rings_its_own_topic_at_once_and_no_other(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "desk.db")
    changes = Changes(store)
    with changes.listen("flow:a") as a, changes.listen("flow:b") as b, changes.listen("flow:a") as also:
        await wake(store, "flow:a")
        assert (a.rung, b.rung, also.rung) == (True, False, True)
        a.clear()
        assert not a.rung
    await wake(store, "flow:a")
    assert not a.rung
    await store.close()


async def test_a_commit_of_another_process_rings_within_a_blink(tmp_path: Path) -> None:
    async with watched(tmp_path / "desk.db") as (_, changes):
        writer = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            WRITER,
            str(tmp_path / "desk.db"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert writer.stdin
        assert writer.stdout
        delays: list[float] = []
        with changes.listen("link:x") as news, changes.listen("link:y") as other:
            for _ in range(10):
                news.clear()
                writer.stdin.write(b"link:x\n")
                async with asyncio.timeout(20):
                    await news.wait()
                    delays.append(time.time() - float(await writer.stdout.readline()))
            assert not other.rung
        writer.stdin.close()
        assert await writer.wait() == 0
        # A look every 25 ms; a busy machine may come late to some of them, never to all.
        assert min(delays) < 0.05


async def test_what_this_process_committed_rings_once_and_another_process_s_rings_beside_it(tmp_path: Path) -> None:
    async with watched(tmp_path / "desk.db") as (store, changes):
        other = await SqliteStore.open(tmp_path / "desk.db")
        with changes.listen("flow:a") as a, changes.listen("flow:b") as b:
            await wake(store, "flow:a")
            await store.at_once(lambda statements: statements.wake("flow:a"))
            assert a.rung
            a.clear()
            await asyncio.sleep(0.2)
            assert not a.rung
            await wake(store, "flow:a")
            await wake(other, "flow:b")
            async with asyncio.timeout(30):
                await b.wait()
        await other.close()


async def test_rows_that_were_trimmed_before_they_were_read_ring_everybody(tmp_path: Path) -> None:
    async with watched(tmp_path / "desk.db") as (_, changes):
        other = await SqliteStore.open(tmp_path / "desk.db")
        with changes.listen("flow:a") as news:
            async with other.transaction() as tx:
                await tx.execute("INSERT INTO changes VALUES (?, 'x')", KEPT_CHANGES * 2)
            async with asyncio.timeout(30):
                await news.wait()
        await other.close()


async def test_a_store_that_cannot_be_read_wakes_the_waiters_to_see_for_themselves(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with watched(path) as (_, changes):
        with changes.listen("flow:a") as news:
            (tmp_path / "desk.db").write_bytes(b"damaged" * 4096)
            (tmp_path / "desk.db-wal").write_bytes(b"damaged" * 4096)
            other = tmp_path / "desk.db-shm"
            other.write_bytes(b"\x00" * other.stat().st_size)
            async with asyncio.timeout(30):
                await news.wait()


async def test_sleeping_ends_when_the_moment_comes() -> None:
    clock = SystemClock()
    begun = clock.now()
    await clock.sleep_until(begun)
    await clock.sleep_until(begun + timedelta(milliseconds=30))
    assert clock.now() - begun >= timedelta(milliseconds=30)


async def test_a_moved_clock_wakes_sleepers_whose_moment_has_passed() -> None:
    clock = MovableClock()
    moment = clock.now() + timedelta(minutes=10)
    sleeper = asyncio.ensure_future(clock.sleep_until(moment))
    clock.move(minutes=9)
    await asyncio.sleep(0.01)
    assert not sleeper.done()
    clock.move(minutes=1)
    async with asyncio.timeout(30):
        await sleeper


async def test_a_waiter_is_released_by_whatever_else_it_waits_for(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "desk.db")
    with Changes(store).listen("flow:a") as news:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        async with asyncio.timeout(30):
            await news.wait(done)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await news.wait()
    await store.close()
