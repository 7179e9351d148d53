"""The engine as the rest of csrdesk meets it: built by `wiring`, entered with `async with`, left by the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import Final, Self

from csrdesk.config import LimitSettings
from csrdesk.engine.alarms import Alarming
from csrdesk.engine.audit import Audit, AuditRow
from csrdesk.engine.bulk import BulkDesk, BulkEffects
from csrdesk.engine.bulk_orders import Bulk
from csrdesk.engine.call_effects import CallEffects
from csrdesk.engine.changes import Changes
from csrdesk.engine.checkpointing import Checkpointing
from csrdesk.engine.checkpoints import Checkpoint, CheckpointFile
from csrdesk.engine.clock import Clock, SystemClock
from csrdesk.engine.codes import new_id
from csrdesk.engine.completing import Completing
from csrdesk.engine.customers import CustomerDesk
from csrdesk.engine.desk import Desk
from csrdesk.engine.device_pages import DevicePages
from csrdesk.engine.evaluations import Following
from csrdesk.engine.exceptions import Exceptions
from csrdesk.engine.figures import Figures
from csrdesk.engine.flow_rows import FlowRows
from csrdesk.engine.forwarding import Forwarding, Times
from csrdesk.engine.guard import NOT_AUDITED, Guard
from csrdesk.engine.hand_overs import HandOvers
from csrdesk.engine.invitations import Invitations
from csrdesk.engine.link_effects import LinkEffects
from csrdesk.engine.links import Links
from csrdesk.engine.outbox import Outbox, Queueing
from csrdesk.engine.page_effects import PageEffects
from csrdesk.engine.password_pages import PasswordPages
from csrdesk.engine.presence import Presence
from csrdesk.engine.public_desk import PublicDesk
from csrdesk.engine.purge import Purged, keep_purging, purge
from csrdesk.engine.reading import AuditReader
from csrdesk.engine.recoveries import RecoveryEffects
from csrdesk.engine.recovery_watch import RecoveryWatch
from csrdesk.engine.registrations import RegistrationEffects
from csrdesk.engine.rehearsal import Rehearsed, rehearse
from csrdesk.engine.resuming import left_unknown
from csrdesk.engine.risk_notes import RiskNotes
from csrdesk.engine.runner import Runner
from csrdesk.engine.second_agents import SecondAgents
from csrdesk.engine.session import AgentSession
from csrdesk.engine.sign_ins import SignIns
from csrdesk.engine.store import Store
from csrdesk.engine.tries import Tries
from csrdesk.errors import StoreUnavailableError
from csrdesk.flows import password_reset
from csrdesk.flows import user_functions as uf
from csrdesk.flows.catalog import FLOWS, Flow
from csrdesk.flows.doors import Agent, Context, LinkDesk, Perform
from csrdesk.flows.password_reset import Start as Reset
from csrdesk.flows.rules import Rules
from csrdesk.model.grants import EVERYTHING, Grants
from csrdesk.model.sink import Sink

KEY_BYTES: Final = 32
PROBED: Final = "probe"
"""The topic of a row that is written to see whether one can be; nobody waits for it."""


class Engine:
    """One process's engine on a store that others may use as well.

    `outside` is given the desk's side of sending links and returns the performer of everything that is not the desk's
    own. The store stays the caller's to close, after the engine has stopped.
    """

    def __init__(
        self,
        store: Store,
        outside: Callable[[LinkDesk], Perform],
        *,
        rules: Rules,
        limits: LimitSettings,
        key: bytes,
        scripts: frozenset[str] = frozenset(),
        clock: Clock | None = None,
        catalog: Mapping[str, Flow] = FLOWS,
    ) -> None:
        if len(key) < KEY_BYTES:
            raise ValueError(f"the desk's key needs {KEY_BYTES} random bytes")
        clock = clock or SystemClock()
        self.audit = Audit(store, clock)
        self._desk = Desk(store, self.audit, Changes(store), clock, rules, limits, key, scripts)
        rows = FlowRows(store, catalog, clock, new_id())
        self.links = Links(self._desk, rows)
        self._outbox = Outbox(self._desk)
        self._completing = Completing(self._desk)
        self.device_pages = DevicePages(self._desk, rows)
        pages = PageEffects(self._desk), PasswordPages(self._desk, rows), self.device_pages
        of_calls = CallEffects(self._desk), LinkEffects(self._desk), Tries(self._desk), RecoveryEffects(self._desk)
        visits = RiskNotes(self._desk), RecoveryWatch(self._desk), RegistrationEffects(self._desk)
        invited = Invitations(self._desk)
        of_agents = SecondAgents(self._desk), Exceptions(self._desk), SignIns(self._desk), HandOvers(self._desk, rows)
        inside = *of_calls, *of_agents, *pages, BulkEffects(self._desk), self._outbox, *visits, invited
        self._guard = Guard(self._desk, inside, self._around(outside(self.links)))
        self._runner = Runner(self._desk, rows, self._guard)
        self.customers = CustomerDesk(self._desk, self._runner)
        self.public = PublicDesk(self._desk, self._runner)
        self._watching: asyncio.Task[None] | None = None
        self._checkpointing: Checkpointing | None = None
        self.forwarding: Forwarding | None = None
        self._signing: asyncio.Task[None] | None = None

    def _around(self, outside: Perform) -> Perform:
        """What stands around everything that is performed outside."""
        return Alarming(self._desk, Queueing(self._desk, Following(self._desk, outside)))

    @property
    def trouble(self) -> str:
        """What front ends must say loudly: audit or checkpoints cannot be written, the clock was set back, somebody was
        not told, the audit's second keeper gets nothing.

        Empty while all is well.
        """
        signing = self._checkpointing.trouble if self._checkpointing else ""
        second = self.forwarding.trouble if self.forwarding else ""
        return self._guard.trouble or signing or self._desk.clock.trouble or self._outbox.trouble or second

    async def is_writable(self) -> bool:
        """Whether a row can be written now; then what could not be written before is, and the trouble is over."""
        try:
            await self._desk.store.at_once(lambda tx: tx.wake(PROBED))
            await self._desk.owed.pay()
            await self._runner.save_adrift()
        except StoreUnavailableError:
            self._guard.trouble = NOT_AUDITED
            return False
        self._guard.trouble = ""
        return True

    def write_checkpoints(self, file: CheckpointFile) -> None:
        """Write the audit's checkpoints to `file`, from `start` on."""
        self._checkpointing = Checkpointing(self._desk.store, self._desk.changes, self._desk.clock, file)

    def forward_to(self, sink: Sink, newest: Callable[[], Checkpoint | None], *, late: timedelta) -> Forwarding:
        """Hand the audit to a second keeper while what this gives runs; `newest` is the newest checkpoint."""
        self.forwarding = Forwarding(self._desk, sink, newest, name=self.name, times=Times(late))
        return self.forwarding

    @property
    def name(self) -> str:
        """How this process is saved with its steps."""
        return self._runner.rows.performer

    def tell_who_is_gone(self, presence: Presence) -> None:
        """Take up at once what a process left that is gone by `presence`, where otherwise a lease has to end."""
        self._runner.presence = presence

    async def left_unknown(self) -> tuple[AuditRow, ...]:
        """What was begun and has no outcome on record, without what is being done right now."""
        return await left_unknown(self._desk, self._runner)

    def reader(self, agent: Agent) -> AuditReader:
        """The agent's way to the audit: each look is a row itself."""
        return AuditReader(agent, self._desk.store, self.audit)

    def figures(self) -> Figures:
        """The desk in numbers, for somebody who watches over it."""
        return Figures(self._desk.store, self._desk.clock)

    async def purge(self, agent: Agent, *, dry_run: bool = False) -> Purged:
        """Take away what was kept long enough."""
        return await purge(self._desk, agent, dry_run=dry_run)

    def mail_alerts(self) -> None:
        """Have each alert of the audit mailed, from now on."""
        self.audit.mails_alerts = True

    async def keep_sending(self) -> None:
        """Send the mails that could not be sent at once, and those about alerts; runs until it is cancelled."""
        await self._outbox.run(self._guard)

    async def keep_completing(self) -> None:
        """Tell PingOne Protect how visits ended whose page could not; runs until it is cancelled."""
        await self._completing.run(self._guard)

    async def keep_purging(self, agent: Agent) -> None:
        """Take away the states of ended calls when their day is over; runs until it is cancelled."""
        await keep_purging(self._desk, agent)

    def session(self, agent: Agent, grants: Grants = EVERYTHING) -> AgentSession:
        """The door of one agent, who was named by the sign-in with these grants, or by the operating system."""
        if not grants.signed_in:
            self._desk.vouched_for.add(agent.id)
        return AgentSession(agent, self._desk, self._runner, lambda: self.trouble, grants)

    def bulk(self, agent: Agent, allowed: Bulk) -> BulkDesk:
        """The agent's way to one order for many accounts, as far as settings allow."""
        return BulkDesk(agent, allowed, self._desk, self._runner, self._guard)

    async def rehearse(
        self, start: uf.Start | Reset, agent: Agent, call_id: str = "", grants: Grants = EVERYTHING
    ) -> Rehearsed:
        """What the flow of one account would do, with nothing done. Raises `NoSuchFlowError` for another's call."""
        if call_id:
            await self.session(agent, grants).view(call_id)
        own_id = new_id()
        context = Context(own_id, 1, call_id or own_id, agent)
        state = uf.begin(start) if isinstance(start, uf.Start) else password_reset.begin(start)
        return await rehearse(state, context, self._desk, self._guard)

    async def start(self) -> None:
        """Begin to notice what other processes write."""
        self._watching = asyncio.create_task(self._desk.changes.watch(), name="changes")
        if self._checkpointing:
            self._signing = asyncio.create_task(self._checkpointing.run(), name="checkpoints")

    async def stop(self) -> None:
        """End the waiting, and bring effects that are under way to their end."""
        await self._runner.stop()
        with suppress(StoreUnavailableError):  # then it looks as if this process had been killed, which does no harm
            await self._runner.save_adrift()
            await self._runner.rows.give_back()
        if self._checkpointing and self._signing:
            self._checkpointing.stop()
            await self._signing
        if self._watching:
            self._watching.cancel()
            await asyncio.wait([self._watching])

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
