"""An agent at the door: whether their sign-in counts, and what it lets them do; what an effect is later judged by is
written down here.

Apart from the session, which is the same for everybody. Where nobody signs in, nothing is asked or written here.
"""

from __future__ import annotations

from datetime import timedelta

from csrdesk.engine import standings
from csrdesk.engine.audit import Entry, Kind, refused
from csrdesk.engine.desk import Desk
from csrdesk.engine.standings import LASTS, Standing, ended_by
from csrdesk.engine.store import Transaction
from csrdesk.errors import ForbiddenError, NotSignedInError
from csrdesk.model.grants import Grants, Role
from csrdesk.model.sign_in import Agent

_SEEN_AGAIN = timedelta(minutes=1)
"""How much longer a sign-in must count before that is written down: not at each request."""
_MAY = {
    Role.VERIFIER: "verify callers",
    Role.AGENT: "act on accounts",
    Role.LEAD: "end a sign-in",
    Role.AUDITOR: "read the audit",
}


class Entrance:
    """The door of one agent with one sign-in."""

    def __init__(self, agent: Agent, grants: Grants, desk: Desk) -> None:
        self.grants = grants
        self._agent = agent
        self._desk = desk

    async def enter(self) -> None:
        """Let the agent in. Raises `NotSignedInError` where their sign-in is over, or was ended by a lead."""
        if not self.grants.signed_in:
            return
        desk, now = self._desk, self._desk.clock.now()
        known = await standings.of(desk.store, self._agent.id)
        here = Standing(self._agent, self.grants, self.grants.until or now + LASTS)
        if known and known.is_revoked_for(self.grants):
            await desk.audit.write(refused(self._agent, "sign_in.ended", by=known.revoked_by))
            raise NotSignedInError(f"{ended_by(known.revoked_by)} Nothing was done.")
        if now >= here.until:
            raise NotSignedInError(f"{standings.OVER} Nothing was done.")
        if known is None or known.is_outdone_by(here, _SEEN_AGAIN):
            async with desk.store.transaction() as tx:
                await self._come_in(tx, here)

    async def call(self) -> None:
        """As `enter`, for whoever talks to callers. Raises `ForbiddenError` for an auditor, and without any role."""
        await self.enter()
        if not self.grants.has_calls:
            await self.refuse("calls", Role.VERIFIER)

    async def act(self, flow: str) -> None:
        """As `call`, for an act that a command starts by itself. Raises `NotSignedInError` for an old sign-in."""
        await self.call()
        signed_in_at, longest = self.grants.signed_in_at, timedelta(minutes=self._desk.limits.sign_in_minutes)
        if signed_in_at and self._desk.clock.now() - signed_in_at > longest:
            minutes = round(longest.total_seconds() / 60)
            await self._desk.audit.write(refused(self._agent, "sign_in.old", flow=flow))
            raise NotSignedInError(
                f"A command that changes an account needs a sign-in of the last {minutes} minutes. Sign in again with "
                "`csrdesk login`. Nothing was done."
            )

    async def refuse(self, what: str, role: Role) -> None:
        """Write down what is not granted, and raise `ForbiddenError`."""
        await self._desk.audit.write(refused(self._agent, "role.missing", wanted=what))
        raise ForbiddenError(f"Your role at this desk does not let you {_MAY[role]}. Ask a lead. Nothing was done.")

    async def _come_in(self, tx: Transaction, here: Standing) -> None:
        known = await standings.of(tx, self._agent.id)
        if known and known.is_revoked_for(self.grants):
            return  # between the look and this: the next step is refused
        await standings.keep(tx, here.after(known))
        if known is None or known.grants.signed_in_at != here.grants.signed_in_at:
            told = " ".join(self.grants.roles)
            await self._desk.audit.append(
                tx, Entry(kind=Kind.EVENT, action="sign_in", agent=self._agent.id, details={"roles": told})
            )
