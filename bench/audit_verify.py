"""How fast is an audit of a million rows verified, and how much memory does that take?

Ours is what `csrdesk audit verify` runs, checkpoints every 100 rows included. The baseline reads the same rows with
sqlite3 and hashes as many bytes with hashlib, and compares nothing. The target is a rate: 10 seconds for the million.
"""

from __future__ import annotations

import asyncio
import hashlib
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from bench import programs
from bench.figure import Figure, Judged, sample
from csrdesk.engine.audit import CHECKPOINT_EVERY, START, VERSION, Columns, Entry, Kind
from csrdesk.engine.checkpoints import Checkpoint, CheckpointFile, sign, signed_by
from csrdesk.engine.clock import MovableClock
from csrdesk.engine.store_sqlite import SqliteStore
from csrdesk.engine.verify import verify

ROWS, QUICK_ROWS, ROUNDS = 1_000_000, 100_000, 3
ROWS_A_SECOND = 100_000
SEED = b"b" * 32
_PAGE = 2000


def measure(*, quick: bool) -> list[Figure]:
    rows = QUICK_ROWS if quick else ROWS
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as name:
        folder = Path(name)
        asyncio.run(_fill(folder, rows))
        small = folder / "small"
        small.mkdir()
        asyncio.run(_fill(small, rows // 10))
        ours, base = zip(*[(_verified(folder, rows), _bare(folder)) for _ in range(ROUNDS)], strict=True)
        memory = sample([_peak(folder)]), sample([_peak(small)])
    target = rows / ROWS_A_SECOND * 1000
    return [
        Figure(
            question=f"audit verify, {rows:,} rows (above {ROWS_A_SECOND:,} rows a second)",
            ours=sample(ours), baseline="read and hash, no more", base=sample(base), judged=Judged.P99, target=target,
        ),
        Figure(
            question=f"its memory, {rows:,} rows (MB at the peak)",
            ours=memory[0], baseline="a tenth of the rows", base=memory[1], target=1.1,
        ),
    ]  # fmt: skip


async def _fill(folder: Path, rows: int) -> None:
    """An audit as a desk leaves it: intents and outcomes in turns, a checkpoint every 100 rows.

    Written past the engine, whose way to the database takes minutes for so many.
    """
    await (await SqliteStore.open(folder / "desk.db")).close()
    at, prev = MovableClock().now(), START
    with sqlite3.connect(folder / "desk.db") as connection, (folder / "checkpoints.jsonl").open("wb") as file:
        for seq in range(1, rows + 1):
            row = columns(seq, prev)
            prev = row.hash
            connection.execute(INSERT, (*msgspec.structs.astuple(row), prev))
            if seq % CHECKPOINT_EVERY == 0:
                file.write(msgspec.json.encode(sign(Checkpoint(seq, prev, at, at), SEED)) + b"\n")
    connection.close()


INSERT = f"INSERT INTO audit VALUES ({', '.join('?' * 17)})"


def columns(seq: int, prev: str) -> Columns:
    """A row as the table has it."""
    told = msgspec.structs.asdict(entry(seq)) | {"details": '{"act":"disable","enabled":false,"verified":true}'}
    at = "2030-01-01T12:00:00.000000+00:00"
    return Columns(**told, seq=seq, at=at, version=VERSION, place="desk.example", prev=prev)


def entry(n: int) -> Entry:
    return Entry(
        kind=Kind.OUTCOME if n % 2 else Kind.INTENT,
        action="pingone.set_enabled",
        agent="grace",
        call_id="3f9c7a2b5d5d4e4f",
        person_id="5f0e6ad1-2b1c-4a53-9b1e-9c2d1a7b1111",
        result="done" if n % 2 else "",
        reason="The caller asks for it: phone lost",
        ticket="INC-1001",
        key=f"3f9c7a2b5d5d4e4f:{n // 2}:0",
        details={"act": "disable", "enabled": False, "verified": True},
    )


def _verified(folder: Path, rows: int) -> float:
    """Milliseconds; stops the measure where the audit was not found whole."""
    began = time.perf_counter()
    asyncio.run(check(folder, rows))
    return (time.perf_counter() - began) * 1000


async def check(folder: Path, rows: int) -> None:
    """What the command does, once. Raises `RuntimeError` where it finds something."""
    store = await SqliteStore.open(folder / "desk.db")
    file = CheckpointFile(folder / "checkpoints.jsonl", SEED)
    verdict = await verify(store, file.read(), signed_by(file.public_key))
    await store.close()
    if verdict.finding or (rows and verdict.rows != rows) or verdict.covered != verdict.rows:
        raise RuntimeError(f"the audit was to be whole: {verdict}")


def _bare(folder: Path) -> float:
    began = time.perf_counter()
    with sqlite3.connect(folder / "desk.db") as connection:
        cursor = connection.execute("SELECT * FROM audit ORDER BY seq")
        while rows := cursor.fetchmany(_PAGE):
            for row in rows:
                hashlib.sha256("".join(map(str, row[:16])).encode()).hexdigest()
    connection.close()
    return (time.perf_counter() - began) * 1000


def _peak(folder: Path) -> float:
    """Megabytes that a process of its own held at most while it verified."""
    words = [programs.PYTHON, "-m", "bench.audit_verify", str(folder)]
    done = subprocess.run(words, cwd=programs.ROOT, env=programs.environment(), capture_output=True, check=True)
    return float(done.stdout)


if __name__ == "__main__":
    asyncio.run(check(Path(sys.argv[1]), 0))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
