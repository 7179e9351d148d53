"""Whether two samples can be told apart by their ranks, whatever their shape."""

from __future__ import annotations

import math
from collections.abc import Sequence


def mann_whitney(one: Sequence[float], two: Sequence[float]) -> float:
    """The two-sided p of the Mann-Whitney U test, by the normal approximation with mid-ranks; samples are large."""
    values = sorted([(value, 0) for value in one] + [(value, 1) for value in two])
    ranks = 0.0
    ties = 0.0
    start = 0
    while start < len(values):
        end = start
        while end < len(values) and values[end][0] == values[start][0]:
            end += 1
        count = end - start
        ranks += (start + 1 + end) / 2 * sum(1 for _, sample in values[start:end] if sample == 0)
        ties += count**3 - count
        start = end
    n, m = len(one), len(two)
    u = ranks - n * (n + 1) / 2
    deviation = math.sqrt(n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1))))
    return math.erfc(abs(u - n * m / 2) / deviation / math.sqrt(2))
