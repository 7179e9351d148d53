"""The alert that somebody came to a protected account: one place, around everything that is performed outside.

Whoever looks such an account up reads only that it is protected; those who read alerts should know who asked.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from csrdesk.engine.audit import Kind, event
from csrdesk.engine.desk import Desk
from csrdesk.errors import StoreUnavailableError
from csrdesk.flows.doors import Context, Perform
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.flows.replies import ProtectionRead

TOUCHED: Final = "protected.touched"


class Alarming:
    """Performs as `outside` does, and writes the alert."""

    def __init__(self, desk: Desk, outside: Perform) -> None:
        self._desk = desk
        self._outside = outside

    async def __call__(self, effect: Effect, context: Context) -> Reply:
        reply = await self._outside(effect, context)
        if isinstance(reply, ProtectionRead) and reply.protection.protected:
            why = "; ".join(reply.protection.reasons)
            alert = event(context, TOUCHED, kind=Kind.ALERT, person_id=effect.person_id, why=why)
            with suppress(StoreUnavailableError):  # looking goes on, and the row is written later
                await self._desk.owed.write(alert)
        return reply
