"""`make crash`: a thousand kills of played calls. Ends with 0 where nothing was done twice, lost or left unknown."""

from __future__ import annotations

import argparse
import asyncio
import logging
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.crash.plots import PLOTS
from tests.crash.sweep import by_chance, sweep, unkilled


async def run(kills: int, seed: int, jobs: int) -> int:
    """Kill, and print a table for each plot: each has its share of the kills."""
    flawed, shares = 0, sum(plot.share for plot in PLOTS)
    for plot in PLOTS:
        with tempfile.TemporaryDirectory(prefix="csrdesk-crash-") as name:
            folder, share = Path(name), max(1, kills * plot.share // shares)
            (folder / "first").mkdir()
            began = time.monotonic()
            first = await unkilled(folder / "first", plot)
            if first.flaws or first.played is None:
                print(f"{plot.name} goes wrong without any kill:", *first.flaws, sep="\n")
                return 1
            names = first.played.points
            wanted = f"{plot.way.value}; {', '.join(plot.goals)}"
            print(f"{share} kills of {plot.name} ({wanted}) with {len(names)} points; seed {seed}", flush=True)
            plans = by_chance(names, first.seconds, seed)
            tally = await sweep(folder, plans, names, plot=plot, kills=share, jobs=jobs)
            print(*tally.table(), f"{time.monotonic() - began:.0f} s\n", sep="\n", flush=True)
            flawed += len(tally.flaws)
    print(f"The same kills again: make crash KILLS={kills} SEED={seed}")
    return 1 if flawed else 0


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--jobs", type=int, default=2, help="calls at the same time")
    given = parser.parse_args()
    # The sandbox's servers complain of connections that are cut, which is what is done here.
    logging.disable(logging.ERROR)
    return asyncio.run(run(given.kills, given.seed, given.jobs))


if __name__ == "__main__":
    sys.exit(main())
