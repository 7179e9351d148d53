"""Rows about what went on without them: they are written, late and marked so, as soon as any row can be.

Those are look-ups, alerts, refusals, and the ends of acts. An act without its intent does not happen at all.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from csrdesk.engine.audit import Audit, Entry, Kind
from csrdesk.engine.clock import Clock, stamp
from csrdesk.errors import StoreUnavailableError

MOST: Final = 1000
"""Rows; beyond that the oldest are lost, as are those that the process's end finds here."""
LATE: Final = "happened_at"
"""The detail of a row that was written late."""


class Owed:
    """One process's rows that wait."""

    def __init__(self, audit: Audit, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock
        self._rows: deque[tuple[datetime, Entry]] = deque(maxlen=MOST)

    async def write(self, entry: Entry) -> None:
        """Write a row, and before it what is owed. Where that fails it is owed too; raises `StoreUnavailableError`."""
        try:
            await self.pay()
            await self._audit.write(entry)
        except StoreUnavailableError:
            self._rows.append((self._clock.now(), entry))
            raise

    async def pay(self) -> None:
        """Write what is owed, the oldest first. Raises `StoreUnavailableError`."""
        while self._rows:
            at, entry = self._rows.popleft()
            try:
                await self._audit.write(replace(entry, details=entry.details | {LATE: stamp(at)}))
            except StoreUnavailableError:
                self._rows.appendleft((at, entry))
                raise

    def look_ups(self, agent: str, within: timedelta) -> int:
        """How often that agent looked somebody up of whom there is no row yet."""
        since = self._clock.now() - within
        return sum(at > since and entry.kind is Kind.LOOKUP and entry.agent == agent for at, entry in self._rows)
