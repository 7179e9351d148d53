"""Time as the engine sees it, behind one small door, so that a test moves hours in no time and flows never look."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol

LONGEST_NAP = 30.0
"""Seconds: a machine that slept finds out at most this late that a moment has passed."""


class Clock(Protocol):
    """Now, and waiting for a moment."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...

    async def sleep_until(self, moment: datetime) -> None:
        """Return when `moment` has come; at once where it has passed."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep_until(self, moment: datetime) -> None:
        while (left := (moment - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - time itself rings no event
            await asyncio.sleep(min(left, LONGEST_NAP))


class MovableClock:
    """A clock that stands still until somebody moves it; sleepers wake when their moment is passed."""

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
