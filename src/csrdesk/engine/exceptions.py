"""Exceptions: an agent asks the leads to let acts be done for a caller who can show nothing, and what a yes opens.

A request is a row of `approvals`. A lead's yes is a row of `challenges` by the same id, approved from its first moment:
so what begins, keeps and ends a verified window holds for an exception as well.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

from csrdesk.engine import approvals, challenges, codes, facts, freezing, quotas, standings, windows
from csrdesk.engine.approvals import Asked
from csrdesk.engine.audit import Entry, Kind
from csrdesk.engine.challenges import Challenge
from csrdesk.engine.desk import Desk
from csrdesk.engine.store import Reading, Transaction
from csrdesk.errors import ForbiddenError, PolicyError
from csrdesk.flows import desk_effects as ex
from csrdesk.flows.doors import Agent, Context
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.model.approvals import Approval, Decision
from csrdesk.model.devices import Strength
from csrdesk.model.grants import Grants
from csrdesk.model.link import LinkStage, Purpose
from csrdesk.model.proofs import EXCEPTION, Act, Evidence, Proof
from csrdesk.model.sign_in import SCRIPT
from csrdesk.model.text import clean

NO_LEAD: Final = "nobody has signed in here, so there is no lead to ask"
"""Why an agent whom the operating system vouches for can ask nobody."""
NO_PERSON: Final = "only a person asks a lead, and no script"
_FROZEN: Final = "They, or their phone, said that it was not them. Nobody is excepted while verification is frozen."
_NAME: Final = 60


class Exceptions:
    """Performs the asking; to wait, to stop asking and to answer are those of every request between agents."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, effect: Effect, context: Context) -> Reply | None:
        if not isinstance(effect, ex.RequestException):
            return None
        desk, now, agent = self._desk, self._desk.clock.now(), context.agent
        async with desk.store.transaction() as tx:
            if before := await approvals.of_step(tx, context.key):
                return ex.ApprovalIs(before.approval)
            grants = await standings.acting(tx, agent.id, now)
            gives = tuple(act for act in desk.rules.exception_gives if act in grants.acts)
            if (why := why_not_theirs(grants, agent)) or not gives:
                raise ForbiddenError(f"You cannot ask for this: {why or 'nothing that it opens is yours to do'}.")
            if no := await facts.why_not_theirs(tx, context, effect):
                raise _as_not_asked(no)
            if no_one := await self._why_not(tx, effect, context):
                return ex.NotAsked(f"{no_one} Nobody was asked.")
            asked = Approval(
                id=codes.new_id(),
                agent=agent.id,
                agent_name=agent.name or agent.id,
                person=effect.person,
                act=Act.EXCEPTION,
                reason=effect.reason,
                ticket=effect.ticket,
                shown=effect.shown,
                asked_at=now,
                until=now + timedelta(seconds=desk.limits.approval_seconds),
                gives=gives,
            )
            row = Asked(asked, context.call_id, effect.dn, context.key)
            await approvals.ask(tx, row)
            await desk.audit.append(tx, note(row, agent.id))
        return ex.ApprovalIs(asked)

    async def _why_not(self, tx: Transaction, effect: ex.RequestException, context: Context) -> str:
        desk = self._desk
        if await freezing.frozen_until(tx, desk, effect.person_id):
            return _FROZEN
        most = desk.limits.verified_calls
        if await windows.other_calls(tx, context.agent.id, context.call_id, desk.clock.now()) >= most:
            return f"You have {most} verified calls open. End one of them first."
        if over := await quotas.exceptions(tx, desk, context.agent.id):
            await desk.audit.append(tx, quotas.alert(over, context, effect.person_id))
            return over.message
        return ""


def _as_not_asked(no: PolicyError) -> PolicyError:
    return type(no)(no.message.removesuffix(" Nothing was sent."))


def why_not_theirs(grants: Grants, agent: Agent) -> str:
    """Why this agent can ask no lead, and be none, in words; empty where they can: a person who has signed in."""
    if not grants.signed_in:
        return NO_LEAD
    return NO_PERSON if agent.id.startswith(SCRIPT) else ""


def may_answer(asked: Approval, agent: Agent, grants: Grants) -> bool:
    """Whether they are a lead who may do themselves whatever it would open."""
    return not why_not_theirs(grants, agent) and grants.leads and set(asked.gives) <= set(grants.acts)


async def approve(tx: Transaction, desk: Desk, asked: Asked, lead: Agent, why: str) -> None:
    """The row that the agent's window begins with. Raises `ForbiddenError` where nothing may be opened any more."""
    one, now = asked.approval, desk.clock.now()
    if not why.strip():
        raise ForbiddenError("Say why: what a lead writes is all that speaks for this caller. Nothing was answered.")
    if await freezing.frozen_until(tx, desk, one.person.id):
        raise ForbiddenError(f"{_FROZEN} Nothing was answered.")
    label = f"exception, approved by {clean(lead.name or lead.id, _NAME)}"
    evidence = Evidence((Proof(EXCEPTION, Strength.NONE, label=label),), gives=one.gives)
    await challenges.insert(
        tx,
        Challenge(
            id=one.id,
            call_id=asked.call_id,
            agent=one.agent,
            person_id=one.person.id,
            purpose=Purpose.EXCEPTION,
            flow_id=asked.call_id,
            # Nobody is told the token: no page belongs to it.
            token_hash=codes.fingerprint(codes.new_token().reveal()),
            reference=codes.new_reference(),
            sent_to="",
            address_hash="",
            stage=LinkStage.APPROVED,
            created_at=now,
            accepted_at=now,
            expires_at=now,
            used_at=now,
            ended_at=now,
            evidence=msgspec.json.encode(evidence),
        ),
    )


async def why_over(reading: Reading, desk: Desk, row: Challenge) -> str:
    """Why an approved row begins no window any more, in words; empty where it does, and for what is no exception."""
    if row.purpose is not Purpose.EXCEPTION:
        return ""
    asked = await approvals.find(reading, row.id)
    if asked is None or asked.approval.decision is not Decision.APPROVED or desk.clock.now() >= asked.approval.until:
        return "What the lead approved counts no more. Nothing was opened."
    if await freezing.frozen_until(reading, desk, row.person_id):
        return f"{_FROZEN} Nothing was opened."
    return ""


async def words_for(reading: Reading, call_id: str, person_id: str) -> str:
    """`exception, approved by NAME`, where that is what a call stands on for this person now; empty otherwise."""
    window = await windows.newest(reading, call_id)
    stands = window is not None and window.person_id == person_id and window.ended_at is None
    return window.shown.exception if window and stands else ""


def note(asked: Asked, agent: str) -> Entry:
    """The audit's row about a request as it is now; a lead's yes is an alert."""
    one = asked.approval
    return Entry(
        kind=Kind.ALERT if one.decision is Decision.APPROVED else Kind.EVENT,
        action=f"exception.{one.decision.value}",
        agent=agent,
        call_id=asked.call_id,
        person_id=one.person.id,
        reason=one.why or one.reason,
        ticket=one.ticket,
        details={"gives": " ".join(one.gives), "approval": one.id, "asked_by": one.agent},
    )
