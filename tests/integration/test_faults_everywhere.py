"""Every state that works, of every flow, meets an outside that refuses, breaks, is slow, cut off or answers nonsense.

The states are those that the flow graph's histories reach (`tests.flows.explore`); the services are the real ones, and
the faults are the sandbox's. Whatever happens, the flow asks a person again and says what happened, nothing hangs, and
the audit says of each thing that was begun how it ended.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.engine.audit import AuditRow, Entry, Kind
from csrdesk.engine.challenges import Challenge
from csrdesk.engine.clock import stamp
from csrdesk.engine.flow_rows import Running
from csrdesk.engine.runner import Typed
from csrdesk.engine.views import is_settled
from csrdesk.flows import desk_effects as dx
from csrdesk.flows import device_effects as de
from csrdesk.flows import effects as fx
from csrdesk.flows import hand_over_effects as hx
from csrdesk.flows import password_effects as px
from csrdesk.flows import recovery_effects as vx
from csrdesk.flows import risk_effects as kx
from csrdesk.flows import try_effects as te
from csrdesk.flows.catalog import FLOWS
from csrdesk.flows.invitation_effects import AwaitRegistration, InviteToRegister
from csrdesk.flows.kernel import AccountEffect, Ask, Audience, Do, Done, Effect, Poll, Prompt, State, Together
from csrdesk.flows.kernel import Kind as EffectKind
from csrdesk.flows.prompts import DeviceSelectionPrompt
from csrdesk.flows.spoken_effects import OpenAddress
from csrdesk.flows.try_prompts import PhonesPrompt
from csrdesk.model.devices import Strength
from csrdesk.model.link import LinkStage, Purpose
from csrdesk.model.proofs import Evidence, Proof
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Sandbox
from csrdesk.sandbox.model import User
from csrdesk.wiring import Desk, open_desk
from csrdesk.wiring.store import DATABASE
from tests.flows.explore import FIRST, path, walk
from tests.flows.values import ADA, DN, LINK, LINK_AND_CODE, NEW_PASSWORD, TRY

CALLS = [flow for flow in FIRST if flow not in ("account_recovery", "registration")]
"""Every flow but those of a page without a call, which have to look alike whatever happens: `test_recovery_faults`."""
OUTSIDE = (
    AccountEffect, fx.FindUser, fx.ReadDevices, fx.ReadProtection, fx.ReadAccount, fx.ReadSessions, fx.SendMagicLink,
    fx.StartDeviceAuthentication, fx.SelectDevice, fx.CheckPasscode, fx.TellCustomer, OpenAddress,
    de.CheckAssertion, de.AwaitPush, de.CancelPush, de.GatherDevices, de.RereadAddress,
    px.ReadPasswordAuthority, px.ReadPasswordState,
    te.RingNumber, te.CheckHeard, kx.EvaluateRisk, vx.InviteToRecover, InviteToRegister,
)  # fmt: skip
"""What the services perform."""
INSIDE = (
    fx.LoadRules, fx.RequireProof, fx.AwaitChallenge, fx.AwaitNotice, fx.WaitUntil, px.ReadReset, vx.AwaitRecovery,
    AwaitRegistration, dx.AwaitApproval, dx.AwaitApprovals, dx.ReadAgents, dx.ReadApprovals,
    hx.AwaitHandOver, hx.ReadColleagues,
)  # fmt: skip
"""What the desk reads of itself; with everything of the kind DESK nothing of this asks the outside."""

STRONG = Evidence((LINK_AND_CODE, Proof("mobile", Strength.STRONG, "another-device", "push")), registered=True)
"""Shown by the callers: enough for every act."""
TYPED: dict[type[Effect], str] = {
    fx.CheckPasscode: "123456", te.CheckHeard: "123456", de.CheckAssertion: '{"id": "x"}',
}  # fmt: skip
"""What somebody typed, or their browser signed, for effects that need it; the others set a password."""
HTTP = r"^/(?!.*/as/token)"
"""Every request but the one for a token, which the desk has already."""
WRITES = ("PUT", "POST", "DELETE", "PATCH")
TIMEOUT = 1.0
"""Seconds that a request may take, with all its tries: on a busy machine a broken one may run into it."""
PATIENCE = 60.0
"""Seconds that a flow may take to ask somebody: some of them wait for others, on a busy machine."""
FAULTS: dict[str, dict[str, object]] = {
    "forbidden": {"status": 403},
    "pause": {"status": 429, "retry_after": 60},
    "broken": {"status": 500},
    "slow": {"latency_ms": 2_500},
    "cut": {"cut": True},
    "nonsense": {"wrong_shape": True},
}


@dataclass(frozen=True, eq=False)
class Place:
    """A state that works, and how it is called."""

    flow: str
    state: State

    @property
    def name(self) -> str:
        return f"{self.flow}: {' > '.join(part.__name__ for part in path(self.state))}"


def effects_of(state: State) -> tuple[Effect, ...]:
    want = state.want()
    effect = want.effect if isinstance(want, Do | Poll) else None
    return effect.effects if isinstance(effect, Together) else (effect,) if effect else ()


def places() -> list[Place]:
    """One state of each kind that asks the outside for something."""
    found: dict[object, Place] = {}
    for flow in CALLS:
        for state in walk(flow).all:
            kinds = tuple(type(effect) for effect in effects_of(state))
            if any(issubclass(kind, OUTSIDE) for kind in kinds):
                found.setdefault((flow, path(state), kinds), Place(flow, state))
    return list(found.values())


@pytest.fixture
def settings(settings: Settings) -> Settings:
    quick = {"timeout_seconds": TIMEOUT}
    return replace(
        settings,
        pingone=replace(settings.pingone, requests_per_second=10_000.0, **quick),
        directory=replace(settings.directory, **quick),
        mail=replace(settings.mail, **quick),
        registration=replace(settings.registration, enabled=True),
        limits=replace(settings.limits, look_ups_per_agent_an_hour=600, notice_seconds=1),
    )


class Placed:
    """A desk on whose flows' table states are put down, each with a caller and an agent of its own."""

    def __init__(self, box: Sandbox, desk: Desk) -> None:
        self.box = box
        self.desk = desk

    async def run(self, there: list[Place]) -> dict[Place, Running]:
        """Go on from every one of them, as another process would have left it, all at the same time."""
        people = (u for u in self.box.world.users.values() if u.enabled and u.devices and _entry_of(self.box, u))
        cast = [(f"flow-{n}", place, user) for n, (place, user) in enumerate(zip(there, people, strict=False))]
        assert len(cast) == len(there)
        # Before any of them begins: in this process nobody else may wait for the database meanwhile.
        with sqlite3.connect(self.desk.data_dir / DATABASE) as connection:
            for flow_id, place, user in cast:
                self._put(connection, flow_id, place, user)
        connection.close()
        for _, _, user in cast:
            for action in ("ad.set_enabled", "pingone.set_enabled"):
                await self.desk.audit.write(_disabled(action, user))
        ended = await asyncio.gather(*(self._end(flow_id, place) for flow_id, place, _ in cast))
        return dict(zip(there, ended, strict=True))

    def _put(self, connection: sqlite3.Connection, flow_id: str, place: Place, user: User) -> None:
        """With all that policy asks for: a verified window, and the customer's page."""
        flow, agent, now = FLOWS[place.flow], f"agent of {flow_id}", datetime.now(UTC)
        saved = msgspec.json.encode(place.state)
        for invented, real in (
            (ADA.id, user.id), (DN, _entry_of(self.box, user)), (LINK.id, f"link-of-{flow_id}"),
            (TRY.id, f"try-of-{flow_id}"),
        ):  # fmt: skip
            saved = saved.replace(msgspec.json.encode(invented), msgspec.json.encode(real))
        connection.execute(
            "INSERT INTO flows VALUES (?, ?, ?, ?, ?, ?, 5, ?, '', ?, ?, 0)",
            (flow_id, place.flow, flow.version, flow_id, agent, "Sam Porter", saved, stamp(now), stamp(now)),
        )
        evidence, until = msgspec.json.encode(STRONG), stamp(now + timedelta(minutes=15))
        connection.execute(
            "INSERT INTO windows VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
            (f"window-{flow_id}", flow_id, agent, user.id, evidence, stamp(now), until),
        )
        page = _challenge(flow_id, agent, user, now)
        _insert(connection, "challenges", page)
        _insert(connection, "challenges", _call_back(flow_id, page))

    async def _end(self, flow_id: str, place: Place) -> Running:
        runner = self.desk.engine._runner  # noqa: SLF001 - customers' flows have no other door than a browser's
        for effect in effects_of(place.state):
            if effect.needs_secret:
                typed = TYPED.get(type(effect), NEW_PASSWORD)
                runner._typed[flow_id, 5] = Typed(Secret(typed))  # noqa: SLF001 - what somebody typed just before
            elif effect.takes_secret:
                runner._typed[flow_id, 5] = Typed(source="198.51.100.7")  # noqa: SLF001 - where it came from
        try:
            async with asyncio.timeout(PATIENCE):
                return await runner.until(flow_id, lambda now: now.rev > 5 and is_settled(now))
        except TimeoutError:
            raise AssertionError(f"{place.name} hangs") from None


def _entry_of(box: Sandbox, user: User) -> str:
    try:
        return box.world.entry(user.username).dn
    except KeyError:
        return ""


def _challenge(flow_id: str, agent: str, user: User, now: datetime) -> Challenge:
    """The customer's page, where the right code was typed."""
    return Challenge(
        id=f"link-of-{flow_id}",
        call_id=flow_id,
        agent=agent,
        person_id=user.id,
        purpose=Purpose.PASSWORD,
        flow_id=flow_id,
        token_hash=f"token-{flow_id}",
        reference="K7Q-2M9",
        sent_to="a***a@e***.example",
        address_hash="",
        stage=LinkStage.SETTING,
        created_at=now,
        accepted_at=now,
        expires_at=now + timedelta(minutes=2),
        browser="somebody's",
        page_until=now + timedelta(minutes=10),
    )


def _call_back(flow_id: str, page: Challenge) -> Challenge:
    """A try to verify without a link, whose phone rings."""
    ours = {"id": f"try-of-{flow_id}", "token_hash": f"try-{flow_id}", "purpose": Purpose.CALL_BACK}
    return replace(page, **ours, stage=LinkStage.SENT, browser="", page_until=None)


def _insert(connection: sqlite3.Connection, table: str, row: msgspec.Struct) -> None:
    held = {
        name: stamp(value) if isinstance(value, datetime) else value
        for name, value in msgspec.structs.asdict(row).items()
    }
    marks = ", ".join("?" * len(held))
    connection.execute(f"INSERT INTO {table} ({', '.join(held)}) VALUES ({marks})", tuple(held.values()))


def _disabled(action: str, user: User) -> Entry:
    """R-53: the desk enables what it disabled."""
    return Entry(
        kind=Kind.OUTCOME, action=action, agent="sam", person_id=user.id, result="done", key=f"{action} {user.id}",
        details={"act": "disable", "changed": True, "enabled": False},
    )  # fmt: skip


@pytest.fixture
async def placed(box: Sandbox, settings: Settings) -> AsyncIterator[Placed]:
    async with open_desk(settings, serve_pages=True) as desk:
        await desk.session(desk.agent).start("csr_main", FLOWS["csr_main"].inputs())
        yield Placed(box, desk)


SAID = {
    "forbidden": ("own credentials, or they lack a right", "does not take csrdesk's sign-in"),
    "pause": ("asks for a pause", "has a problem of its own"),
    "broken": ("has a problem of its own",),
    "slow": ("did not answer in time",),
    "cut": ("cannot be reached", "closed the connection"),
    "nonsense": ("an answer that csrdesk does not know",),
    "unread": ("could not be read",),
}
"""Words for what happened."""
TO_CUSTOMERS = (
    "did not work on our side", "could not be checked just now", "could not be set just now", "could not find out",
    "could not be read just now", "The link could not be sent.",
)  # fmt: skip
"""Words for the same on a customer's page, which names no system."""
NOT_DONE = ("not ", "nothing", "nobody", "unknown", "no link")
"""What says of an act that it was not done, or that nobody knows."""
SYSTEMS = ("PingOne", "directory", "AD:", "Active Directory", "mail server")


async def all_under(placed: Placed, *faults: tuple[str, dict[str, object]]) -> dict[Place, Running]:
    """Every state, all at the same time, while these faults meet requests of these methods."""
    for method, fault in faults:
        placed.box.faults.add(method=method, path=HTTP, **fault)
    try:
        return await placed.run(places())
    finally:
        placed.box.faults.clear()


def asked(running: Running) -> Prompt | msgspec.Struct:
    """What a person is asked or told now; never nothing."""
    match running.want:
        case Ask(prompt) | Poll(prompt, _):
            return prompt
        case Done(outcome):
            return outcome
        case want:
            raise AssertionError(f"nobody is asked: {want!r}")


def words_of(shown: object) -> Iterator[str]:
    """Every text in it."""
    match shown:
        case str():
            yield shown
        case dict():
            for name, value in shown.items():
                yield from words_of(value) if name != "type" else ()
        case list() | tuple():
            for value in shown:
                yield from words_of(value)
        case msgspec.Struct():
            yield from words_of(msgspec.to_builtins(shown))
        case _:
            return


def is_customers(shown: object) -> bool:
    return isinstance(shown, Prompt) and shown.audience is Audience.CUSTOMER


async def rows_of(placed: Placed, running: Running) -> list[AuditRow]:
    return list(await placed.desk.audit.list(call_id=running.call_id, limit=1000))


def test_each_effect_is_known_as_the_outsides_or_the_desks_own() -> None:
    unknown = {
        type(effect)
        for flow in CALLS
        for state in walk(flow).all
        for effect in effects_of(state)
        if not isinstance(effect, OUTSIDE + INSIDE) and effect.kind is not EffectKind.DESK
    }
    assert unknown == set()


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_the_outside_does_each_state_that_works_ends_in_words_and_no_act_is_claimed(
    placed: Placed, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "csrdesk"):
        ended = await all_under(placed, ("*", FAULTS[fault]))
    defects = [record.message for record in caplog.records if record.name.startswith("csrdesk")]
    assert defects == [], "a flow stopped"
    for place, running in ended.items():
        says_what_happened(place, running, SAID[fault])
        await claims_nothing(placed, place, running)


def says_what_happened(place: Place, running: Running, said: tuple[str, ...]) -> None:
    shown = asked(running)
    text = " ".join(words_of(shown))
    if place.flow == "new_password" and isinstance(running.want, Done):
        return  # the password is set: what is left undone stands in the agent's flow
    if any(isinstance(effect, de.CancelPush) for effect in effects_of(place.state)):
        # What the customer, or the agent, wanted is there all the same.
        assert type(shown) is (PhonesPrompt if place.flow == "csr_main" else DeviceSelectionPrompt)
        return
    if is_customers(shown):
        assert any(words in text for words in TO_CUSTOMERS), f"{place.name}: {text}"
        assert not any(system in text for system in SYSTEMS), f"{place.name}: {text}"
    else:
        assert any(words in text for words in (*said, *SAID["slow"], *SAID["unread"])), f"{place.name}: {text}"
        assert any(words in text.lower() for words in NOT_DONE), f"{place.name}: {text}"


async def claims_nothing(placed: Placed, place: Place, running: Running) -> None:
    """Each act that was begun has one outcome, which is none of success; and what was to be done was begun."""
    rows = [row for row in await rows_of(placed, running) if not row.key.startswith("outbox-")]
    begun = {row.key: row.action for row in rows if row.kind is Kind.INTENT}
    outcomes = [row for row in rows if row.kind is Kind.OUTCOME]
    assert sorted(row.key for row in outcomes) == sorted(begun), place.name
    assert {row.result for row in outcomes} <= {"failed", "refused"}, f"{place.name}: {outcomes}"
    acting = [e for e in effects_of(place.state) if isinstance(e, OUTSIDE) and e.kind is not EffectKind.READ]
    assert {effect.action for effect in acting} <= set(begun.values()), f"{place.name} was refused before it began"


@pytest.mark.parametrize("fault", ["broken", "cut", "nonsense"])
async def test_where_only_writing_fails_nothing_has_changed_and_each_act_says_so(placed: Placed, fault: str) -> None:
    """Slow is not among them: what is given up here may be done there, late."""
    before = {user.id: user.enabled for user in placed.box.world.users.values()}
    ended = await all_under(placed, *((method, FAULTS[fault]) for method in WRITES))
    for place, running in ended.items():
        asked(running)
        failed = {row.action for row in await rows_of(placed, running) if row.result == "failed"}
        disabling = (e for e in effects_of(place.state) if isinstance(e, fx.SetPingOneEnabled) and not e.enabled)
        acts = {effect.action for effect in disabling}
        assert acts <= failed, place.name
    assert {user.id: user.enabled for user in placed.box.world.users.values()} == before
