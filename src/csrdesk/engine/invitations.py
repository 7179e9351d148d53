"""Invitations to register: counted before they are mailed, by address and by agent, and watched by who sent them.

The address itself is not kept: its keyed hash finds the page that is begun with it, and is what limits count.
"""

from __future__ import annotations

import asyncio
from typing import Final

from csrdesk.engine import public_pages, quotas
from csrdesk.engine.codes import keyed_fingerprint
from csrdesk.engine.desk import Desk
from csrdesk.engine.public_pages import registration_topic
from csrdesk.engine.recovery_watch import progress_of
from csrdesk.flows import invitation_effects as ix
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Effect, Reply

_FLOW: Final = "registration"
_TO: Final = "invited"
_BY: Final = "invited by"


class Invitations:
    """Performs what the agent's flow wants of the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, effect: Effect, context: Context) -> Reply | None:
        match effect:
            case ix.CountInvitation():
                return await self._count(effect, context)
            case ix.AwaitRegistration():
                return await self._await(effect)
            case _:
                return None

    async def _count(self, effect: ix.CountInvitation, context: Context) -> Reply:
        """Raises `LimitReachedError`, with an alert; a step that is performed again after a crash counts twice."""
        desk, agent = self._desk, context.agent.id
        whose = keyed_fingerprint(desk.key, effect.address.strip())
        async with desk.store.transaction() as tx:
            over = await public_pages.over(tx, desk, _TO, whose, _OF_ADDRESS, _MANY) or await public_pages.over(
                tx, desk, _BY, agent, _OF_AGENT, _YOURS
            )
            if over is None:
                await public_pages.count(tx, desk, _TO, whose)
                await public_pages.count(tx, desk, _BY, agent)
            else:
                await desk.audit.append(tx, quotas.alert(over, context))
        if over:
            raise over.error
        return ix.InvitationCounted(whose)

    async def _await(self, effect: ix.AwaitRegistration) -> Reply:
        desk = self._desk
        with desk.changes.listen(registration_topic(effect.address_hash)) as news:
            while True:
                news.clear()
                page = await public_pages.newest_for(desk.store, effect.address_hash, _FLOW, effect.since)
                now = progress_of(page, desk.clock.now())
                if now != effect.seen:
                    return ix.RegistrationIs(now)
                ends = [asyncio.ensure_future(desk.clock.sleep_until(page.until))] if page and page.stage.open else []
                try:
                    await news.wait(*ends)
                finally:
                    for end in ends:
                        end.cancel()


_OF_ADDRESS = (
    ("links_per_person_in_ten_minutes", quotas.TEN_MINUTES),
    ("links_per_person_a_day", quotas.DAY),
)
_OF_AGENT = (("links_per_agent_an_hour", quotas.HOUR),)
_MANY = "As many invitations as may be were mailed to this address. Nothing was sent."
_YOURS = "You have mailed as many invitations as may be in an hour. Nothing was sent."
