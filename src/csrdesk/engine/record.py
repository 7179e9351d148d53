"""One call as the audit has it, for the ticket: apart from `reading`, whose rows are shown as they stand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from csrdesk.engine.audit import AuditRow, Kind, Which
from csrdesk.engine.reading import AuditReader
from csrdesk.engine.scope import HIDDEN
from csrdesk.errors import NotFoundError
from csrdesk.flows.doors import Agent, CallRecord, Deed
from csrdesk.flows.effects import TellCustomer

_MOST = 1000
"""Rows of one call that are looked at, the newest."""


HISTORY: Final = 2000
"""Rows of one agent that a history is made of, the newest: a shift has some hundreds."""


async def records_of(agent: Agent, reader: AuditReader) -> tuple[CallRecord, ...]:
    """The agent's own calls, the newest first, made of one look into the audit."""
    rows = await reader.list(Which(agent=agent.id), HISTORY)
    calls: dict[str, list[AuditRow]] = {}
    for row in rows:
        if row.call_id:
            calls.setdefault(row.call_id, []).append(row)
    if len(rows) == HISTORY and rows[0].call_id:
        # What lies before the oldest of these rows was not read.
        del calls[rows[0].call_id]
    return tuple(_record(call_id, agent, tuple(of_call)) for call_id, of_call in reversed(calls.items()))


async def record_of(call_id: str, agent: Agent, reader: AuditReader) -> CallRecord:
    """Read a call's rows, which is noted as a look into the audit. Raises `NotFoundError` where there are none yet."""
    rows = await reader.list(Which(call_id=call_id, but=HIDDEN), _MOST)
    if not rows:
        raise NotFoundError("Nothing was done in this call yet.", system="csrdesk")
    return _record(call_id, agent, rows)


def _record(call_id: str, agent: Agent, rows: tuple[AuditRow, ...]) -> CallRecord:
    newest = rows[-1]
    verified = (row for row in rows if row.kind is Kind.EVENT and row.action == "verification.started")
    return CallRecord(
        call_id=call_id,
        agent=agent,
        since=rows[0].at,
        until=newest.at,
        person_id=_last(row.person_id for row in rows),
        account=_last(str(row.details.get("to") or row.details.get("identifier") or "") for row in rows),
        ticket=_last(row.ticket for row in rows),
        proofs=tuple((row.at, str(row.details["shown"])) for row in verified),
        deeds=_deeds(rows),
        seq=newest.seq,
        hash=newest.hash,
        told=_told(rows),
    )


def _last(words: Iterable[str]) -> str:
    return next((word for word in reversed(tuple(words)) if word), "")


def _deeds(rows: tuple[AuditRow, ...]) -> tuple[Deed, ...]:
    """An intent without an outcome is unknown; one with an outcome is what that says."""
    deeds = {
        row.key: Deed(row.at, str(row.details["act"]), row.action, row.result or "unknown", row.reason)
        for row in rows
        if "act" in row.details and row.kind is not Kind.EVENT  # a request for a second agent does nothing itself
    }
    return tuple(deeds.values())


def _told(rows: tuple[AuditRow, ...]) -> tuple[tuple[datetime, str, str], ...]:
    """The newest of each: a mail that was not taken may have been tried again."""
    mails = (row for row in rows if row.action == TellCustomer.action)
    newest = {str(row.details["change"]): (row.at, row.result or "unknown") for row in mails}
    return tuple((at, change, result) for change, (at, result) in newest.items())
