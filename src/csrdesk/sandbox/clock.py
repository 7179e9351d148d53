"""The sandbox's time: the machine's, moved forward or back by tests. Every moment in an answer comes from here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the time and can be moved."""

    def __init__(self) -> None:
        self._moved = timedelta()

    def now(self) -> datetime:
        """The sandbox's moment, in UTC."""
        return datetime.now(UTC) + self._moved

    def move(self, by: timedelta) -> None:
        """Moves on by that much, or back where it is negative; moves add up."""
        self._moved += by


def stamp(moment: datetime) -> str:
    """As PingOne writes moments: RFC 3339 in UTC with milliseconds and `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
