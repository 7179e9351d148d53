"""A fault of the machines themselves: their clocks are minutes apart, and nobody has noticed."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from csrdesk.demo.replicas import Replica
from tests.faults.caller import LostError, several
from tests.faults.desk import AGENTS, Desk
from tests.faults.size import Came, Size

APART: int = 120
"""Seconds."""
_NEAR = timedelta(seconds=APART / 4)
"""How far a moment of the audit may be from when it was, on a machine that is busy."""


def why_no_clocks() -> str | None:
    """Why no process can be given another clock here, or None."""
    if not sys.platform.startswith("linux"):
        return "clocks are moved for one process by the loader of Linux"
    return None if shutil.which("cc") else "no C compiler here (as root: scripts/test-system.sh)"


async def clocks_apart(desk: Desk, size: Size) -> Came:
    """The clocks of the replicas are two minutes apart"""
    library = await _shifted(desk.replicas[0].folder)
    began = datetime.now(UTC)
    (before,) = await desk.rows("SELECT coalesce(max(seq), 0) FROM audit")
    try:
        shifts = (APART // 2, -(APART // 2))
        for replica, shift in zip(desk.replicas, shifts, strict=True):
            replica.environment = {"LD_PRELOAD": str(library), "CLOCK_SHIFT": str(shift)}
        await asyncio.gather(*map(_anew, desk.replicas))
        await asyncio.gather(*map(_knows, desk.replicas, shifts))
        async with AsyncExitStack() as stack:
            calls = await several(desk, stack, size.calls, AGENTS[:4])
            await asyncio.gather(*(call.whole() for call in calls))
    finally:
        for replica in desk.replicas:
            replica.environment = {}
        await asyncio.gather(*map(_anew, desk.replicas))
    told = [
        datetime.fromisoformat(str(at)) for (at,) in await desk.rows(f"SELECT at FROM audit WHERE seq > {before[0]}")
    ]
    if not told or min(told) < began - _NEAR or max(told) > datetime.now(UTC) + _NEAR:
        raise LostError("the audit tells other times than there were")
    if said := [words for call in calls for words in call.said]:
        raise LostError(f"an agent saw an error: {said[0]}")
    return Came(calls, f"all {len(calls)} calls go on to their end, through both; the audit tells the database's time")


async def _anew(replica: Replica) -> None:
    await replica.stop()
    await replica.start()


async def _shifted(folder: Path) -> Path:
    """What moves the clock of a process."""
    library, source = folder / "shifted.so", Path(__file__).with_name("shifted.c")
    building = await asyncio.create_subprocess_exec("cc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl")
    if await building.wait():
        raise LostError("the clock's library was not built")
    return library


async def _knows(replica: Replica, shift: int) -> None:
    """Raises `LostError` where the check-up on that machine does not say how far its clock is from the database's."""
    looking = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "csrdesk", "doctor", "--json", stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | {"CSRDESK_CONFIG": str(replica.folder / "config.toml")} | dict(replica.environment),
    )  # fmt: skip
    out, _ = await looking.communicate()
    said = json.dumps(json.loads(out))
    if f"This machine is {abs(shift)} s {'ahead of' if shift > 0 else 'behind'} the database's server" not in said:
        raise LostError(f"the check-up does not know of the clock: {said[:500]}")
