"""How fast many calls go: evenly, never above a rate, and all of them held back where a service asks for a pause.

For runs over many accounts alone; a person at the desk waits for nothing here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from csrdesk.errors import RateLimitedError

TRIES = 20
"""How often one call is asked to come back later before that is taken for an answer."""
LONGEST_PAUSE = 600.0
"""Seconds; whoever asks for more is not waited for."""
_SHORTEST_PAUSE = 1.0
"""Seconds, where no time was named."""


class Pace:
    """At most `per_second` calls a second, of all who share it."""

    def __init__(
        self,
        per_second: float,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.per_second = per_second
        self._every = 1 / per_second
        self._now = now
        self._sleep = sleep
        self._next = 0.0
        """When the next call may go."""
        self._held_until = 0.0

    async def turn(self) -> None:
        """Wait until it is this call's turn."""
        while True:
            now = self._now()
            at = max(now, self._next)
            self._next = at + self._every
            if at > now:
                await self._sleep(at - now)
            if self._now() >= self._held_until:
                return

    def hold(self, refusal: RateLimitedError) -> bool:
        """Let nobody go for as long as the service asked; False where that is too long to wait for."""
        pause = max(refusal.after, _SHORTEST_PAUSE)
        if pause > LONGEST_PAUSE:
            return False
        self._held_until = max(self._held_until, self._now() + pause)
        self._next = max(self._next, self._held_until)
        return True

    @property
    def held(self) -> float:
        """Seconds for which everybody is held back now; 0 for none."""
        return max(0.0, self._held_until - self._now())


@dataclass(frozen=True)
class Paces:
    """What a run over many accounts keeps to."""

    pingone: Pace
    mail: Pace
