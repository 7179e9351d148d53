"""What time it is on another machine, as far as asking it tells: a moment there, when it was here, how sure this is.

Apart from whoever asks: servers ask their database, consoles and customers' pages ask their desk.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Final, Self

import msgspec

DRIFT: Final = 2e-4
"""Seconds that two clocks may drift apart in one: ten times what quartz does."""


def since_boot() -> float:
    """Seconds that nobody can set, those of sleep among them (CLOCK_BOOTTIME, `man 2 clock_gettime`)."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Reading(msgspec.Struct, frozen=True):
    """The other clock, asked once. Seconds of this machine are those of `since_boot`."""

    moment: datetime
    """What it said."""
    at: float
    """When that was here, at best guess: in the middle of asking."""
    error: float
    """Seconds that the guess may be wrong by: half of how long asking took."""

    @classmethod
    def between(cls, moment: datetime, asked: float, answered: float) -> Self:
        """What was said at some time between asking and having the answer."""
        return cls(moment, (asked + answered) / 2, (answered - asked) / 2)

    def when(self, at: float) -> datetime:
        """What the other clock says when it is `at` here."""
        return self.moment + timedelta(seconds=at - self.at)

    def replaces(self, kept: Reading) -> bool:
        """Whether it tells more than an older one: it is surer by now, or the two contradict each other, which means
        that the other clock was set.
        """
        by_now = kept.error + DRIFT * abs(self.at - kept.at)
        apart = abs((self.moment - kept.when(self.at)).total_seconds())
        return self.error <= by_now or apart > self.error + by_now
