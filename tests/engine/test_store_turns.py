"""Functions that wait for their turn to write share a commit: in order, on disk, each with a result of its own."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_asyncio

from csrdesk.engine.audit import START, Audit, Entry, Kind
from csrdesk.engine.clock import SystemClock
from csrdesk.engine.store import Statements, Transaction
from csrdesk.engine.store_inside import inside
from csrdesk.engine.store_sqlite import SqliteStore
from csrdesk.engine.store_thread import Handed, StoreThread
from csrdesk.errors import StoreUnavailableError

T = TypeVar("T")

SAYS_WHAT_RETURNED_AND_DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from csrdesk.engine.audit import Audit, Entry, Kind
from csrdesk.engine.clock import SystemClock
from csrdesk.engine.store_sqlite import SqliteStore
from csrdesk.engine.store_thread import Handed, StoreThread

async def main():
    store = await SqliteStore.open(Path(sys.argv[1]))
    audit, returned = Audit(store, SystemClock()), []
    async def write(writer):
        for n in range(100):
            await audit.write(Entry(kind=Kind.EVENT, action=f"{writer}:{n}", agent="grace"))
            returned.append(f"{writer}:{n}")
            if len(returned) == 60:
                sys.stdout.write("\\n".join(returned))
                sys.stdout.flush()
                os.kill(os.getpid(), signal.SIGKILL)
    await asyncio.gather(*map(write, range(8)))

asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


@pytest_asyncio.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(path, busy_seconds=0.05)
    yield store
    await store.close()


def put(key: str, *, topic: str = "") -> Callable[[Statements], int]:
    def work(statements: Statements) -> int:
        if topic:
            statements.wake(topic)
        return statements.execute("INSERT INTO tries VALUES (?, 'p', 'now')", key)

    return work


def put_and_fail(statements: Statements) -> int:
    put("failed", topic="flow:failed")(statements)
    raise ZeroDivisionError


def end_it(statements: Statements) -> int:
    return statements.execute("ROLLBACK")


async def kept(store: SqliteStore) -> list[object]:
    return [row["challenge_id"] for row in await store.all("SELECT challenge_id FROM tries ORDER BY rowid")]


async def together(
    store: SqliteStore, *works: Callable[[Statements], int], durable: tuple[bool, ...] = ()
) -> list[int | BaseException]:
    """What became of functions that all came while somebody else was writing."""
    waits = durable or (True,) * len(works)
    async with store.transaction():
        asked = [
            asyncio.ensure_future(store.at_once(work, durable=wait)) for work, wait in zip(works, waits, strict=True)
        ]
        await asyncio.sleep(0)
    return await asyncio.gather(*asked, return_exceptions=True)


async def commits(store: SqliteStore, path: Path, act: Callable[[], Awaitable[object]]) -> int:
    """How many transactions another connection sees `act` commit: each leaves one frame that ends a commit in the log.

    See https://www.sqlite.org/walformat.html: the second number of a frame's header is the size after the commit.
    """
    page = int(str((await store.one("PRAGMA page_size") or {})["page_size"]))

    def ended() -> int:
        log = path.with_name(f"{path.name}-wal").read_bytes()
        return sum(log[at + 4 : at + 8] != b"\0\0\0\0" for at in range(32, len(log), page + 24))

    before = ended()
    await act()
    return ended() - before


async def test_functions_that_wait_share_one_commit_in_the_order_in_which_they_came(
    path: Path, store: SqliteStore
) -> None:
    told: list[frozenset[str]] = []
    store.committed = lambda topics: told.append(topics) if topics else None

    async def eight() -> None:
        assert await together(store, *(put(f"{n}", topic=f"flow:{n}") for n in range(8))) == [1] * 8

    assert await commits(store, path, eight) == 1
    assert await kept(store) == [f"{n}" for n in range(8)]
    assert told == [{f"flow:{n}" for n in range(8)}], "and all who wait are told at once"


async def test_a_function_that_is_not_waited_for_on_the_disk_goes_along_with_one_that_is(
    path: Path, store: SqliteStore
) -> None:
    levels: list[object] = []

    def look(statements: Statements) -> int:
        levels.append((statements.one("PRAGMA synchronous") or {})["synchronous"])
        return put(f"{len(levels)}")(statements)

    await together(store, look, look, durable=(False, True))
    await together(store, look, look, durable=(False, False))
    assert levels == [2, 2, 1, 1], "FULL where anybody needs it"


async def test_one_that_fails_is_undone_alone_and_wakes_nobody(store: SqliteStore) -> None:
    told: list[frozenset[str]] = []
    store.committed = told.append
    first, failed, last = await together(store, put("first"), put_and_fail, put("last", topic="flow:last"))
    assert (first, last) == (1, 1)
    assert isinstance(failed, ZeroDivisionError)
    assert await kept(store) == ["first", "last"]
    assert told == [frozenset(), {"flow:last"}]


async def test_a_mistake_in_one_stays_its_own(store: SqliteStore) -> None:
    doubled, other = await together(store, lambda at: at.execute("INSERT INTO nowhere VALUES (1)"), put("other"))
    assert isinstance(doubled, StoreUnavailableError)
    assert "damaged" in doubled.message
    assert other == 1
    mistaken, other = await together(store, lambda at: at.execute("INSERT INTO tries VALUES (1)"), put("another"))
    assert isinstance(mistaken, sqlite3.OperationalError)
    assert await kept(store) == ["other", "another"]


async def test_a_disk_that_fills_up_is_named_to_each_and_nothing_is_done(store: SqliteStore) -> None:
    async with store.transaction() as tx:
        await tx.all("PRAGMA max_page_count = 60")
    for error in await together(store, put("before"), put("x" * 1_000_000), put("after")):
        assert isinstance(error, StoreUnavailableError)
        assert "the disk is full. Nothing was done." in error.message
    assert await kept(store) == []
    assert await together(store, put("small"), put("small, too")) == [1, 1]


async def test_where_the_disk_takes_none_each_is_told_so_and_nothing_is_done(path: Path, store: SqliteStore) -> None:
    def move_away(statements: Statements) -> int:
        path.rename(path.with_suffix(".away"))
        return put("b")(statements)

    for error in await together(store, put("a"), move_away, put("c")):
        assert isinstance(error, StoreUnavailableError)
        assert "its file is gone. Nothing was done." in error.message
    assert await kept(store) == []


async def test_one_that_ends_the_transaction_ends_it_for_all_and_all_are_told(store: SqliteStore) -> None:
    told: list[frozenset[str]] = []
    store.committed = told.append

    def end_and_fail(statements: Statements) -> int:
        end_it(statements)
        raise ZeroDivisionError

    for end, reason in ((end_it, StoreUnavailableError), (end_and_fail, ZeroDivisionError)):
        outcomes = await together(store, put("a", topic="flow:a"), end, put("b", topic="flow:b"))
        assert [type(outcome) for outcome in outcomes] == [reason] * 3
    assert await kept(store) == []
    assert set(told) == {frozenset()}
    assert await store.at_once(put("c")) == 1


async def test_another_program_that_writes_stops_each_with_its_name(path: Path, store: SqliteStore) -> None:
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        for error in await together(store, put("a"), put("b")):
            assert isinstance(error, StoreUnavailableError)
            assert "another program holds it" in error.message
        other.execute("ROLLBACK")
    other.close()
    assert await together(store, put("a"), put("b")) == [1, 1]


async def test_whoever_is_cancelled_while_waiting_loses_nothing_of_their_own_or_of_others(store: SqliteStore) -> None:
    async with store.transaction():
        asked = [asyncio.ensure_future(store.at_once(put(f"{n}"))) for n in range(3)]
        await asyncio.sleep(0)
        asked[1].cancel()
        await asyncio.sleep(0)
        assert not asked[1].done(), "it is not over while it may still be written"
    first, cancelled, last = await asyncio.gather(*asked, return_exceptions=True)
    assert (first, last) == (1, 1)
    assert isinstance(cancelled, asyncio.CancelledError)
    assert await kept(store) == ["0", "1", "2"]


async def alone(store: SqliteStore, key: str) -> None:
    async with store.transaction() as tx:
        await tx.execute("INSERT INTO tries VALUES (?, 'p', 'now')", key)


async def test_a_transaction_waits_for_its_turn_and_nothing_that_came_later_goes_before_it(store: SqliteStore) -> None:
    async with store.transaction():
        asked = [
            asyncio.ensure_future(work)
            for work in (store.at_once(put("a")), alone(store, "b"), store.at_once(put("c")), alone(store, "d"))
        ]
        await asyncio.sleep(0)
    await asyncio.gather(*asked)
    assert await kept(store) == ["a", "b", "c", "d"]


async def test_a_cancelled_transaction_is_passed_over_or_gives_its_turn_on(store: SqliteStore) -> None:
    async with store.transaction():
        asked = [asyncio.ensure_future(alone(store, key)) for key in ("a", "b", "c")]
        await asyncio.sleep(0)
        asked[0].cancel()
    # Its turn has come, and it has not woken to take it.
    asked[1].cancel()
    await asyncio.wait(asked)
    assert [task.cancelled() for task in asked] == [True, True, False]
    assert await kept(store) == ["c"]


async def close_while_writing(store: SqliteStore, asked: list[asyncio.Task[int]]) -> None:
    async with store.transaction():
        asked += [asyncio.ensure_future(store.at_once(put(key))) for key in ("a", "b")]
        await asyncio.sleep(0)
        await store.close()


async def test_what_waits_when_the_store_is_closed_is_told_so(store: SqliteStore) -> None:
    asked: list[asyncio.Task[int]] = []
    with pytest.raises(StoreUnavailableError, match="it was closed"):
        await close_while_writing(store, asked)
    for error in await asyncio.gather(*asked, return_exceptions=True):
        assert isinstance(error, StoreUnavailableError)
        assert "it was closed" in error.message


def test_a_loop_that_ended_meanwhile_does_not_stop_the_thread() -> None:
    thread, go_on = StoreThread("tried"), threading.Event()

    def hand_over(work: Callable[[], T]) -> Handed[T]:
        loop = asyncio.new_event_loop()
        handed = loop.run_until_complete(wrapped(work))
        loop.close()
        return handed

    async def wrapped(work: Callable[[], T]) -> Handed[T]:
        return thread.run(work)

    async def waited_for() -> str:
        return await thread.run(lambda: "next")

    left = hand_over(lambda: go_on.wait(20))
    go_on.set()
    assert asyncio.run(waited_for()) == "next"
    assert not left.done()
    thread.end()


async def test_r_61_rows_that_share_a_commit_are_on_disk_when_any_of_them_returns(path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SAYS_WHAT_RETURNED_AND_DIES, str(path), stdout=asyncio.subprocess.PIPE
    )
    returned = (await process.communicate())[0].decode().split()
    assert process.returncode == -9
    store = await SqliteStore.open(path)
    rows = [str(row["action"]) for row in await store.all("SELECT action FROM audit ORDER BY seq")]
    await store.close()
    assert len(returned) == 60
    assert [action for action in rows if action in returned] == returned, "and in the order in which they returned"


async def test_r_65_rows_that_share_a_commit_are_chained_in_the_order_in_which_they_came(store: SqliteStore) -> None:
    audit = Audit(store, SystemClock())

    async def write(action: str) -> None:
        await audit.write(Entry(kind=Kind.EVENT, action=action, agent="grace"))

    actions = [f"{n}" for n in range(50)]
    async with store.transaction():
        asked = [asyncio.ensure_future(write(action)) for action in actions]
        await asyncio.sleep(0)
    await asyncio.gather(*asked)
    rows = await audit.list(limit=100)
    assert [row.action for row in rows] == actions
    assert [row.prev for row in rows] == [START, *(row.hash for row in rows[:-1])]


async def test_a_coroutine_that_waits_for_its_transaction_alone_is_one_function_of_it(
    path: Path, store: SqliteStore
) -> None:
    told: list[frozenset[str]] = []
    store.committed = told.append

    async def work(tx: Transaction) -> tuple[object, ...]:
        await tx.execute("INSERT INTO tries VALUES ('a', 'p', 'now')")
        tx.wake("flow:a")
        return (
            await tx.at_once(put("b")),
            await tx.one("SELECT count(*) AS n FROM tries"),
            await tx.at_key("SELECT person_id FROM tries WHERE challenge_id = ?", "b"),
            await tx.all("SELECT challenge_id FROM tries ORDER BY 1"),
            await tx.tuples("SELECT challenge_id FROM tries ORDER BY 1"),
        )

    rows = [{"challenge_id": "a"}, {"challenge_id": "b"}]
    assert await store.at_once(inside(work)) == (1, {"n": 2}, {"person_id": "p"}, rows, [("a",), ("b",)])
    assert told == [{"flow:a"}]


async def test_a_coroutine_that_waits_for_something_else_is_undone_and_says_so(store: SqliteStore) -> None:
    async def work(tx: Transaction) -> None:
        await tx.execute("INSERT INTO tries VALUES ('a', 'p', 'now')")
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="waits for something else"):
        await store.at_once(inside(work))
    assert await kept(store) == []
