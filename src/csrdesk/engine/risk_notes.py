"""What PingOne Protect made of a link's page, kept in its row for the agent; what must not go on ends with it."""

from __future__ import annotations

from typing import Final

import msgspec

from csrdesk.engine import bound, challenges
from csrdesk.engine.audit import Kind
from csrdesk.engine.desk import Desk
from csrdesk.engine.endings import close, expire, note
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.flows.risk_effects import NoteRisk
from csrdesk.model.link import LinkStage
from csrdesk.model.risk import RiskCheck

_STOPPED: Final = "link.risk"


class RiskNotes:
    """Performs `NoteRisk`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, effect: Effect, context: Context) -> Reply | None:
        if not isinstance(effect, NoteRisk):
            return None
        desk, found = self._desk, effect.found
        async with desk.store.transaction() as tx:
            row = await bound.of_page(tx, effect.challenge_id, context, effect.person_id, bound.CODED)
            row = await expire(tx, desk, row)
            if row.stage is not LinkStage.CODE_RIGHT:
                return r.LinkOver(row.stage)
            row = await challenges.save(tx, row, risk=msgspec.json.encode(found))
            kind = Kind.ALERT if found.stops else Kind.EVENT
            await desk.audit.append(tx, note(row, _STOPPED, kind=kind, **_details(found)))
            if found.stops:
                await close(tx, desk, row, LinkStage.RISKY, why=found.label)
        return r.Noted()


def _details(found: RiskCheck) -> dict[str, str]:
    """What the audit holds of it."""
    risk = found.risk
    if risk is None:
        return {"protect": found.label}
    told = {"evaluation": risk.id, "level": risk.level.value, "predictor": risk.predictor, "device": risk.device_status}
    return {name: value for name, value in told.items() if value}
