"""R-40 in the engine: an approval is another agent's, for one act, one person and one call, once, and for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from csrdesk.config import LimitSettings
from csrdesk.engine import approvals as rows
from csrdesk.engine import facts
from csrdesk.engine.audit import Detail, Kind
from csrdesk.engine.entries import entry
from csrdesk.errors import NotSignedInError
from csrdesk.flows import agents, approvals, csr_main
from csrdesk.flows import answers as a
from csrdesk.flows import desk_answers as da
from csrdesk.flows import desk_effects as ex
from csrdesk.flows import desk_prompts as dp
from csrdesk.flows import device_effects as dx
from csrdesk.flows import device_replies as dr
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Agent, Context, View
from csrdesk.flows.kernel import Effect, Failed, Problem
from csrdesk.flows.rules import Rules
from csrdesk.model.approvals import Approval, Decision
from csrdesk.model.devices import Device, DeviceChange, Devices
from csrdesk.model.grants import Role
from csrdesk.model.proofs import Act
from tests.engine.roles import EU, US, granted, signed_in
from tests.engine.test_roles import IN_EU
from tests.engine.world import ADA, GRACE, HAL, TOTP, Call, Desk, desk_on, disable, linked

IN_OTHER = replace(ADA, id="u-other")
ZOE = Agent("zoe", "Zoe")
SECOND = Rules(second_agent_for=(Act.DISABLE, Act.ENABLE))
SESSIONS = fx.EndSessions(person_id=ADA.id, act=Act.DISABLE, reason="asked for it", ticket="T-1")


async def waiting(desk: Desk, agent: Agent = GRACE) -> tuple[Call, Approval]:
    """A call whose disable waits for a second agent."""
    call = await linked(desk, agent)
    await call.verify()
    return call, await ask(call)


async def ask(call: Call) -> Approval:
    await call.tell(a.DisableChosen())
    prompt = (await call.tell(a.Confirmed("asked for it", "T-1"))).prompt
    assert isinstance(prompt, dp.SecondAgentPrompt), prompt
    return prompt.approval


async def look(desk: Desk, agent: Agent = HAL) -> tuple[Call, dp.ApprovalsPrompt]:
    """What waits for this agent, as their console has it."""
    session = desk.session(agent)
    begun = await session.start("approvals", approvals.Start())
    side = Call(desk, session, begun.id)
    return side, shown(await side.view())


def shown(view: View) -> dp.ApprovalsPrompt:
    assert isinstance(view.prompt, dp.ApprovalsPrompt), view
    return view.prompt


async def answer(desk: Desk, approval: Approval, *, yes: bool = True, agent: Agent = HAL) -> dp.ApprovalsPrompt:
    side, _ = await look(desk, agent)
    return shown(await side.tell(da.ApprovalGiven(approval.id) if yes else da.ApprovalDenied(approval.id, "Not now.")))


async def said(desk: Desk, action: str) -> list[tuple[str, str]]:
    """Who did that, and for which act."""
    return [(row.agent, str(row.details["act"])) for row in await desk.engine.audit.list() if row.action == action]


async def test_r_40_an_act_of_the_settings_is_done_when_another_agent_has_approved_it(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        call, approval = await waiting(desk)
        assert (approval.agent, approval.person, approval.act) == (GRACE.id, ADA, Act.DISABLE)
        assert not {name for name, _ in desk.world.done} & {"SetPingOneEnabled", "SetDirectoryEnabled"}
        _, prompt = await look(desk)
        assert prompt.approvals == (approval,)
        assert (await answer(desk, approval)).note == "Approved: disable for Ada Byron."
        notice = (await call.until_stage(p.NoticePrompt)).prompt
        assert isinstance(notice, p.NoticePrompt)
        assert not notice.half_done
        assert {name for name, _ in desk.world.done} >= {"SetPingOneEnabled", "SetDirectoryEnabled", "EndSessions"}
        assert await said(desk, "approval.asked") == [(GRACE.id, "disable")]
        assert await said(desk, "approval.approved") == [(HAL.id, "disable")]
        done = [row for row in await desk.engine.audit.list() if row.action == "pingone.set_enabled"]
        assert {row.details["approval"] for row in done} == {approval.id}
        assert (await look(desk))[1].approvals == ()


async def test_r_40_a_refusal_is_read_by_who_asked_and_nothing_is_done(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        call, approval = await waiting(desk)
        assert (await answer(desk, approval, yes=False)).note == "Refused: disable for Ada Byron."
        page = (await call.until_stage(p.AccountPrompt)).prompt
        assert isinstance(page, p.AccountPrompt)
        assert page.note == "hal refused it: Not now. Nothing was done."
        assert await desk.do(disable(), call_id=call.id) == ("Failed:forbidden",)
        assert await said(desk, "approval.refused") == [(HAL.id, "disable")]


@pytest.mark.parametrize("agent", [GRACE, Agent("GRACE"), Agent("grace", "Somebody else")])
async def test_r_40_nobody_approves_their_own_by_whatever_session(tmp_path: Path, agent: Agent) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        call, approval = await waiting(desk)
        side, prompt = await look(desk, agent)
        assert prompt.approvals == ()
        refused = shown(await side.tell(da.ApprovalGiven(approval.id)))
        assert (refused.code, "not yours to answer" in refused.note) == ("forbidden", True)
        assert await desk.do(disable(), call_id=call.id) == ("Failed:forbidden",)
        assert ("refused", "step.decide_approval", "refused") in await desk.said_of()


@pytest.mark.parametrize(
    ("roles", "populations", "may"),
    [
        ((Role.AGENT,), (EU,), True),
        ((Role.LEAD,), (EU,), True),
        ((Role.AGENT,), (US,), False),
        ((Role.VERIFIER,), (EU,), False),
        ((), (EU,), False),
    ],
)
async def test_r_40_only_who_may_do_it_to_that_person_approves_it(
    tmp_path: Path, roles: tuple[Role, ...], populations: tuple[str, ...], may: bool
) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        desk.world.replies[fx.FindUser] = r.UserFound(IN_EU)
        _, approval = await waiting(desk)
        before = desk.session(HAL)
        begun = await before.start("approvals", approvals.Start())
        await signed_in(desk, granted(desk, *roles, populations=populations), HAL)
        side = Call(desk, before, begun.id)
        assert (shown(await side.tell(da.ApprovalGiven(approval.id))).code == "") is may
        assert bool(await said(desk, "approval.approved")) is may


async def test_r_40_an_approval_lapses_and_says_so(tmp_path: Path) -> None:
    limits = LimitSettings(approval_seconds=60)
    async with desk_on(tmp_path / "desk.db", rules=SECOND, limits=limits) as desk:
        call, approval = await waiting(desk)
        side, prompt = await look(desk)
        assert prompt.approvals == (approval,)
        desk.clock.move(seconds=60)
        page = (await call.until_stage(p.AccountPrompt)).prompt
        assert isinstance(page, p.AccountPrompt)
        assert page.note.startswith("No other agent answered in time.")
        while (prompt := shown(await side.view())).approvals:
            await side.session.changed(side.id, (await side.view()).rev)
        late = shown(await side.tell(da.ApprovalGiven(approval.id)))
        assert late.note == "This request is not open any more. Nothing was answered."
        assert await said(desk, "approval.lapsed") == [(GRACE.id, "disable")]
        assert await desk.do(disable(), call_id=call.id) == ("Failed:forbidden",)


async def test_r_40_it_never_waits_longer_than_the_caller_is_verified(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        call = await linked(desk)
        until = (await call.verify()).verified_until
        desk.clock.move(minutes=14)
        assert (await ask(call)).until == until


@pytest.mark.parametrize("stop", [a.Cancelled(), a.CallEnded()])
async def test_r_40_what_is_withdrawn_is_nobodys_to_answer(tmp_path: Path, stop: a.Cancelled | a.CallEnded) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        call, approval = await waiting(desk)
        await call.tell(stop)
        assert (await answer(desk, approval)).code == "forbidden"
        assert await said(desk, "approval.withdrawn") == [(GRACE.id, "disable")]
        if isinstance(stop, a.Cancelled):
            assert await desk.do(disable(), call_id=call.id) == ("Failed:forbidden",)


async def test_r_40_the_end_of_a_call_withdraws_what_it_asked(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        call, approval = await waiting(desk)
        assert await desk.do(fx.EndCall(), call_id=call.id) == ("CallClosed",)
        assert (await answer(desk, approval)).code == "forbidden"


async def test_r_40_two_who_answer_at_once_are_answered_by_the_first(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        _, approval = await waiting(desk)
        assert (await answer(desk, approval)).code == ""
        assert (await answer(desk, approval, yes=False, agent=ZOE)).code == "forbidden"
        # The same agent's step, performed again after a crash, says what stands.
        assert (await answer(desk, approval, yes=False)).note == "Approved: disable for Ada Byron."


async def test_r_40_a_list_that_is_watched_changes_by_itself(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        side, prompt = await look(desk)
        assert prompt.approvals == ()
        rev = (await side.view()).rev
        _, approval = await waiting(desk)
        view = await side.session.changed(side.id, rev)
        assert shown(view).approvals == (approval,)
        await side.tell(a.BackChosen())
        assert await side.session.calls() == ()


async def test_r_40_a_command_without_an_approval_is_refused_before_it_begins(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        call = await linked(desk)
        await call.verify()
        proof = fx.RequireProof(person_id=ADA.id, act=Act.DISABLE)
        assert await desk.do(proof, call_id=call.id) == ("Failed:forbidden",)
        assert await desk.do(fx.RequireProof(person_id=ADA.id, act=Act.UNLOCK), call_id=call.id) == ("Noted",)


async def test_r_40_what_failed_may_be_tried_again_and_what_is_done_may_not(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        call, approval = await waiting(desk)
        desk.world.replies[fx.SetPingOneEnabled] = Failed(Problem("PingOne is slow.", code="timed_out"))
        await answer(desk, approval)
        await call.until_stage(p.NoticePrompt)
        del desk.world.replies[fx.SetPingOneEnabled]
        assert await desk.do(disable(), call_id=call.id) == ("PingOneEnabledSet",)
        assert await desk.do(disable(), call_id=call.id) == ("Failed:forbidden",)


async def test_r_40_somebody_elses_call_neither_waits_nor_withdraws(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        _, approval = await waiting(desk)
        guard = desk.engine._guard  # noqa: SLF001 - what a flow of another call would reach
        for effect in (ex.AwaitApproval(approval_id=approval.id), ex.WithdrawApproval(approval_id=approval.id)):
            for context in (Context("f", 1, "c", GRACE), Context("f", 1, "c", HAL)):
                reply = await guard(effect, context)
                assert isinstance(reply, Failed)
                assert reply.problem.code == "forbidden"


async def test_a_request_that_a_crash_interrupted_is_asked_once(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        until = desk.clock.now() + timedelta(minutes=5)
        effect = ex.RequestApproval(person=ADA, act=Act.DISABLE, reason="r", shown="link and code", until=until)
        guard, context = desk.engine._guard, Context("f", 3, "c", GRACE)  # noqa: SLF001 - as above
        first, again = await guard(effect, context), await guard(effect, context)
        assert first == again
        assert len(await rows.open_ones(desk.store)) == 1


async def test_r_69_requests_go_with_their_calls_and_a_look_at_them_leaves_nothing(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        desk.world.replies[fx.FindUser] = r.UserFound(IN_EU)
        await signed_in(desk, granted(desk, Role.AGENT, populations=(EU,)))
        call, _ = await waiting(desk)
        await look(desk)
        await call.tell(a.CallEnded())
        desk.clock.move(hours=26)
        assert (await desk.engine.purge(GRACE)).calls == 2
        for table in ("flows", "found", "approvals"):
            assert await desk.store.all(f"SELECT 1 FROM {table}") == []
        ended = [row.details for row in await desk.engine.audit.list() if row.action == "call.ended"]
        assert ended == [{}]


async def test_what_is_answered_is_withdrawn_by_nobody(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        call, approval = await waiting(desk)
        await answer(desk, approval, yes=False)
        again = ex.WithdrawApproval(approval_id=approval.id)
        reply = await desk.engine._guard(again, Context(call.id, 99, call.id, GRACE))  # noqa: SLF001 - as above
        assert isinstance(reply, ex.ApprovalIs)
        assert reply.approval.decision is Decision.REFUSED


@pytest.mark.parametrize("effect", [ex.DecideApproval(approval_id="x", approves=True), ex.ReadAgents()])
async def test_r_55_a_sign_in_that_is_over_answers_nothing_and_reads_nothing(tmp_path: Path, effect: Effect) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        await signed_in(desk, granted(desk, Role.LEAD, until=desk.clock.now() + timedelta(minutes=5)), HAL)
        desk.clock.move(minutes=5)
        reply = await desk.engine._guard(effect, Context("f", 1, "f", HAL))  # noqa: SLF001 - as above
        assert isinstance(reply, Failed)
        assert reply.problem.code == "not_signed_in"


ACTS = st.sampled_from([Act.DISABLE, Act.ENABLE])
PEOPLE = st.sampled_from([ADA.id, "u-other"])
CALLS = st.sampled_from(["c-1", "c-2"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), ACTS, PEOPLE, CALLS),
        st.tuples(st.just("approve"), ACTS, PEOPLE, CALLS),
        st.tuples(st.just("refuse"), ACTS, PEOPLE, CALLS),
        st.tuples(st.just("do"), ACTS, PEOPLE, CALLS),
        st.tuples(st.just("wait"), ACTS, PEOPLE, CALLS),
    ),
    max_size=14,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_r_40_in_no_history_does_an_approval_count_for_anything_else_twice_or_too_late(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Act, str, str]]
) -> None:
    """What the engine says, step by step, is what a model of three lines says: one yes, one act, for 15 minutes."""
    async with desk_on(tmp_path_factory.mktemp("history") / "desk.db", rules=SECOND) as desk:
        guard, inner = desk.engine._guard, desk.engine._desk  # noqa: SLF001 - as above
        open_ones: dict[tuple[Act, str, str], str] = {}
        good: dict[tuple[Act, str, str], list[datetime]] = {}
        for rev, (what, act, person, call) in enumerate(steps, start=1):
            who, now = (act, person, call), desk.clock.now()
            context = Context(f"f-{call}", rev, call, GRACE)
            if what == "ask":
                effect = ex.RequestApproval(
                    person=ADA if person == ADA.id else IN_OTHER,
                    act=act,
                    reason="r",
                    shown="s",
                    until=now + timedelta(hours=1),
                )
                reply = await guard(effect, context)
                assert isinstance(reply, ex.ApprovalIs)
                open_ones[who] = reply.approval.id
            elif what in ("approve", "refuse") and who in open_ones:
                effect_id = open_ones.pop(who)
                yes = what == "approve"
                reply = await guard(
                    ex.DecideApproval(approval_id=effect_id, approves=yes, why="w"), replace(context, agent=HAL)
                )
                assert isinstance(reply, ex.ApprovalIs)
                if yes:
                    good.setdefault(who, []).append(now)
            elif what == "wait":
                desk.clock.move(minutes=4)
                open_ones = {}
            elif what == "do":
                effect2 = disable(act, enabled=act is Act.ENABLE, person=person)
                known = await facts.read(desk.store, inner, context, person, effect2.action, act=act)
                fresh = [at for at in good.get(who, []) if now - at < timedelta(minutes=15)]
                assert bool(known.approval) is bool(fresh), (who, steps)
                if known.approval:
                    good[who].remove(fresh[-1])
                    marks: dict[str, Detail] = {"approval": known.approval}
                    await inner.audit.write(entry(Kind.INTENT, effect2, context, marks=marks))


async def lead_at(desk: Desk) -> Call:
    session = await signed_in(desk, granted(desk, Role.LEAD), HAL)
    begun = await session.start("agents", agents.Start())
    return Call(desk, session, begun.id)


async def test_r_55_a_lead_ends_an_agents_sign_in_at_once(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        grants = granted(desk, Role.AGENT)
        session = await signed_in(desk, grants)
        begun = await session.start("csr_main", csr_main.Start())
        call = Call(desk, session, begun.id)
        for one in (a.UsernameGiven("ada@home.example", "T-1"), a.MagicLinkChosen(), a.SendChosen()):
            await call.tell(one)
        await call.verify()
        approval = await ask(call)
        lead = await lead_at(desk)
        shown_agents = (await lead.view()).prompt
        assert isinstance(shown_agents, dp.AgentsPrompt)
        assert [(one.id, one.roles, one.ended_by) for one in shown_agents.agents] == [
            (GRACE.id, (Role.AGENT,), ""),
            (HAL.id, (Role.LEAD,), ""),
        ]
        after = (await lead.tell(da.SignInEndChosen(GRACE.id, "Left the company."))).prompt
        assert isinstance(after, dp.AgentsPrompt)
        assert after.note.startswith("The sign-in of grace has ended. 1 call")
        assert after.agents[0].ended_by == HAL.id
        for refused in (
            session.view(call.id),
            session.calls(),
            session.audit(),
            session.start("csr_main", csr_main.Start()),
        ):
            with pytest.raises(NotSignedInError, match="ended by hal"):
                await refused
        assert (await answer(desk, approval, agent=ZOE)).code == "forbidden"
        assert await desk.do(disable(Act.PROTECT), call_id=call.id) == ("Failed:not_signed_in",)
        link = fx.SendMagicLink(person_id=ADA.id, account="A***")
        assert await desk.do(link, call_id=call.id) == ("Failed:not_signed_in",)
        alert = next(row for row in await desk.engine.audit.list() if row.kind == "alert" and row.agent == HAL.id)
        assert (alert.action, alert.details["whose"], alert.details["calls"]) == ("sign_in.ended_by_lead", GRACE.id, 1)
        desk.clock.move(minutes=2)
        again = await signed_in(desk, granted(desk, Role.AGENT))
        assert [summary.stage for summary in await again.calls()] == ["not verified"]
        with pytest.raises(NotSignedInError):
            await desk.engine.session(GRACE, grants).calls()


async def test_r_40_what_an_agent_approved_counts_no_more_once_their_sign_in_is_ended(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        call, approval = await waiting(desk)
        await signed_in(desk, granted(desk, Role.LEAD), ZOE)
        desk.world.replies[fx.SetPingOneEnabled] = Failed(Problem("PingOne is not well.", code="unavailable"))
        await answer(desk, approval, agent=ZOE)
        await call.until_stage(p.NoticePrompt)
        assert await desk.do(disable(), call_id=call.id) == ("Failed:unavailable",)  # what failed may be tried again
        await (await lead_at(desk)).tell(da.SignInEndChosen(ZOE.id, "Their phone was stolen."))
        assert await desk.do(disable(), call_id=call.id) == ("Failed:forbidden",)
        assert await said(desk, "approval.withdrawn") == [(HAL.id, "disable")]


async def test_r_55_only_a_lead_ends_a_sign_in_and_only_of_somebody_who_signed_in(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        lead = await lead_at(desk)
        nobody = (await lead.tell(da.SignInEndChosen("nobody", "why"))).prompt
        assert isinstance(nobody, dp.AgentsPrompt)
        assert nobody.code == "not_found"
        session = await signed_in(desk, granted(desk, Role.AGENT))
        begun = await session.start("agents", agents.Start())
        side = Call(desk, session, begun.id)
        prompt = (await side.view()).prompt
        assert isinstance(prompt, dp.AgentsPrompt)
        assert (prompt.agents, prompt.code) == ((), "forbidden")
        after = (await side.tell(da.SignInEndChosen(HAL.id, "why"))).prompt
        assert isinstance(after, dp.AgentsPrompt)
        assert "Only a lead does this." in after.note
        assert await lead.session.calls() == ()


async def test_r_40_an_account_is_closed_at_once_only_with_another_agents_yes(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=Rules(second_agent_for=(Act.PROTECT,))) as desk:
        session = desk.session(GRACE)
        call = Call(desk, session, (await session.start("csr_main", csr_main.Start("T-1"))).id)
        await call.tell(a.UsernameGiven("ada@home.example", "T-1"))
        await call.tell(a.ProtectiveDisableChosen())
        waiting = (await call.tell(a.Confirmed("somebody has it", "T-1"))).prompt
        assert isinstance(waiting, dp.SecondAgentPrompt)
        assert await desk.do(disable(Act.PROTECT), call_id=call.id) == ("Failed:forbidden",)
        assert (await answer(desk, waiting.approval)).note == "Approved: protect for Ada Byron."
        notice = (await call.until_stage(p.NoticePrompt)).prompt
        assert isinstance(notice, p.NoticePrompt)
        assert not notice.half_done
        done = [row for row in await desk.engine.audit.list() if row.action == "pingone.set_enabled"]
        assert done[-1].details["approval"] == waiting.approval.id
        assert await desk.do(disable(Act.PROTECT), call_id=call.id) == ("Failed:forbidden",)


async def test_r_40_a_device_is_changed_only_with_another_agents_yes(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=Rules(second_agent_for=(Act.DEVICES,))) as desk:
        desk.world.replies[dx.ChangeDevice] = dr.DeviceChanged(changed=True)
        desk.world.replies[fx.ReadDevices] = r.DevicesRead(Devices((TOTP, Device("d-2", "TOTP"))))
        call = await linked(desk)
        await call.verify()
        change = dx.ChangeDevice(
            person_id=ADA.id, act=Act.DEVICES, reason="asked", device_id="d-2", change=DeviceChange.BLOCK
        )
        guard = desk.engine._guard  # noqa: SLF001 - what no prompt of the call has offered
        refused = await guard(change, Context(call.id, 90, call.id, GRACE))
        assert isinstance(refused, Failed)
        await call.tell(a.DevicesChosen())
        await call.tell(a.BlockDeviceChosen("d-2"))
        waiting = (await call.tell(a.Confirmed("stolen", "T-1"))).prompt
        assert isinstance(waiting, dp.SecondAgentPrompt)
        await answer(desk, waiting.approval)
        await call.until_stage(p.NoticePrompt)
        assert "ChangeDevice" in {name for name, _ in desk.world.done}
        again = await guard(change, Context(call.id, 91, call.id, GRACE))
        assert isinstance(again, Failed)
