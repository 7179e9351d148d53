"""How far somebody is on the recovery page, for the agent who mailed them the way in.

Moments, counts and what PingOne Protect made of the visit; nothing that was typed.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

import msgspec

from csrdesk.engine import public_pages
from csrdesk.engine.desk import Desk
from csrdesk.engine.public_pages import PublicPage, recovery_topic
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.flows.recovery_effects import AwaitRecovery
from csrdesk.flows.recovery_replies import RecoveryIs
from csrdesk.model.recovery import Progress, Stage
from csrdesk.model.risk import RiskCheck

_FLOW: Final = "account_recovery"


class RecoveryWatch:
    """Performs `AwaitRecovery`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, effect: Effect, context: Context) -> Reply | None:
        del context
        if not isinstance(effect, AwaitRecovery):
            return None
        desk = self._desk
        with desk.changes.listen(recovery_topic(effect.person_id)) as news:
            while True:
                news.clear()
                page = await public_pages.newest_of(desk.store, effect.person_id, _FLOW, effect.since)
                now = progress_of(page, desk.clock.now())
                if now != effect.seen:
                    return RecoveryIs(now)
                ends = [asyncio.ensure_future(desk.clock.sleep_until(page.until))] if page and page.stage.open else []
                try:
                    await news.wait(*ends)
                finally:
                    for end in ends:
                        end.cancel()


def progress_of(page: PublicPage | None, now: datetime) -> Progress:
    """How far that page is, as those see it who watch."""
    if page is None:
        return Progress()
    over = page.stage.open and not page.is_open(now)
    stage = Stage.ENDED if over else page.stage
    if stage is Stage.ANALYSED and page.sent_at:
        stage = Stage.CODE_SENT  # nothing comes between: the page asks for the code now
    risk = msgspec.json.decode(page.risk, type=RiskCheck) if page.risk else None
    return Progress(stage, page.started_at, page.sent_at, page.tries, page.until if over else page.ended_at, risk)
