"""How many requests one agent may make of the desk API: what a console and busy scripts need, and no flood.

Beside the limits of the engine, which count look-ups, links and acts over all processes: this one keeps a process free
for the others, and is its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from csrdesk.errors import LimitReachedError

A_SECOND: Final = 50.0
AT_ONCE: Final = 300.0
_FORGET: Final = 10_000
"""Agents that are remembered; then those go whose requests are long past."""


class AgentRates:
    """A bucket for each agent: it holds `AT_ONCE` requests, and `A_SECOND` flow back."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._left: dict[str, tuple[float, float]] = {}
        """What an agent has left, and when that was."""

    def count(self, agent: str) -> None:
        """One request. Raises `LimitReachedError`; then nothing was done."""
        now = self._now()
        left, before = self._left.get(agent, (AT_ONCE, now))
        left = min(AT_ONCE, left + (now - before) * A_SECOND)
        if left < 1:
            words = "Too many requests in a second. Nothing was done; wait a moment."
            raise LimitReachedError(words, after=(1 - left) / A_SECOND)
        if len(self._left) >= _FORGET:
            full = AT_ONCE / A_SECOND
            self._left = {name: kept for name, kept in self._left.items() if now - kept[1] < full}
        self._left[agent] = (left - 1, now)
