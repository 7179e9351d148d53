"""The desk effects of handing a call over: who could take it, the offer, and its answer, each in one transaction.

Who may have the call is decided when it is offered and once more when it is accepted: signed in, with calls, serving
this person, granted what the call asks for, and with a place left among their verified calls.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

import msgspec

from csrdesk.engine import approvals, call_stages, hand_over_rows, rebinding, standings, windows
from csrdesk.engine.clock import stamp
from csrdesk.engine.codes import new_id
from csrdesk.engine.desk import Desk
from csrdesk.engine.flow_rows import FlowRows, Running
from csrdesk.engine.session import within
from csrdesk.engine.store import Reading, Transaction
from csrdesk.errors import ForbiddenError, NoSuchFlowError
from csrdesk.flows import hand_over_effects as hx
from csrdesk.flows.account_given import Verified
from csrdesk.flows.caller import Caller
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.model.account import Account
from csrdesk.model.grants import Grants
from csrdesk.model.hand_overs import Colleague, HandOver, Stand
from csrdesk.model.link import Purpose
from csrdesk.model.people import Person
from csrdesk.model.proofs import Act
from csrdesk.model.sign_in import SCRIPT

OFFERED_FOR: Final = timedelta(minutes=2)
"""How long a colleague has to answer, with the caller on the line."""
_OVER = "This offer is not open any more. Nothing was answered."
_NOT_YOURS = "This is no open call of yours. Nothing was offered."
_NOBODY = "Nobody has been found in this call yet, so there is nothing to hand over."
_UNDER_WAY = "An act of this call is under way, or nobody knows its end. Wait for it, then try again."


class Taken(msgspec.Struct, frozen=True):
    """A call as whoever takes it must be able to have it."""

    running: Running
    person: Person
    dn: str | None
    """The person's entry in AD, empty for none; None where nobody knows."""
    needs: tuple[Act, ...]
    """What was begun in it, and waits."""
    verified: bool

    def suits(self, grants: Grants) -> bool:
        """Whether those grants cover the person and what the call asks for."""
        if not grants.has_calls or (self.verified and not grants.acts) or not set(self.needs) <= set(grants.acts):
            return False
        if self.dn is None:
            return grants.has_all_of_ad and standings.covers(grants, self.person, "")
        return standings.covers(grants, self.person, self.dn)


class HandOvers:
    """Performs what handing over needs."""

    def __init__(self, desk: Desk, rows: FlowRows) -> None:
        self._desk = desk
        self._rows = rows

    async def __call__(self, effect: Effect, context: Context) -> Reply | None:
        match effect:
            case hx.ReadColleagues():
                return await self._read(effect, context)
            case hx.OfferCall():
                return await self._offer(effect, context)
            case hx.AwaitHandOver():
                return await self._await(effect, context)
            case hx.WithdrawHandOver():
                return await self._withdraw(effect, context)
            case hx.AnswerHandOver():
                return await self._answer(effect, context)
            case _:
                return None

    async def _read(self, effect: hx.ReadColleagues, context: Context) -> Reply:
        reading, now = self._desk.store, self._desk.clock.now()
        taken = await self._call(reading, effect.call_id, context.agent.id)
        stage, until = await call_stages.stage_of(reading, effect.call_id, now)
        return hx.ColleaguesRead(taken.person, stage, until, await self._colleagues(reading, taken))

    async def _offer(self, effect: hx.OfferCall, context: Context) -> Reply:
        desk, now, agent = self._desk, self._desk.clock.now(), context.agent
        async with desk.store.transaction() as tx:
            if before := await hand_over_rows.of_step(tx, context.key):
                return hx.HandOverIs(before)
            await standings.acting(tx, agent.id, now)
            taken = await self._call(tx, effect.call_id, agent.id)
            to = next((one for one in await self._colleagues(tx, taken) if one.id == effect.to), None)
            if to is None:
                raise ForbiddenError("That agent cannot take this call: not signed in, or not for this caller.")
            if await _has_unknown(tx, effect.call_id):
                raise ForbiddenError(f"{_UNDER_WAY} Nothing was offered.")
            await hand_over_rows.withdraw_of_call(tx, desk, effect.call_id, agent.id)
            one = HandOver(
                id=new_id(),
                call_id=effect.call_id,
                agent=agent.id,
                agent_name=agent.name or agent.id,
                to=to.id,
                to_name=to.name,
                person=taken.person,
                note=effect.note,
                offered_at=now,
                until=now + OFFERED_FOR,
            )
            await hand_over_rows.insert(tx, one, context.key)
            await desk.audit.append(tx, hand_over_rows.noted(one, agent.id))
            return hx.HandOverIs(await hand_over_rows.staged(tx, one, now))

    async def _await(self, effect: hx.AwaitHandOver, context: Context) -> Reply:
        desk = self._desk
        with desk.changes.listen(hand_over_rows.topic(effect.hand_over_id)) as news:
            while True:
                news.clear()
                async with desk.store.transaction() as tx:
                    one = await hand_over_rows.lapsed(tx, desk, await _own(tx, effect.hand_over_id, context))
                if one.stand is not Stand.OFFERED:
                    return hx.HandOverIs(one)
                end = asyncio.ensure_future(desk.clock.sleep_until(one.until))
                try:
                    await news.wait(end)
                finally:
                    end.cancel()

    async def _withdraw(self, effect: hx.WithdrawHandOver, context: Context) -> Reply:
        desk = self._desk
        async with desk.store.transaction() as tx:
            one = await hand_over_rows.lapsed(tx, desk, await _own(tx, effect.hand_over_id, context))
            if one.stand is not Stand.OFFERED:
                return hx.HandOverIs(one)
            return hx.HandOverIs(await hand_over_rows.end(tx, desk, one, Stand.WITHDRAWN, context.agent.id))

    async def _answer(self, effect: hx.AnswerHandOver, context: Context) -> Reply:
        desk, now, agent = self._desk, self._desk.clock.now(), context.agent.id
        async with desk.store.transaction() as tx:
            grants = await standings.acting(tx, agent, now)
            one = await hand_over_rows.find(tx, effect.hand_over_id)
            if one is None or one.to != agent:
                raise ForbiddenError("There is no such offer, or it is not made to you. Nothing was answered.")
            if one.stand in (Stand.ACCEPTED, Stand.DECLINED):
                return hx.HandOverIs(one)  # the step was interrupted after this and is performed again
            if one.stand is not Stand.OFFERED or now >= one.until:
                raise ForbiddenError(_OVER)
            if effect.accepts:
                await self._move(tx, one, grants)
            stand = Stand.ACCEPTED if effect.accepts else Stand.DECLINED
            one = await hand_over_rows.end(tx, desk, one, stand, agent, effect.why)
        return hx.HandOverIs(one)

    async def _move(self, tx: Transaction, one: HandOver, grants: Grants) -> None:
        desk, now = self._desk, self._desk.clock.now()
        taken = await self._call(tx, one.call_id, one.agent)
        if taken.person.id != one.person.id:
            raise ForbiddenError(_OVER)
        if not taken.suits(grants) or one.to.casefold() in await _approvers(tx, one.call_id, now):
            raise ForbiddenError("Your role at this desk does not cover this call. Decline it. Nothing was taken over.")
        if taken.verified and await windows.other_calls(tx, one.to, one.call_id, now) >= desk.limits.verified_calls:
            most = desk.limits.verified_calls
            raise ForbiddenError(f"You have {most} verified calls open. End one of them first, then accept.")
        flows = await rebinding.flows_of(tx, self._rows, one.call_id)
        if rebinding.is_busy(flows) or await _has_unknown(tx, one.call_id):
            raise ForbiddenError(f"{_UNDER_WAY} The offer stays open. Nothing was taken over.")
        if not grants.is_everywhere:
            await standings.found(tx, one.call_id, taken.person, taken.dn or "")
        await rebinding.bind(tx, self._rows, one, flows, grants)

    async def _call(self, reading: Reading, call_id: str, agent: str) -> Taken:
        """The open call of that agent. Raises `ForbiddenError`, the same for another's and for none."""
        row = await reading.at_key("SELECT * FROM flows WHERE id = ?", call_id)
        if row is None or row["agent"] != agent or row["over"] or row["name"] != "csr_main":
            raise ForbiddenError(_NOT_YOURS)
        try:
            running = self._rows.decode(row)
        except NoSuchFlowError as error:
            raise ForbiddenError(error.message) from error
        parts = tuple(within(running.state))
        person = next((part for part in parts if isinstance(part, Person)), None)
        if person is None:
            raise ForbiddenError(_NOBODY)
        verified = await call_stages.verified_until(reading, call_id, self._desk.clock.now())
        return Taken(running, person, _entry(parts), await _needs(reading, call_id), verified is not None)

    async def _colleagues(self, reading: Reading, taken: Taken) -> tuple[Colleague, ...]:
        now, own = self._desk.clock.now(), taken.running.agent.id.casefold()
        # Nobody is the second agent of their own act, so whoever approved one in this call does not get it.
        out = {own, *await _approvers(reading, taken.running.id, now)}
        found = [
            Colleague(one.agent.id, one.agent.name or one.agent.id)
            for one in await standings.every(reading)
            if not one.over(now) and not one.agent.id.startswith(SCRIPT) and one.agent.id.casefold() not in out
            if taken.suits(one.grants)
        ]
        return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.id)))


def _entry(parts: tuple[msgspec.Struct, ...]) -> str | None:
    """The person's entry in AD as the call knows it; None where AD was not asked, or could not be."""
    for part in parts:
        match part:
            case Verified(dn=dn) if dn:
                return dn
            case Caller(unchecked="", dn=dn):
                return dn
            case Account(directory=None, directory_problem=""):
                return ""
            case _:
                continue
    return None


async def _needs(reading: Reading, call_id: str) -> tuple[Act, ...]:
    """The acts that wait for a second agent, or for the customer's new password."""
    asked = await approvals.open_of_call(reading, call_id)
    sql = (
        "SELECT 1 FROM challenges WHERE call_id = ? AND purpose IN (?, ?)"
        " AND stage IN ('sending', 'sent', 'code_right', 'device_passed', 'setting')"
    )
    resets = await reading.one(sql, call_id, Purpose.RESET.value, Purpose.PASSWORD.value)
    waiting = (act for one in asked for act in (one.approval.gives or (one.approval.act,)))
    return (*waiting, *((Act.RESET,) if resets else ()))


async def _approvers(reading: Reading, call_id: str, now: datetime) -> set[str]:
    """Who approved what still counts in the call."""
    sql = "SELECT decided_by FROM approvals WHERE call_id = ? AND decision = 'approved' AND until > ?"
    return {str(row["decided_by"]).casefold() for row in await reading.all(sql, call_id, stamp(now))}


async def _has_unknown(reading: Reading, call_id: str) -> bool:
    """Whether something was begun in the call that has no outcome on record."""
    sql = "SELECT 1 FROM open_intents JOIN audit USING (seq) WHERE audit.kind = 'intent' AND audit.call_id = ?"
    return await reading.one(sql, call_id) is not None


async def _own(tx: Transaction, hand_over_id: str, context: Context) -> HandOver:
    one = await hand_over_rows.find(tx, hand_over_id)
    if one is None or one.agent != context.agent.id:
        raise ForbiddenError("This offer is not yours. Nothing was done.")
    return one
