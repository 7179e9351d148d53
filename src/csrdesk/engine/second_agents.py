"""The desk effects between two agents: ask for an approval, wait for it, withdraw it, see what others ask, answer.

What is asked for may be an exception as well (`exceptions`), which leads alone answer.

Who may answer is decided here, in the transaction of the answer: never who asked, only agents and leads, only those who
may do the act themselves and serve the person.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from csrdesk.engine import approvals, exceptions, hand_over_rows, standings, windows
from csrdesk.engine.approvals import ALL, Asked
from csrdesk.engine.audit import Entry, Kind
from csrdesk.engine.codes import new_id
from csrdesk.engine.desk import Desk
from csrdesk.engine.store import Reading, Transaction
from csrdesk.errors import ForbiddenError
from csrdesk.flows import desk_effects as ex
from csrdesk.flows.doors import Agent, Context
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.model.approvals import Approval, Decision
from csrdesk.model.grants import Grants

_OVER = "This request is not open any more. Nothing was answered."


class SecondAgents:
    """Performs what asking and approving need."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, effect: Effect, context: Context) -> Reply | None:
        match effect:
            case ex.RequestApproval():
                return await self._ask(effect, context)
            case ex.AwaitApproval():
                return await self._await(effect, context)
            case ex.WithdrawApproval():
                return await self._withdraw(effect, context)
            case ex.ReadApprovals():
                return await self._read(context)
            case ex.AwaitApprovals():
                return await self._await_others(effect, context)
            case ex.DecideApproval():
                return await self._decide(effect, context)
            case _:
                return None

    async def _ask(self, effect: ex.RequestApproval, context: Context) -> Reply:
        desk, now, agent = self._desk, self._desk.clock.now(), context.agent
        longest = now + timedelta(seconds=desk.limits.approval_seconds)
        asked = Approval(
            id=new_id(),
            agent=agent.id,
            agent_name=agent.name or agent.id,
            person=effect.person,
            act=effect.act,
            reason=effect.reason,
            ticket=effect.ticket,
            shown=effect.shown,
            asked_at=now,
            until=min(longest, effect.until or longest),
        )
        async with desk.store.transaction() as tx:
            if before := await approvals.of_step(tx, context.key):
                return ex.ApprovalIs(before.approval)
            row = Asked(asked, context.call_id, effect.dn, context.key)
            await approvals.ask(tx, row)
            await desk.audit.append(tx, _note(row, agent.id))
        return ex.ApprovalIs(asked)

    async def _await(self, effect: ex.AwaitApproval, context: Context) -> Reply:
        desk = self._desk
        with desk.changes.listen(approvals.topic(effect.approval_id)) as news:
            while True:
                news.clear()
                async with desk.store.transaction() as tx:
                    asked = await self._lapsed(tx, await self._own(tx, effect.approval_id, context))
                if asked.approval.decision is not Decision.ASKED:
                    return ex.ApprovalIs(asked.approval)
                end = asyncio.ensure_future(desk.clock.sleep_until(asked.approval.until))
                try:
                    await news.wait(end)
                finally:
                    end.cancel()

    async def _withdraw(self, effect: ex.WithdrawApproval, context: Context) -> Reply:
        """Also what somebody approved meanwhile: it is not used."""
        desk = self._desk
        async with desk.store.transaction() as tx:
            asked = await self._own(tx, effect.approval_id, context)
            if asked.approval.decision not in (Decision.ASKED, Decision.APPROVED):
                return ex.ApprovalIs(asked.approval)
            asked = await approvals.change(tx, asked, Decision.WITHDRAWN, until=asked.approval.until)
            await desk.audit.append(tx, _note(asked, context.agent.id))
        return ex.ApprovalIs(asked.approval)

    async def _decide(self, effect: ex.DecideApproval, context: Context) -> Reply:
        desk, now = self._desk, self._desk.clock.now()
        async with desk.store.transaction() as tx:
            grants = await standings.acting(tx, context.agent.id, now)
            found = await approvals.find(tx, effect.approval_id)
            if found is None or not await _is_theirs(tx, found, context.agent, grants):
                raise ForbiddenError("There is no such request, or it is not yours to answer. Nothing was answered.")
            asked = await self._lapsed(tx, found)
            if asked.approval.by == context.agent.id:
                return ex.ApprovalIs(asked.approval)  # the step was interrupted after this and is performed again
            if asked.approval.decision is not Decision.ASKED:
                raise ForbiddenError(_OVER)
            decision = Decision.APPROVED if effect.approves else Decision.REFUSED
            if effect.approves and asked.approval.is_exception:
                await exceptions.approve(tx, desk, asked, context.agent, effect.why)
            until = now + max(desk.verified, desk.page) if effect.approves else now
            asked = await approvals.change(tx, asked, decision, until=until, by=context.agent.id, why=effect.why)
            await desk.audit.append(tx, _note(asked, context.agent.id))
        return ex.ApprovalIs(asked.approval)

    async def _read(self, context: Context) -> ex.ApprovalsRead:
        """What other agents wait for that this one may answer now: requests, and calls that are offered."""
        return ex.ApprovalsRead(await self._theirs(context), await hand_over_rows.open_to(self._desk, context.agent.id))

    async def _theirs(self, context: Context) -> tuple[Approval, ...]:
        desk, now = self._desk, self._desk.clock.now()
        grants = await standings.granted_to(desk, context.agent.id)
        return tuple(
            [
                asked.approval
                for asked in await approvals.open_ones(desk.store)
                if now < asked.approval.until and await _is_theirs(desk.store, asked, context.agent, grants)
            ]
        )

    async def _await_others(self, effect: ex.AwaitApprovals, context: Context) -> Reply:
        desk = self._desk
        with desk.changes.listen(ALL) as news:
            while True:
                news.clear()
                theirs = await self._read(context)
                if theirs.ids != effect.seen:
                    return theirs
                end = asyncio.ensure_future(_first_end(theirs, desk))
                try:
                    await news.wait(end)
                finally:
                    end.cancel()

    async def _own(self, tx: Transaction, approval_id: str, context: Context) -> Asked:
        asked = await approvals.find(tx, approval_id)
        if asked is None or (asked.call_id, asked.approval.agent) != (context.call_id, context.agent.id):
            raise ForbiddenError("This request belongs to another call. Nothing was done.")
        return asked

    async def _lapsed(self, tx: Transaction, asked: Asked) -> Asked:
        """Written down where nobody has answered in time."""
        one = asked.approval
        if one.decision is not Decision.ASKED or self._desk.clock.now() < one.until:
            return asked
        lapsed = await approvals.change(tx, asked, Decision.LAPSED, until=one.until)
        await self._desk.audit.append(tx, _note(lapsed, one.agent))
        return lapsed


async def _is_theirs(reading: Reading, asked: Asked, agent: Agent, grants: Grants) -> bool:
    return may_answer(asked, agent, grants) and not await approvals.was_asked_by(reading, asked, agent.id)


def may_answer(asked: Asked, agent: Agent, grants: Grants) -> bool:
    """Whether this agent may be the second one: nobody is their own, whatever session they come by."""
    one = asked.approval
    if one.agent.casefold() == agent.id.casefold() or not standings.covers(grants, one.person, asked.dn):
        return False
    if one.is_exception:
        return exceptions.may_answer(one, agent, grants)
    return grants.approves and one.act in grants.acts


async def withdraw_all(tx: Transaction, desk: Desk, call_id: str, agent: str) -> None:
    """Ask no more in a call that is over, or whose agent is out, and offer it to nobody."""
    await hand_over_rows.withdraw_of_call(tx, desk, call_id, agent)
    for asked in await approvals.open_of_call(tx, call_id):
        gone = await approvals.change(tx, asked, Decision.WITHDRAWN, until=asked.approval.until)
        await desk.audit.append(tx, _note(gone, agent))


async def take_back_all(tx: Transaction, desk: Desk, whose: str, agent: str) -> None:
    """What somebody approved counts no more, since they are out; what was done by it is done."""
    for asked in await approvals.given_by(tx, whose, desk.clock.now()):
        one = asked.approval
        gone = await approvals.change(tx, asked, Decision.WITHDRAWN, until=one.until, by=one.by, why=one.why)
        await desk.audit.append(tx, _note(gone, agent))
        if one.is_exception:
            await windows.end_of_challenge(tx, one.id, desk.clock.now())


async def _first_end(waiting: ex.ApprovalsRead, desk: Desk) -> None:
    """Until the first of them lapses; for ever where nothing waits."""
    ends: list[datetime] = [*(one.until for one in waiting.approvals), *(one.until for one in waiting.offers)]
    await (desk.clock.sleep_until(min(ends)) if ends else asyncio.Event().wait())


def _note(asked: Asked, agent: str) -> Entry:
    """The audit's row about a request as it is now."""
    one = asked.approval
    if one.is_exception:
        return exceptions.note(asked, agent)
    return Entry(
        kind=Kind.EVENT,
        action=f"approval.{one.decision.value}",
        agent=agent,
        call_id=asked.call_id,
        person_id=one.person.id,
        reason=one.why or one.reason,
        ticket=one.ticket,
        details={"act": one.act.value, "approval": one.id, "asked_by": one.agent},
    )
