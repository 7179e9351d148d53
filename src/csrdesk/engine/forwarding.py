"""Hands the audit and its checkpoints to a second keeper: every row, in order, at least once, by one process at a time.

A row of the database says how far it came, so nothing is lost with a process, and at most the last batch comes twice.
Nobody at the desk waits for it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import msgspec

from csrdesk.engine.audit import AuditRow, Entry, Kind, Which
from csrdesk.engine.checkpoints import Checkpoint
from csrdesk.engine.desk import Desk
from csrdesk.engine.store import Statements, Store
from csrdesk.errors import ServiceError, StoreUnavailableError
from csrdesk.model.sink import Line, Sink

log = logging.getLogger(__name__)

BATCH: Final = 200
"""Rows that are handed over at a time."""
LATE: Final = "audit_sink.late"
"""The audit's name for a keeper that has not taken a row for too long."""
_LONGEST: Final = 30.0
"""Seconds between two tries while the keeper takes nothing."""
_BY: Final = "csrdesk"


class _Cursor(msgspec.Struct, frozen=True):
    """The row of the database."""

    seq: int
    checkpoint: int
    holder: str
    turn: int


class Times(msgspec.Struct, frozen=True):
    """How long what may take."""

    late: timedelta
    """How old a row may be that the keeper has not got."""
    pause: float = 1.0
    """Seconds between two looks for new rows."""
    sign: float = 10.0
    """How often whoever sends gives a sign while there is nothing to send."""
    lease: float = 30.0
    """Seconds without a sign of whoever sends, until another process does. Each counts them by its own clock alone."""


class Behind(msgspec.Struct, frozen=True):
    """What the keeper has not got."""

    rows: int
    oldest: datetime | None
    """When the first of them was written."""


async def behind(store: Store) -> Behind:
    """How far the keeper is, whoever sends. Raises `StoreUnavailableError`."""
    got = "SELECT seq FROM audit_sink WHERE id = 1"
    row = await store.one(f"SELECT count(*) AS n, min(at) AS oldest FROM audit WHERE seq > coalesce(({got}), 0)")  # noqa: S608 - no value in it
    oldest = (row or {})["oldest"]
    return Behind(int(str((row or {})["n"])), datetime.fromisoformat(str(oldest)) if oldest else None)


class Forwarding:
    """One process's share."""

    def __init__(
        self, desk: Desk, sink: Sink, newest: Callable[[], Checkpoint | None], *, name: str, times: Times
    ) -> None:
        self.trouble = ""
        """That the keeper is behind for too long, in words; empty while it is not."""
        self.rows_behind = 0
        self.seconds_behind = 0.0
        """The age of the oldest row that it has not got."""
        self._desk = desk
        self._store, self._audit = desk.store, desk.audit
        self._sink = sink
        self._newest = newest
        self._name = name
        self._times = times
        self._why = ""
        self._told = False
        self._noted = ""
        self._seen: tuple[str, int] | None = None
        self._seen_at = 0.0
        self._sign_at = 0.0

    async def run(self) -> None:
        """Hand over what comes; runs until it is cancelled, and then lets another process go on at once."""
        failed = 0
        try:
            while True:
                more = False
                try:
                    more = await self._turn()
                    failed, self._noted = 0, ""
                except ServiceError as error:
                    failed += 1
                    self._why = error.message
                    self._note("the second audit takes nothing", f"{error.code} {error.details}")
                except StoreUnavailableError as error:
                    failed += 1
                    self._note("the audit cannot be read for its second keeper", error.message)
                await self._look_back()
                if not more:
                    await asyncio.sleep(pause_after(failed, self._times.pause))
        finally:
            await self._let_go()

    def _note(self, what: str, why: str) -> None:
        """In the log once, however often it goes wrong in the same way."""
        if what not in self._noted:
            log.warning("%s: %s", what, why)
            self._noted += f"{what};"

    async def _turn(self) -> bool:
        """Hand over the next batch where it is this process's turn; whether there may be more at once."""
        cursor = await self._read()
        if not self._is_ours(cursor):
            return False
        rows = await self._audit.after(cursor.seq, Which(), upto=2**63 - 1, limit=BATCH)
        head = await asyncio.to_thread(self._newest)
        upto = rows[-1].seq if rows else cursor.seq
        due = head if head and cursor.checkpoint < head.count <= upto else None
        if not rows and due is None and cursor.holder == self._name and time.monotonic() < self._sign_at:
            return False
        held = await self._store.at_once(partial(self._claim, cursor), durable=False)
        self._sign_at = time.monotonic() + self._times.sign
        if held is None:
            return True  # somebody else did: see how far they came
        lines = [*map(line_of, rows), *([_checkpoint_line(due)] if due else [])]
        if lines:
            await self._sink.send(lines)
            self._why = ""
            sent = msgspec.structs.replace(held, seq=upto, checkpoint=due.count if due else held.checkpoint)
            await self._store.at_once(partial(_advance, held, sent))
        return len(rows) == BATCH

    def _is_ours(self, cursor: _Cursor) -> bool:
        """Whether nobody sends, this process does, or whoever did has given no sign for the length of a lease."""
        sign = (cursor.holder, cursor.turn)
        if sign != self._seen:
            self._seen, self._seen_at = sign, time.monotonic()
        return cursor.holder in ("", self._name) or time.monotonic() >= self._seen_at + self._times.lease

    async def _read(self) -> _Cursor:
        row = await self._store.one("SELECT seq, checkpoint, holder, turn FROM audit_sink WHERE id = 1")
        return msgspec.convert(row, _Cursor) if row else _Cursor(0, 0, "", 0)

    def _claim(self, seen: _Cursor, tx: Statements) -> _Cursor | None:
        """The cursor in this process's name, given a sign; None where it has moved since it was read."""
        tx.execute("INSERT INTO audit_sink VALUES (1, 0, 0, '', 0) ON CONFLICT (id) DO NOTHING")
        changed = tx.execute(
            "UPDATE audit_sink SET holder = ?, turn = turn + 1 WHERE id = 1 AND holder = ? AND turn = ?",
            self._name, seen.holder, seen.turn,
        )  # fmt: skip
        return msgspec.structs.replace(seen, holder=self._name, turn=seen.turn + 1) if changed else None

    async def _look_back(self) -> None:
        """See how far behind the keeper is, whoever sends, and say so where it is too far."""
        try:
            cursor, missing = await self._read(), await behind(self._store)
            age = self._desk.clock.now() - missing.oldest if missing.oldest else timedelta()
            self.rows_behind, self.seconds_behind = missing.rows, max(0.0, age.total_seconds())
            late = age > self._times.late
            self.trouble = _words(age, self._why) if late else ""
            if late and not self._told and cursor.holder == self._name:
                await self._audit.write(self._alert())
            self._told = late
        except StoreUnavailableError as error:
            self._note("how far the second audit is cannot be read", error.message)

    def _alert(self) -> Entry:
        details: dict[str, str | int | bool | None] = {"rows": self.rows_behind}
        return Entry(kind=Kind.ALERT, action=LATE, agent=_BY, result="failed", reason=self._why, details=details)

    async def _let_go(self) -> None:
        try:
            sql = "UPDATE audit_sink SET holder = '' WHERE id = 1 AND holder = ?"
            await self._store.at_once(lambda tx: tx.execute(sql, self._name))
        except StoreUnavailableError as error:
            log.warning("another process sends the audit on in some seconds: %s", error.message)


def pause_after(failed: int, pause: float) -> float:
    """Seconds until the next look, after so many that failed in a row: for however long somebody is away."""
    return min(_LONGEST, pause * 2.0 ** min(failed, 10))


def _advance(held: _Cursor, sent: _Cursor, tx: Statements) -> None:
    """How far it came. Where somebody took over meanwhile, how far they came counts: then a batch came twice."""
    tx.execute(
        "UPDATE audit_sink SET seq = ?, checkpoint = ? WHERE id = 1 AND holder = ? AND turn = ?",
        sent.seq, sent.checkpoint, held.holder, held.turn,
    )  # fmt: skip


def line_of(row: AuditRow) -> Line:
    """A row as `audit export` has it."""
    trouble = row.kind is Kind.REFUSED or row.result in ("failed", "refused")
    return Line(row.at, "audit", row.kind is Kind.ALERT, trouble, _ascii(msgspec.json.encode(row)))


def _checkpoint_line(checkpoint: Checkpoint) -> Line:
    text = _ascii(msgspec.json.encode({"checkpoint": checkpoint}))
    return Line(checkpoint.at, "checkpoint", alert=False, trouble=False, text=text)


def _ascii(content: bytes) -> str:
    return json.dumps(json.loads(content), separators=(",", ":"))


def _words(age: timedelta, why: str) -> str:
    minutes = int(age.total_seconds() // 60)
    return (
        f"The second audit has got no row for {minutes} minutes{': ' + why if why else '.'} "
        "Nothing is lost: it gets them when it can be reached. Look at [audit_sink] in the settings."
    )
