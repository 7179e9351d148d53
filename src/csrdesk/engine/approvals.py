"""Requests for a second agent as rows: who asks for what, who answered, until when it counts, and for what it was used.

One table, so that another process and another agent see the same; what is decided on stands in its transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from csrdesk.engine.clock import stamp
from csrdesk.engine.store import Reading, Row, Transaction
from csrdesk.flows.doors import Context
from csrdesk.model.approvals import Approval, Decision
from csrdesk.model.people import Person
from csrdesk.model.proofs import Act

ALL: Final = "approvals"
"""The topic that is rung when any request changes."""


def topic(approval_id: str) -> str:
    """Rung when that request changes."""
    return f"approval:{approval_id}"


class Asked(msgspec.Struct, frozen=True):
    """A request, with what only the engine knows of it."""

    approval: Approval
    call_id: str
    dn: str
    key: str
    """The step that asked: performed again after a crash it asks no second time."""


async def ask(tx: Transaction, asked: Asked) -> None:
    """A new request."""
    one = asked.approval
    await tx.execute(
        "INSERT INTO approvals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        one.id,
        asked.key,
        asked.call_id,
        one.agent,
        one.agent_name,
        one.person.id,
        msgspec.json.encode(one.person).decode(),
        asked.dn,
        one.act.value,
        one.reason,
        one.ticket,
        one.shown,
        stamp(one.asked_at),
        stamp(one.until),
        one.decision.value,
        one.by,
        one.why,
        " ".join(one.gives),
    )
    _ring(tx, one.id)


async def change(
    tx: Transaction, asked: Asked, decision: Decision, *, until: datetime, by: str = "", why: str = ""
) -> Asked:
    """That request, answered or over."""
    await tx.execute(
        "UPDATE approvals SET decision = ?, until = ?, decided_by = ?, why = ? WHERE id = ?",
        decision.value,
        stamp(until),
        by,
        why,
        asked.approval.id,
    )
    _ring(tx, asked.approval.id)
    return replace(asked, approval=replace(asked.approval, decision=decision, until=until, by=by, why=why))


async def find(reading: Reading, approval_id: str) -> Asked | None:
    """That request; None where there is none."""
    row = await reading.at_key("SELECT * FROM approvals WHERE id = ?", approval_id)
    return _asked(row) if row else None


async def of_step(reading: Reading, key: str) -> Asked | None:
    """The request that a step made before."""
    row = await reading.at_key("SELECT * FROM approvals WHERE key = ?", key)
    return _asked(row) if row else None


async def open_ones(reading: Reading) -> tuple[Asked, ...]:
    """Those that nobody has answered, the oldest first; also such as have lapsed and nobody has noticed."""
    sql = "SELECT * FROM approvals WHERE decision = 'asked' ORDER BY asked_at, id"
    return tuple(map(_asked, await reading.all(sql)))


async def was_asked_by(reading: Reading, asked: Asked, agent: str) -> bool:
    """Whether that agent asked for it, also where the call has been handed over since: by the audit."""
    sql = (
        "SELECT agent FROM audit WHERE call_id = ? AND action IN ('approval.asked', 'exception.asked')"
        " AND details LIKE ?"
    )
    rows = await reading.all(sql, asked.call_id, f'%"approval":"{asked.approval.id}"%')
    return agent.casefold() in {str(row["agent"]).casefold() for row in rows}


async def open_of_call(reading: Reading, call_id: str) -> tuple[Asked, ...]:
    """Those of one call that nobody has answered."""
    sql = "SELECT * FROM approvals WHERE decision = 'asked' AND call_id = ?"
    return tuple(map(_asked, await reading.all(sql, call_id)))


async def given_by(reading: Reading, agent: str, now: datetime) -> tuple[Asked, ...]:
    """What that agent has approved, as long as it counts."""
    sql = "SELECT * FROM approvals WHERE decision = 'approved' AND decided_by = ? AND until > ?"
    return tuple(map(_asked, await reading.all(sql, agent, stamp(now))))


async def good_for(reading: Reading, act: Act, person_id: str, context: Context, action: str, now: datetime) -> str:
    """The id of an approval for that act on that person, in this call of this agent, whose `action` is not done yet.

    Empty where there is none: whatever was approved for another, was used, or is too old.
    """
    sql = (
        "SELECT id FROM approvals WHERE call_id = ? AND agent = ? AND person_id = ? AND act = ?"
        " AND decision = 'approved' AND until > ? ORDER BY asked_at DESC, id"
    )
    call_id, agent = context.call_id, context.agent.id
    for row in await reading.all(sql, call_id, agent, person_id, act.value, stamp(now)):
        if not await _is_used(reading, str(row["id"]), call_id, action):
            return str(row["id"])
    return ""


async def _is_used(reading: Reading, approval_id: str, call_id: str, action: str) -> bool:
    """Whether that action was begun by it; what was refused or failed may be tried again."""
    sql = (
        "SELECT 1 FROM audit AS begun WHERE call_id = ? AND action = ? AND kind = 'intent' AND details LIKE ?"
        " AND NOT EXISTS (SELECT 1 FROM audit WHERE call_id = begun.call_id AND key = begun.key"
        " AND kind = 'outcome' AND result IN ('failed', 'refused', 'found not done'))"
    )
    return await reading.one(sql, call_id, action, f'%"approval":"{approval_id}"%') is not None


def _ring(tx: Transaction, approval_id: str) -> None:
    tx.wake(topic(approval_id))
    tx.wake(ALL)


def _asked(row: Row) -> Asked:
    approval = Approval(
        id=str(row["id"]),
        agent=str(row["agent"]),
        agent_name=str(row["agent_name"]),
        person=msgspec.json.decode(str(row["person"]), type=Person),
        act=Act(str(row["act"])),
        reason=str(row["reason"]),
        ticket=str(row["ticket"]),
        shown=str(row["shown"]),
        asked_at=datetime.fromisoformat(str(row["asked_at"])),
        until=datetime.fromisoformat(str(row["until"])),
        decision=Decision(str(row["decision"])),
        by=str(row["decided_by"]),
        why=str(row["why"]),
        gives=tuple(map(Act, str(row["gives"]).split())),
    )
    return Asked(approval, str(row["call_id"]), str(row["dn"]), str(row["key"]))
