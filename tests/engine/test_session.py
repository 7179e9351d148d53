"""The agent's door: their own calls and their own side's prompts alone, and a list that says how each call stands."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import msgspec
import pytest

from csrdesk.config import LimitSettings
from csrdesk.engine.engine import Engine
from csrdesk.engine.session import within
from csrdesk.engine.store_sqlite import SqliteStore
from csrdesk.engine.views import agent_view, customer_view
from csrdesk.errors import IllegalEventError, NoSuchFlowError
from csrdesk.flows import answers as a
from csrdesk.flows import csr_main, user_functions
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.challenge_acceptance import AskCode, Given
from csrdesk.flows.challenge_acceptance import Start as CustomersStart
from csrdesk.flows.kernel import Answer
from csrdesk.flows.rules import Rules
from csrdesk.model.link import LinkAbout
from csrdesk.model.proofs import Act
from csrdesk.model.secret import Secret
from tests.engine.world import ADA, GRACE, HAL, Begin, Told, World, desk_on, disable, linked, looked_up


async def test_another_agents_call_is_not_there_and_the_try_is_a_row(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await looked_up(desk)
        hal = desk.session(HAL)
        tries = (
            hal.view(call.id),
            hal.settled(call.id),
            hal.changed(call.id, 1),
            hal.answer(call.id, 1, a.CallEnded()),
            hal.start("user_functions", user_functions.Start("disableUser", "ada"), call_id=call.id),
        )
        for attempt in tries:
            with pytest.raises(NoSuchFlowError):
                await attempt
        rows = [row for row in await desk.engine.audit.list() if row.action == "call.foreign"]
        assert [(row.kind, row.agent, row.result) for row in rows] == [("refused", "hal", "refused")] * 5


async def test_r_02_an_agent_has_no_way_into_the_customers_page(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        row = await desk.store.one("SELECT flow_id FROM challenges")
        assert row
        with pytest.raises(NoSuchFlowError):
            await call.session.answer(str(row["flow_id"]), 1, a.CodeGiven(Secret(await call.code())))
        about = LinkAbout(call.challenge_id, "K7Q-2M9", "Grace", "A*** B***")
        with pytest.raises(NoSuchFlowError):
            await call.session.start("challenge_acceptance", CustomersStart(about, ADA.id, Rules()), call_id=call.id)


@pytest.mark.parametrize(("flow", "inputs"), [("no_such", Begin()), ("csr_main", Begin())])
async def test_only_flows_of_the_catalog_start_and_only_with_their_inputs(
    tmp_path: Path, flow: str, inputs: msgspec.Struct
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        with pytest.raises(NoSuchFlowError):
            await desk.session().start(flow, inputs)


@pytest.mark.parametrize("answer", [a.DisableChosen(), a.NotMeChosen(), a.Confirmed("x")])
async def test_an_answer_that_the_prompt_does_not_list_changes_nothing(tmp_path: Path, answer: Answer) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await looked_up(desk)
        before = await call.view()
        with pytest.raises(IllegalEventError):
            await call.session.answer(call.id, before.rev, answer)
        assert await call.view() == before


async def test_while_it_works_the_view_says_what_it_does(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.held = {fx.FindUser, fx.SetPingOneEnabled}
        session = desk.session()
        begun = await session.start("csr_main", csr_main.Start())
        view = await session.settled(begun.id)
        view = await session.answer(begun.id, view.rev, a.UsernameGiven("ada"))
        assert (view.prompt, view.working) == (None, "Looking the caller up")
        with pytest.raises(IllegalEventError):
            await session.answer(begun.id, view.rev, a.CallEnded())
        both = await session.start("told", Begin((disable(Act.PROTECT), fx.FindUser(identifier="x"))))
        assert both.working == "Changing the account in PingOne"
        unnamed = await session.start("told", Begin((fx.SelectDevice(authentication_id="x", device_id="y"),)))
        assert unnamed.working == "Working"


async def test_a_script_acts_inside_the_verified_call_of_the_same_agent(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.verify()
        start = user_functions.Start("disableUser", "ada", reason="asked", ticket="T-2")
        begun = await call.session.start("user_functions", start, call_id=call.id)
        done = (await call.session.settled(begun.id)).outcome
        assert isinstance(done, user_functions.Outputs)
        assert all(line.ok for line in done.lines)
        await call.tell(a.CallEnded())
        with pytest.raises(NoSuchFlowError, match="over"):
            await call.session.start("user_functions", start, call_id=call.id)


async def test_an_act_beside_a_call_is_shown_on_its_account_page_and_nothing_else_is_disturbed(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.verify()

        async def ran(action: str) -> None:
            start = user_functions.Start(action, "ada", reason="asked", ticket="T-2")
            await call.session.settled((await call.session.start("user_functions", start, call_id=call.id)).id)

        before = await call.view()
        await ran("getUserAccountStatus")
        assert (await call.view()).rev == before.rev, "a look has changed nothing"
        await ran("disableUser")
        shown = await call.session.settled(call.id)
        assert isinstance(shown.prompt, p.AccountPrompt)
        assert shown.rev == before.rev + 2, "read, and shown"
        await call.tell(a.UnlockChosen())
        asked = await call.view()
        await ran("disableUser")
        assert isinstance(asked.prompt, p.ConfirmPrompt)
        assert (await call.view()).rev == asked.rev


async def test_the_list_says_how_each_call_stands(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        session = desk.session()

        async def stages(*, all_of_them: bool = False) -> list[tuple[str, str, str]]:
            calls = await session.calls(all_of_them=all_of_them)
            return [(call.stage, call.customer, call.ticket) for call in calls]

        call = await linked(desk)
        assert await stages() == [("link sent", "Ada Byron", "T-1")]
        await call.verify()
        assert await stages() == [("verified until 12:15 UTC", "Ada Byron", "T-1")]
        (summary,) = await session.calls()
        assert summary.verified_until
        await call.tell(a.BackChosen())
        assert await stages() == [("not verified", "Ada Byron", "T-1")]
        await call.tell(a.AnotherCustomerChosen())
        assert await stages() == [("looking up", "", "T-1")]
        await call.tell(a.CallEnded())
        assert await stages() == []
        assert [stage for stage, *_ in await stages(all_of_them=True)] == ["over"]
        assert await desk.session(HAL).calls(all_of_them=True) == ()


async def test_a_prompt_of_the_customers_in_an_agents_flow_is_waited_for(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        begun = await desk.session().start("told", Begin())
        running = await desk.engine._runner.rows.load(begun.id)  # noqa: SLF001
        state = AskCode(Given(LinkAbout("c", "K7Q-2M9", "Grace", "A***"), ADA.id, Rules()))
        theirs = dataclasses.replace(running, state=state, want=state.want())
        assert agent_view(theirs, b"k").working == "Waiting for the customer"
        assert isinstance(customer_view(theirs).prompt, p.CodePrompt)


async def test_two_consoles_of_one_agent_see_the_same_call(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as one, desk_on(path) as two:
        call = await linked(one)
        there = two.session()
        view = await there.view(call.id)
        assert isinstance(view.prompt, p.PollingPrompt)
        waiting = asyncio.ensure_future(there.changed(call.id, view.rev))
        await call.page()
        seen = (await waiting).prompt
        assert isinstance(seen, p.PollingPrompt)
        assert seen.link.fetched == 1


async def test_several_people_are_not_taken_for_the_caller(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.replies[fx.FindUser] = r.SeveralUsers((ADA, ADA))
        await looked_up(desk)
        (call,) = await desk.session().calls()
        assert (call.customer, call.stage) == ("", "looking up")


def test_what_is_inside_a_state_is_found_in_order() -> None:
    assert [type(part).__name__ for part in within(Told((fx.FindUser(identifier="x"),)))] == ["Told"]


async def test_a_key_that_is_too_short_is_refused(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "desk.db")
    with pytest.raises(ValueError, match="32 random bytes"):
        Engine(store, World, rules=Rules(), limits=LimitSettings(), key=b"short")
    engine = Engine(store, World, rules=Rules(), limits=LimitSettings(), key=b"k" * 32)
    await engine.stop()
    await store.close()


async def test_the_same_key_begins_a_flow_once_and_each_agent_has_keys_of_their_own(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grace, hal = desk.session(GRACE), desk.session(HAL)
        first, again = await asyncio.gather(*(grace.start("csr_main", csr_main.Start("HD-1"), key="k1") for _ in "12"))
        later = await grace.start("csr_main", csr_main.Start("HD-2"), key="k1")
        assert first.id == again.id == later.id
        others = {(await grace.start("csr_main", csr_main.Start(), key="k2")).id}
        others |= {(await hal.start("csr_main", csr_main.Start(), key="k1")).id}
        assert len(others | {first.id}) == 3
        assert len(await grace.calls()) == 2
