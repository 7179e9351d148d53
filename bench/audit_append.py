"""What does an audit row cost, made durable, beyond a plain insert that is as durable?

Both write the same columns into the same table of a WAL file with synchronous=FULL, one transaction a row, in turns
of a second or so on the same disk. Ours adds the chain (the last hash is read, the next one computed), the index of
open intents, and the way through the event loop. Above 0.7 of the plain rows a second is a ratio of times below 1.43.

The way is stated beside it, in two figures: the same rows written where they are made, so that the event loop stops for
each (not what csrdesk does: whoever else is served would wait for the disk), and as many ways to the database's thread
and back for nothing.

Once for one writer, whose rows follow one another, and once for eight, as on a desk where several calls, lists and
pages write at the same time: what waits shares a commit. The plain rows are made one by one both times.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from itertools import count
from pathlib import Path

import msgspec

from bench.audit_verify import INSERT, columns, entry
from bench.figure import Figure, Judged, in_turns
from csrdesk.engine import schema
from csrdesk.engine.audit import START, Audit
from csrdesk.engine.clock import SystemClock
from csrdesk.engine.store import Value
from csrdesk.engine.store_connection import SqliteStatements
from csrdesk.engine.store_sqlite import SqliteStore

ROWS, ROUNDS, WRITERS = 300, 9, 8
_NUMBERS = count()


def measure(*, quick: bool) -> list[Figure]:
    rounds = ROUNDS // 3 if quick else ROUNDS
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-", dir=Path(__file__).parent) as name:
        folder = Path(name)
        ours, base = in_turns(lambda: asyncio.run(_ours(folder)), lambda: _plain(folder / "plain.db"), rounds)
        shared, one = in_turns(lambda: asyncio.run(_shared(folder)), lambda: _plain(folder / "plain.db"), rounds)
        stopped, bare = in_turns(lambda: asyncio.run(_on_the_loop(folder)), lambda: _plain(folder / "plain.db"), rounds)
        ways, rows = in_turns(lambda: asyncio.run(_ways(folder)), lambda: _plain(folder / "plain.db"), rounds)
        again, same = in_turns(lambda: asyncio.run(_ours(folder)), lambda: asyncio.run(_unchained(folder)), rounds)
    question = f"{ROWS} durable audit rows"
    return [
        Figure(
            question=f"{question}, one writer (above 0.7 of plain rows a second)",
            ours=ours, baseline="plain SQLite inserts", base=base, target=1 / 0.7,
        ),
        Figure(
            question=f"{question}, {WRITERS} writers at once (as above)",
            ours=shared, baseline="as many plain SQLite inserts, one by one", base=one, target=1 / 0.7,
        ),
        Figure(
            question=f"{question}, one writer, with the event loop stopped for each",
            ours=stopped, baseline="plain SQLite inserts", base=bare, judged=Judged.NOTHING,
        ),
        Figure(
            question=f"{ROWS} ways to the database's thread and back, for nothing",
            ours=ways, baseline=f"{ROWS} plain SQLite inserts", base=rows, judged=Judged.NOTHING,
        ),
        Figure(
            question=f"{question}: what the chain costs",
            ours=again, baseline="plain inserts through the same store", base=same, judged=Judged.NOTHING,
        ),
    ]  # fmt: skip


async def _unchained(folder: Path) -> float:
    """Plain inserts, but through the event loop and the store's own thread, as everything else of the engine goes."""
    store = await SqliteStore.open(folder / "unchained.db")
    began = time.perf_counter()
    for _ in range(ROWS):
        async with store.transaction() as tx:
            await tx.execute(INSERT, *_plain_row())
    took = (time.perf_counter() - began) * 1000
    await store.close()
    return took


async def _on_the_loop(folder: Path) -> float:
    """Every statement that a row of ours takes, but in the thread that made it."""
    path = folder / "loop.db"
    store = await SqliteStore.open(path)  # for its tables
    audit, entries = Audit(store, SystemClock()), [entry(next(_NUMBERS)) for _ in range(ROWS)]
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous = FULL", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")
    began = time.perf_counter()
    for row in entries:
        statements = SqliteStatements(connection, 0)
        statements.begin()
        audit._append(row, statements)  # noqa: SLF001 - what a row takes, without its way
        statements.commit()
    took = (time.perf_counter() - began) * 1000
    connection.close()
    await store.close()
    return took


async def _ways(folder: Path) -> float:
    store = await SqliteStore.open(folder / "ways.db")
    began = time.perf_counter()
    for _ in range(ROWS):
        await store.one("SELECT 1")
    took = (time.perf_counter() - began) * 1000
    await store.close()
    return took


async def _ours(folder: Path) -> float:
    return await _written(folder / "desk.db", 1)


async def _shared(folder: Path) -> float:
    return await _written(folder / "shared.db", WRITERS)


async def _written(path: Path, writers: int) -> float:
    """All rows, by that many writers at once, each of whom waits until its row is on disk before the next."""
    store = await SqliteStore.open(path)
    audit, entries = Audit(store, SystemClock()), iter([entry(next(_NUMBERS)) for _ in range(ROWS)])

    async def write() -> None:
        for row in entries:
            await audit.write(row)

    began = time.perf_counter()
    await asyncio.gather(*(write() for _ in range(writers)))
    took = (time.perf_counter() - began) * 1000
    await store.close()
    return took


def _plain(path: Path) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit'").fetchone():
        for statement in schema.statements(schema.AUDIT):
            connection.execute(statement)
    began = time.perf_counter()
    for _ in range(ROWS):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(INSERT, _plain_row())
        connection.execute("COMMIT")
    took = (time.perf_counter() - began) * 1000
    connection.close()
    return took


def _plain_row() -> tuple[Value, ...]:
    n = next(_NUMBERS)
    row = msgspec.structs.replace(columns(n + 1, START), key=f"plain:{n}")
    return (*msgspec.structs.astuple(row), START)
