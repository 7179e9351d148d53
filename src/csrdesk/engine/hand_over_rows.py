"""Offers of a call as rows: who offers which call to whom, until when, and what came of it.

Apart from the effects on them, because whatever ends a call, a verification or a sign-in withdraws them as well.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec.structs import replace

from csrdesk.engine import approvals, call_stages
from csrdesk.engine.audit import Entry, Kind
from csrdesk.engine.clock import stamp
from csrdesk.engine.desk import Desk
from csrdesk.engine.store import Reading, Row, Transaction
from csrdesk.model.hand_overs import HandOver, Stand
from csrdesk.model.people import Person


def topic(hand_over_id: str) -> str:
    """Rung when that offer changes."""
    return f"hand_over:{hand_over_id}"


async def insert(tx: Transaction, one: HandOver, key: str) -> None:
    """A new offer; `key` is the step that made it, which makes none a second time after a crash."""
    await tx.execute(
        "INSERT INTO hand_overs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        one.id,
        key,
        one.call_id,
        one.agent,
        one.agent_name,
        one.to,
        one.to_name,
        one.person.id,
        msgspec.json.encode(one.person).decode(),
        one.note,
        stamp(one.offered_at),
        stamp(one.until),
        one.stand.value,
        one.why,
    )
    _ring(tx, one)


async def end(tx: Transaction, desk: Desk, one: HandOver, stand: Stand, agent: str, why: str = "") -> HandOver:
    """That offer, answered or over; the row about it names both agents."""
    ended = replace(one, stand=stand, why=why)
    await tx.execute("UPDATE hand_overs SET stand = ?, why = ? WHERE id = ?", stand.value, why, one.id)
    await desk.audit.append(tx, noted(ended, agent))
    _ring(tx, one)
    return ended


async def find(reading: Reading, hand_over_id: str) -> HandOver | None:
    """That offer; None where there is none."""
    row = await reading.at_key("SELECT * FROM hand_overs WHERE id = ?", hand_over_id)
    return _hand_over(row) if row else None


async def of_step(reading: Reading, key: str) -> HandOver | None:
    """The offer that a step made before."""
    row = await reading.at_key("SELECT * FROM hand_overs WHERE key = ?", key)
    return _hand_over(row) if row else None


async def open_to(desk: Desk, agent: str) -> tuple[HandOver, ...]:
    """What this agent may accept or decline now, the oldest first, as far as each call is now."""
    now = desk.clock.now()
    sql = "SELECT * FROM hand_overs WHERE stand = 'offered' AND receiver = ? ORDER BY offered_at, id"
    found = [_hand_over(row) for row in await desk.store.all(sql, agent)]
    return tuple([await staged(desk.store, one, now) for one in found if now < one.until])


async def staged(reading: Reading, one: HandOver, now: datetime) -> HandOver:
    """The offer, with how far its call is now."""
    stage, until = await call_stages.stage_of(reading, one.call_id, now)
    return replace(one, stage=stage, verified_until=until)


async def taken_from(reading: Reading, call_id: str, agent: str) -> HandOver | None:
    """How this agent handed the call over last; None where they never did."""
    sql = (
        "SELECT * FROM hand_overs WHERE call_id = ? AND agent = ? AND stand = 'accepted'"
        " ORDER BY offered_at DESC, id LIMIT 1"
    )
    row = await reading.one(sql, call_id, agent)
    return _hand_over(row) if row else None


async def lapsed(tx: Transaction, desk: Desk, one: HandOver) -> HandOver:
    """Written down where nobody has answered in time."""
    if one.stand is not Stand.OFFERED or desk.clock.now() < one.until:
        return one
    return await end(tx, desk, one, Stand.LAPSED, one.agent)


async def withdraw_of_call(tx: Transaction, desk: Desk, call_id: str, agent: str) -> None:
    """Offer a call no more: it is over, offered to somebody else, or serves another person."""
    sql = "SELECT * FROM hand_overs WHERE stand = 'offered' AND call_id = ?"
    await _withdraw(tx, desk, await tx.all(sql, call_id), agent)


async def withdraw_from(tx: Transaction, desk: Desk, receiver: str, agent: str) -> None:
    """Offer nothing more to somebody who is out."""
    sql = "SELECT * FROM hand_overs WHERE stand = 'offered' AND receiver = ?"
    await _withdraw(tx, desk, await tx.all(sql, receiver), agent)


async def _withdraw(tx: Transaction, desk: Desk, rows: list[Row], agent: str) -> None:
    for row in rows:
        one = await lapsed(tx, desk, _hand_over(row))
        if one.stand is Stand.OFFERED:
            await end(tx, desk, one, Stand.WITHDRAWN, agent)


def noted(one: HandOver, agent: str) -> Entry:
    """The audit's row about an offer as it stands; `agent` is who made it so."""
    return Entry(
        kind=Kind.EVENT,
        action=f"hand_over.{one.stand.value}",
        agent=agent,
        call_id=one.call_id,
        person_id=one.person.id,
        reason=one.why or one.note,
        details={"hand_over": one.id, "from_agent": one.agent, "to_agent": one.to},
    )


def _ring(tx: Transaction, one: HandOver) -> None:
    tx.wake(topic(one.id))
    tx.wake(approvals.ALL)


def _hand_over(row: Row) -> HandOver:
    return HandOver(
        id=str(row["id"]),
        call_id=str(row["call_id"]),
        agent=str(row["agent"]),
        agent_name=str(row["agent_name"]),
        to=str(row["receiver"]),
        to_name=str(row["receiver_name"]),
        person=msgspec.json.decode(str(row["person"]), type=Person),
        note=str(row["note"]),
        offered_at=datetime.fromisoformat(str(row["offered_at"])),
        until=datetime.fromisoformat(str(row["until"])),
        stand=Stand(str(row["stand"])),
        why=str(row["why"]),
    )
