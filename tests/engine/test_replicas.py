"""Several servers on one PostgreSQL: what counts once counts once, what is limited is limited for all of them together,
and what one of them leaves in the middle another one takes up.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from csrdesk.config import LimitSettings
from csrdesk.engine.audit import START
from csrdesk.engine.clock import MovableClock
from csrdesk.engine.flaws import Flaw
from csrdesk.engine.postgres_address import Address
from csrdesk.engine.runner import LEASE
from csrdesk.engine.store import Store
from csrdesk.engine.store_postgres import PostgresStore
from csrdesk.engine.verify import verify
from csrdesk.errors import IllegalEventError, LinkOverError, StaleFlowError, StoreUnavailableError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.doors import View
from csrdesk.model.account import Account, PingOneAccount
from csrdesk.model.devices import WebAuthn
from csrdesk.model.link import LinkStage
from csrdesk.model.proofs import Act
from csrdesk.model.secret import Secret
from tests.engine.test_links import context_of, perform, stage
from tests.engine.test_store_postgres import cable
from tests.engine.world import ADA, HAL, PROVED, Begin, Desk, Told, came, desk_on, disable, linked, looked_up
from tests.postgres import Server, server

pytestmark = pytest.mark.needs("postgres")

ROOT = Path(__file__).parents[2]


@pytest.fixture
def url(postgres: Server) -> str:
    return postgres.new()


@asynccontextmanager
async def replicas(url: str, count: int = 2, limits: LimitSettings | None = None) -> AsyncIterator[list[Desk]]:
    """Engines that know of each other by the server alone, as `wiring` has it, on one clock."""
    clock = MovableClock()
    async with AsyncExitStack() as stack:
        desks = [await stack.enter_async_context(desk_on(url, clock, limits=limits)) for _ in range(count)]
        for desk in desks:
            await arrive(desk)
        yield desks


async def arrive(desk: Desk) -> None:
    assert isinstance(desk.store, PostgresStore)
    desk.engine.tell_who_is_gone(await desk.store.arrive(desk.engine.name))


async def test_r_04_fifty_right_answers_at_two_replicas_make_one_success(url: str) -> None:
    async with replicas(url) as (one, two):
        call = await linked(one)
        right = a.CodeGiven(Secret(await call.code()))
        posts = [call.customer(right, at=(one, two)[n % 2]) for n in range(50)]
        ended = await asyncio.gather(*posts, return_exceptions=True)
        assert sum(not isinstance(e, BaseException) for e in ended) == 1
        assert {type(e) for e in ended if isinstance(e, BaseException)} <= {StaleFlowError, IllegalEventError}
        await call.customer(a.BrowserChecked(WebAuthn.FULL), at=two)
        context = await context_of(one, call.challenge_id)
        await perform(one, fx.NoteDevicePassed(person_id=ADA.id, challenge_id=call.challenge_id), context)
        approve = fx.ApproveChallenge(person_id=ADA.id, challenge_id=call.challenge_id, evidence=PROVED)
        replies = await asyncio.gather(*(perform((one, two)[n % 2], approve, context) for n in range(50)))
        assert Counter(type(reply) for reply in replies) == {r.ChallengeApproved: 1, r.LinkOver: 49}
        assert [row[1] for row in await two.said_of()].count("link.approved") == 1


async def test_r_11_five_tries_are_five_over_all_replicas(url: str) -> None:
    async with replicas(url, 3) as desks:
        call = await linked(desks[0])
        for n in range(5):
            await call.customer(a.CodeGiven(Secret(f"x{n}")), at=desks[n % 3])
        assert await stage(desks[1], call.challenge_id) is LinkStage.TOO_MANY_CODES
        with pytest.raises(LinkOverError):
            await call.customer(a.CodeGiven(Secret("x5")), at=desks[2])
        assert [row[1] for row in await desks[0].said_of()].count("link.code_wrong") == 5


async def test_r_11_tries_at_the_same_time_are_counted_each(url: str) -> None:
    async with replicas(url) as (one, two):
        call = await linked(one)
        posts = [call.customer(a.CodeGiven(Secret(f"x{n}")), at=(one, two)[n % 2]) for n in range(20)]
        await asyncio.gather(*posts, return_exceptions=True)
        row = await one.store.one("SELECT tries FROM challenges WHERE id = ?", call.challenge_id)
        wrong = [said[1] for said in await one.said_of()].count("link.code_wrong")
        assert row is not None
        assert row["tries"] == wrong <= 5


async def test_r_18_links_and_look_ups_are_limited_for_all_replicas_together(url: str) -> None:
    limits = LimitSettings(links_per_person_in_ten_minutes=2, look_ups_per_agent_an_hour=3)
    async with replicas(url, limits=limits) as (one, two):
        send = fx.SendMagicLink(person_id=ADA.id, account="A*** B***", warned=True)
        assert [await desk.do(send, agent=HAL) for desk in (one, two, one, two)] == [
            ("LinkSent",),
            ("LinkSent",),
            ("LinkNotSent",),
            ("LinkNotSent",),
        ]
        look = fx.FindUser(identifier="ada")
        came_of = [await desk.do(look) for desk in (one, two, two, one)]
        assert came_of == [("UserFound",)] * 3 + [("Failed:limit_reached",)]


async def test_an_agent_at_one_replica_sees_at_once_what_the_customer_does_at_another(url: str) -> None:
    async with replicas(url) as (one, two):
        call = await linked(one)
        before = (await call.view()).rev
        seen = asyncio.create_task(call.session.changed(call.id, before))
        await asyncio.sleep(0)
        begun = time.monotonic()
        await call.customer(a.CodeGiven(Secret(await call.code())), at=two)
        view = await seen
        while not isinstance(view.prompt, p.PollingPrompt) or view.prompt.link.stage is not LinkStage.CODE_RIGHT:
            view = await call.session.changed(call.id, view.rev)
        assert time.monotonic() - begun < 5, "well before a lease or a look by itself"


async def is_whole(store: Store) -> bool:
    """Whether the audit says of itself that nothing was done to it; nobody has signed it here."""
    finding = (await verify(store, iter(()), lambda _: True)).finding
    return finding is None or finding.flaw is Flaw.UNCOVERED


WRITER = """
import asyncio, sys
from csrdesk.engine.audit import Audit, Entry, Kind
from csrdesk.engine.clock import SystemClock
from csrdesk.engine.postgres_address import Address
from csrdesk.engine.store_postgres import PostgresStore

async def main():
    store = await PostgresStore.open(Address(sys.argv[1], busy_seconds=60))
    audit = Audit(store, SystemClock())
    sys.stdin.readline()
    for n in range(int(sys.argv[3])):
        await audit.write(Entry(kind=Kind.EVENT, action=f"row {n}", agent=sys.argv[2]))
    await store.close()

asyncio.run(main())
"""


@pytest.mark.parametrize(("processes", "rows"), [(2, 500), (8, 60)])
async def test_r_65_any_number_of_processes_never_fork_the_chain(url: str, processes: int, rows: int) -> None:
    """Starts processes, since one event loop would take turns by itself."""
    store = await PostgresStore.open(Address(url))
    pipe = asyncio.subprocess.PIPE
    started = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, url, f"writer {n}", str(rows), stdin=pipe)
        for n in range(processes)
    ]
    await asyncio.gather(*(process.communicate(b"go\n") for process in started))
    assert {process.returncode for process in started} == {0}
    assert (await store.one("SELECT count(*) AS n FROM audit")) == {"n": processes * rows}
    found = await store.all("SELECT prev, hash FROM audit ORDER BY seq")
    assert [row["prev"] for row in found] == [START, *(row["hash"] for row in found[:-1])]
    assert await is_whole(store)
    await store.close()


DIES = """
import asyncio, os, signal, sys
from tests.engine.test_replicas import arrive
from tests.engine.world import Begin, desk_on, disable
from csrdesk.flows import effects as fx
from csrdesk.model.proofs import Act

async def main():
    async with desk_on(sys.argv[1]) as desk:
        await arrive(desk)
        effect = {"write": disable(Act.PROTECT), "read": fx.FindUser(identifier="ada")}[sys.argv[2]]
        desk.world.held = {type(effect)}
        begun = await desk.session().start("told", Begin((effect,)))
        await desk.world.begun.wait()
        print(begun.id, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def killed_in(url: str, effect: str) -> str:
    """A replica is killed in the middle of that effect; its flow."""
    words = (sys.executable, "-c", DIES, url, effect)
    process = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    flow_id = (await process.stdout.readline()).decode().strip()
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert flow_id
    return flow_id


async def test_what_a_killed_replica_read_another_reads_again_without_waiting_for_a_lease(url: str) -> None:
    async with replicas(url, 1) as (desk,):
        flow_id = await killed_in(url, "read")
        assert came(await gone_on(desk, flow_id)) == ("UserFound",)


async def test_r_62_what_a_killed_replica_wrote_another_reads_back_and_does_not_write_again(url: str) -> None:
    async with replicas(url, 1) as (desk,):
        desk.world.replies[fx.ReadAccount] = r.AccountRead(Account(PingOneAccount(enabled=False)))
        flow_id = await killed_in(url, "write")
        assert came(await gone_on(desk, flow_id)) == ("PingOneEnabledSet",)
        assert [name for name, _ in desk.world.done] == ["ReadAccount"]
        assert await desk.engine.audit.unknown() == ()


async def gone_on(desk: Desk, flow_id: str) -> View:
    """The flow as it is when this desk has gone on with it, before a lease ends: its process is known to be gone."""
    waiting = asyncio.ensure_future(desk.session().settled(flow_id))
    begun = desk.clock.now()
    while not waiting.done():
        desk.clock.move(seconds=1)
        assert desk.clock.now() < begun + LEASE - timedelta(seconds=5)
        await asyncio.wait([waiting], timeout=0.4)
    return await waiting


async def until_writable(desk: Desk) -> None:
    async with asyncio.timeout(30):
        while not await desk.engine.is_writable():  # noqa: ASYNC110 - a server's start rings no event here
            await asyncio.sleep(0.05)


async def test_r_61_while_the_server_is_away_nothing_is_done_and_when_it_is_back_the_call_goes_on() -> None:
    with server() as own:
        url = own.new()
        async with replicas(url) as (one, two):
            call = await linked(one)
            code = await call.code()
            session = one.session()
            told = await session.start("told", Begin())
            own.stop()
            for effect in (disable(), disable(Act.PROTECT)):
                with pytest.raises(StoreUnavailableError, match="cannot be used"):
                    await session.answer(told.id, told.rev, Told((effect,)))
            with pytest.raises(StoreUnavailableError):
                await call.customer(a.CodeGiven(Secret(code)), at=two)
            assert isinstance((await (await looked_up(one)).view()).prompt, p.CardPrompt)
            assert "audit cannot be written" in one.engine.trouble
            assert "SetPingOneEnabled" not in [name for name, _ in one.world.done]
            own.start()
            await until_writable(one)
            await until_writable(two)
            assert one.engine.trouble == ""
            await call.verify()
            assert await one.do(disable(), call_id=call.id) == ("PingOneEnabledSet",)
            assert await two.engine.audit.unknown() == ()
            assert await is_whole(one.store)


async def test_r_62_an_intent_whose_commit_was_not_answered_does_nothing_and_is_shown_as_unknown(url: str) -> None:
    with cable(url) as (laid, near):
        async with desk_on(near) as desk, replicas(url, 1) as (other,):
            session = desk.session()
            told = await session.start("told", Begin())
            laid.swallows_after = "INSERT INTO audit"
            assert came(await desk.tell(session, told.id, Told((disable(Act.PROTECT),)))) == (
                "Failed:audit_unavailable",
            )
            assert desk.world.done == []
            await until_writable(desk)
            (intent,) = await other.engine.left_unknown()
            assert intent.action == "pingone.set_enabled"
