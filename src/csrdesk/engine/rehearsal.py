"""Rehearses a flow: what it reads is read, what it would change is asked of policy, and none of it is done.

The real flow is walked in memory, so a rehearsal cannot differ from the act; nothing is saved and no intent is audited.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from csrdesk.engine import facts, policy
from csrdesk.engine.desk import Desk
from csrdesk.engine.guard import Guard, problem
from csrdesk.engine.session import within
from csrdesk.errors import PolicyError
from csrdesk.flows import directory_effects as de
from csrdesk.flows import effects as fx
from csrdesk.flows import password_effects as pfx
from csrdesk.flows import password_replies as pr
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import (
    AccountEffect,
    Do,
    Done,
    Effect,
    Failed,
    Kind,
    Outcome,
    Problem,
    Replies,
    Reply,
    State,
    Together,
)
from csrdesk.model.passwords import Home
from csrdesk.model.people import Person
from csrdesk.model.proofs import Act


class Planned(msgspec.Struct, frozen=True):
    """A change that would be made; with a `refusal`, policy would not let it happen."""

    effect: AccountEffect
    refusal: Problem | None = None


class Rehearsed(msgspec.Struct, frozen=True):
    """How far the flow came without changing anything."""

    person: Person | None = None
    planned: tuple[Planned, ...] = ()
    outcome: Outcome | None = None
    """How the flow ended, where it had nothing to change."""


async def rehearse(state: State, context: Context, desk: Desk, guard: Guard) -> Rehearsed:
    """Walk the flow from `state` up to where it would look at what it has done."""
    planned: list[Planned] = []
    while isinstance(want := state.want(), Do):
        parts = want.effect.effects if isinstance(want.effect, Together) else (want.effect,)
        if planned and any(part.kind is Kind.READ for part in parts):
            break
        if all(part.kind is Kind.READ for part in parts):
            reply = await guard(want.effect, context)
        else:
            weighed = [await _weigh(part, context, desk) for part in parts]
            planned += [found for found in weighed if isinstance(found, Planned)]
            planned += [await _later(one, context, desk) for part in parts for one in _by_the_customer(part)]
            replies = tuple(_imagined(part, found) for part, found in zip(parts, weighed, strict=True))
            reply = Replies(replies) if isinstance(want.effect, Together) else replies[0]
        state, context = state.step(reply), replace(context, rev=context.rev + 1)
    person = next((found for found in within(state) if isinstance(found, Person)), None)
    return Rehearsed(person, tuple(planned), want.outcome if isinstance(want, Done) else None)


async def _facts(effect: AccountEffect, context: Context, desk: Desk) -> policy.Facts:
    dn = getattr(effect, "dn", "")
    return await facts.read(desk.store, desk, context, effect.person_id, effect.action, dn, act=effect.act)


async def _weigh(effect: Effect, context: Context, desk: Desk) -> Planned | None:
    """The change and what policy says of it; None for what only the desk would note."""
    if not isinstance(effect, AccountEffect):
        return None
    known = await _facts(effect, context, desk)
    try:
        policy.permit(effect, known, desk.limits)
    except PolicyError as error:
        return Planned(effect, problem(error))
    return Planned(effect)


def _by_the_customer(effect: Effect) -> tuple[AccountEffect, ...]:
    """What the customer's page would change once a password is typed there."""
    if not isinstance(effect, pfx.OpenPasswordPage):
        return ()
    who, reason, ticket = effect.person_id, effect.reason, effect.ticket
    sets: list[AccountEffect] = []
    for home in effect.homes:
        if home is Home.DIRECTORY:
            one = pfx.SetDirectoryPassword(person_id=who, dn=effect.dn, act=Act.RESET, reason=reason, ticket=ticket)
            sets.append(one)
        else:
            sets.append(pfx.SetPingOnePassword(person_id=who, home=home, act=Act.RESET, reason=reason, ticket=ticket))
    return (*sets, fx.EndSessions(person_id=who, act=Act.RESET, reason=reason, ticket=ticket))


async def _later(effect: AccountEffect, context: Context, desk: Desk) -> Planned:
    """The change, and whether the caller has shown enough for it; the page's own rule comes when it is there."""
    known = await _facts(effect, context, desk)
    try:
        policy.require_proof(effect.act, known, desk.limits)
    except PolicyError as error:
        return Planned(effect, problem(error))
    return Planned(effect)


def _imagined(effect: Effect, planned: Planned | None) -> Reply:
    """What would come of it if nothing outside failed."""
    if planned and planned.refusal:
        return Failed(planned.refusal)
    match effect:
        case fx.SetDirectoryEnabled(enabled=enabled):
            return r.DirectoryEnabledSet(enabled)
        case fx.SetPingOneEnabled(enabled=enabled):
            return r.PingOneEnabledSet(enabled)
        case fx.EndSessions():
            return r.SessionsEnded(0)
        case fx.UnlockDirectory() | fx.UnlockPingOne() | fx.UnlockPassword():
            return r.Unlocked()
        case de.SetDirectoryExpiry() | de.DemandPasswordChange():
            return r.DirectoryChanged()
        case pfx.OpenPasswordPage():
            return pr.NoPasswordPage("")
        case _:
            return r.Noted()
