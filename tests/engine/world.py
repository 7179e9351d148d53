"""What the engine's tests stand on: a small world instead of PingOne, a flow that does what it is told, one Ada."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import msgspec

from csrdesk.config import LimitSettings
from csrdesk.engine.clock import MovableClock
from csrdesk.engine.codes import spoken_code
from csrdesk.engine.engine import Engine
from csrdesk.engine.session import AgentSession
from csrdesk.engine.store import Store
from csrdesk.engine.store_sqlite import SqliteStore
from csrdesk.errors import IllegalEventError, StaleFlowError
from csrdesk.flows import answers as a
from csrdesk.flows import csr_main
from csrdesk.flows import effects as fx
from csrdesk.flows import invitation_effects as ix
from csrdesk.flows import password_effects as pfx
from csrdesk.flows import password_replies as pr
from csrdesk.flows import prompts as p
from csrdesk.flows import recovery_effects as vx
from csrdesk.flows import replies as r
from csrdesk.flows import risk_effects as kx
from csrdesk.flows import spoken_effects as se
from csrdesk.flows.catalog import FLOWS, Flow
from csrdesk.flows.doors import Agent, Context, LinkDesk, LinkView, OpenedLink, View
from csrdesk.flows.kernel import (
    Answer,
    Ask,
    Do,
    Done,
    Effect,
    Event,
    Failed,
    Outcome,
    Poll,
    Problem,
    Prompt,
    Replies,
    Reply,
    State,
    Together,
)
from csrdesk.flows.rules import Rules
from csrdesk.model.account import Account, DirectoryAccount, PingOneAccount
from csrdesk.model.devices import Device, Devices, Strength, WebAuthn
from csrdesk.model.passwords import Home, PasswordState, Requirement
from csrdesk.model.people import Person, Protection
from csrdesk.model.proofs import Act, Evidence, Proof
from csrdesk.model.secret import Secret

ADA = Person("u-ada", "ada", "Ada", "Byron", "a***@h***.example", email_verified=True, number_ending="41")
ADDRESS = "ada@home.example"
GRACE = Agent("grace", "Grace")
HAL = Agent("hal", "Hal")
KEY = b"k" * 32
TOTP = Device("d-totp", "TOTP")
BROWSER = "cookie-of-ada"
LONG_AGO, JUST_NOW = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 3, 4, 9, 25, tzinfo=UTC)
OPEN_ACCOUNT = Account(PingOneAccount(enabled=True), DirectoryAccount("CN=Ada", "ada"))
PROVED = Evidence((Proof("ml", Strength.NONE), Proof("totp", Strength.STRONG, "d-totp", "app")), registered=True)
LINK_AND_CODE = Evidence((Proof("ml", Strength.NONE),))

AnyEffect = (
    fx.FindUser
    | fx.ReadDevices
    | fx.ReadAccount
    | fx.SendMagicLink
    | fx.SetPingOneEnabled
    | fx.SetDirectoryEnabled
    | fx.EndSessions
    | fx.TellCustomer
    | fx.AwaitNotice
    | fx.StartDeviceAuthentication
    | fx.SelectDevice
    | fx.CheckPasscode
    | fx.RequireProof
    | fx.StartWindow
    | fx.ApproveChallenge
    | fx.EndChallenge
    | fx.EndCall
    | fx.WaitUntil
    | kx.EvaluateRisk
    | kx.CompleteEvaluation
    | kx.NoteRisk
    | vx.InviteToRecover
    | ix.CountInvitation
)


class Told(Answer, frozen=True):
    """Do these; several at the same time."""

    effects: tuple[AnyEffect, ...]
    typed: Secret | None = None


class ToldToWait(Answer, frozen=True):
    effect: AnyEffect


class ToldToStop(Answer, frozen=True):
    pass


class ToldToBreak(Answer, frozen=True):
    """Performs something whose reply the flow does not take."""

    effect: AnyEffect


class TellMe(Prompt, frozen=True):
    answers = Told | ToldToWait | ToldToStop | ToldToBreak
    came: tuple[str, ...] = ()


class Stopped(Outcome, frozen=True):
    pass


class Telling(State, frozen=True):
    section = "test"
    came: tuple[str, ...] = ()

    def want(self) -> Ask[TellMe]:
        return Ask(TellMe(self.came))

    def step(self, event: Event) -> State:
        match event:
            case Told(effects):
                return Doing(effects)
            case ToldToWait(effect):
                return Waiting(effect)
            case ToldToBreak(effect):
                return Breaking(effect)
            case ToldToStop():
                return Over()
            case _:
                raise IllegalEventError(self, event)


class Doing(State, frozen=True):
    section = "test"
    effects: tuple[AnyEffect, ...]

    def want(self) -> Do[Effect]:
        return Do(self.effects[0] if len(self.effects) == 1 else Together(effects=self.effects))

    def step(self, event: Event) -> State:
        match event:
            case Replies(replies):
                return Telling(tuple(map(said, replies)))
            case Reply():
                return Telling((said(event),))
            case _:
                raise IllegalEventError(self, event)


class Waiting(State, frozen=True):
    section = "test"
    effect: AnyEffect

    def want(self) -> Poll[TellMe, Effect]:
        return Poll(TellMe(), self.effect)

    def step(self, event: Event) -> State:
        return Telling((said(event),)) if isinstance(event, Reply) else Telling().step(event)


class Breaking(State, frozen=True):
    section = "test"
    effect: AnyEffect

    def want(self) -> Do[Effect]:
        return Do(self.effect)


class Over(State, frozen=True):
    section = "test"

    def want(self) -> Done[Stopped]:
        return Done(Stopped())


class Begin(msgspec.Struct, frozen=True):
    effects: tuple[AnyEffect, ...] = ()


def begin(start: Begin) -> State:
    return Doing(start.effects) if start.effects else Telling()


def said(reply: Event) -> str:
    """A reply as the tests compare it: its class, and a failure's code."""
    name = type(reply).__name__
    return f"{name}:{reply.problem.code}" if isinstance(reply, Failed) else name


TOLD = Flow("told", 1, Telling | Doing | Waiting | Breaking | Over, Begin, begin)
CATALOG = MappingProxyType({**FLOWS, "told": TOLD})


@dataclass
class World:
    """Everything outside; `replies` may hold a reply or something that makes one."""

    links: LinkDesk
    replies: dict[type[Effect], Reply | Callable[[Effect], Reply]] = field(default_factory=dict)
    done: list[tuple[str, str]] = field(default_factory=list)
    mails: list[OpenedLink] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    held: set[type[Effect]] = field(default_factory=set)
    """Effects that do not end before the gate opens."""
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the first effect begins."""
    secrets: list[Secret | None] = field(default_factory=list)
    contexts: dict[str, Context] = field(default_factory=dict)
    """The newest context of each effect, by its class."""

    async def __call__(self, effect: Effect, context: Context) -> Reply:
        self.done.append((type(effect).__name__, context.key))
        self.contexts[type(effect).__name__] = context
        self.begun.set()
        if type(effect) in self.held:
            await self.gate.wait()
        if effect.needs_secret:
            self.secrets.append(context.secret)
        if isinstance(effect, fx.SendMagicLink) and type(effect) not in self.replies:
            return await self._send(effect, context)
        if isinstance(effect, se.OpenAddress) and type(effect) not in self.replies:
            return await self.links.open_address(effect, context, to="desk.example/c", address=ADDRESS)
        reply = self.replies.get(type(effect)) or DEFAULTS[type(effect)]
        return reply if isinstance(reply, Reply) else reply(effect)

    async def _send(self, effect: fx.SendMagicLink, context: Context) -> Reply:
        opened = await self.links.open(effect, context, to="a***@h***.example", address=ADDRESS)
        if isinstance(opened, r.LinkNotSent):
            return opened
        self.mails.append(opened)
        return r.LinkSent(await self.links.accepted(opened.challenge_id))


DEFAULTS: dict[type[Effect], Reply | Callable[[Effect], Reply]] = {
    fx.FindUser: r.UserFound(ADA, correlation_id="c-find"),
    fx.ReadDevices: r.DevicesRead(Devices((TOTP,))),
    fx.ReadProtection: r.ProtectionRead(Protection(dn="CN=Ada")),
    fx.ReadAccount: r.AccountRead(OPEN_ACCOUNT),
    fx.SetPingOneEnabled: lambda e: r.PingOneEnabledSet(getattr(e, "enabled", True), correlation_id="c-p1"),
    fx.SetDirectoryEnabled: lambda e: r.DirectoryEnabledSet(getattr(e, "enabled", True)),
    fx.EndSessions: r.SessionsEnded(2),
    fx.ReadSessions: r.SessionsRead(0),
    pfx.ReadPasswordAuthority: pr.AuthorityRead(
        (Home.DIRECTORY, Home.PINGONE),
        requirements=(Requirement("At least 10 characters", "min_length", 10),),
        states=(PasswordState(Home.DIRECTORY, LONG_AGO), PasswordState(Home.PINGONE, LONG_AGO)),
    ),
    pfx.SetDirectoryPassword: pr.PasswordSet(Home.DIRECTORY, JUST_NOW, unlocked=True),
    pfx.SetPingOnePassword: pr.PasswordSet(Home.PINGONE, JUST_NOW),
    pfx.ReadPasswordState: lambda e: pr.PasswordStateRead(PasswordState(getattr(e, "home", Home.PINGONE), JUST_NOW)),
    fx.TellCustomer: r.CustomerTold(),
    fx.MailAlert: r.AlertMailed(),
    fx.StartDeviceAuthentication: r.AuthenticationIs(r.DeviceAuthentication("da-1", "OTP_REQUIRED", "d-totp")),
    fx.SelectDevice: r.AuthenticationIs(r.DeviceAuthentication("da-1", "OTP_REQUIRED", "d-totp")),
    fx.CheckPasscode: r.PasscodeRight("d-totp"),
}
BROKEN = Failed(Problem("PingOne is down.", code="unavailable", correlation_id="c-down"))


@dataclass
class Desk:
    """One engine with its world."""

    engine: Engine
    world: World
    store: Store
    clock: MovableClock

    def session(self, agent: Agent = GRACE) -> AgentSession:
        return self.engine.session(agent)

    async def tell(self, session: AgentSession, flow_id: str, answer: Answer) -> View:
        """Give an answer to what is asked now, and see what comes of it; look again where the link made a step."""
        while True:
            now = await session.settled(flow_id)
            with suppress(StaleFlowError):
                await session.answer(flow_id, now.rev, answer)
                return await session.settled(flow_id)

    async def do(self, *effects: Effect, agent: Agent = GRACE, call_id: str = "") -> tuple[str, ...]:
        """Have a hand-made flow perform effects; what came of each."""
        session = self.session(agent)
        begun = await session.start("told", Begin(effects), call_id=call_id)  # type: ignore[arg-type]
        return came(await session.settled(begun.id))

    async def said_of(self, **which: str) -> list[tuple[str, str, str]]:
        """The audit as kind, action, result."""
        return [(row.kind, row.action, row.result) for row in await self.engine.audit.list(limit=1000, **which)]


def came(view: View) -> tuple[str, ...]:
    assert isinstance(view.prompt, TellMe), view
    return view.prompt.came


async def store_at(place: Path | str, busy_seconds: float = 5.0) -> Store:
    """The store on a file, or on the PostgreSQL database of that URL."""
    if isinstance(place, Path):
        return await SqliteStore.open(place, busy_seconds=busy_seconds)
    from csrdesk.engine.postgres_address import Address
    from csrdesk.engine.store_postgres import PostgresStore

    return await PostgresStore.open(Address(place), key=KEY)


@asynccontextmanager
async def desk_on(
    place: Path | str,
    clock: MovableClock | None = None,
    *,
    limits: LimitSettings | None = None,
    busy_seconds: float = 5.0,
    rules: Rules | None = None,
    scripts: frozenset[str] = frozenset(),
) -> AsyncIterator[Desk]:
    """An engine on a database, as one process has it."""
    clock = clock or MovableClock()
    store = await store_at(place, busy_seconds)
    worlds: list[World] = []

    def outside(links: LinkDesk) -> World:
        worlds.append(World(links))
        return worlds[0]

    engine = Engine(
        store,
        outside,
        rules=rules or Rules(),
        limits=limits or LimitSettings(),
        key=KEY,
        scripts=scripts,
        clock=clock,
        catalog=CATALOG,
    )
    try:
        async with engine:
            try:
                yield Desk(engine, worlds[0], store, clock)
            finally:
                worlds[0].gate.set()
    finally:
        await store.close()


@dataclass
class Call:
    """A call of the real flow, as its agent sees it, and the customer's browser."""

    desk: Desk
    session: AgentSession
    id: str

    async def tell(self, answer: Answer) -> View:
        return await self.desk.tell(self.session, self.id, answer)

    async def view(self) -> View:
        return await self.session.settled(self.id)

    async def polling(self) -> p.PollingPrompt:
        prompt = (await self.view()).prompt
        assert isinstance(prompt, p.PollingPrompt), prompt
        return prompt

    @property
    def token(self) -> str:
        return self.desk.world.mails[-1].token.reveal()

    @property
    def challenge_id(self) -> str:
        return self.desk.world.mails[-1].challenge_id

    async def code(self) -> str:
        return spoken_code(KEY, self.challenge_id, (await self.polling()).link.attempt)

    async def customer(self, answer: Answer, browser: str = BROWSER, at: Desk | None = None) -> LinkView:
        return await (at or self.desk).engine.customers.answer(self.token, browser, answer)

    async def page(self, browser: str = BROWSER, *, fetch: bool = True) -> LinkView:
        return await self.desk.engine.customers.open(self.token, browser, user_agent="Browser/1", fetch=fetch)

    async def enter_code(self) -> LinkView:
        return await self.customer(a.CodeGiven(Secret(await self.code())))

    async def until_stage(self, wanted: type[Prompt]) -> View:
        """Wait until the agent is asked that."""
        view = await self.view()
        async with asyncio.timeout(30):
            while not isinstance(view.prompt, wanted):
                view = await self.session.changed(self.id, view.rev)
                view = await self.view() if view.working else view
        return view

    async def verify(self) -> p.AccountPrompt:
        """The customer enters the code and shows the device; the agent sees the account."""
        await self.enter_code()
        await self.customer(a.BrowserChecked(WebAuthn.FULL))
        view = await self.page()
        if isinstance(view.view.prompt, p.DeviceSelectionPrompt):
            await self.customer(a.DeviceChosen("d-totp"))
        await self.customer(a.PasscodeGiven(Secret("123456")))
        prompt = (await self.until_stage(p.AccountPrompt)).prompt
        assert isinstance(prompt, p.AccountPrompt)
        return prompt


async def looked_up(desk: Desk, agent: Agent = GRACE) -> Call:
    """A call at the card of Ada."""
    session = desk.session(agent)
    begun = await session.start("csr_main", csr_main.Start())
    call = Call(desk, session, begun.id)
    await call.tell(a.UsernameGiven("ada@home.example", "T-1"))
    return call


async def linked(desk: Desk, agent: Agent = GRACE) -> Call:
    """A call whose link has been sent."""
    call = await looked_up(desk, agent)
    await call.tell(a.MagicLinkChosen())
    await call.tell(a.SendChosen())
    await call.polling()
    return call


def disable(act: Act = Act.DISABLE, *, enabled: bool = False, person: str = ADA.id) -> fx.SetPingOneEnabled:
    return fx.SetPingOneEnabled(person_id=person, act=act, reason="asked for it", ticket="T-1", enabled=enabled)


def hold_after_next_commit(desk: Desk, path: Path) -> None:
    """Another program takes the database just after the step is saved, longer than the intent waits for it."""
    tell = desk.store.committed

    def hold(topics: frozenset[str]) -> None:
        desk.store.committed = tell
        tell(topics)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        asyncio.get_running_loop().call_later(0.6, other.close)

    desk.store.committed = hold
