"""The audit as people read it: every look, export and check is a row itself, or nothing is shown.

Apart from `audit`, which the engine reads to decide: what a rule needs to know is nobody's look.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Final

import msgspec

from csrdesk.engine.audit import Audit, AuditRow, Detail, Entry, Kind, Which
from csrdesk.engine.checkpoints import Checkpoint, Signed
from csrdesk.engine.scope import HIDDEN
from csrdesk.engine.store import Store
from csrdesk.engine.verify import Verdict, verify
from csrdesk.errors import ForbiddenError, NotFoundError
from csrdesk.flows.doors import Agent, AuditLine, AuditPage

EXPORT_PAGE: Final = 1000
LEFT: Final = "left"
"""The result of an act that somebody looked after by hand: csrdesk does not know how it ended, and asks no more."""


class AuditReader:
    """One agent's way to the audit."""

    def __init__(self, agent: Agent, store: Store, audit: Audit, *, own: bool = False) -> None:
        self._own = own
        """Whether the agent reads of what they did themselves alone."""
        self._agent = agent
        self._store = store
        self._audit = audit

    async def list(self, which: Which, limit: int, *, before: int = 0) -> tuple[AuditRow, ...]:
        """The newest `limit` rows, the oldest of them first; before row `before` where that is given: the next page."""
        which = self._theirs(which)
        rows = await self._audit.newest(which, limit, before=before)
        page: dict[str, Detail] = {"before": before} if before else {}
        await self._note("audit.read", {"rows": len(rows), **page, **which.said})
        return rows

    async def show(self, seq: int) -> AuditRow:
        """One row. Raises `NotFoundError`."""
        row = await self._audit.row(seq)
        if row is None or (self._own and (row.agent != self._agent.id or row.action == HIDDEN)):
            raise NotFoundError(f"There is no row {seq}.", system="csrdesk")
        await self._note("audit.read", {"rows": 1, "seq": seq})
        return row

    async def unknown(self) -> tuple[AuditRow, ...]:
        """The acts that were begun and have no outcome on record."""
        rows = await self._unknown()
        await self._note("audit.read", {"rows": len(rows), "unknown": True})
        return rows

    async def leave(self, seq: int, reason: str) -> AuditRow:
        """Write down that somebody has looked after an act whose outcome is unknown. Raises `NotFoundError`."""
        intent = next((row for row in await self._unknown() if row.seq == seq), None)
        if intent is None:
            raise NotFoundError(f"Row {seq} is no act without an outcome.", system="csrdesk")
        outcome = Entry(
            kind=Kind.OUTCOME,
            action=intent.action,
            agent=self._agent.id,
            call_id=intent.call_id,
            person_id=intent.person_id,
            result=LEFT,
            reason=reason,
            ticket=intent.ticket,
            key=intent.key,
            details={"intent": seq},
        )
        await self._audit.write(outcome)
        return intent

    async def export(self, which: Which, form: str) -> AsyncIterator[tuple[AuditRow, ...]]:
        """Every row that is there now, the oldest first, page by page."""
        which = self._theirs(which)
        head = await self._store.one("SELECT max(seq) AS seq FROM audit")
        upto = int(str((head and head["seq"]) or 0))
        await self._note("audit.exported", {"form": form, "upto": upto, **which.said})
        seq = 0
        while rows := await self._audit.after(seq, which, upto=upto, limit=EXPORT_PAGE):
            yield rows
            seq = rows[-1].seq

    async def verify(self, checkpoints: Iterator[Checkpoint], is_signed: Signed) -> Verdict:
        """Whether the audit is as it was written; see `verify`. Raises `ForbiddenError` for who reads but their own."""
        if self._own:
            raise ForbiddenError("Your role at this desk does not read the whole audit. Ask a lead or an auditor.")
        verdict = await verify(self._store, checkpoints, is_signed)
        found = verdict.finding
        details: dict[str, Detail] = {"rows": verdict.rows, "covered": verdict.covered}
        details |= {"flaw": found.flaw.value, "seq": found.seq} if found else {}
        await self._note("audit.verified", details, Kind.ALERT if found else Kind.EVENT)
        return verdict

    async def _unknown(self) -> tuple[AuditRow, ...]:
        rows = await self._audit.unknown()
        return tuple(row for row in rows if row.agent == self._agent.id) if self._own else rows

    def _theirs(self, which: Which) -> Which:
        return msgspec.structs.replace(which, agent=self._agent.id, but=HIDDEN) if self._own else which

    async def _note(self, action: str, details: dict[str, Detail], kind: Kind = Kind.EVENT) -> None:
        await self._audit.write(Entry(kind=kind, action=action, agent=self._agent.id, details=details))


def page_of(rows: tuple[AuditRow, ...], limit: int) -> AuditPage:
    """Rows as a front end lists them; a page that is full has more behind it."""
    lines = tuple(
        AuditLine(
            row.seq, row.at, row.kind.value, row.action, row.result, row.agent, row.call_id, row.reason, row.ticket
        )
        for row in reversed(rows)
    )
    return AuditPage(lines, more=len(rows) == limit)
