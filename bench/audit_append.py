"""What does an audit row cost, made durable, beyond a plain insert that is as durable?

Both write the same columns into the same table of a WAL file with synchronous=FULL, one transaction a row, in turns
of a second or so on the same disk. Ours adds the chain (the last hash is read, the next one computed), the index of
open intents, and the way through the event loop. Above 0.7 of the plain rows a second is a ratio of times below 1.43.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from itertools import count
from pathlib import Path

import msgspec

from bench.audit_verify import entry
from bench.figure import Figure, in_turns
from csrdesk.engine import schema
from csrdesk.engine.audit import START, Audit, Columns
from csrdesk.engine.clock import SystemClock
from csrdesk.engine.store_sqlite import SqliteStore

ROWS, ROUNDS = 300, 9
_NUMBERS = count()


def measure(*, quick: bool) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-", dir=Path(__file__).parent) as name:
        folder = Path(name)
        ours, base = in_turns(
            lambda: asyncio.run(_ours(folder)), lambda: _plain(folder / "plain.db"), ROUNDS // 3 if quick else ROUNDS
        )
    question = f"{ROWS} durable audit rows (above 0.7 of plain rows a second)"
    return [Figure(question=question, ours=ours, baseline="plain SQLite inserts", base=base, target=1 / 0.7)]


async def _ours(folder: Path) -> float:
    store = await SqliteStore.open(folder / "desk.db")
    audit = Audit(store, SystemClock())
    began = time.perf_counter()
    for _ in range(ROWS):
        await audit.write(entry(next(_NUMBERS)))
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
    row = _columns()
    began = time.perf_counter()
    for _ in range(ROWS):
        n = next(_NUMBERS)
        connection.execute("BEGIN IMMEDIATE")
        values = (*msgspec.structs.astuple(msgspec.structs.replace(row, seq=n + 1, key=f"plain:{n}")), START)
        connection.execute(f"INSERT INTO audit VALUES ({', '.join('?' * 17)})", values)
        connection.execute("COMMIT")
    took = (time.perf_counter() - began) * 1000
    connection.close()
    return took


def _columns() -> Columns:
    told = msgspec.to_builtins(entry(0)) | {"details": '{"act":"disable","enabled":false,"verified":true}'}
    fixed = {"seq": 1, "at": "2030-01-01T12:00:00.000000+00:00", "version": 1, "place": "desk", "prev": START}
    return msgspec.convert(told | fixed, Columns)
