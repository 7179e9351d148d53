"""Opening a desk: settings become a store, an engine, services and, where wanted, the customers' pages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from csrdesk.config import Settings
from csrdesk.flows.doors import Agent, CustomerSession, LinkDesk, Perform, Session
from csrdesk.wiring.pages import Pages
from csrdesk.wiring.store import be_there, clock_of, open_store
from csrdesk.wiring.who import agent_of, data_folder, log_path

if TYPE_CHECKING:
    from csrdesk.engine.audit import Audit, AuditRow
    from csrdesk.engine.bulk import BulkDesk
    from csrdesk.engine.bulk_orders import Bulk
    from csrdesk.engine.clock import Clock
    from csrdesk.engine.engine import Engine
    from csrdesk.engine.reading import AuditReader
    from csrdesk.engine.rehearsal import Rehearsed
    from csrdesk.flows.password_reset import Start as Reset
    from csrdesk.flows.recovery_inputs import Start as RecoveryStart
    from csrdesk.flows.registration_inputs import Start as RegistrationStart
    from csrdesk.flows.rules import Rules
    from csrdesk.flows.user_functions import Start
    from csrdesk.services.pace import Paces
    from csrdesk.services.performer import Outside
    from csrdesk.services.timing import Watch
    from csrdesk.wire.values import About


@dataclass(frozen=True)
class Desk:
    """An open desk, and all that a front end may do with it."""

    settings: Settings
    data_dir: Path
    agent: Agent
    """Who this process acts for, as the operating system says."""
    pages: Pages
    engine: Engine
    clock: Clock
    """What time it is at the desk."""
    world: tuple[Outside, ...] = ()
    """The services outside, as they were opened; none where this process does not reach out."""

    async def is_writable(self) -> bool:
        """Whether the desk can write down what it does; otherwise it looks people up, and does nothing."""
        return await self.engine.is_writable()

    async def not_answering(self) -> tuple[str, ...]:
        """Which of PingOne, AD and mail do not answer now."""
        from csrdesk.services.answering import not_answering

        return tuple([name for outside in self.world for name in await not_answering(outside)])

    async def failure(self) -> None:
        """Wait until something outside has failed since the last wait; for ever where nothing is outside."""
        failed = self.world[0].failed if self.world else asyncio.Event()
        await failed.wait()
        failed.clear()

    def now(self) -> datetime:
        """What time it is at the desk."""
        return self.clock.now()

    @property
    def pages_url(self) -> str:
        """The origin of the customers' pages; empty where no link can be made."""
        return self.pages.url

    @property
    def trouble(self) -> str:
        """What must be said loudly: the audit cannot be written. Empty while all is well."""
        return self.engine.trouble

    @property
    def customers(self) -> CustomerSession:
        """The door of the customers' pages."""
        return self.engine.customers

    @property
    def audit(self) -> Audit:
        """The audit as the desk itself reads it; for people there is `reader`."""
        return self.engine.audit

    @property
    def reader(self) -> AuditReader:
        """The audit as this process's agent reads it: each look is a row itself."""
        return self.engine.reader(self.agent)

    def session(self, agent: Agent) -> Session:
        """The door of an agent's front end."""
        return self.engine.session(agent)

    @property
    def bulk(self) -> BulkDesk:
        """The way of this process's agent to one order for many accounts."""
        return self.engine.bulk(self.agent, bulk_of(self.settings))

    async def about(self) -> About:
        """What a front end needs to know of the desk."""
        from csrdesk.wire.values import About

        settings, limits = self.settings, self.settings.limits
        return About(
            agent=self.agent,
            company=settings.flow.ciam_company_name,
            ticket_required=settings.desk.ticket_required,
            without_call=self.agent.id in settings.desk.script_identities,
            unknown=len(await self.left_unknown()),
            trouble=self.trouble,
            lock_seconds=limits.lock_seconds,
            lock_seconds_in_call=limits.lock_seconds_in_call,
            mailbox_url=settings.mailbox_url,
            second_agent=bool(settings.desk.second_agent_for) or settings.ways.exception,
            hand_over=bool(settings.desk.api_url),
        )

    async def left_unknown(self) -> tuple[AuditRow, ...]:
        """What was begun and has no outcome on record, without what is being done right now."""
        return await self.engine.left_unknown()

    async def rehearse(self, start: Start | Reset, call_id: str) -> Rehearsed:
        """What an act of this agent on one account would change, with nothing changed."""
        return await self.engine.rehearse(start, self.agent, call_id)


def load() -> None:
    """Import what an open desk with pages needs: in a thread, so that a console takes keys meanwhile."""
    import csrdesk.engine.engine
    import csrdesk.engine.store_late
    import csrdesk.server.app
    import csrdesk.server.look
    import csrdesk.server.serve
    import csrdesk.services.directory.sandbox
    import csrdesk.wiring.log
    import csrdesk.wiring.outside  # noqa: F401


@contextlib.asynccontextmanager
async def open_desk(
    settings: Settings,
    *,
    serve_pages: bool,
    reach_out: bool = True,
    wait_for_store: bool = True,
    paces: Paces | None = None,
    watch: Watch | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Desk]:
    """Open the desk that the settings describe; everything is closed when the block ends.

    With `serve_pages` this process serves the customers' pages, unless another one does; it takes over when that one is
    gone. Without `reach_out` no secret is read and nothing goes outside. `paces`: how fast it goes; `watch`: is told of
    each call there; `clock`: the time that all of the desk goes by, as settings say where none is given. Raises
    `ConfigError`, and `StoreUnavailableError`: not without `wait_for_store`, where people can be looked up meanwhile.
    """
    from csrdesk.engine.engine import Engine
    from csrdesk.services.keys import desk_key
    from csrdesk.wiring.checkpoints import checkpoints_of
    from csrdesk.wiring.log import send_logging_to, stop_logging_to

    data_dir, clock = data_folder(settings), clock or clock_of(settings)
    async with AsyncExitStack() as stack:
        stack.callback(stop_logging_to, send_logging_to(log_path(settings), settings.log.format))
        key = desk_key(settings.desk, data_dir)
        pages = Pages(settings, data_dir, clock.now)
        stack.callback(pages.release)
        if serve_pages:
            await pages.claim()
        store = await open_store(settings, data_dir, key, wait=wait_for_store, clock=clock)
        stack.push_async_callback(store.close)
        world: list[Outside] = []
        performer = _performer(settings, pages, stack, (paces, watch, clock.now), world) if reach_out else _nothing
        engine = Engine(
            store,
            performer,
            rules=rules_of(settings),
            limits=settings.limits,
            key=key,
            scripts=frozenset(settings.desk.script_identities),
            clock=clock,
        )
        _offer(engine, settings)
        engine.write_checkpoints(checkpoints_of(settings))
        await be_there(engine, store, pages, data_dir, stack)
        if settings.desk.alert_to:
            engine.mail_alerts()
        await stack.enter_async_context(engine)
        agent = agent_of(settings)
        await _keep_running(engine, settings, stack, stays=agent if serve_pages else None, reach_out=reach_out)
        if pages.ours:
            await stack.enter_async_context(pages.served(engine.customers, key, engine.public))
        elif serve_pages:
            waiting = pages.serve_when_free(engine.customers, key, engine.public)
            stack.push_async_callback(_cancelled, asyncio.create_task(waiting))
        yield Desk(settings, data_dir, agent, pages, engine, clock, tuple(world))


async def _keep_running(
    engine: Engine, settings: Settings, stack: AsyncExitStack, *, stays: Agent | None, reach_out: bool
) -> None:
    """What goes on beside the calls; what takes long is for whoever stays, and a one-shot command leaves it to them."""
    from csrdesk.wiring.second_audit import forward_audit

    if reach_out:
        stack.push_async_callback(_cancelled, asyncio.create_task(engine.keep_sending()))
        stack.push_async_callback(_cancelled, asyncio.create_task(engine.keep_completing()))
    if stays:
        stack.push_async_callback(_cancelled, asyncio.create_task(engine.keep_purging(stays)))
    if stays and reach_out:
        await forward_audit(engine, settings, stack)


def _offer(engine: Engine, settings: Settings) -> None:
    """The pages that customers may open by themselves."""
    if settings.flow.ciam_account_recovery_enabled:
        engine.public.offer("account_recovery", recovery_of(settings))
    if settings.registration.enabled:
        engine.public.offer("registration", registration_of(settings))


def rules_of(settings: Settings) -> Rules:
    """The settings that change a flow's path."""
    from csrdesk.flows.rules import Rules
    from csrdesk.model.proofs import Act
    from csrdesk.model.risk import WhenDown

    return Rules(
        flow_require_mfa=settings.must_have_mfa,
        mfa_policy_id=settings.flow.mfa_policy_id,
        allowed_device_types=settings.flow.device_types,
        spoken_address=settings.ways.spoken_address,
        push=settings.ways.push,
        call_back=settings.ways.call_back,
        exception_gives=tuple(map(Act, settings.ways.exception_gives)) if settings.ways.exception else (),
        recovery=settings.flow.ciam_account_recovery_enabled,
        registration=settings.registration.enabled,
        protect_analysis=settings.flow.protect_required,
        risk_policy_id=settings.flow.risk_policy_id_authn,
        when_down=WhenDown(settings.protect.when_down),
        reset_needs_device=settings.limits.reset_needs_device,
        ticket_required=settings.desk.ticket_required,
        second_agent_for=tuple(map(Act, settings.desk.second_agent_for)),
        resend_otp_limit=settings.limits.resend_otp,
    )


def recovery_of(settings: Settings) -> RecoveryStart:
    """How a customer's recovery of their account begins."""
    from csrdesk.flows.recovery_inputs import RecoveryRules
    from csrdesk.flows.recovery_inputs import Start as RecoveryStart
    from csrdesk.model.risk import WhenDown

    return RecoveryStart(
        RecoveryRules(
            recovery_limit=settings.recovery.limit,
            resends=settings.limits.recovery_resends,
            risk_policy_id=settings.flow.risk_policy_id_ar,
            when_down=WhenDown(settings.protect.when_down),
            disable_for=frozenset(settings.recovery.disable_for),
        )
    )


def registration_of(settings: Settings) -> RegistrationStart:
    """How a customer's registration begins."""
    from csrdesk.flows.registration_inputs import Inputs, RegistrationRules
    from csrdesk.flows.registration_inputs import Start as RegistrationStart
    from csrdesk.model.risk import WhenDown

    chosen, flow = settings.registration, settings.flow
    rules = RegistrationRules(
        code_limit=chosen.code_tries,
        mfa_policy_id=flow.mfa_policy_id,
        when_down=WhenDown(settings.protect.when_down),
        domains=frozenset(chosen.domains),
        no_domains=frozenset(chosen.no_domains),
    )
    inputs = Inputs(
        agreement_id=flow.agreement_id,
        passwordless_required=chosen.passwordless_required,
        allowed_device_types=flow.device_types,
        agreement_enabled=flow.ciam_agreement_enabled,
        risk_policy_id=flow.risk_policy_id_reg,
    )
    return RegistrationStart(rules, inputs)


def bulk_of(settings: Settings) -> Bulk:
    """What the settings allow for many accounts at once."""
    from csrdesk.engine.bulk_orders import Bulk

    named = settings.desk
    return Bulk(frozenset((*named.script_identities, *named.bulk_identities)), named.bulk_restore, named.bulk_no_notify)


def _performer(
    settings: Settings,
    pages: Pages,
    stack: AsyncExitStack,
    how: tuple[Paces | None, Watch | None, Callable[[], datetime]],
    world: list[Outside],
) -> Callable[[LinkDesk], Perform]:
    """What the engine is given for the world outside: opened with it, closed after it has stopped. `world` gets it."""
    from csrdesk.services.performer import Performer
    from csrdesk.wiring.log_lines import Told
    from csrdesk.wiring.outside import OnlyServedLinks, open_outside

    def opened(links: LinkDesk) -> Perform:
        outside = open_outside(settings, links, pages, *how)
        stack.push_async_callback(outside.close)
        world.append(outside)
        return Told(OnlyServedLinks(Performer(outside), pages))

    return opened


def _nothing(_links: LinkDesk) -> Perform:
    from csrdesk.wiring.outside import perform_nothing

    return perform_nothing


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
