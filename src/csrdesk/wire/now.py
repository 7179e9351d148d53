"""What time it is at the desk, on every answer of it: whoever counts a moment of the desk's down goes by its clock.

Apart from `version`, because it is no matter of understanding: an answer without it is as good as any other.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from csrdesk.model.other_clock import Reading, since_boot

NOW_HEADER: Final = "csrdesk-now"
"""A moment of RFC 3339 in UTC."""


def said(moment: datetime) -> dict[str, str]:
    """The header of an answer."""
    return {NOW_HEADER: moment.astimezone(UTC).isoformat(timespec="microseconds")}


class DeskTime:
    """The desk's clock at the other end; this machine's until an answer has told."""

    def __init__(
        self, *, wall: Callable[[], datetime] = lambda: datetime.now(UTC), elapsed: Callable[[], float] = since_boot
    ) -> None:
        self.elapsed = elapsed
        """When something is asked, to be handed to `heard`."""
        self._wall = wall
        self._kept: Reading | None = None

    def heard(self, header: str, asked: float) -> None:
        """What an answer says to what was asked then; nothing comes of what is no moment."""
        try:
            moment = datetime.fromisoformat(header)
        except ValueError:
            return
        found = Reading.between(moment.replace(tzinfo=moment.tzinfo or UTC), asked, self.elapsed())
        if self._kept is None or found.replaces(self._kept):
            self._kept = found

    def now(self) -> datetime:
        """What time it is there."""
        return self._kept.when(self.elapsed()) if self._kept else self._wall()
