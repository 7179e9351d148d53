"""What a process wrote is there after its sudden end, whether or not it waited for the disk."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from csrdesk.engine.store_sqlite import SqliteStore

WRITES_AND_DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from csrdesk.engine.store_sqlite import SqliteStore

async def main():
    store = await SqliteStore.open(Path(sys.argv[1]))
    async with store.transaction(durable=sys.argv[2] == "durable") as tx:
        await tx.execute("INSERT INTO tries VALUES (?, ?, ?)", "link", "person", "now")
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.mark.parametrize("how", ["durable", "saved"])
async def test_what_was_committed_survives_the_sudden_end_of_its_process(tmp_path: Path, how: str) -> None:
    path = tmp_path / "desk.sqlite3"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", WRITES_AND_DIES, str(path), how)
    assert await process.wait() == -9
    store = await SqliteStore.open(path)
    try:
        assert await store.one("SELECT person_id FROM tries") == {"person_id": "person"}
    finally:
        await store.close()


async def test_only_the_newest_can_be_lost_with_the_power(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite3"
    store = await SqliteStore.open(path)
    levels = []
    try:
        for durable in (True, False):
            async with store.transaction(durable=durable) as tx:
                levels.append(await tx.one("PRAGMA synchronous"))
    finally:
        await store.close()
    assert levels == [{"synchronous": 2}, {"synchronous": 1}], "FULL, then NORMAL: one log, synced by every FULL commit"
