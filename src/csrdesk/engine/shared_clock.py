"""The clock that several servers of one desk go by: their database's. What one of them wrote, all judge alike, however
far their own clocks are apart.

Apart from `clock`, because a desk that keeps a file has no other clock than its machine's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final

from csrdesk.engine.clock import LONGEST_NAP, SET_BACK
from csrdesk.model.other_clock import Reading, since_boot

SLOWER: Final = 0.1
"""Of each second, what is left out while what was told before is still ahead: nothing that was to end lasts much
longer by that, and no moment comes twice.
"""


class SharedClock:
    """A `Clock`. It is told what the database said, on whatever thread asked, and goes on by the time that passes.

    Before it was told for the first time it says what the machine does. It never goes back: where the database's clock
    is behind what was said before, by little, time passes more slowly until both agree; where by more, it was set back.
    """

    def __init__(
        self, *, wall: Callable[[], datetime] = lambda: datetime.now(UTC), elapsed: Callable[[], float] = since_boot
    ) -> None:
        self.elapsed = elapsed
        """What readings are timed by."""
        self._wall = wall
        self._lock = Lock()
        self._kept: Reading | None = None
        self._ahead, self._ahead_at = 0.0, 0.0

    def told(self, found: Reading) -> None:
        """What the database said."""
        with self._lock:
            if self._kept is None:
                self._kept = found
            elif found.replaces(self._kept):
                now = self.elapsed()
                behind = (self._kept.when(now) - found.when(now)).total_seconds()
                self._ahead, self._ahead_at = max(0.0, self._left(now) + behind), now
                self._kept = found

    @property
    def apart(self) -> timedelta | None:
        with self._lock:
            return self._wall() - self._kept.when(self.elapsed()) if self._kept else None

    @property
    def trouble(self) -> str:
        with self._lock:
            ahead = self._left(self.elapsed())
        if ahead < SET_BACK.total_seconds():
            return ""
        words = f"The clock of the database's server was set back by {round(ahead / 60)} min."
        todo = "Set it right, or start every server anew."
        return f"{words} Links and verification end by the time that has passed. {todo}"

    def now(self) -> datetime:
        with self._lock:
            if self._kept is None:
                return self._wall()
            at = self.elapsed()
            return self._kept.when(at) + timedelta(seconds=self._left(at))

    async def sleep_until(self, moment: datetime) -> None:
        while (left := (moment - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - time itself rings no event
            await asyncio.sleep(min(left, LONGEST_NAP))

    def _left(self, at: float) -> float:
        """Seconds that what is told is still ahead of the database's clock."""
        if self._ahead >= SET_BACK.total_seconds():
            return self._ahead
        return max(0.0, self._ahead - SLOWER * (at - self._ahead_at))
