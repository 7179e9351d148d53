"""The desk effects of a call: rules, waiting, the verified window and its end; each one transaction, audited."""

from __future__ import annotations

from functools import partial

import msgspec

from csrdesk.engine import bound, exceptions, facts, policy, public_pages, standings, windows
from csrdesk.engine.audit import CALL_ENDED, Kind, event
from csrdesk.engine.desk import Desk
from csrdesk.engine.endings import close_all
from csrdesk.engine.second_agents import withdraw_all
from csrdesk.engine.store import Transaction
from csrdesk.engine.store_inside import inside
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.model.link import LinkStage
from csrdesk.model.proofs import Evidence


class CallEffects:
    """Performs the effects that concern a call as a whole."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, effect: Effect, context: Context) -> Reply | None:
        match effect:
            case fx.LoadRules():
                grants = await standings.granted_to(self._desk, context.agent.id)
                why = exceptions.why_not_theirs(grants, context.agent)
                rules = msgspec.structs.replace(self._desk.rules, withheld=grants.withheld, why_no_exception=why)
                return r.RulesLoaded(rules)
            case fx.WaitUntil():
                await self._desk.clock.sleep_until(effect.moment)
                return r.TimeCame()
            case fx.RequireProof():
                known = await facts.read(self._desk.store, self._desk, context, effect.person_id, "", act=effect.act)
                policy.require_proof(effect.act, known, self._desk.limits)
                return r.Noted()
            case fx.RecordNotVerified():
                await self._desk.audit.write(event(context, "verification.none", person_id=effect.person_id))
                return r.Noted()
            case fx.EndVerification():
                return await self._end(effect, context)
            case fx.EndCall():
                return await self._end_call(context)
            case fx.EndLinks():
                async with self._desk.store.transaction() as tx:
                    agent, person_id = context.agent.id, effect.person_id
                    await close_all(tx, self._desk, why="the account changed", agent=agent, person_id=person_id)
                    await public_pages.end_all(tx, self._desk, person_id, why="the account changed")
                return r.Noted()
            case fx.StartWindow():
                return await self._desk.store.at_once(inside(partial(self._start_window, effect, context)))
            case _:
                return None

    async def _end(self, effect: fx.EndVerification, context: Context) -> Reply:
        async with self._desk.store.transaction() as tx:
            await self._end_verification(tx, context, effect.person_id, effect.why)
        return r.VerificationEnded()

    async def _end_call(self, context: Context) -> Reply:
        async with self._desk.store.transaction() as tx:
            await self._end_verification(tx, context, "", "the call ended")
            await tx.execute("UPDATE flows SET over = 1 WHERE id = ?", context.call_id)
            await self._desk.audit.append(tx, event(context, CALL_ENDED))
        return r.CallClosed()

    async def _end_verification(self, tx: Transaction, context: Context, person_id: str, why: str) -> None:
        await close_all(tx, self._desk, why=why, agent=context.agent.id, call_id=context.call_id)
        await withdraw_all(tx, self._desk, context.call_id, context.agent.id)
        if await windows.end(tx, context.call_id, self._desk.clock.now()):
            await self._desk.audit.append(tx, event(context, "verification.ended", person_id=person_id, why=why))

    async def _start_window(self, effect: fx.StartWindow, context: Context, tx: Transaction) -> Reply:
        desk, now = self._desk, self._desk.clock.now()
        row = await bound.of_call(tx, effect.challenge_id, context, effect.person_id, bound.OPENING)
        known = await windows.of_challenge(tx, row.id)
        if known and known.is_open(now):
            # The step was interrupted after this and is performed again.
            return r.WindowStarted(known.verified_until, known.shown)
        if known or row.stage is not LinkStage.APPROVED or not row.used_at or now >= row.used_at + desk.verified:
            return r.WindowRefused("That link verifies nobody any more. Send a new one.")
        if why := await exceptions.why_over(tx, desk, row):
            return r.WindowRefused(why)
        if await windows.other_calls(tx, context.agent.id, context.call_id, now) >= desk.limits.verified_calls:
            refused = event(context, "verification.started", kind=Kind.REFUSED, person_id=row.person_id)
            await desk.audit.append(tx, msgspec.structs.replace(refused, result="refused"))
            most = desk.limits.verified_calls
            return r.WindowRefused(f"You have {most} verified calls open. End one of them first.")
        window = policy.Window(
            challenge_id=row.id,
            call_id=row.call_id,
            agent=row.agent,
            person_id=row.person_id,
            evidence=row.evidence or msgspec.json.encode(Evidence()),
            started_at=now,
            verified_until=now + desk.verified,
        )
        await windows.start(tx, window)
        shown = window.shown
        started = event(context, "verification.started", person_id=row.person_id, shown=shown.label)
        await desk.audit.append(tx, started)
        return r.WindowStarted(window.verified_until, shown)
