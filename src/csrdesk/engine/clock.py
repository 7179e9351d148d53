"""Time as the engine sees it, behind one small door, so that a test moves hours in no time and flows never look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from csrdesk.model.other_clock import since_boot

SET_BACK = timedelta(seconds=30)
"""How far behind a clock is that was set back; less is a clock that is being put right."""
APART = timedelta(seconds=30)
"""What the clocks of two processes may differ; what began further in the future began before the clock was set back."""
LONGEST_NAP = 30.0
"""Seconds: a machine that slept finds out at most this late that a moment has passed."""


class Clock(Protocol):
    """Now, and waiting for a moment."""

    @property
    def trouble(self) -> str:
        """What is wrong with it, in words; empty where nothing is."""
        ...

    @property
    def apart(self) -> timedelta | None:
        """How far this machine's own clock is ahead of it; None where it is the machine's own, or nobody knows yet."""
        ...

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...

    async def sleep_until(self, moment: datetime) -> None:
        """Return when `moment` has come; at once where it has passed."""
        ...


class SystemClock:
    """The machine's clock, as long as it does not go back: then by the time that has passed, so that nothing that was
    to end lasts longer.
    """

    apart = None

    def __init__(
        self, *, wall: Callable[[], datetime] = lambda: datetime.now(UTC), elapsed: Callable[[], float] = since_boot
    ) -> None:
        self._wall, self._elapsed = wall, elapsed
        self._began, self._began_at = wall(), elapsed()

    @property
    def trouble(self) -> str:
        behind = self._passed() - self._wall()
        if behind < SET_BACK:
            return ""
        words = f"The clock of this machine was set back by {round(behind.total_seconds() / 60)} min."
        return f"{words} Links and verification end by the time that has passed. Set it right, then start again."

    def now(self) -> datetime:
        return max(self._wall(), self._passed())

    def _passed(self) -> datetime:
        return self._began + timedelta(seconds=self._elapsed() - self._began_at)

    async def sleep_until(self, moment: datetime) -> None:
        while (left := (moment - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - time itself rings no event
            await asyncio.sleep(min(left, LONGEST_NAP))


class MovableClock:
    """A clock that stands still until somebody moves it; sleepers wake when their moment is passed."""

    trouble = ""
    apart = None

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        return self._now

    def move(self, **by: float) -> None:
        """Move forward, by what `timedelta` takes: `move(minutes=15)`."""
        self._now += timedelta(**by)
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep_until(self, moment: datetime) -> None:
        while self._now < moment:
            await self._moved.wait()


def stamp(moment: datetime) -> str:
    """A moment as the store keeps it: UTC, of one length, so that text compares as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
