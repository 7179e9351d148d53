"""How links end: one place that closes rows and writes down why, whoever's doing it was."""

from __future__ import annotations

from csrdesk.engine import challenges, evaluations
from csrdesk.engine.audit import Entry, Kind
from csrdesk.engine.challenges import Challenge
from csrdesk.engine.desk import Desk
from csrdesk.engine.store import Transaction
from csrdesk.model.link import LinkStage


def note(row: Challenge, action: str, *, kind: Kind = Kind.EVENT, agent: str = "", **details: str | int) -> Entry:
    """A row about a link; `agent` where another than the link's own acted."""
    return Entry(
        kind=kind,
        action=action,
        agent=agent or row.agent,
        call_id=row.call_id,
        person_id=row.person_id,
        details={"reference": row.reference, **details},
    )


async def close(
    tx: Transaction, desk: Desk, row: Challenge, stage: LinkStage, *, why: str, agent: str = ""
) -> Challenge:
    """End one open link; a link that is over stays as it is."""
    if not row.stage.open:
        return row
    await desk.audit.append(tx, note(row, f"link.{stage.value}", agent=agent, why=why))
    await evaluations.end(tx, row.flow_id, succeeded=False, now=desk.clock.now())
    return await challenges.save(tx, row, stage=stage, ended_at=desk.clock.now())


async def close_all(
    tx: Transaction,
    desk: Desk,
    *,
    why: str,
    agent: str = "",
    person_id: str = "",
    call_id: str = "",
    but: frozenset[str] = frozenset(),
) -> None:
    """End every open link of a person, in all calls, or of a call, `but` those of these ids."""
    for row in await challenges.open_ones(tx, person_id=person_id, call_id=call_id):
        if row.id not in but:
            await close(tx, desk, row, LinkStage.ENDED, why=why, agent=agent)


async def expire(tx: Transaction, desk: Desk, row: Challenge) -> Challenge:
    """Write down that a link's clock has run out, where it has."""
    if not row.has_run_out(desk.clock.now()):
        return row
    return await close(tx, desk, row, LinkStage.EXPIRED, why="time is up")
