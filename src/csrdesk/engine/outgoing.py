"""The rows of mails that are still to be sent: whom they are about and what they say happened, never an address.

Apart from `outbox`, which sends them: the audit queues the mail about an alert in the alert's own transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from csrdesk.engine.clock import stamp
from csrdesk.engine.codes import new_id
from csrdesk.engine.store import Reading, Row, Transaction
from csrdesk.flows.effects import MailAlert, TellCustomer

OUTBOX: Final = "outbox"
"""The topic that is rung when there is something new to send, or something is settled."""
ONE_ALERT_IN: Final = timedelta(hours=1)
"""Whoever does the same thing again and again in that time is mailed about once; the audit has every row."""
_ALERT_FOR: Final = timedelta(hours=24)
"""How long the mail about an alert is tried."""
KEPT: Final = timedelta(hours=24)
"""How long it can be seen what became of a mail."""

Letter = TellCustomer | MailAlert


class Stage(StrEnum):
    """How far a mail is."""

    WAITING = "waiting"
    SENT = "sent"
    NOT_SENT = "not_sent"
    MAYBE = "maybe"
    """Somebody was sending it and ended; nobody knows."""


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """One mail."""

    id: str
    call_id: str
    agent: str
    effect: bytes
    about: str
    """What repeats itself with the same words here."""
    stage: Stage = Stage.WAITING
    tries: int = 0
    claimed: int = 0
    """1 while a process sends it."""
    created_at: datetime
    next_at: datetime
    until: datetime
    message: str = ""
    """What spoke against it the last time, in words; of a sent one, what is doubtful."""

    @property
    def letter(self) -> Letter:
        letter: Letter = msgspec.json.decode(self.effect, type=Letter)
        return letter


def to_customer(effect: TellCustomer, call_id: str, agent: str, now: datetime, *, seconds: int) -> Outgoing:
    """A mail that was tried once; it is tried again for that many seconds."""
    until = now + timedelta(seconds=seconds)
    body = msgspec.json.encode(effect)
    return Outgoing(
        id=new_id(),
        call_id=call_id,
        agent=agent,
        effect=body,
        about="",
        tries=1,
        created_at=now,
        next_at=now + pause(1),
        until=until,
    )


def pause(tries: int) -> timedelta:
    """How long after that many tries the next one is made: 2, 4, 8, then 15 seconds; after some minutes, minutes."""
    seconds = min(2**tries, 15) if tries < _OFTEN else 300
    return timedelta(seconds=seconds)


_OFTEN = 12


async def queue_alert(tx: Transaction, effect: MailAlert, call_id: str, agent: str, now: datetime) -> None:
    """Have an alert mailed, unless the same was within the hour."""
    about = f"{effect.alert} {agent} {effect.person_id}"
    sql = "SELECT 1 FROM outbox WHERE about = ? AND created_at > ?"
    if await tx.one(sql, about, stamp(now - ONE_ALERT_IN)):
        return
    body = msgspec.json.encode(effect)
    mail = Outgoing(
        id=new_id(),
        call_id=call_id,
        agent=agent,
        effect=body,
        about=about,
        created_at=now,
        next_at=now,
        until=now + _ALERT_FOR,
    )
    await insert(tx, mail)


async def insert(tx: Transaction, mail: Outgoing) -> None:
    """Queue a mail; whoever sends is woken."""
    values = (_value(value) for value in msgspec.structs.astuple(mail))
    await tx.execute("INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *values)
    tx.wake(OUTBOX)


async def find(reading: Reading, mail_id: str) -> Outgoing | None:
    """One mail; None where it is unknown, or was settled a day ago."""
    row = await reading.one("SELECT * FROM outbox WHERE id = ?", mail_id)
    return _outgoing(row) if row else None


async def next_ones(reading: Reading, limit: int) -> list[Outgoing]:
    """Those that wait, the next one first."""
    rows = await reading.all("SELECT * FROM outbox WHERE stage = 'waiting' ORDER BY next_at LIMIT ?", limit)
    return [_outgoing(row) for row in rows]


async def save(tx: Transaction, mail: Outgoing) -> None:
    """Write down how far it is; whoever waits for it is woken."""
    sql = "UPDATE outbox SET stage = ?, tries = ?, claimed = ?, next_at = ?, message = ? WHERE id = ?"
    await tx.execute(sql, mail.stage.value, mail.tries, mail.claimed, stamp(mail.next_at), mail.message, mail.id)
    tx.wake(OUTBOX)


async def forget(tx: Transaction, now: datetime) -> None:
    """Take away what was settled a day ago."""
    await tx.execute("DELETE FROM outbox WHERE stage <> 'waiting' AND next_at < ?", stamp(now - KEPT))


def _value(value: object) -> str | int | bytes:
    if isinstance(value, datetime):
        return stamp(value)
    return value if isinstance(value, int | bytes) else str(value)


def _outgoing(row: Row) -> Outgoing:
    return msgspec.convert(row, Outgoing, builtin_types=(bytes,))
