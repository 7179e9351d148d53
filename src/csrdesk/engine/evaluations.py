"""The evaluations of PingOne Protect that were made here and whose end it has not been told yet.

PingOne takes an end once, and within half an hour. A page may be left, end with its link, or be cut short by a restart,
so each evaluation is a row until its end was taken: see `completing`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from csrdesk.engine.clock import stamp
from csrdesk.engine.desk import Desk
from csrdesk.engine.store import Reading, Transaction
from csrdesk.flows.doors import Context, Perform
from csrdesk.flows.kernel import Effect, Failed, Reply
from csrdesk.flows.risk_effects import CompleteEvaluation
from csrdesk.flows.risk_replies import EvaluationCompleted, RiskEvaluated

EVALUATIONS: Final = "evaluations"
"""The topic that is rung when an end is to be told."""
LEFT_AFTER: Final = timedelta(minutes=25)
"""A page that long without an end was left."""
TAKEN_FOR: Final = timedelta(minutes=30)
"""How long PingOne takes an end (PingOne Protect API, "Update Risk Evaluation")."""
LEASE: Final = timedelta(seconds=60)
"""Longer than telling takes; who has not come back by then has ended."""
_KEPT: Final = timedelta(hours=24)
_FOR_GOOD: Final = frozenset({"conflict", "not_found", "invalid_value"})
"""Another try would be answered the same."""

End = Literal["SUCCESS", "FAILED"]


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """One row whose end was not taken yet."""

    id: str
    flow_id: str
    call_id: str
    agent: str
    person_id: str
    wanted: Literal["", "SUCCESS", "FAILED"]
    """How it ended; empty while the page is open."""
    tries: int
    created_at: datetime
    next_at: datetime

    @property
    def end(self) -> End:
        """A page that was left has failed."""
        return self.wanted or "FAILED"

    @property
    def effect(self) -> CompleteEvaluation:
        return CompleteEvaluation(person_id=self.person_id, risk_id=self.id, status=self.end)


class Following:
    """Performs as `outside` does, and keeps a row of what was evaluated until its end was taken."""

    def __init__(self, desk: Desk, outside: Perform) -> None:
        self._desk = desk
        self._outside = outside

    async def __call__(self, effect: Effect, context: Context) -> Reply:
        if isinstance(effect, CompleteEvaluation):
            return await self._complete(effect, context)
        reply = await self._outside(effect, context)
        if isinstance(reply, RiskEvaluated):
            await self._begin(reply, effect, context)
        return reply

    async def _begin(self, reply: RiskEvaluated, effect: Effect, context: Context) -> None:
        now = self._desk.clock.now()
        who = context.flow_id, context.call_id, context.agent.id, effect.person_id
        async with self._desk.store.transaction() as tx:
            sql = "INSERT INTO evaluations VALUES (?, ?, ?, ?, ?, '', 0, ?, ?, NULL)"
            await tx.execute(sql, reply.risk.id, *who, stamp(now), stamp(now + LEFT_AFTER))
            tx.wake(EVALUATIONS)

    async def _complete(self, effect: CompleteEvaluation, context: Context) -> Reply:
        """What is to be told is written down first: whatever happens here, it is told."""
        now = self._desk.clock.now()
        async with self._desk.store.transaction() as tx:
            sql = "UPDATE evaluations SET wanted = ?, tries = tries + 1, next_at = ? WHERE id = ? AND ended_at IS NULL"
            await tx.execute(sql, effect.status, stamp(now + LEASE), effect.risk_id)
        reply = await self._outside(effect, context)
        async with self._desk.store.transaction() as tx:
            await self._settle(tx, effect, reply)
            tx.wake(EVALUATIONS)
        return reply

    async def _settle(self, tx: Transaction, effect: CompleteEvaluation, reply: Reply) -> None:
        now = self._desk.clock.now()
        over = isinstance(reply, Failed) and reply.problem.code in _FOR_GOOD
        if over or isinstance(reply, EvaluationCompleted):
            await tx.execute("UPDATE evaluations SET ended_at = ? WHERE id = ?", stamp(now), effect.risk_id)
            await tx.execute("DELETE FROM evaluations WHERE ended_at < ?", stamp(now - _KEPT))
            return
        found = await tx.one("SELECT tries FROM evaluations WHERE id = ?", effect.risk_id)
        pause = timedelta(seconds=min(2 ** int(str(found["tries"] if found else 1)), 60))
        await tx.execute("UPDATE evaluations SET next_at = ? WHERE id = ?", stamp(now + pause), effect.risk_id)


async def end(tx: Transaction, flow_id: str, *, succeeded: bool, now: datetime) -> None:
    """The page of that flow has ended: what was evaluated for it is told so, in a moment."""
    sql = "UPDATE evaluations SET wanted = ?, next_at = ? WHERE flow_id = ? AND wanted = '' AND ended_at IS NULL"
    if await tx.execute(sql, "SUCCESS" if succeeded else "FAILED", stamp(now), flow_id):
        tx.wake(EVALUATIONS)


async def next_ones(reading: Reading, limit: int) -> list[Open]:
    """Those that are to be told, the next one first."""
    sql = (
        "SELECT id, flow_id, call_id, agent, person_id, wanted, tries, created_at, next_at FROM evaluations"
        " WHERE ended_at IS NULL ORDER BY next_at LIMIT ?"
    )
    return [msgspec.convert(row, Open) for row in await reading.all(sql, limit)]


async def claim(tx: Transaction, row: Open, now: datetime) -> bool:
    """Take it, for as long as telling takes; False where somebody else has it, or it is over."""
    sql = "UPDATE evaluations SET next_at = ? WHERE id = ? AND next_at = ? AND tries = ? AND ended_at IS NULL"
    return await tx.execute(sql, stamp(now + LEASE), row.id, stamp(row.next_at), row.tries) == 1


async def give_up(tx: Transaction, row: Open, now: datetime) -> None:
    """PingOne takes no end any more."""
    await tx.execute("UPDATE evaluations SET ended_at = ? WHERE id = ?", stamp(now), row.id)
