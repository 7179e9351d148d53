"""The audit as people read it: each look is a row, and what a crash left open is found and can be left."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from csrdesk.engine import reading, schema
from csrdesk.engine.audit import Audit, Entry, Kind, Which
from csrdesk.engine.clock import MovableClock
from csrdesk.engine.reading import AuditReader
from csrdesk.engine.store_sqlite import SqliteStore
from csrdesk.errors import NotFoundError, StoreUnavailableError
from csrdesk.flows import effects as fx
from csrdesk.model.proofs import Act
from tests.engine.world import GRACE, Begin, desk_on, disable

ACTING = """
import asyncio, sys
from pathlib import Path
from csrdesk.flows import effects as fx
from csrdesk.model.proofs import Act
from tests.engine.world import Begin, desk_on, disable

async def main():
    async with desk_on(Path(sys.argv[1])) as desk:
        desk.world.held.add(fx.SetPingOneEnabled)
        await desk.session().start("told", Begin((disable(Act.PROTECT),)))
        await desk.world.begun.wait()
        print("begun", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(tmp_path / "desk.db")
    yield store
    await store.close()


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def audit(store: SqliteStore, clock: MovableClock) -> Audit:
    return Audit(store, clock)


@pytest.fixture
def reader(store: SqliteStore, audit: Audit) -> AuditReader:
    return AuditReader(GRACE, store, audit)


def entry(call: str = "c1", person: str = "p1", agent: str = "hal") -> Entry:
    return Entry(kind=Kind.EVENT, action="x", agent=agent, call_id=call, person_id=person)


async def fill(audit: Audit, rows: int) -> None:
    for _ in range(rows):
        await audit.write(entry())


async def last(audit: Audit) -> tuple[str, str, dict[str, object]]:
    row = (await audit.list())[-1]
    return row.action, row.agent, dict(row.details)


async def test_r_70_a_list_is_a_row_that_says_what_was_looked_for(audit: Audit, reader: AuditReader) -> None:
    await fill(audit, 3)
    assert [row.seq for row in await reader.list(Which(call_id="c1"), 2)] == [2, 3]
    assert await last(audit) == ("audit.read", "grace", {"rows": 2, "call_id": "c1"})
    assert len(await audit.list()) == 4


async def test_r_70_a_look_at_one_row_is_a_row(audit: Audit, reader: AuditReader) -> None:
    await fill(audit, 2)
    assert (await reader.show(2)).seq == 2
    assert await last(audit) == ("audit.read", "grace", {"rows": 1, "seq": 2})
    with pytest.raises(NotFoundError, match="no row 9"):
        await reader.show(9)


async def test_r_70_an_export_is_one_row_however_many_pages_it_has(
    audit: Audit, reader: AuditReader, store: SqliteStore
) -> None:
    async with store.transaction() as tx:
        for _ in range(reading.EXPORT_PAGE + 1):
            await audit.append(tx, entry())
    pages = [len(page) async for page in reader.export(Which(), "csv")]
    assert pages == [reading.EXPORT_PAGE, 1]
    assert await last(audit) == ("audit.exported", "grace", {"form": "csv", "upto": reading.EXPORT_PAGE + 1})


async def test_r_70_an_export_of_nothing_is_a_row(audit: Audit, reader: AuditReader) -> None:
    assert [page async for page in reader.export(Which(agent="nobody"), "jsonl")] == []
    assert await last(audit) == ("audit.exported", "grace", {"form": "jsonl", "upto": 0, "agent": "nobody"})


async def test_r_70_a_check_is_one_row_and_does_not_read_itself(audit: Audit, reader: AuditReader) -> None:
    await fill(audit, 2)
    verdict = await reader.verify(iter(()), lambda _: True)
    assert (verdict.rows, verdict.finding) == (2, None)
    assert await last(audit) == ("audit.verified", "grace", {"rows": 2, "covered": 0})


async def test_r_70_a_check_that_finds_something_is_an_alert(
    audit: Audit, reader: AuditReader, store: SqliteStore
) -> None:
    await fill(audit, 2)
    async with store.transaction() as tx:
        await tx.execute("UPDATE audit SET reason = 'x' WHERE seq = 2")
    assert (await reader.verify(iter(()), lambda _: True)).finding
    assert await last(audit) == ("audit.verified", "grace", {"rows": 1, "covered": 0, "flaw": "altered", "seq": 2})
    assert (await audit.list())[-1].kind is Kind.ALERT


async def test_r_70_nothing_is_shown_where_the_look_cannot_be_written_down(
    audit: Audit, reader: AuditReader, store: SqliteStore
) -> None:
    await fill(audit, 1)
    async with store.transaction() as tx:
        await tx.all("PRAGMA query_only = ON")
    with pytest.raises(StoreUnavailableError):
        await reader.list(Which(), 10)
    with pytest.raises(StoreUnavailableError):
        await anext(aiter(reader.export(Which(), "csv")))


async def test_a_row_that_is_none_any_more_says_what_to_do(
    audit: Audit, reader: AuditReader, store: SqliteStore
) -> None:
    await fill(audit, 2)
    for change in ("kind = 'gossip'", "details = 'no'"):
        async with store.transaction() as tx:
            await tx.execute(f"UPDATE audit SET {change} WHERE seq = 2")
        with pytest.raises(StoreUnavailableError, match="Row 2 of the audit cannot be read"):
            await reader.show(2)
    assert (await reader.show(1)).seq == 1


async def test_rows_are_found_by_agent_and_time(audit: Audit, reader: AuditReader, clock: MovableClock) -> None:
    for agent in ("hal", "ida", "hal"):
        await audit.write(entry(agent=agent))
        clock.move(minutes=1)
    start = MovableClock().now()
    assert [row.seq for row in await reader.list(Which(agent="hal"), 9)] == [1, 3]
    since = Which(since=start + timedelta(seconds=30), until=start + timedelta(seconds=90))
    assert [row.seq for row in await reader.list(since, 9)] == [2]


async def test_r_62_an_intent_without_an_outcome_is_found_by_whoever_starts_next(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    async with desk_on(path) as desk:
        desk.world.held.add(fx.SetPingOneEnabled)
        session = desk.session()
        begun = await session.start("told", Begin((disable(Act.PROTECT),)))
        await desk.world.begun.wait()
        async with desk_on(path) as after_a_crash:
            reader = after_a_crash.engine.reader(GRACE)
            (unknown,) = await reader.unknown()
            assert (unknown.action, unknown.kind, unknown.person_id) == ("pingone.set_enabled", "intent", "u-ada")
            assert await last(after_a_crash.engine.audit) == ("audit.read", "grace", {"rows": 1, "unknown": True})
        desk.world.gate.set()
        await session.settled(begun.id)
        assert await desk.engine.audit.unknown() == ()


async def test_r_62_an_act_that_a_kill_cut_short_is_found_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "killed.db"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ACTING, str(path), cwd=Path(__file__).parents[2], stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"begun\n"
    process.kill()
    await process.wait()
    async with desk_on(path) as desk:
        (unknown,) = await desk.engine.reader(GRACE).unknown()
        assert (unknown.action, unknown.agent, unknown.result) == ("pingone.set_enabled", "grace", "")


async def test_r_62_what_was_found_can_be_left_with_a_reason(audit: Audit, reader: AuditReader) -> None:
    await audit.write(Entry(kind=Kind.INTENT, action="pingone.set_enabled", agent="hal", person_id="p1", key="k:1"))
    with pytest.raises(NotFoundError, match="no act without an outcome"):
        await reader.leave(7, "looked")
    assert (await reader.leave(1, "looked: it is enabled")).agent == "hal"
    assert await audit.unknown() == ()
    row = (await audit.list())[-1]
    assert (row.kind, row.result, row.reason, row.key) == ("outcome", "left", "looked: it is enabled", "k:1")
    assert (row.agent, row.person_id, row.details) == ("grace", "p1", {"intent": 1})


async def test_r_62_what_an_older_csrdesk_left_open_is_found_as_well(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    store = await SqliteStore.open(path)
    audit = Audit(store, MovableClock())
    for key in ("a", "b"):
        await audit.write(Entry(kind=Kind.INTENT, action="x", agent="hal", key=key))
    await audit.write(Entry(kind=Kind.OUTCOME, action="x", agent="hal", key="a"))
    first = sqlite3.connect(":memory:")
    first.executescript(schema.STEPS[0])
    named = "SELECT name, type FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
    known = set(first.execute(named))
    columns = "SELECT m.name AS t, c.name AS c FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
    had = set(first.execute(columns))
    first.close()
    async with store.transaction() as tx:
        added = {(str(row["t"]), str(row["c"])) for row in await tx.all(columns)} - had
        for table, column in ((table, column) for table, column in added if (table, "table") in known):
            await tx.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        newer = {(str(row["name"]), str(row["type"])) for row in await tx.all(named)} - known
        for name, what in sorted(newer, key=lambda pair: pair[1]):  # indexes before their tables
            await tx.execute(f"DROP {what} {name}")
        await tx.execute("PRAGMA user_version = 1")
    await store.close()
    store = await SqliteStore.open(path)
    assert [row.key for row in await Audit(store, MovableClock()).unknown()] == ["b"]
    await store.close()
