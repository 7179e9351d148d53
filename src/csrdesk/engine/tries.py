"""The desk effects of verifying a caller without a link: a row for each try, its one approval, and its end by a no.

A try is a row of `challenges` like a link's, without mail, page and token that anybody knows; so whatever ends links,
limits them and freezes a person holds for tries as well.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from csrdesk.engine import bound, challenges, codes, links, policy, quotas, windows
from csrdesk.engine.audit import Kind
from csrdesk.engine.challenges import Challenge
from csrdesk.engine.clock import stamp
from csrdesk.engine.desk import Desk
from csrdesk.engine.endings import close, close_all, expire, note
from csrdesk.engine.store import Transaction
from csrdesk.flows import replies as r
from csrdesk.flows import try_effects as te
from csrdesk.flows import try_replies as tr
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.model.link import LinkStage, Purpose

_DENIED = "the phone said no"


class Tries:
    """Performs what the agent's flow wants of a try."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, effect: Effect, context: Context) -> Reply | None:
        match effect:
            case te.OpenTry():
                return await self._open(effect, context)
            case te.RefuseTry():
                return await self._refuse(effect, context)
            case te.ApproveTry():
                return await self._approve(effect, context)
            case _:
                return None

    async def _open(self, effect: te.OpenTry, context: Context) -> Reply:
        desk, person_id = self._desk, effect.person_id
        async with desk.store.transaction() as tx:
            why_not = await links.why_not(tx, desk, person_id, context)
            warning = "" if why_not or effect.warned else await quotas.tried_often(tx, desk, person_id)
            if why_not or warning:
                # Whoever asked for another one looks at the older one no more: it must not be approved meanwhile.
                await close_all(tx, desk, why="another try was asked for", call_id=context.call_id)
                return tr.TryNotOpened(why_not or warning, warning=bool(warning))
            agent = context.agent.id
            await close_all(tx, desk, why="a newer try", agent=agent, person_id=person_id)
            row = self._row(effect, context)
            await challenges.insert(tx, row)
            await desk.audit.append(tx, note(row, f"try.{effect.purpose.value}", agent=agent, to=effect.to))
        return tr.TryOpened(row.link(desk.limits))

    def _row(self, effect: te.OpenTry, context: Context) -> Challenge:
        now = self._desk.clock.now()
        return Challenge(
            id=codes.new_id(),
            call_id=context.call_id,
            agent=context.agent.id,
            person_id=effect.person_id,
            purpose=effect.purpose,
            flow_id=context.flow_id,
            # Nobody is told the token: no page belongs to it.
            token_hash=codes.fingerprint(codes.new_token().reveal()),
            reference=codes.new_reference(),
            sent_to=effect.to,
            address_hash="",
            stage=LinkStage.SENT,
            created_at=now,
            accepted_at=now,
            expires_at=now + timedelta(seconds=self._desk.limits.link_seconds),
        )

    async def _refuse(self, effect: te.RefuseTry, context: Context) -> Reply:
        desk = self._desk
        async with desk.store.transaction() as tx:
            row = await bound.of_page(tx, effect.challenge_id, context, effect.person_id, bound.TRIES)
            if row.stage is LinkStage.NOT_ME:
                return r.ChallengeRefused()  # the step was interrupted after this and is performed again
            # Also where the try has ended meanwhile: the no came, and it stands.
            await challenges.save(tx, row, stage=LinkStage.NOT_ME, ended_at=desk.clock.now())
            await desk.audit.append(tx, note(row, "link.not_me", kind=Kind.ALERT, by="customer", why=_DENIED))
            await close_all(tx, desk, why=_DENIED, person_id=row.person_id)
            if await windows.end(tx, row.call_id, desk.clock.now()):
                await desk.audit.append(tx, note(row, "verification.ended", why=_DENIED))
        return r.ChallengeRefused()

    async def _approve(self, effect: te.ApproveTry, context: Context) -> Reply:
        desk, evidence = self._desk, effect.evidence
        async with desk.store.transaction() as tx:
            row = await bound.of_page(tx, effect.challenge_id, context, effect.person_id, bound.TRIES)
            policy.approve_try(row.purpose, evidence)
            if row.stage is LinkStage.APPROVED and row.evidence == msgspec.json.encode(evidence):
                return r.ChallengeApproved()  # the step was interrupted after this and is performed again
            row = await expire(tx, desk, row)
            shown = msgspec.json.encode(evidence)
            if not await challenges.consume_try(tx, row, now=desk.clock.now(), evidence=shown):
                return r.LinkOver(row.stage)
            proofs = ", ".join(f"{proof.method} ({proof.strength.value})" for proof in evidence.proofs)
            await desk.audit.append(tx, note(row, "try.approved", shown=evidence.label, proofs=proofs))
            await close_all(tx, desk, why="another try was approved", person_id=row.person_id)
        return r.ChallengeApproved()


async def count_heard(tx: Transaction, desk: Desk, effect: te.CheckHeard, context: Context) -> Reply | None:
    """Count a passcode before it is checked; the reply instead, where no more may be tried. Raises `ForbiddenError`."""
    purposes = frozenset({Purpose.CALL_BACK})
    row = await bound.of_page(tx, effect.challenge_id, context, effect.person_id, purposes)
    row = await expire(tx, desk, row)
    if row.stage is not LinkStage.SENT:
        return r.LinkOver(row.stage)
    left = min(desk.limits.codes_per_link - row.tries, await links.codes_left(tx, desk, row.person_id))
    if left <= 0:
        await close(tx, desk, row, LinkStage.TOO_MANY_CODES, why="too many passcodes were tried")
        return r.LinkOver(LinkStage.TOO_MANY_CODES)
    now = stamp(desk.clock.now())
    await tx.execute("INSERT INTO tries VALUES (?, ?, ?)", row.id, row.person_id, now)
    await challenges.save(tx, row, quietly=True, tries=row.tries + 1)
    return None
