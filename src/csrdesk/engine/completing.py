"""Tells PingOne Protect how visits ended whose page could not: it was left, its link ended, or a restart came between.

Each try passes the guard with a key of its own, so it has its intent and its outcome in the audit. Where nobody knows
whether an earlier try came through, PingOne's own record is read: the performer does so before it calls it a failure.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from csrdesk.engine import evaluations, unknown
from csrdesk.engine.audit import Entry, Kind
from csrdesk.engine.desk import Desk
from csrdesk.engine.evaluations import EVALUATIONS, TAKEN_FOR, Open
from csrdesk.engine.finishing import to_the_end
from csrdesk.engine.outbox import Through
from csrdesk.errors import StoreUnavailableError
from csrdesk.flows.doors import Agent, Context

log = logging.getLogger(__name__)

NOT_TOLD: Final = "risk.not_completed"
"""The row that Protect was not told in time how a visit ended."""
_AT_ONCE: Final = 8
_PAUSE: Final = 0.5
"""Seconds before the next try where the database could not be used."""


class Completing:
    """One process's part in telling."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self, tell: Through) -> None:
        """Tell what is due, for as long as the process lives; runs until it is cancelled."""
        clock, store = self._desk.clock, self._desk.store
        with self._desk.changes.listen(EVALUATIONS) as news:
            while True:
                news.clear()
                try:
                    waiting = await evaluations.next_ones(store, _AT_ONCE)
                    due = [row for row in waiting if row.next_at <= clock.now()]
                    if due:
                        await to_the_end(self._tell_all(due, tell))
                        continue
                except StoreUnavailableError as error:
                    log.warning("evaluations could not be read: %s", error.message)
                    await asyncio.sleep(_PAUSE)
                    continue
                later = [asyncio.ensure_future(clock.sleep_until(row.next_at)) for row in waiting[:1]]
                try:
                    await news.wait(*later)
                finally:
                    for sleep in later:
                        sleep.cancel()

    async def _tell_all(self, due: list[Open], tell: Through) -> None:
        for row in due:
            await self._tell(row, tell)

    async def _tell(self, row: Open, tell: Through) -> None:
        desk, now = self._desk, self._desk.clock.now()
        async with desk.store.transaction() as tx:
            if not await evaluations.claim(tx, row, now):
                return
            if now >= row.created_at + TAKEN_FOR:
                await evaluations.give_up(tx, row, now)
                await desk.audit.append(tx, _too_late(row))
                return
        flow_id = f"evaluation-{row.id}"
        if row.tries:
            await self._settle(f"{flow_id}:", row.agent)
        await tell(row.effect, Context(flow_id, row.tries + 1, row.call_id, Agent(row.agent)))

    async def _settle(self, key: str, agent: str) -> None:
        """Write down of earlier tries whose end nobody saw that they may have come through: this one finds out."""
        for intent in await self._desk.audit.unknown():
            if intent.key.startswith(key):
                row = unknown.outcome(intent, agent, unknown.MAYBE_SENT, code="may_have_been_sent")
                await self._desk.audit.write(row)


def _too_late(row: Open) -> Entry:
    return Entry(
        kind=Kind.EVENT,
        action=NOT_TOLD,
        agent=row.agent,
        call_id=row.call_id,
        person_id=row.person_id,
        result="failed",
        details={"evaluation": row.id, "status": row.end},
    )
