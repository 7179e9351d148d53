"""One order for many accounts, each through the flow, the guard and the policy of a single act.

Nobody is verified in a run: settings say who may begin one and for what, and every row of it says so in the audit.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import msgspec

from csrdesk.engine import bulk_orders, bulk_runs
from csrdesk.engine.audit import Detail, Entry, Kind
from csrdesk.engine.bulk_orders import Bulk, Order
from csrdesk.engine.codes import new_id
from csrdesk.engine.desk import Desk
from csrdesk.engine.guard import Guard
from csrdesk.engine.rehearsal import Rehearsed, rehearse
from csrdesk.engine.runner import Runner
from csrdesk.engine.views import is_settled
from csrdesk.errors import ForbiddenError, NoSuchFlowError, StoreUnavailableError
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows import user_functions as uf
from csrdesk.flows.doors import Agent, Context
from csrdesk.flows.kernel import Done, Effect, Outcome, Reply
from csrdesk.model.proofs import Act

FLOW = "user_functions"
_ASKS = uf.Refusal("This account needs somebody's decision. Look at it by itself.", "", "needs_answer")


class BulkEffects:
    """Answers what a run does in another way than a single act."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, effect: Effect, context: Context) -> Reply | None:
        """That somebody is not told by mail, because the order said so."""
        if isinstance(effect, fx.TellCustomer) and await bulk_runs.tells_nobody(self._desk.store, context.call_id):
            return r.CustomerNotTold("The order for the list leaves the mails out.")
        return None


class BulkDesk:
    """The door to a run for one agent. One process holds at most one run of an agent at a time."""

    def __init__(self, agent: Agent, allowed: Bulk, desk: Desk, runner: Runner, guard: Guard) -> None:
        self.agent = agent
        self._allowed = allowed
        self._desk = desk
        self._runner = runner
        self._guard = guard

    async def permit(self, order: Order) -> Act:
        """Whether `begin` would be allowed; a refusal is audited. Raises `ForbiddenError`."""
        try:
            return bulk_orders.permit(order, self.agent.id, self._allowed)
        except ForbiddenError as error:
            refused = self._entry("bulk.started", "", {"problem": error.message}, order, Kind.REFUSED)
            await self._desk.audit.write(msgspec.structs.replace(refused, result="refused"))
            raise

    async def begin(self, order: Order) -> str:
        """A new run's id, audited. Raises `ForbiddenError`, `StoreUnavailableError`."""
        act, now = await self.permit(order), self._desk.clock.now()
        run = bulk_runs.Run(new_id(), self.agent.id, act, now, no_notify=order.no_notify)
        told: dict[str, Detail] = {"accounts": order.accounts, "source": order.source, "dry_run": order.dry_run}
        told |= {"no_notify": True} if order.no_notify else {}
        async with self._desk.store.transaction() as tx:
            if not order.dry_run:
                await bulk_runs.end_all(tx, run.agent, run.started_at)
            await bulk_runs.start(tx, run)
            await self._desk.audit.append(tx, self._entry("bulk.started", run.id, told, order))
        return run.id

    async def act(self, run_id: str, order: Order, identifier: str) -> Outcome:
        """One account, to its end: how the flow ended, as for a single act.

        Raises `StoreUnavailableError`; then the account may have been left in the middle, and `take_up` goes on.
        """
        running = await self._runner.start(FLOW, self._start(order, identifier), self.agent, run_id)
        settled = await self._runner.until(running.id, is_settled)
        # Its result is in the audit, and whoever began the run was told: nothing of it is needed any more.
        with suppress(StoreUnavailableError):  # then it goes with the run
            async with self._desk.store.transaction(durable=False) as tx:
                await tx.execute("DELETE FROM flows WHERE id = ?", running.id)
        return settled.want.outcome if isinstance(settled.want, Done) else _ASKS

    async def rehearse(self, run_id: str, order: Order, identifier: str) -> Rehearsed:
        """What `act` would change, with nothing changed."""
        context = Context(new_id(), 1, run_id, self.agent)
        return await rehearse(uf.begin(self._start(order, identifier)), context, self._desk, self._guard)

    async def end(self, run_id: str, order: Order, counts: dict[str, int]) -> None:
        """The run is over, whole or stopped; `counts` says how many accounts ended how."""
        async with self._desk.store.transaction() as tx:
            await bulk_runs.end(tx, run_id, self._desk.clock.now())
            await self._desk.audit.append(tx, self._entry("bulk.ended", run_id, {**counts}, order))

    async def left_over(self) -> int:
        """How many accounts a run that was cut off left in the middle."""
        return len(await self._left_over())

    async def take_up(self) -> int:
        """Bring those accounts to their end; how many. What was begun is read back, and not done twice.

        Only where no other process works on them: whoever calls it knows that.
        """
        taken = await self._left_over()
        async with self._desk.store.transaction(durable=False) as tx:
            for flow_id in taken:
                await tx.execute("UPDATE flows SET performer = '' WHERE id = ?", flow_id)
        ends = [self._runner.until(flow_id, is_settled) for flow_id in taken]
        for end in await asyncio.gather(*ends, return_exceptions=True):
            # What another version of csrdesk saved cannot go on: its acts stay unknown, for somebody to look at.
            if isinstance(end, BaseException) and not isinstance(end, NoSuchFlowError):
                raise end
        return len(taken)

    async def _left_over(self) -> tuple[str, ...]:
        """What settings do not allow any more is not gone on with: it stays unknown, for somebody to look at."""
        return await bulk_runs.left_over(self._desk.store, self.agent.id, self._allowed.acts)

    def _start(self, order: Order, identifier: str) -> uf.Start:
        return uf.Start(order.action, identifier, order.reason, order.ticket)

    def _entry(
        self, action: str, run_id: str, details: dict[str, Detail], order: Order, kind: Kind = Kind.EVENT
    ) -> Entry:
        of: dict[str, Detail] = {"of": order.act.value if order.act else order.action}
        return Entry(
            kind=kind,
            action=action,
            agent=self.agent.id,
            call_id=run_id,
            reason=order.reason,
            ticket=order.ticket,
            details=of | details,
        )
