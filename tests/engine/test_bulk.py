"""One order for many accounts: who may give it, what stands in the audit, and what a cut-off run leaves."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.engine.audit import AuditRow, Kind
from csrdesk.engine.bulk import BulkDesk
from csrdesk.engine.bulk_orders import Bulk, Order
from csrdesk.engine.clock import stamp
from csrdesk.errors import ForbiddenError, NoSuchFlowError, StoreUnavailableError
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows import user_functions as uf
from csrdesk.flows.doors import Agent
from csrdesk.flows.kernel import Do, Effect, Reply
from csrdesk.model.account import Account, DirectoryAccount, PingOneAccount
from csrdesk.model.proofs import Act
from tests.engine.world import ADA, BROKEN, OPEN_ACCOUNT, Begin, Desk, desk_on, disable

CLERK = Agent("clerk")
ALLOWED = Bulk(frozenset({"clerk"}))
RESTORING = replace(ALLOWED, restore=True)
ORDER = Order(action="disableUser", reason="left the company", ticket="HR-7", accounts=2, source="ab12")
ENABLE = replace(ORDER, action="enableUser")
UNLOCK = replace(ORDER, action="unlockUser")
DIRECTORY = DirectoryAccount(dn="CN=Ada", username="ada", disabled=True, user_account_control=514)
LOCKED = Account(PingOneAccount(enabled=True, locked=True), replace(DIRECTORY, disabled=False))
OFF = Account(PingOneAccount(enabled=False), DIRECTORY)


def bulk_at(desk: Desk, allowed: Bulk = ALLOWED, agent: Agent = CLERK) -> BulkDesk:
    return desk.engine.bulk(agent, allowed)


async def rows(desk: Desk, **which: str) -> tuple[AuditRow, ...]:
    return await desk.engine.audit.list(limit=1000, **which)


async def saved(desk: Desk) -> int:
    return int(str((await desk.store.all("SELECT count(*) AS n FROM flows"))[0]["n"]))


async def test_an_account_of_a_run_is_disabled_by_the_flow_of_a_single_act_and_marked(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        bulk = bulk_at(desk)
        run = await bulk.begin(ORDER)
        outcome = await bulk.act(run, ORDER, "ada")
        await bulk.end(run, ORDER, {"done": 1})
        assert isinstance(outcome, uf.Outputs)
        of_run = await rows(desk, call_id=run)
        acts = [row for row in of_run if "act" in row.details]
        assert {(row.details["verified"], row.details.get("bulk"), row.ticket) for row in acts} == {
            (False, True, "HR-7")
        }
        assert [row.kind for row in acts].count(Kind.INTENT) == [row.kind for row in acts].count(Kind.OUTCOME) >= 3
        begun, over = of_run[0], of_run[-1]
        assert (begun.action, begun.details["accounts"], begun.details["source"]) == ("bulk.started", 2, "ab12")
        assert (over.action, over.details["done"], over.reason) == ("bulk.ended", 1, "left the company")
        assert await saved(desk) == 0


@pytest.mark.parametrize(
    ("allowed", "order", "agent", "why"),
    [
        (ALLOWED, ORDER, Agent("grace"), "bulk_identities"),
        (ALLOWED, ENABLE, CLERK, "bulk_restore"),
        (ALLOWED, UNLOCK, CLERK, "bulk_restore"),
        (ALLOWED, replace(ORDER, reason=" "), CLERK, "a reason and a ticket"),
        (ALLOWED, replace(ORDER, ticket=""), CLERK, "a reason and a ticket"),
        (RESTORING, replace(ORDER, no_notify=True), CLERK, "bulk_no_notify"),
        (RESTORING, replace(ORDER, action="getUserAccountStatus"), CLERK, "not done to many"),
        (RESTORING, replace(ORDER, action="resetPassword"), CLERK, "not done to many"),
    ],
)
async def test_r_30_a_run_that_settings_do_not_allow_is_refused_and_on_record(
    tmp_path: Path, allowed: Bulk, order: Order, agent: Agent, why: str
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        with pytest.raises(ForbiddenError, match=why):
            await bulk_at(desk, allowed, agent).begin(order)
        assert [(row.kind, row.result) for row in await rows(desk)] == [(Kind.REFUSED, "refused")]


async def test_r_30_what_is_not_the_runs_own_act_is_refused_in_it(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        bulk = bulk_at(desk, RESTORING)
        run = await bulk.begin(ORDER)
        other = await bulk.act(run, UNLOCK, "ada")
        assert isinstance(other, uf.Refusal)
        assert other.code == "not_verified"
        await bulk.end(run, ORDER, {})
        late = await bulk.act(run, ORDER, "ada")
        assert isinstance(late, uf.Refusal)
        assert late.code == "not_verified"
        assert not [name for name, _ in desk.world.done if name.startswith(("Set", "Unlock", "End"))]


async def test_r_30_no_client_can_bind_a_flow_of_its_own_to_a_run(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        run = await bulk_at(desk).begin(ORDER)
        with pytest.raises(NoSuchFlowError):
            await desk.session(CLERK).start("told", Begin((disable(),)), call_id=run)


async def test_r_53_a_run_enables_what_the_desk_disabled_and_nothing_else(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        bulk = bulk_at(desk, RESTORING)
        desk.world.replies[fx.ReadAccount] = r.AccountRead(OFF)
        run = await bulk.begin(ENABLE)
        refused = await bulk.act(run, ENABLE, "ada")
        assert isinstance(refused, uf.Outputs)
        assert "not by the help desk" in refused.lines[0].text
        desk.world.replies.pop(fx.ReadAccount)
        run = await bulk.begin(ORDER)
        await bulk.act(run, ORDER, "ada")
        desk.world.replies[fx.ReadAccount] = r.AccountRead(OFF)
        run = await bulk.begin(ENABLE)
        done = await bulk.act(run, ENABLE, "ada")
        assert isinstance(done, uf.Outputs)
        assert all(line.ok for line in done.lines)


async def test_r_52_a_run_unlocks_where_settings_allow_it(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        bulk = bulk_at(desk, RESTORING)
        desk.world.replies[fx.ReadAccount] = r.AccountRead(LOCKED)
        desk.world.replies[fx.UnlockPingOne] = r.Unlocked()
        run = await bulk.begin(UNLOCK)
        done = await bulk.act(run, UNLOCK, "ada")
        assert isinstance(done, uf.Outputs)
        assert [row.details["bulk"] for row in await rows(desk, call_id=run) if row.action == "pingone.unlock"] == [
            True,
            True,
        ]


async def test_r_36_people_on_a_list_are_mailed_unless_settings_and_order_leave_it_out(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        bulk = bulk_at(desk, replace(ALLOWED, no_notify=True))
        told = await bulk.act(await bulk.begin(ORDER), ORDER, "ada")
        assert isinstance(told, uf.Outputs)
        assert [name for name, _ in desk.world.done].count("TellCustomer") == 1
        quiet = replace(ORDER, no_notify=True)
        run = await bulk.begin(quiet)
        untold = await bulk.act(run, quiet, "ada")
        assert isinstance(untold, uf.Outputs)
        assert "leaves the mails out" in untold.lines[-1].text
        assert [name for name, _ in desk.world.done].count("TellCustomer") == 1
        assert (await rows(desk, call_id=run))[0].details["no_notify"] is True


async def test_r_57_what_a_run_looks_up_counts_for_nobodys_limit(tmp_path: Path) -> None:
    from csrdesk.config import LimitSettings

    limits = LimitSettings(look_ups_per_agent_an_hour=2)
    async with desk_on(tmp_path / "desk.db", limits=limits) as desk:
        bulk = bulk_at(desk)
        run = await bulk.begin(ORDER)
        for _ in range(4):
            assert isinstance(await bulk.act(run, ORDER, "ada"), uf.Outputs)
        look_up = fx.FindUser(identifier="ada")
        assert await desk.do(look_up, agent=CLERK) == ("UserFound",)
        assert await desk.do(look_up, agent=CLERK) == ("UserFound",)
        assert await desk.do(look_up, agent=CLERK) == ("Failed:limit_reached",)


async def test_a_rehearsed_run_changes_nothing_and_ends_no_other(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        bulk = bulk_at(desk)
        earlier = await bulk.begin(ORDER)
        dry = replace(ORDER, dry_run=True)
        run = await bulk.begin(dry)
        rehearsed = await bulk.rehearse(run, dry, "ada")
        assert [one.refusal for one in rehearsed.planned] == [None, None, None]
        assert not [name for name, _ in desk.world.done if name.startswith("Set")]
        assert isinstance(await bulk.act(earlier, ORDER, "ada"), uf.Outputs)


async def test_r_62_what_a_killed_run_left_is_read_back_and_brought_to_its_end(tmp_path: Path) -> None:
    """The process dies after the write and before its outcome: the next one finds the account disabled."""
    path = tmp_path / "desk.db"
    async with desk_on(path) as dying:
        dying.world.held.add(fx.SetPingOneEnabled)
        bulk = bulk_at(dying)
        run = await bulk.begin(ORDER)
        task = asyncio.create_task(bulk.act(run, ORDER, "ada"))
        while "SetPingOneEnabled" not in dict(dying.world.done):  # noqa: ASYNC110 - no event tells of this effect
            await asyncio.sleep(0.01)
        async with desk_on(path, dying.clock) as desk:
            next_bulk = bulk_at(desk)
            assert await next_bulk.left_over() == 1
            desk.world.replies[fx.ReadAccount] = r.AccountRead(OFF)
            assert await next_bulk.take_up() == 1
            assert "SetPingOneEnabled" not in [name for name, _ in desk.world.done]
            assert "EndSessions" in [name for name, _ in desk.world.done]
            assert not await desk.engine.audit.unknown()
            await next_bulk.begin(ORDER)
            assert (await next_bulk.left_over(), await saved(desk)) == (0, 0)
        task.cancel()


async def test_r_61_what_a_lost_database_left_in_the_middle_keeps_the_run_for_the_next(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path, busy_seconds=0.1) as desk:
        bulk = bulk_at(desk)
        run = await bulk.begin(ORDER)

        def lose(effect: Effect) -> Reply:
            path.rename(tmp_path / "gone")
            return r.AccountRead(OPEN_ACCOUNT)

        desk.world.replies[fx.ReadAccount] = lose
        with pytest.raises(StoreUnavailableError):
            await bulk.act(run, ORDER, "ada")
        (tmp_path / "gone").rename(path)
        desk.world.replies.pop(fx.ReadAccount)
        await bulk.end(run, ORDER, {"unknown": 1})
        assert await bulk.left_over() == 1
        assert await bulk.take_up() == 1
        assert "SetPingOneEnabled" in dict(desk.world.done)
        await bulk.begin(ORDER)
        assert (await bulk.left_over(), await saved(desk)) == (0, 0)


async def test_r_30_what_settings_no_longer_allow_is_not_gone_on_with(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        run = await bulk_at(desk, RESTORING).begin(ENABLE)
        async with desk.store.transaction() as tx:
            now = stamp(desk.clock.now())
            values = ("f-1", "user_functions", 0, run, "clerk", "", 1, b"{}", "", now, now, 0)
            await tx.execute("INSERT INTO flows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *values)
        assert await bulk_at(desk, RESTORING).left_over() == 1
        assert (await bulk_at(desk).left_over(), await bulk_at(desk).take_up()) == (0, 0)


async def test_a_state_of_another_version_stays_unknown_and_stops_no_run(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        bulk = bulk_at(desk)
        run = await bulk.begin(ORDER)
        async with desk.store.transaction() as tx:
            now = stamp(desk.clock.now())
            values = ("f-old", "user_functions", 0, run, "clerk", "", 1, b"{}", "", now, now, 0)
            await tx.execute("INSERT INTO flows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *values)
        assert await bulk.take_up() == 1


async def test_a_defect_met_while_taking_up_is_not_hidden(tmp_path: Path) -> None:
    def break_down(effect: Effect) -> Reply:
        raise RuntimeError("a defect")

    async with desk_on(tmp_path / "desk.db") as desk:
        bulk = bulk_at(desk)
        run = await bulk.begin(ORDER)
        desk.world.replies[fx.FindUser] = break_down
        with pytest.raises(RuntimeError):
            await bulk.act(run, ORDER, "ada")
        with pytest.raises(RuntimeError):
            await bulk.take_up()


async def test_one_broken_account_says_so_and_the_run_goes_on(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        bulk = bulk_at(desk)
        run = await bulk.begin(ORDER)
        desk.world.replies[fx.FindUser] = BROKEN
        outcome = await bulk.act(run, ORDER, "ada")
        assert isinstance(outcome, uf.Refusal)
        assert outcome.code == "unavailable"
        desk.world.replies.pop(fx.FindUser)
        assert isinstance(await bulk.act(run, ORDER, ADA.username), uf.Outputs)


def test_the_act_of_an_order_is_the_flows() -> None:
    assert (ORDER.act, ENABLE.act, UNLOCK.act) == (Act.DISABLE, Act.ENABLE, Act.UNLOCK)


async def test_a_flow_that_was_taken_away_while_it_was_attended_to_troubles_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A run forgets each account's flow when it is over, and whoever attended to it may look once more."""
    async with desk_on(tmp_path / "desk.db") as desk:
        attending = desk.engine._runner.attend("gone", Do(fx.EndCall()))  # noqa: SLF001 - the moment lies in between
        assert attending is not None
        await attending
        with pytest.raises(NoSuchFlowError):
            await desk.engine._runner.load("gone")  # noqa: SLF001
    assert caplog.records == []
