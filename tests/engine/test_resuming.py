"""Taking up what a process left: the verified caller stays verified, open links end, and nothing is done twice."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from csrdesk.engine.audit import Entry, Kind
from csrdesk.engine.entries import entry
from csrdesk.engine.resuming import take_up
from csrdesk.errors import NoSuchFlowError
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows import user_functions as uf
from csrdesk.flows.doors import Context as FlowContext
from csrdesk.model.account import Account, PingOneAccount
from csrdesk.model.link import LinkStage
from tests.engine.test_runner import PROTECT, crash
from tests.engine.world import ADA, GRACE, HAL, Begin, Desk, came, desk_on, disable, linked


class Gone:
    """Every process but those named is gone."""

    def __init__(self, *there: str) -> None:
        self.there = there

    def is_gone(self, performer: str) -> bool:
        return performer not in self.there


def kill(path: Path) -> None:
    """What a desk left that did not end in order: its flows still bear its name."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE flows SET performer = 'killed' WHERE over = 0 AND performer = ''")
    connection.close()


async def actions(desk: Desk) -> list[str]:
    return [row.action for row in await desk.engine.audit.list(limit=1000)]


async def test_r_31_verification_survives_the_death_of_its_process_for_the_same_agent(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as first:
        call = await linked(first)
        await call.verify()
    kill(path)
    async with desk_on(path, first.clock) as desk:
        desk.engine.tell_who_is_gone(Gone())
        with pytest.raises(NoSuchFlowError):
            await desk.session(HAL).resume(call.id)
        resumed = await desk.session(GRACE).resume(call.id)
        assert isinstance(resumed.view.prompt, p.AccountPrompt)
        assert resumed.links_ended == 0
        assert await desk.do(disable(), call_id=call.id) == ("PingOneEnabledSet",)


async def test_r_31_verification_that_ended_meanwhile_does_not_come_back(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as first:
        call = await linked(first)
        await call.verify()
    first.clock.move(minutes=15)
    kill(path)
    async with desk_on(path, first.clock) as desk:
        desk.engine.tell_who_is_gone(Gone())
        await desk.session().resume(call.id)
        settled = await desk.session().changed(call.id, (await desk.session().view(call.id)).rev)
        assert not isinstance(settled.prompt, p.AccountPrompt)
        assert await desk.do(disable(), call_id=call.id) == ("Failed:not_verified",)


async def test_open_links_end_when_a_call_is_taken_up_and_that_is_audited_and_told(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as first:
        call = await linked(first)
    kill(path)
    async with desk_on(path, first.clock) as desk:
        desk.engine.tell_who_is_gone(Gone())
        (summary,) = await desk.session().calls()
        assert summary.left
        resumed = await desk.session().resume(call.id)
        assert resumed.links_ended == 1
        settled = await desk.session().settled(call.id)
        while isinstance(settled.prompt, p.PollingPrompt):
            settled = await desk.session().changed(call.id, settled.rev)
        assert isinstance(settled.prompt, p.MagicLinkFormPrompt)
        assert "ended" in settled.prompt.note
        rows = [row for row in await desk.engine.audit.list() if row.action in ("link.ended", "call.resumed")]
        assert [(row.agent, row.details.get("links", row.details.get("why"))) for row in rows] == [
            (GRACE.id, "the console was gone, and the call was taken up again"),
            (GRACE.id, 1),
        ]
        assert not (await desk.session().calls())[0].left, "it is this process's own now"
        assert (await desk.session().resume(call.id)).links_ended == 0


async def test_a_call_that_was_given_back_is_taken_up_with_its_links_open(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as first:
        call = await linked(first)
    async with desk_on(path, first.clock) as desk:
        assert (await desk.session().calls())[0].left
        resumed = await desk.session().resume(call.id)
        assert isinstance(resumed.view.prompt, p.PollingPrompt)
        assert resumed.links_ended == 0
        assert not (await desk.session().calls())[0].left
        assert "call.resumed" not in await actions(desk)


async def test_what_cannot_be_given_back_stops_no_desk_from_ending(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as first:
        call = await linked(first)
        path.rename(tmp_path / "elsewhere.db")
    assert call.id


async def test_a_call_that_another_console_has_is_only_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as first, desk_on(path, first.clock) as second:
        call = await linked(first)
        second.engine.tell_who_is_gone(Gone(first.engine.name))
        assert not (await second.session().calls())[0].left
        resumed = await second.session().resume(call.id)
        assert isinstance(resumed.view.prompt, p.PollingPrompt)
        assert resumed.view.prompt.link.stage is LinkStage.SENT
        assert resumed.links_ended == 0
        assert "call.resumed" not in await actions(second)


async def test_of_two_who_take_a_call_up_one_does(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as first:
        call = await linked(first)
    kill(path)
    async with desk_on(path, first.clock) as one, desk_on(path, first.clock) as two:
        for desk in (one, two):
            desk.engine.tell_who_is_gone(Gone(one.engine.name, two.engine.name))
        running = await two.engine._runner.rows.load(call.id)  # noqa: SLF001 - as the second one has read it
        assert (await one.session().resume(call.id)).links_ended == 1
        assert await take_up(running, two.engine._desk, two.engine._runner) == 0  # noqa: SLF001
        assert (await actions(one)).count("call.resumed") == 1


async def intent(desk: Desk, call_id: str, key: str, action: str, **details: str) -> None:
    row = Entry(
        kind=Kind.INTENT,
        action=action,
        agent=GRACE.id,
        call_id=call_id,
        person_id=ADA.id,
        key=key,
        details={**details},
    )
    await desk.engine.audit.write(row)


async def test_r_62_what_may_have_been_sent_is_written_down_and_acts_stay_unknown_until_they_are_read_back(
    tmp_path: Path,
) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as first:
        call = await linked(first)
        await intent(first, call.id, "customers:4:0", "mfa.start")
        await intent(first, call.id, f"{call.id}:1:0", "pingone.set_enabled", act="disable")
        await intent(first, "another", "another:1:0", "mfa.start")
    kill(path)
    async with desk_on(path, first.clock) as desk:
        desk.engine.tell_who_is_gone(Gone())
        (summary,) = await desk.session().calls()
        assert summary.unknown == 1
        await desk.session().resume(call.id)
        assert [row.key for row in await desk.engine.audit.unknown()] == [f"{call.id}:1:0", "another:1:0"]
        (told,) = [row for row in await desk.engine.audit.list() if row.result == "maybe sent"]
        assert (told.action, told.key) == ("mfa.start", "customers:4:0")


async def test_r_62_an_act_of_the_customers_page_is_found_out_when_its_call_is_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as first:
        call = await linked(first)
        await call.verify()
        async with first.store.transaction() as tx:
            page = await first.engine._runner.rows.insert(tx, "told", Begin((PROTECT,)), GRACE, call_id=call.id)  # noqa: SLF001
        await first.engine.audit.write(entry(Kind.INTENT, PROTECT, FlowContext(page, 1, call.id, GRACE)))
        await intent(first, call.id, "purged:1:0", "ad.unlock", act="unlock")
    kill(path)
    async with desk_on(path, first.clock) as desk:
        desk.engine.tell_who_is_gone(Gone())
        desk.world.replies[fx.ReadAccount] = r.AccountRead(Account(PingOneAccount(enabled=False)))
        await desk.session().resume(call.id)
        assert came(await desk.session().settled(page)) == ("PingOneEnabledSet",)
        assert [row.key for row in await desk.engine.audit.unknown()] == ["purged:1:0"]


async def test_what_is_being_done_right_now_is_not_unknown(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as first, desk_on(path, first.clock) as second:
        first.world.held = {fx.SetPingOneEnabled}
        begun = await first.session().start("told", Begin((PROTECT,)))
        await first.world.begun.wait()
        second.engine.tell_who_is_gone(Gone(first.engine.name))
        assert await second.engine.left_unknown() == ()
        second.engine.tell_who_is_gone(Gone())
        assert [row.key for row in await second.engine.left_unknown()] == [f"{begun.id}:1:0"]
        await intent(second, "gone", "gone:1:0", "ad.unlock", act="unlock")
        await intent(second, "odd", "odd", "ad.unlock", act="unlock")
        assert len(await second.engine.left_unknown()) == 3
        first.world.gate.set()
        await first.session().settled(begun.id)


async def test_a_single_act_that_was_interrupted_is_listed_beside_its_call_and_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as first:
        call = await linked(first)
        await call.verify()
        rows = first.engine._runner.rows  # noqa: SLF001
        async with first.store.transaction() as tx:
            start = uf.Start("disableUser", "ada", "asked for it", "INC-7")
            act = await rows.insert(tx, "user_functions", start, GRACE, call_id=call.id)
    kill(path)
    async with desk_on(path, first.clock) as desk:
        there = Gone("killed")
        desk.engine.tell_who_is_gone(there)
        listed = {summary.id: summary for summary in await desk.session().calls()}
        assert (listed[act].call_id, listed[act].stage) == (call.id, "an act is being done")
        assert not listed[act].left
        there.there = ()
        listed = {summary.id: summary for summary in await desk.session().calls()}
        assert (listed[act].left, listed[act].stage) == (True, "an act was interrupted")
        await desk.session().resume(act)
        done = await desk.session().settled(act)
        assert isinstance(done.outcome, uf.Outputs)
        assert [name for name, _ in desk.world.done].count("SetPingOneEnabled") == 1
        assert act not in {summary.id for summary in await desk.session().calls()}
        assert (await desk.session().record(act)).call_id == call.id, "its ticket is the call's"
        assert fx.SetPingOneEnabled.action in await actions(desk)


async def test_a_process_that_is_gone_is_not_waited_for(tmp_path: Path) -> None:
    flow_id = await crash(tmp_path / "desk.db", "find")
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.engine.tell_who_is_gone(Gone())
        assert came(await desk.session().settled(flow_id)) == ("UserFound",)
