"""`make faults`: hurts a team's desk in every way that a room of servers knows, and prints what came of each. Ends with
0 where nothing was lost, done twice or left unknown.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.clocks import clocks_apart, why_no_clocks
from tests.faults.desk import desk
from tests.faults.judge import flaws
from tests.faults.machines import disk_full, small_disk
from tests.faults.scenes import FAULTS
from tests.faults.size import SHORT, Fault, Size
from tests.postgres import why_not

LONGEST = 900.0
"""Seconds that one fault may take until everything goes on."""


async def hurt(fault: Fault, size: Size) -> list[str]:
    """Play one fault at a desk of its own; the flaws."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="csrdesk-faults-") as name, small_disk() as disk:
        why_not_this: dict[Fault, str | None] = {
            disk_full: None if disk else "mounting a small disk takes root",
            clocks_apart: why_no_clocks(),
        }
        if why := why_not_this.get(fault):
            print(f"{fault.__doc__}\n    not done: {why}", flush=True)
            return []
        async with desk(Path(name), patience=size.cut_off + 60, database_folder=disk) as running:
            try:
                async with asyncio.timeout(LONGEST):
                    came = await fault(running, size)
                found, words = await flaws(running, came.calls), came.told
            except Exception as error:  # noqa: BLE001 - the table says of each fault what came of it
                found, words = [f"{type(error).__name__}: {error}"], "not survived"
    title = (fault.__doc__ or "").strip()
    print(f"{title} ({time.monotonic() - began:.0f} s)\n    {words}; {len(found)} flaws", flush=True)
    for flaw in found:
        print(f"    FLAW {flaw}", flush=True)
    return found


async def run(size: Size, names: list[str]) -> int:
    """All of them, or those whose names hold one of these words."""
    chosen = [one for one in FAULTS if not names or any(name in one.__name__ for name in names)]
    flawed = sum([len(await hurt(fault, size)) for fault in chosen])
    print(f"{len(chosen)} faults, {flawed} flaws")
    return 1 if flawed or not chosen else 0


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer calls and seconds, as in CI")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only faults whose names hold one of these")
    given = parser.parse_args()
    if problem := why_not():
        print(f"This needs PostgreSQL's programs: {problem}")
        return 2
    # The sandbox's servers complain of connections that are cut, which is what is done here.
    logging.disable(logging.ERROR)
    return asyncio.run(run(SHORT if given.short else Size(), given.names))


if __name__ == "__main__":
    sys.exit(main())
