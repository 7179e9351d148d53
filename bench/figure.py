"""What a measure says: ours and a baseline of the same run, taken in turns, and whether the target is met."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable
from enum import StrEnum

import msgspec

from bench.ranks import mann_whitney


class Judged(StrEnum):
    """What a target is about."""

    RATIO = "ratio"
    """Median of ours by median of the baseline."""
    P99 = "p99 ms"
    """Of ours alone."""
    P95 = "p95 ms"
    """As above."""
    APART = "ms apart, p > 0.01"
    """Medians closer than that, and ranks that do not tell the two apart (Mann-Whitney)."""
    NOTHING = "stated"
    """There is no target; the figure is for readers."""


class Sample(msgspec.Struct, frozen=True):
    """Milliseconds, as they came."""

    values: tuple[float, ...]

    @property
    def n(self) -> int:
        return len(self.values)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def least(self) -> float:
        return min(self.values)

    @property
    def p99(self) -> float:
        """The smallest value that 99 in 100 do not exceed (nearest rank)."""
        return self._rank(0.99)

    @property
    def p95(self) -> float:
        """The same of 95 in 100."""
        return self._rank(0.95)

    def _rank(self, share: float) -> float:
        return sorted(self.values)[math.ceil(share * self.n) - 1]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table."""

    question: str
    ours: Sample
    baseline: str
    """What it is held against."""
    base: Sample
    judged: Judged = Judged.RATIO
    target: float = 0.0
    """Ours stays below it."""
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.ours.median / self.base.median

    @property
    def is_met(self) -> bool | None:
        """None where nothing is asked."""
        match self.judged:
            case Judged.RATIO:
                return self.ratio < self.target
            case Judged.P99:
                return self.ours.p99 < self.target
            case Judged.P95:
                return self.ours.p95 < self.target
            case Judged.APART:
                apart = abs(self.ours.median - self.base.median)
                return apart < self.target and mann_whitney(self.ours.values, self.base.values) > 0.01
            case Judged.NOTHING:
                return None


class NotMeasured(msgspec.Struct, frozen=True):
    """A question that this machine cannot answer, and why."""

    question: str
    why: str


def in_turns(ours: Callable[[], float], base: Callable[[], float], rounds: int) -> tuple[Sample, Sample]:
    """A B A B ...: what disturbs the machine meanwhile disturbs both. One round before is thrown away."""
    ours(), base()
    pairs = [(ours(), base()) for _ in range(rounds)]
    return sample(pair[0] for pair in pairs), sample(pair[1] for pair in pairs)


def sample(values: Iterable[float]) -> Sample:
    """Values rounded to what a clock here can tell."""
    return Sample(tuple(round(value, 3) for value in values))
