"""What does a durable audit row cost on PostgreSQL, beyond a plain insert that is as durable on the same server?

A private server with fsync on, on this machine. Ours takes the writers' lock, reads the last hash, computes the next
one, keeps the index of open intents and goes through the event loop: more statements, each a way to the server and
back. Once for one writer, once for eight in one process, which share commits, and once for eight in two stores, as two
servers have them, which wait for each other's lock. The same rows on SQLite are stated beside it.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import msgspec
import psycopg

from bench.audit_verify import columns, entry
from bench.figure import Figure, Judged, NotMeasured, in_turns
from csrdesk.engine import postgres_dialect as dialect
from csrdesk.engine.audit import START, Audit
from csrdesk.engine.clock import SystemClock
from csrdesk.engine.postgres_address import Address
from csrdesk.engine.store import Store
from csrdesk.engine.store_postgres import PostgresStore
from csrdesk.engine.store_sqlite import SqliteStore
from tests import postgres

ROWS, ROUNDS, WRITERS = 300, 9, 8
_NUMBERS = count()
_INSERT = dialect.query(f"INSERT INTO plain VALUES ({', '.join('?' * 17)})")


def measure(*, quick: bool) -> list[Figure | NotMeasured]:
    rounds = ROUNDS // 3 if quick else ROUNDS
    question = f"{ROWS} durable audit rows on PostgreSQL"
    if why := postgres.why_not():
        return [NotMeasured(question=question, why=why)]
    with postgres.server("fsync=on", "full_page_writes=on") as server, tempfile.TemporaryDirectory() as folder:
        url, file = server.new(), Path(folder) / "desk.db"
        with psycopg.connect(url, autocommit=True) as live:
            asyncio.run(_opened_once(url))
            live.execute("CREATE TABLE plain (LIKE audit INCLUDING ALL)")

            def plain() -> float:
                return _plain(live)

            one, base = in_turns(lambda: asyncio.run(_on_postgres(url, 1, 1)), plain, rounds)
            eight, same = in_turns(lambda: asyncio.run(_on_postgres(url, 1, WRITERS)), plain, rounds)
            two, again = in_turns(lambda: asyncio.run(_on_postgres(url, 2, WRITERS)), plain, rounds)
            there, here = in_turns(
                lambda: asyncio.run(_on_postgres(url, 1, 1)), lambda: asyncio.run(_on_sqlite(file)), rounds
            )
    told = "plain psycopg inserts, one by one"
    return [
        Figure(question=f"{question}, one writer", ours=one, baseline=told, base=base, judged=Judged.NOTHING),
        Figure(
            question=f"{question}, {WRITERS} writers at once", ours=eight, baseline=told, base=same,
            judged=Judged.NOTHING,
        ),
        Figure(
            question=f"{question}, {WRITERS} writers on two servers", ours=two, baseline=told, base=again,
            judged=Judged.NOTHING,
        ),
        Figure(
            question=f"{question}, one writer, against SQLite", ours=there, baseline="the same rows on SQLite",
            base=here, judged=Judged.NOTHING,
        ),
    ]  # fmt: skip


async def _opened_once(url: str) -> None:
    await (await PostgresStore.open(Address(url))).close()


async def _on_postgres(url: str, servers: int, writers: int) -> float:
    return await _written([await PostgresStore.open(Address(url)) for _ in range(servers)], writers)


async def _on_sqlite(path: Path) -> float:
    return await _written([await SqliteStore.open(path)], 1)


async def _written(stores: Sequence[Store], writers: int) -> float:
    """All rows, by that many writers at once, each of whom waits until its row is on disk before the next."""
    audits = [Audit(store, SystemClock()) for store in stores]
    entries = iter([msgspec.structs.replace(entry(n), key=f"row:{n}") for n in (next(_NUMBERS) for _ in range(ROWS))])

    async def write(audit: Audit) -> None:
        for row in entries:
            await audit.write(row)

    began = time.perf_counter()
    await asyncio.gather(*(write(audits[n % len(audits)]) for n in range(writers)))
    took = (time.perf_counter() - began) * 1000
    for store in stores:
        await store.close()
    return took


def _plain(live: psycopg.Connection) -> float:
    rows = []
    for n in (next(_NUMBERS) for _ in range(ROWS)):
        row = msgspec.structs.replace(columns(n + 1, START), key=f"plain:{n}")
        rows.append((*msgspec.structs.astuple(row), START))
    began = time.perf_counter()
    for values in rows:
        live.execute(_INSERT, values)
    return (time.perf_counter() - began) * 1000
