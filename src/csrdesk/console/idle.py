"""How long the agent has done nothing, and how long that may go on before the console locks itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime


class Idle:
    """Counts by two clocks and believes the longer: one stands still while a laptop sleeps, one can be set back."""

    def __init__(
        self,
        now: Callable[[], datetime],
        *,
        seconds: int,
        seconds_in_call: int,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now = now
        self._steady = steady
        self._seconds = seconds
        self._seconds_in_call = seconds_in_call
        self.touch()

    def touch(self) -> None:
        """The agent did something."""
        self._at, self._steady_at = self._now(), self._steady()

    def left(self, *, in_call: bool) -> float:
        """Seconds until the lock; below zero where it is late."""
        idle = max((self._now() - self._at).total_seconds(), self._steady() - self._steady_at)
        return (self._seconds_in_call if in_call else self._seconds) - idle
