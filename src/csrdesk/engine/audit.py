"""The audit: one row an event, chained by SHA-256, written in the transaction of what it tells or before it.

The rows must outlive every version of csrdesk, so each carries the version of its own shape from the first day.
"""

from __future__ import annotations

import hashlib
import platform
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Final

import msgspec

from csrdesk.engine.clock import Clock, stamp
from csrdesk.engine.outgoing import queue_alert
from csrdesk.engine.store import Row, Statements, Store, Transaction
from csrdesk.errors import StoreUnavailableError
from csrdesk.flows.doors import Agent, Context
from csrdesk.flows.effects import MailAlert
from csrdesk.model.text import clean

VERSION: Final = 1
"""Of the shape of a row; it grows with each change, and old rows keep theirs."""
CALL_ENDED: Final = "call.ended"
CHECKPOINT_EVERY: Final = 100
"""Rows between two checkpoints at the most."""
CHECKPOINT_DUE: Final = "checkpoint"
"""The topic that is rung when a checkpoint is to be written."""
PURGED: Final = "audit.purged"
"""Says which rows are gone because they were old enough, and the hash that the rest starts from."""
START: Final = "0" * 64
"""What the first row is chained to."""

Detail = str | int | bool | None


class Kind(StrEnum):
    """What a row tells."""

    INTENT = "intent"
    """Something is about to be done; durable before it is."""
    OUTCOME = "outcome"
    """How it went; an intent without one is unknown."""
    REFUSED = "refused"
    """A rule said no; nothing was done."""
    EVENT = "event"
    LOOKUP = "lookup"
    ALERT = "alert"
    """Somebody should look."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written down."""

    kind: Kind
    action: str
    agent: str
    call_id: str = ""
    person_id: str = ""
    result: str = ""
    """done, failed, refused; empty where the kind says it all."""
    reason: str = ""
    ticket: str = ""
    correlation_id: str = ""
    """PingOne's `Correlation-Id`."""
    key: str = ""
    """The step's: the same on an intent and its outcome."""
    details: dict[str, Detail] = {}
    """No secrets; addresses masked."""


class AuditRow(Entry, frozen=True, kw_only=True):
    """One row as it stands. `hash` is SHA-256 over the canonical JSON of everything else."""

    seq: int
    at: datetime
    version: int
    place: str
    """The machine that it was done on."""
    prev: str
    """The hash of the row before."""
    hash: str

    @property
    def told(self) -> tuple[tuple[str, str], ...]:
        """Everything that it holds, by names that people read; what is empty is left out."""
        held = {**msgspec.to_builtins(self), **self.details}
        del held["details"]
        return tuple((name.replace("_", " "), str(value)) for name, value in held.items() if value not in ("", None))


class Which(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows are meant; what is empty leaves nothing out."""

    call_id: str = ""
    person_id: str = ""
    agent: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """Before this moment."""
    but: str = ""
    """Leaves out rows of this action."""

    @property
    def where(self) -> tuple[str, tuple[str, ...]]:
        """The condition and its values; only what is given stands in it, so that an index can serve it."""
        conditions = {
            "call_id = ?": self.call_id,
            "person_id = ?": self.person_id,
            "agent = ?": self.agent,
            "at >= ?": stamp(self.since) if self.since else "",
            "at < ?": stamp(self.until) if self.until else "",
            "action <> ?": self.but,
        }
        given = {condition: value for condition, value in conditions.items() if value}
        return " AND ".join(["seq > 0", *given]), tuple(given.values())

    @property
    def said(self) -> dict[str, Detail]:
        """As a row about reading has it."""
        return {name: value for name, value in msgspec.to_builtins(self).items() if value}


class Columns(msgspec.Struct, frozen=True):
    """A row as the table has it, in the table's order; also what is hashed, without `hash`."""

    seq: int
    at: str
    version: int
    kind: str
    action: str
    agent: str
    place: str
    call_id: str
    person_id: str
    result: str
    reason: str
    ticket: str
    correlation_id: str
    key: str
    details: str
    prev: str

    @property
    def hash(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()


class Audit:
    """Writes and reads the rows of one store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.mails_alerts = False
        """Whether each alert is mailed to those whom settings name."""
        self._store = store
        self._clock = clock
        self._place = clean(platform.node(), 64)

    async def append(self, tx: Transaction, entry: Entry) -> None:
        """Chain `entry` to the last row, in the caller's transaction: two writers cannot fork the chain."""
        seq = await tx.at_once(partial(self._append, entry))
        if self._is_mailed(entry):
            told = MailAlert(person_id=entry.person_id, alert=entry.action, seq=seq, by=entry.agent)
            await queue_alert(tx, told, entry.call_id, entry.agent, self._clock.now())

    async def write(self, entry: Entry) -> None:
        """One row in a transaction of its own; durable on return. Raises `StoreUnavailableError`."""
        if self._is_mailed(entry):
            async with self._store.transaction() as tx:
                await self.append(tx, entry)
        else:
            await self._store.at_once(partial(self._append, entry))

    def _is_mailed(self, entry: Entry) -> bool:
        return entry.kind is Kind.ALERT and self.mails_alerts

    def _append(self, entry: Entry, tx: Statements) -> int:
        last = tx.one("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1") or {"seq": 0, "hash": START}
        columns = Columns(
            seq=int(str(last["seq"])) + 1,
            at=stamp(self._clock.now()),
            version=VERSION,
            kind=entry.kind,
            action=entry.action,
            agent=entry.agent,
            place=self._place,
            call_id=entry.call_id,
            person_id=entry.person_id,
            result=entry.result,
            reason=clean(entry.reason, 1000),
            ticket=clean(entry.ticket),
            correlation_id=clean(entry.correlation_id),
            key=entry.key,
            details=msgspec.json.encode(entry.details, order="sorted").decode(),
            prev=str(last["hash"]),
        )
        tx.execute(_INSERT, *msgspec.structs.astuple(columns), columns.hash)
        if entry.kind is Kind.INTENT:
            tx.execute("INSERT INTO open_intents VALUES (?, ?)", entry.key, columns.seq)
        elif entry.kind is Kind.OUTCOME:
            tx.execute("DELETE FROM open_intents WHERE key = ?", entry.key)
        if columns.seq % CHECKPOINT_EVERY == 0 or entry.action == CALL_ENDED:
            tx.wake(CHECKPOINT_DUE)
        return columns.seq

    async def list(self, *, call_id: str = "", person_id: str = "", limit: int = 100) -> tuple[AuditRow, ...]:
        """The newest `limit` rows, the oldest of them first; of one call or person where that is given."""
        return await self.newest(Which(call_id=call_id, person_id=person_id), limit)

    async def newest(self, which: Which, limit: int, *, before: int = 0) -> tuple[AuditRow, ...]:
        """The newest `limit` of those rows, the oldest of them first; before row `before` where that is given."""
        where, values = which.where
        sql = f"SELECT * FROM audit WHERE {where} AND seq < ? ORDER BY seq DESC LIMIT ?"  # noqa: S608 - no value in it
        rows = await self._store.all(sql, *values, before or _LAST, limit)
        return tuple(map(_row, reversed(rows)))

    async def after(self, seq: int, which: Which, *, upto: int, limit: int) -> tuple[AuditRow, ...]:
        """The next `limit` rows after row `seq` up to row `upto`: a page of a long list."""
        where, values = which.where
        sql = f"SELECT * FROM audit WHERE {where} AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?"  # noqa: S608 - as above
        return tuple(map(_row, await self._store.all(sql, *values, seq, upto, limit)))

    async def row(self, seq: int) -> AuditRow | None:
        """One row by its number; None where there is none."""
        found = await self._store.one("SELECT * FROM audit WHERE seq = ?", seq)
        return _row(found) if found else None

    async def unknown(self) -> tuple[AuditRow, ...]:
        """Intents without an outcome: nobody knows whether these were done, unless they are being done right now."""
        sql = "SELECT audit.* FROM open_intents JOIN audit USING (seq) WHERE audit.kind = 'intent' ORDER BY seq"
        return tuple(map(_row, await self._store.all(sql)))


_INSERT = "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_LAST = 2**63 - 1
"""More than any row's number."""


def _row(row: Row) -> AuditRow:
    try:
        return msgspec.convert(row | {"details": _details(row["details"])}, AuditRow)
    except msgspec.DecodeError as error:
        words = f"Row {row['seq']!r} of the audit cannot be read: it was changed. Run `csrdesk audit verify`."
        raise StoreUnavailableError(words, details=str(error)) from error


def _details(text: object) -> dict[str, Detail]:
    return msgspec.json.decode(str(text), type=dict[str, Detail])


def event(context: Context, action: str, *, kind: Kind = Kind.EVENT, person_id: str = "", **details: Detail) -> Entry:
    """What happened in a step, with who and which call from its context."""
    return Entry(
        kind=kind,
        action=action,
        agent=context.agent.id,
        call_id=context.call_id,
        person_id=person_id,
        key=context.key,
        details=details,
    )


def refused(agent: Agent, action: str, *, call_id: str = "", **details: Detail) -> Entry:
    """A front end asked for what it may not have."""
    return Entry(kind=Kind.REFUSED, action=action, agent=agent.id, call_id=call_id, result="refused", details=details)
