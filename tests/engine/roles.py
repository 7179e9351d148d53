"""Agents who sign in, as the engine's tests have them: grants of each role, and one of every change of an account."""

from __future__ import annotations

from datetime import datetime, timedelta

from csrdesk.engine.session import AgentSession
from csrdesk.flows import device_effects as dx
from csrdesk.flows import directory_effects as de
from csrdesk.flows import effects as fx
from csrdesk.flows import password_effects as pfx
from csrdesk.flows.doors import Agent
from csrdesk.flows.kernel import AccountEffect
from csrdesk.model.devices import DeviceChange
from csrdesk.model.grants import ANYWHERE, OF_AGENTS, Grants, Role
from csrdesk.model.proofs import Act
from tests.engine.world import ADA, GRACE, Desk

EU, US = "Customers EU", "Customers US"
ACTS = {
    Role.VERIFIER: (),
    Role.AGENT: (Act.PROTECT, Act.DISABLE, Act.UNLOCK),
    Role.LEAD: OF_AGENTS,
    Role.AUDITOR: (),
}


def granted(
    desk: Desk,
    *roles: Role,
    populations: tuple[str, ...] = (ANYWHERE,),
    ous: tuple[str, ...] = (ANYWHERE,),
    seconds: float = 60,
    until: datetime | None = None,
) -> Grants:
    """What these roles have, by a sign-in of so many seconds ago."""
    acts = tuple(act for act in OF_AGENTS if any(act in ACTS[role] for role in roles))
    return Grants(roles, acts, populations, ous, desk.clock.now() - timedelta(seconds=seconds), until)


async def signed_in(desk: Desk, grants: Grants, agent: Agent = GRACE) -> AgentSession:
    """A session of that sign-in, which has come in."""
    session = desk.engine.session(agent, grants)
    await session.calls()
    return session


def _off(act: Act, *, enabled: bool = False) -> tuple[AccountEffect, ...]:
    who, why, ticket = ADA.id, "asked for it", "T-1"
    return (
        fx.SetPingOneEnabled(person_id=who, act=act, reason=why, ticket=ticket, enabled=enabled),
        fx.SetDirectoryEnabled(person_id=who, act=act, reason=why, ticket=ticket, dn="CN=Ada", enabled=enabled),
    )


EFFECTS: dict[Act, tuple[AccountEffect, ...]] = {
    Act.PROTECT: _off(Act.PROTECT),
    Act.DISABLE: (*_off(Act.DISABLE), fx.EndSessions(person_id=ADA.id, act=Act.DISABLE, reason="asked")),
    Act.ENABLE: _off(Act.ENABLE, enabled=True),
    Act.UNLOCK: (
        fx.UnlockDirectory(person_id=ADA.id, act=Act.UNLOCK, reason="asked", dn="CN=Ada"),
        fx.UnlockPingOne(person_id=ADA.id, act=Act.UNLOCK, reason="asked"),
        fx.UnlockPassword(person_id=ADA.id, act=Act.UNLOCK, reason="asked"),
    ),
    Act.RESET: (
        pfx.SetDirectoryPassword(person_id=ADA.id, act=Act.RESET, reason="asked", dn="CN=Ada"),
        pfx.SetPingOnePassword(person_id=ADA.id, act=Act.RESET, reason="asked"),
        fx.EndSessions(person_id=ADA.id, act=Act.RESET, reason="asked"),
    ),
    Act.EXPIRE: (
        de.SetDirectoryExpiry(person_id=ADA.id, act=Act.EXPIRE, reason="asked", dn="CN=Ada", ends_at=None, was=None),
    ),
    Act.MUST_CHANGE: (de.DemandPasswordChange(person_id=ADA.id, act=Act.MUST_CHANGE, reason="asked", dn="CN=Ada"),),
    Act.DEVICES: (
        dx.ChangeDevice(person_id=ADA.id, act=Act.DEVICES, reason="asked", device_id="d-2", change=DeviceChange.BLOCK),
    ),
}
"""Every change of an account that an agent can ask for, by the act that it belongs to."""
