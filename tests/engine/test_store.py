"""The store on SQLite: durable, private, one writer at a time, and plain about what is wrong with the machine."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from csrdesk.engine.finishing import to_the_end
from csrdesk.engine.store import Statements
from csrdesk.engine.store_sqlite import KEPT_CHANGES, SqliteStore
from csrdesk.errors import StoreUnavailableError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


@pytest_asyncio.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(path, busy_seconds=0.05)
    yield store
    await store.close()


def overwrite(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def move_away(path: Path) -> None:
    path.rename(path.with_suffix(".away"))


async def put(store: SqliteStore, key: str) -> None:
    async with store.transaction() as tx:
        await tx.execute("INSERT INTO tries VALUES (?, 'p', 'now')", key)


async def kept(store: SqliteStore) -> list[object]:
    return [row["challenge_id"] for row in await store.all("SELECT challenge_id FROM tries ORDER BY 1")]


async def nothing_but_an_error(store: SqliteStore) -> None:
    async with store.transaction():
        raise ZeroDivisionError


async def test_only_its_owner_may_read_the_file(path: Path, store: SqliteStore) -> None:
    await put(store, "a")
    modes = {found.name: stat.S_IMODE(found.stat().st_mode) for found in path.parent.iterdir()}
    assert set(modes) == {"desk.db", "desk.db-wal", "desk.db-shm"}
    assert set(modes.values()) == {0o600}


async def test_every_commit_is_on_disk(store: SqliteStore) -> None:
    async with store.transaction() as tx:
        assert await tx.one("PRAGMA synchronous") == {"synchronous": 2}
        assert await tx.one("PRAGMA journal_mode") == {"journal_mode": "wal"}


async def test_what_was_written_is_there_after_opening_again(path: Path, store: SqliteStore) -> None:
    await put(store, "a")
    again = await SqliteStore.open(path)
    assert await kept(again) == ["a"]
    assert await again.one("SELECT * FROM tries WHERE challenge_id = ?", "b") is None
    await again.close()


async def test_an_exception_leaves_nothing_behind(store: SqliteStore) -> None:
    with suppress(ZeroDivisionError):
        async with store.transaction() as tx:
            await tx.execute("INSERT INTO tries VALUES ('a', 'p', 'now')")
            raise ZeroDivisionError
    await put(store, "b")
    assert await kept(store) == ["b"]


async def test_fifty_writers_on_two_connections_all_get_their_turn(path: Path, store: SqliteStore) -> None:
    one, two = await SqliteStore.open(path), await SqliteStore.open(path)
    await asyncio.gather(*(put(at, f"{n:02}") for n, at in enumerate([one, two] * 25)))
    assert len(await kept(store)) == 50
    await one.close()
    await two.close()


async def test_a_commit_under_way_is_finished_when_its_caller_is_cancelled(store: SqliteStore) -> None:
    started, release, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        started.set()
        await release.wait()
        ended.set()

    task = asyncio.ensure_future(to_the_end(work()))
    await started.wait()
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_a_cancelled_transaction_leaves_the_store_usable(store: SqliteStore) -> None:
    async def write_and_wait() -> None:
        async with store.transaction() as tx:
            await tx.execute("INSERT INTO tries VALUES ('a', 'p', 'now')")
            await asyncio.Event().wait()

    task = asyncio.ensure_future(write_and_wait())
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait([task])
    await put(store, "b")
    assert await kept(store) == ["b"]


async def test_a_mistake_in_a_statement_is_not_taken_for_a_broken_disk(store: SqliteStore) -> None:
    with pytest.raises(sqlite3.OperationalError):
        await store.all("SELECT nothing FROM tries")
    with pytest.raises(sqlite3.OperationalError):
        await store.tuples("SELECT nothing FROM tries")


async def test_a_table_that_is_gone_is_damage(store: SqliteStore) -> None:
    async with store.transaction() as tx:
        await tx.execute("DROP TABLE tries")
    with pytest.raises(StoreUnavailableError, match="damaged"):
        await kept(store)


async def test_tuples_are_rows_in_the_order_of_their_columns_and_no_text_shows_marks(store: SqliteStore) -> None:
    assert await store.tuples("SELECT 1, ?, NULL", "two") == [(1, "two", None)]
    assert await store.tuples("SELECT CAST(x'61ff' AS TEXT)") == [("a\N{REPLACEMENT CHARACTER}",)]
    async with store.transaction() as tx:
        assert await tx.tuples("SELECT 'ä'") == [("ä",)]


async def test_a_store_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="cannot be opened"):
        await SqliteStore.open(tmp_path / "nowhere" / "desk.db")


async def test_a_file_that_is_no_database_says_so(path: Path) -> None:
    overwrite(path, b"this is no database, however long it may be" * 100)
    with pytest.raises(StoreUnavailableError, match="no database"):
        await SqliteStore.open(path)


async def test_a_store_of_a_newer_csrdesk_is_left_alone(path: Path, store: SqliteStore) -> None:
    async with store.transaction() as tx:
        await tx.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreUnavailableError, match="newer csrdesk"):
        await SqliteStore.open(path)


async def test_another_writer_is_waited_for_and_then_named(path: Path, store: SqliteStore) -> None:
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError, match="another program holds it"):
            await put(store, "a")
        other.execute("ROLLBACK")
    other.close()
    await put(store, "b")
    assert await kept(store) == ["b"]


async def test_a_full_disk_is_named_and_nothing_was_done(store: SqliteStore) -> None:
    async with store.transaction() as tx:
        await tx.all("PRAGMA max_page_count = 1")
    with pytest.raises(StoreUnavailableError, match="the disk is full"):
        await put(store, "x" * 1_000_000)
    assert await kept(store) == []


async def test_a_read_only_store_is_named(store: SqliteStore) -> None:
    async with store.transaction() as tx:
        await tx.all("PRAGMA query_only = ON")
    with pytest.raises(StoreUnavailableError, match="cannot be written"):
        await put(store, "a")


async def test_a_removed_or_replaced_file_takes_no_rows(path: Path, store: SqliteStore) -> None:
    move_away(path)
    with pytest.raises(StoreUnavailableError, match="its file is gone"):
        await put(store, "a")
    overwrite(path, b"")
    with pytest.raises(StoreUnavailableError, match="its file is gone"):
        await put(store, "a")
    assert await kept(store) == []


async def test_topics_are_told_after_the_commit_and_old_ones_are_forgotten(store: SqliteStore) -> None:
    told: list[frozenset[str]] = []
    store.committed = told.append
    async with store.transaction() as tx:
        tx.wake("flow:a")
        assert told == []
    assert told == [{"flow:a"}]
    async with store.transaction() as tx:
        await tx.execute("INSERT INTO changes VALUES (?, 'x')", KEPT_CHANGES * 2)
        tx.wake("flow:b")
    assert [row["topic"] for row in await store.all("SELECT topic FROM changes ORDER BY seq")] == ["x", "flow:b"]


async def test_a_function_is_one_transaction_whole_or_not_at_all(store: SqliteStore) -> None:
    told: list[frozenset[str]] = []
    store.committed = told.append

    def put_two(statements: Statements) -> int:
        statements.execute("INSERT INTO tries VALUES ('a', 'p', 'now')")
        statements.wake("flow:a")
        return statements.execute("UPDATE tries SET person_id = 'q'")

    def fail(statements: Statements) -> None:
        put_two(statements)
        raise ZeroDivisionError

    assert await store.at_once(put_two) == 1
    assert told == [{"flow:a"}]
    with pytest.raises(ZeroDivisionError):
        await store.at_once(fail, durable=False)
    assert await kept(store) == ["a"]
    assert told == [{"flow:a"}]


async def test_a_function_is_finished_and_told_when_its_caller_is_cancelled(store: SqliteStore) -> None:
    told: list[frozenset[str]] = []
    store.committed = told.append
    reached, go_on = threading.Event(), threading.Event()

    def put_slowly(statements: Statements) -> None:
        statements.execute("INSERT INTO tries VALUES ('a', 'p', 'now')")
        statements.wake("flow:a")
        reached.set()
        go_on.wait(20)

    task = asyncio.ensure_future(store.at_once(put_slowly))
    await asyncio.to_thread(reached.wait, 20)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await kept(store) == ["a"]
    assert told == [{"flow:a"}]


async def put_on_after_its_end(store: SqliteStore) -> None:
    async with store.transaction() as tx:
        await tx.execute("INSERT INTO tries VALUES ('a', 'p', 'now')")
        await tx.execute("ROLLBACK")
        with pytest.raises(StoreUnavailableError, match="ended what was begun"):
            await tx.execute("INSERT INTO tries VALUES ('b', 'p', 'now')")


async def test_what_sqlite_ended_by_itself_is_not_gone_on_with(store: SqliteStore) -> None:
    with pytest.raises(StoreUnavailableError, match="ended what was begun"):
        await put_on_after_its_end(store)
    assert await kept(store) == []


async def test_a_transaction_that_does_nothing_changes_nothing(store: SqliteStore) -> None:
    async with store.transaction():
        pass
    with pytest.raises(ZeroDivisionError):
        await nothing_but_an_error(store)
    await put(store, "a")
    assert await kept(store) == ["a"]


async def test_a_writer_waits_until_another_program_has_written(path: Path) -> None:
    waiting = await SqliteStore.open(path, busy_seconds=20)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.ensure_future(put(waiting, "a"))
        await asyncio.sleep(0.05)
        assert not writing.done()
        other.execute("ROLLBACK")
    other.close()
    await writing
    assert await kept(waiting) == ["a"]
    await waiting.close()


async def test_a_store_that_was_closed_says_so(path: Path) -> None:
    closed = await SqliteStore.open(path)
    await closed.close()
    await closed.close()
    with pytest.raises(StoreUnavailableError, match="it was closed"):
        await closed.one("SELECT 1")
    with pytest.raises(StoreUnavailableError, match="it was closed"):
        await put(closed, "a")


async def test_one_row_by_its_key_is_what_was_committed_before(path: Path, store: SqliteStore) -> None:
    other = await SqliteStore.open(path)
    sql = "SELECT person_id FROM tries WHERE challenge_id = ?"
    assert await store.at_key(sql, "a") is None
    await put(other, "a")
    assert await store.at_key(sql, "a") == {"person_id": "p"}
    async with store.transaction() as tx:
        await tx.execute("UPDATE tries SET person_id = 'q'")
        assert await tx.at_key(sql, "a") == {"person_id": "q"}
        assert await store.at_key(sql, "a") == {"person_id": "p"}
    assert await store.at_key(sql, "a") == {"person_id": "q"}
    await other.close()


async def test_where_a_row_cannot_be_had_at_once_it_is_waited_for(path: Path) -> None:
    store = await SqliteStore.open(path)
    await put(store, "a")
    await store.close()
    with pytest.raises(StoreUnavailableError, match="it was closed"):
        await store.at_key("SELECT 1")
    store = await SqliteStore.open(path, busy_seconds=20)
    alone = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    alone.execute("PRAGMA locking_mode = EXCLUSIVE")
    reading = asyncio.ensure_future(store.at_key("SELECT person_id FROM tries"))
    alone.close()
    assert await reading == {"person_id": "p"}
    await store.close()
