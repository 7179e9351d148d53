"""Checkpoints as they are written: when, by whom, whole, one after the other, and said loudly where they cannot be."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from csrdesk.config import LimitSettings
from csrdesk.engine.audit import CALL_ENDED, CHECKPOINT_EVERY, Entry, Kind
from csrdesk.engine.changes import Changes
from csrdesk.engine.checkpointing import NOT_FITTING, NOT_WRITTEN, Checkpointing
from csrdesk.engine.checkpoints import Checkpoint, CheckpointFile, read_checkpoints, signed_by
from csrdesk.engine.clock import MovableClock
from csrdesk.engine.engine import Engine
from csrdesk.engine.store import Row, Value
from csrdesk.engine.store_sqlite import SqliteStore
from csrdesk.engine.verify import verify
from csrdesk.errors import StoreUnavailableError
from csrdesk.flows.rules import Rules
from tests.engine.world import KEY, World

SEED = b"s" * 32
NOW = MovableClock().now()
WRITER = """
import asyncio, sys
from pathlib import Path
from csrdesk.config import LimitSettings
from csrdesk.engine.audit import Entry, Kind
from csrdesk.engine.checkpoints import CheckpointFile
from csrdesk.engine.engine import Engine
from csrdesk.engine.store_sqlite import SqliteStore
from csrdesk.flows.rules import Rules

async def nothing(effect, context):
    raise NotImplementedError

async def main():
    folder = Path(sys.argv[1])
    store = await SqliteStore.open(folder / "desk.db", busy_seconds=30)
    engine = Engine(store, lambda links: nothing, rules=Rules(), limits=LimitSettings(), key=b"k" * 32)
    engine.write_checkpoints(CheckpointFile(folder / "checkpoints.jsonl", b"s" * 32))
    async with engine:
        for n in range(500):
            await engine.audit.write(Entry(kind=Kind.EVENT, action=f"row {n}", agent=sys.argv[2]))
    await store.close()

asyncio.run(main())
"""


@pytest.fixture
def file(tmp_path: Path) -> CheckpointFile:
    return CheckpointFile(tmp_path / "checkpoints.jsonl", SEED)


@asynccontextmanager
async def engine_on(folder: Path, file: CheckpointFile) -> AsyncIterator[Engine]:
    """An engine that writes checkpoints."""
    store = await SqliteStore.open(folder / "desk.db")
    engine = Engine(store, World, rules=Rules(), limits=LimitSettings(), key=KEY, clock=MovableClock())
    engine.write_checkpoints(file)
    try:
        async with engine:
            yield engine
    finally:
        await store.close()


async def write(engine: Engine, *actions: str) -> None:
    for action in actions:
        await engine.audit.write(Entry(kind=Kind.EVENT, action=action, agent="grace"))


async def until_said(engine: Engine, words: str) -> None:
    async with asyncio.timeout(30):
        while engine.trouble != words:  # noqa: ASYNC110 - trouble rings no event
            await asyncio.sleep(0.01)


def counts(file: CheckpointFile) -> list[int]:
    return [one.count for one in file.read()]


async def test_r_64_a_checkpoint_is_written_at_the_end_of_a_call_and_every_100_rows(
    tmp_path: Path, file: CheckpointFile
) -> None:
    async with engine_on(tmp_path, file) as engine:
        await write(engine, "a", CALL_ENDED, "b")
        async with asyncio.timeout(30):
            while not counts(file):  # noqa: ASYNC110 - a file rings no event
                await asyncio.sleep(0.01)
        await write(engine, *["c"] * (CHECKPOINT_EVERY - 3))
    first, newest = file.read()
    assert (first.count in (2, 3), newest.count) == (True, CHECKPOINT_EVERY)
    assert all(signed_by(file.public_key)(one) for one in (first, newest))
    assert file.path.stat().st_mode & 0o777 == 0o600


async def test_what_became_due_before_the_desk_closed_is_written(tmp_path: Path, file: CheckpointFile) -> None:
    async with engine_on(tmp_path, file) as engine:
        await write(engine, "a", "b", CALL_ENDED)
    assert counts(file) == [3]


async def test_a_desk_that_finds_100_rows_without_a_checkpoint_writes_one(tmp_path: Path, file: CheckpointFile) -> None:
    async with engine_on(tmp_path, CheckpointFile(tmp_path / "lost.jsonl", SEED)) as engine:
        await write(engine, *["a"] * (CHECKPOINT_EVERY + 5))
    async with engine_on(tmp_path, file):
        pass
    assert counts(file) == [CHECKPOINT_EVERY + 5]


async def test_a_desk_that_finds_fewer_rows_writes_none(tmp_path: Path, file: CheckpointFile) -> None:
    for _ in range(2):
        async with engine_on(tmp_path, file) as engine:
            await write(engine, "a")
    assert counts(file) == []


async def test_a_file_that_cannot_be_written_is_said_until_it_can(tmp_path: Path, file: CheckpointFile) -> None:
    file.path.mkdir()
    async with engine_on(tmp_path, file) as engine:
        await until_said(engine, NOT_WRITTEN)
        file.path.rmdir()
        await write(engine, CALL_ENDED)
        await until_said(engine, "")
    assert counts(file) == [1]


async def test_r_64_an_audit_shorter_than_its_checkpoints_is_said_at_once(tmp_path: Path, file: CheckpointFile) -> None:
    file.append(Checkpoint(50, "a" * 64, NOW, NOW))
    async with engine_on(tmp_path, file) as engine:
        await until_said(engine, NOT_FITTING)
    assert counts(file) == [50]


async def test_r_64_rows_written_anew_are_said_at_the_next_start(tmp_path: Path, file: CheckpointFile) -> None:
    async with engine_on(tmp_path, file) as engine:
        await write(engine, "a", CALL_ENDED)
    (tmp_path / "desk.db").unlink()
    async with engine_on(tmp_path, file) as engine:
        await write(engine, "b", "c", CALL_ENDED)
        await until_said(engine, NOT_FITTING)
    assert counts(file) == [2]


async def test_a_checkpoint_of_a_purged_row_is_no_trouble(tmp_path: Path, file: CheckpointFile) -> None:
    async with engine_on(tmp_path, file) as engine:
        await write(engine, "a", CALL_ENDED, "b")
    async with engine_on(tmp_path, CheckpointFile(tmp_path / "other.jsonl", SEED)) as engine:
        async with engine._desk.store.transaction() as tx:  # noqa: SLF001 - what a purge does years later
            await tx.execute("DELETE FROM audit WHERE seq <= 2")
        await write(engine, CALL_ENDED)
    async with engine_on(tmp_path, file) as engine:
        await write(engine, CALL_ENDED)
    assert (counts(file)[-1], engine.trouble) == (5, "")


class Gone(SqliteStore):
    """A store whose file is gone."""

    def __init__(self) -> None:
        self.committed = lambda _: None

    async def one(self, sql: str, *values: Value) -> Row | None:
        raise StoreUnavailableError(f"gone: {sql} {values}")


async def test_a_database_that_cannot_be_read_costs_a_checkpoint_and_no_more(file: CheckpointFile) -> None:
    store = Gone()
    checkpointing = Checkpointing(store, Changes(store), MovableClock(), file)
    checkpointing.stop()
    await checkpointing.run()
    assert (counts(file), checkpointing.trouble) == ([], "")


def test_whoever_comes_second_finds_it_done(file: CheckpointFile) -> None:
    assert file.newest() is None
    assert [file.append(Checkpoint(n, "a", NOW, NOW)) for n in (5, 5, 3, 7)] == [5, 5, 5, 7]
    newest = file.newest()
    assert (counts(file), newest and newest.count) == ([5, 7], 7)


def test_a_line_that_a_crash_cut_spoils_no_other(file: CheckpointFile) -> None:
    file.append(Checkpoint(5, "a", NOW, NOW))
    with file.path.open("ab") as torn:
        torn.write(b'\n{"count": 9, "he')
    file.append(Checkpoint(7, "b", NOW, NOW))
    assert counts(file) == [5, 0, 7]


def test_checkpoints_that_are_added_while_they_are_read_wait_for_the_next_time(file: CheckpointFile) -> None:
    assert list(read_checkpoints(file.path)) == []
    file.append(Checkpoint(5, "a", NOW, NOW))
    reading = file.read()
    file.append(Checkpoint(6, "b", NOW, NOW))
    assert [one.count for one in reading] == [5]


async def test_r_65_two_processes_fork_neither_the_chain_nor_its_checkpoints(
    tmp_path: Path, file: CheckpointFile
) -> None:
    await (await SqliteStore.open(tmp_path / "desk.db")).close()
    started = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, str(tmp_path), name) for name in ("a", "b")
    ]
    assert [await process.wait() for process in started] == [0, 0]
    store = await SqliteStore.open(tmp_path / "desk.db")
    verdict = await verify(store, file.read(), signed_by(file.public_key))
    await store.close()
    assert (verdict.finding, verdict.rows, verdict.unreadable, verdict.covered) == (None, 1000, 0, 1000)
    found = counts(file)
    assert found == sorted(set(found))
    assert max(later - earlier for earlier, later in zip([0, *found], found, strict=False)) <= 2 * CHECKPOINT_EVERY
