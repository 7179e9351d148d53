"""A fault of the machine itself: its disk is full."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path

import psycopg

from csrdesk.flows import prompts as p
from tests.faults.caller import LostError, all_waited_on, several
from tests.faults.desk import AGENTS, Desk
from tests.faults.size import Came, Size

_MORE = 200
"""Of a megabyte each."""


async def disk_full(desk: Desk, size: Size) -> Came:
    """The disk of PostgreSQL is full"""
    async with AsyncExitStack() as stack:
        calls = await several(desk, stack, size.calls, AGENTS[:4])
        await asyncio.gather(*(call.begin() for call in calls))
        half = calls[: len(calls) // 2]
        await asyncio.gather(*(call.is_verified() for call in half))
        waiting = [asyncio.create_task(call.waits_for(p.AccountPrompt)) for call in calls]
        ballast = desk.database.folder / "ballast"
        await asyncio.to_thread(_fill, desk, ballast)
        before = len(desk.writes.taken)
        acts = [asyncio.create_task(call.disable()) for call in half]
        pages = [asyncio.create_task(call.goes_through_page()) for call in calls if call not in half]
        await asyncio.sleep(size.away)
        said = sum(len(call.said) + call.reloads for call in calls)
        if len(desk.writes.taken) > before:
            raise LostError("something was written without an audit")
        if not said:
            raise LostError("nobody met the full disk")
        fell = await asyncio.to_thread(_make_room, desk, ballast)
        await asyncio.gather(*acts, *pages, *waiting)
        all_waited_on(calls)
        await asyncio.gather(*(call.disable() for call in calls if call not in half))
        await asyncio.gather(*(call.end() for call in calls))
        server = "PostgreSQL fell and was started again" if fell else "PostgreSQL went on"
        return Came(calls, f"nothing written for {size.away:g} s; {server}; all {len(calls)} calls go on to their end")


def _fill(desk: Desk, ballast: Path) -> None:
    """Leave nothing free."""
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    # What is written ahead has some room left: used up, too.
    with suppress(psycopg.Error):
        for _ in range(_MORE):
            desk.database.ask("SELECT pg_logical_emit_message(false, 'more', repeat('x', 1000000))", desk.name)


def _make_room(desk: Desk, ballast: Path) -> bool:
    """Whether PostgreSQL had to be started again."""
    ballast.unlink()
    running = desk.database.process
    if running is None or running.poll() is None:
        return False
    desk.database.start()
    return True


@contextmanager
def small_disk() -> Iterator[Path | None]:
    """A disk of its own for PostgreSQL, in memory; None where nothing can be mounted, which takes root."""
    folder = Path(tempfile.mkdtemp(prefix="csrdesk-disk-"))
    folder.chmod(0o755)
    mounting = ["mount", "-t", "tmpfs", "-o", "size=192m", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(mounting, capture_output=True, check=False).returncode == 0
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()
