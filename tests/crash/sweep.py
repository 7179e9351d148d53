"""Many kills: at every point that makes a difference, or by chance; what came of them, in numbers."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.harness import Harness, Story, harness
from tests.crash.plots import ACTS, Plot

READS = (
    "ReadDevices",
    "ReadProtection",
    "ReadAccount",
    "ReadPasswordAuthority",
    "ReadSessions",
    "FindUser",
    "FindForRecovery",
    "FindForRegistration",
    "ReadAgreement",
    "ReadConsent",
    "ReadRecoveryPolicy",
)
_MOST_KILLS = 3
"""Of one call, by chance."""


@dataclass
class Tally:
    """What came of many kills."""

    calls: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    """How many died where."""
    flaws: list[str] = field(default_factory=list)

    def add(self, story: Story, names: tuple[str, ...]) -> None:
        """One call more."""
        self.calls += 1
        for kill in story.kills:
            at = float(kill)
            self.killed[names[int(at) - 1] if at.is_integer() and at <= len(names) else "at a random moment"] += 1
        self.flaws += [f"killed at {', '.join(story.kills)}: {flaw}" for flaw in story.flaws]

    def table(self) -> Iterator[str]:
        """A line for each place, the most killed first."""
        yield f"{'killed':>7}  where"
        for where, times in self.killed.most_common():
            yield f"{times:>7}  {where}"
        yield f"{sum(self.killed.values()):>7}  in {self.calls} calls"
        yield f"{len(self.flaws):>7}  flaws: done twice, without its intent, lost, unknown at the end, the audit broken"
        yield from self.flaws


def that_differ(names: tuple[str, ...]) -> list[int]:
    """The points after which something is different, in the desk or outside: after each commit, send and write.

    A kill before one of them finds everything as the point before it left it.
    """
    return [n for n, name in enumerate(names, 1) if name.startswith("after") and name.split()[1] not in READS]


def by_chance(names: tuple[str, ...], seconds: float, seed: int) -> Iterator[tuple[float, ...]]:
    """The kills of one call after the other, without end: half at a point, half at a moment; some calls meet more."""
    chance = random.Random(seed)
    while True:
        yield tuple(
            float(chance.randint(1, len(names))) if chance.random() < 0.5 else chance.uniform(0.01, seconds)
            for _ in range(chance.choice((1, 1, 2, _MOST_KILLS)))
        )


async def sweep(
    folder: Path,
    plans: Iterable[tuple[float, ...]],
    names: tuple[str, ...],
    *,
    plot: Plot = ACTS,
    kills: int = 0,
    jobs: int = 2,
) -> Tally:
    """Play each plan's call, `jobs` of them at the same time; with `kills`, until so many processes have died."""
    tally, waiting = Tally(), iter(plans)

    async def work(one: Harness) -> None:
        for plan in waiting:
            if kills and sum(tally.killed.values()) >= kills:
                return
            tally.add(await one.story(*plan), names)

    async with AsyncExitStack() as stack:
        folders = [folder / f"job-{number}" for number in range(jobs)]
        for own in folders:
            own.mkdir()
        several = [await stack.enter_async_context(harness(own, plot)) for own in folders]
        await asyncio.gather(*(work(one) for one in several))
    return tally


async def unkilled(folder: Path, plot: Plot = ACTS) -> Story:
    """The call as it goes where nobody is killed: its points, and that nothing is wrong with it by itself."""
    async with harness(folder, plot) as one:
        return await one.story()
