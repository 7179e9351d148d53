"""Hand over: a call goes to another agent, whole and at once, and what was the first one's is theirs no more."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from csrdesk.engine import windows
from csrdesk.engine.session import AgentSession
from csrdesk.errors import HandedOverError, NoSuchFlowError
from csrdesk.flows import agents, approvals, csr_main, hand_over
from csrdesk.flows import answers as a
from csrdesk.flows import desk_answers as da
from csrdesk.flows import desk_prompts as dp
from csrdesk.flows import effects as fx
from csrdesk.flows import hand_over_answers as ha
from csrdesk.flows import hand_over_effects as hx
from csrdesk.flows import hand_over_prompts as hp
from csrdesk.flows import password_prompts as pp
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Agent, Context, View
from csrdesk.flows.kernel import Answer, Effect, Failed, Problem
from csrdesk.flows.rules import Rules
from csrdesk.model.account import Account, DirectoryAccount, PingOneAccount
from csrdesk.model.grants import Grants, Role
from csrdesk.model.hand_overs import HandOver
from csrdesk.model.link import Purpose
from csrdesk.model.people import Protection
from csrdesk.model.proofs import Act
from tests.engine.roles import EU, US, granted, signed_in
from tests.engine.test_password_pages import begun, typed
from tests.engine.test_roles import IN_EU
from tests.engine.world import ADA, GRACE, HAL, Begin, Call, Desk, desk_on, disable, linked

ZOE = Agent("zoe", "Zoe")
NOTE = "Speaks French, so do you."
SECOND = Rules(second_agent_for=(Act.DISABLE,))


async def at_desk(desk: Desk, *agents: Agent, grants: Grants | None = None) -> list[AgentSession]:
    """Their sessions, signed in with everything, or with those grants."""
    lead = granted(desk, Role.LEAD, until=desk.clock.now() + timedelta(hours=1))
    return [await signed_in(desk, grants or lead, agent) for agent in agents]


async def side_of(desk: Desk, session: AgentSession, call: Call) -> Call:
    """The first agent's screen of handing a call over."""
    return Call(desk, session, (await session.start("hand_over", hand_over.Start(call.id))).id)


async def choosing(side: Call) -> hp.HandOverPrompt:
    prompt = (await side.view()).prompt
    assert isinstance(prompt, hp.HandOverPrompt), prompt
    return prompt


async def offer(desk: Desk, call: Call, to: Agent = HAL, note: str = NOTE) -> tuple[Call, HandOver]:
    """The call offered, and still the first agent's."""
    side = await side_of(desk, call.session, call)
    prompt = (await side.tell(ha.CallOffered(to.id, note))).prompt
    assert isinstance(prompt, hp.OfferedPrompt), prompt
    return side, prompt.hand_over


async def gone(side: Call) -> HandOver:
    """Wait until the first agent's screen says that the call is another's."""
    view = await side.view()
    async with asyncio.timeout(20):
        while view.outcome is None:
            view = await side.session.changed(side.id, view.rev)
    assert isinstance(view.outcome, hand_over.HandedOver), view
    return view.outcome.hand_over


async def kept(side: Call) -> str:
    """Wait until the first agent is told that the call stays; the words."""
    view = await side.view()
    async with asyncio.timeout(20):
        while not isinstance(view.prompt, hp.HandOverPrompt):
            view = await side.session.changed(side.id, view.rev)
    return view.prompt.note


async def waiting(desk: Desk, session: AgentSession) -> tuple[Call, dp.ApprovalsPrompt]:
    """What waits for this agent, as their console has it."""
    side = Call(desk, session, (await session.start("approvals", approvals.Start())).id)
    return side, listed(await side.view())


def listed(view: View) -> dp.ApprovalsPrompt:
    assert isinstance(view.prompt, dp.ApprovalsPrompt), view
    return view.prompt


async def answer(desk: Desk, session: AgentSession, given: Answer) -> View:
    side, _ = await waiting(desk, session)
    return await side.tell(given)


async def handed(desk: Desk, call: Call, to: AgentSession) -> Call:
    """The call as whoever has taken it over has it."""
    _, offered = await offer(desk, call, to.agent)
    view = await answer(desk, to, ha.CallAccepted(offered.id))
    assert isinstance(view.outcome, approvals.TookOver), view
    return Call(desk, to, call.id)


async def said(desk: Desk) -> list[tuple[str, str, str, str]]:
    """What the audit has of offers: what, who, from whom, to whom."""
    return [
        (row.action.removeprefix("hand_over."), row.agent, str(row.details["from_agent"]), str(row.details["to_agent"]))
        for row in await desk.engine.audit.list(limit=1000)
        if row.action.startswith("hand_over.")
    ]


async def perform(desk: Desk, effect: Effect, agent: Agent, key: str = "f") -> str:
    """What a hand-made flow would get."""
    reply = await desk.engine._guard(effect, Context(key, 1, key, agent))  # noqa: SLF001 - as in other tests
    return reply.problem.code if isinstance(reply, Failed) else type(reply).__name__


async def test_r_12_a_verified_call_is_the_others_with_the_same_window_and_the_first_can_do_nothing_more(
    tmp_path: Path,
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grace, hal = await at_desk(desk, GRACE, HAL)
        call = await linked(desk)
        call.session = grace
        until = (await call.verify()).verified_until
        desk.clock.move(minutes=3)
        side, offered = await offer(desk, call)
        assert (offered.agent_name, offered.to_name, offered.person, offered.note) == ("Grace", "Hal", ADA, NOTE)
        assert offered.until == desk.clock.now() + timedelta(minutes=2)
        _, prompt = await waiting(desk, hal)
        (seen,) = prompt.offers
        assert (seen.id, seen.stage, seen.verified_until) == (offered.id, "verified", until)
        view = await answer(desk, hal, ha.CallAccepted(offered.id))
        assert isinstance(view.outcome, approvals.TookOver)
        theirs = Call(desk, hal, call.id)
        account = (await theirs.view()).prompt
        assert isinstance(account, p.AccountPrompt)
        assert account.verified_until == until
        window = await windows.newest(desk.store, call.id)
        assert window is not None
        assert (window.agent, window.verified_until) == (HAL.id, until)
        # The first one's client, whatever it tries.
        rev = (await theirs.view()).rev
        for tried in (
            grace.view(call.id),
            grace.changed(call.id, 0),
            grace.settled(call.id),
            grace.resume(call.id),
            grace.record(call.id),
            grace.answer(call.id, rev, a.DisableChosen()),
            grace.start("told", Begin(), call_id=call.id),
        ):
            with pytest.raises(HandedOverError, match="handed over to Hal"):
                await tried
        context = Context(call.id, 99, call.id, GRACE)
        refused = await desk.engine._guard(disable(), context)  # noqa: SLF001 - as above
        assert isinstance(refused, Failed)
        assert refused.problem.code == "not_verified"
        assert [one.id for one in await grace.calls()] == []
        assert [one.id for one in await hal.calls()] == [call.id]
        # The first one's screen says so, and the other goes on.
        assert (await gone(side)).to_name == "Hal"
        await theirs.tell(a.DisableChosen())
        await theirs.tell(a.Confirmed("asked for it", "T-1"))
        notice = (await theirs.until_stage(p.NoticePrompt)).prompt
        assert isinstance(notice, p.NoticePrompt)
        assert not notice.half_done
        assert await said(desk) == [
            ("offered", GRACE.id, GRACE.id, HAL.id),
            ("accepted", HAL.id, GRACE.id, HAL.id),
        ]
        assert ("refused", "call.foreign", "refused") in await desk.said_of()


async def test_r_12_a_link_that_waits_goes_along_and_its_page_says_the_new_name(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grace, hal = await at_desk(desk, GRACE, HAL)
        call = await linked(desk)
        call.session = grace
        code = await call.code()
        theirs = await handed(desk, call, hal)
        assert await theirs.code() == code
        page = (await theirs.page()).view.prompt
        assert isinstance(page, p.CodePrompt)
        assert (page.about.agent_name, page.about.handed_over) == ("Hal", True)
        account = await theirs.verify()
        assert account.person == ADA
        window = await windows.newest(desk.store, call.id)
        assert window is not None
        assert window.agent == HAL.id
        started = [row.agent for row in await desk.engine.audit.list() if row.action == "verification.started"]
        assert started == [HAL.id]


async def test_r_12_a_screen_that_waits_hears_of_it_and_shows_nothing_more(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grace, hal = await at_desk(desk, GRACE, HAL)
        call = await linked(desk)
        call.session = grace
        rev = (await call.view()).rev
        changes = asyncio.ensure_future(grace.changed(call.id, rev))
        await handed(desk, call, hal)
        with pytest.raises(HandedOverError):
            await changes
        with pytest.raises(NoSuchFlowError):
            await desk.session(ZOE).view(call.id)


async def test_an_offer_that_nobody_answers_lapses_after_two_minutes_and_the_call_stays(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grace, hal = await at_desk(desk, GRACE, HAL)
        call = await linked(desk)
        call.session = grace
        await call.verify()
        side, offered = await offer(desk, call)
        beside, prompt = await waiting(desk, hal)
        assert len(prompt.offers) == 1
        desk.clock.move(seconds=120)
        assert await kept(side) == "Hal did not answer in time. The call stays with you."
        while listed(await beside.view()).offers:
            await hal.changed(beside.id, (await beside.view()).rev)
        late = listed(await beside.tell(ha.CallAccepted(offered.id)))
        assert (late.code, late.note) == ("forbidden", "This offer is not open any more. Nothing was answered.")
        assert isinstance((await call.view()).prompt, p.AccountPrompt)
        assert await said(desk) == [
            ("offered", GRACE.id, GRACE.id, HAL.id),
            ("lapsed", GRACE.id, GRACE.id, HAL.id),
        ]


async def test_a_colleague_declines_with_a_word_and_the_first_agent_reads_it(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grace, hal = await at_desk(desk, GRACE, HAL)
        call = await linked(desk)
        call.session = grace
        side, offered = await offer(desk, call)
        beside, _ = await waiting(desk, hal)
        wordless = listed(await beside.tell(ha.CallDeclined(offered.id, " ")))
        assert wordless.code == "needs_answer"
        declined = listed(await beside.tell(ha.CallDeclined(offered.id, "In a meeting.")))
        assert declined.note == "Declined: the call of Grace with Ada Byron."
        assert await kept(side) == "Hal declined: In a meeting. The call stays with you."
        assert (await said(desk))[-1] == ("declined", HAL.id, GRACE.id, HAL.id)
        # The same step, performed again after a crash, says what stands.
        again = hx.AnswerHandOver(hand_over_id=offered.id, accepts=True)
        assert await perform(desk, again, HAL) == "HandOverIs"
        assert isinstance((await call.view()).prompt, p.PollingPrompt)


async def test_the_first_agent_takes_it_back_and_reads_it_where_the_other_was_faster(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grace, hal = await at_desk(desk, GRACE, HAL)
        call = await linked(desk)
        call.session = grace
        side, offered = await offer(desk, call)
        back = (await side.tell(a.Cancelled())).prompt
        assert isinstance(back, hp.HandOverPrompt)
        assert back.note == "The offer was taken back. The call stays with you."
        late = listed(await answer(desk, hal, ha.CallAccepted(offered.id)))
        assert late.code == "forbidden"
        assert (await said(desk))[-1] == ("withdrawn", GRACE.id, GRACE.id, HAL.id)
        _, once_more = await offer(desk, call)
        await answer(desk, hal, ha.CallAccepted(once_more.id))
        assert await perform(desk, hx.WithdrawHandOver(hand_over_id=once_more.id), GRACE) == "HandOverIs"
        assert (await said(desk))[-1][0] == "accepted"


@pytest.mark.parametrize(
    ("roles", "populations", "verified", "may"),
    [
        ((Role.LEAD,), (EU,), True, True),
        ((Role.AGENT,), (EU,), True, True),
        ((Role.LEAD,), (US,), True, False),
        ((Role.VERIFIER,), (EU,), False, True),
        ((Role.VERIFIER,), (EU,), True, False),
        ((Role.AUDITOR,), (EU,), False, False),
        ((), (EU,), False, False),
    ],
)
async def test_r_41_only_who_serves_the_caller_is_offered_the_call(
    tmp_path: Path, roles: tuple[Role, ...], populations: tuple[str, ...], verified: bool, may: bool
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.replies[fx.FindUser] = r.UserFound(IN_EU)
        (grace,) = await at_desk(desk, GRACE)
        await at_desk(desk, HAL, grants=granted(desk, *roles, populations=populations))
        call = await linked(desk)
        call.session = grace
        if verified:
            await call.verify()
        side = await side_of(desk, grace, call)
        prompt = await choosing(side)
        assert [one.id for one in prompt.colleagues] == ([HAL.id] if may else [])
        after = (await side.tell(ha.CallOffered(HAL.id, NOTE))).prompt
        assert isinstance(after, hp.OfferedPrompt if may else hp.HandOverPrompt)
        assert len(await said(desk)) == int(may)


async def test_r_41_the_scope_is_looked_at_again_when_the_call_is_accepted(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.replies[fx.FindUser] = r.UserFound(IN_EU)
        (grace,) = await at_desk(desk, GRACE)
        until = desk.clock.now() + timedelta(minutes=30)
        (hal,) = await at_desk(desk, HAL, grants=granted(desk, Role.AGENT, populations=(EU,), until=until))
        call = await linked(desk)
        call.session = grace
        _, offered = await offer(desk, call)
        later = granted(desk, Role.AGENT, populations=(US,), until=until + timedelta(minutes=5))
        await signed_in(desk, later, HAL)
        refused = listed(await answer(desk, hal, ha.CallAccepted(offered.id)))
        assert refused.code == "forbidden"
        assert isinstance((await call.view()).prompt, p.PollingPrompt)
        assert [what for what, *_ in await said(desk)] == ["offered"]


async def test_r_41_whoever_takes_it_with_a_limited_scope_can_act_in_it(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.replies[fx.FindUser] = r.UserFound(IN_EU)
        (grace,) = await at_desk(desk, GRACE)
        limited = granted(desk, Role.AGENT, populations=(EU,), ous=(), until=desk.clock.now() + timedelta(hours=1))
        await at_desk(desk, ZOE, grants=limited)
        (hal,) = await at_desk(desk, HAL, grants=replace(limited, ous=("CN=Ada",)))
        call = await linked(desk)
        call.session = grace
        await call.verify()
        assert [one.id for one in (await choosing(await side_of(desk, grace, call))).colleagues] == [HAL.id]
        theirs = await handed(desk, call, hal)
        view = await theirs.view()
        assert isinstance(view.prompt, p.AccountPrompt)
        assert Act.ENABLE in view.prompt.withheld
        await theirs.tell(a.DisableChosen())
        await theirs.tell(a.Confirmed("asked for it", "T-1"))
        assert isinstance((await theirs.until_stage(p.NoticePrompt)).prompt, p.NoticePrompt)


@pytest.mark.parametrize(
    ("protection", "directory", "verified", "offered_to"),
    [
        (Protection(dn="CN=Ada,OU=EU"), True, True, [HAL.id, ZOE.id]),
        (Protection(dn="CN=Ada,OU=US"), True, False, [ZOE.id]),
        (Protection(), False, True, [HAL.id, ZOE.id]),
        (Protection(), False, False, [HAL.id, ZOE.id]),
        (Protection(unchecked="AD is down."), True, False, [ZOE.id]),
    ],
    ids=["within", "outside", "no entry, verified", "no entry", "nobody knows"],
)
async def test_r_41_where_the_entry_in_ad_is_decides_and_unknown_is_outside(
    tmp_path: Path, protection: Protection, directory: bool, verified: bool, offered_to: list[str]
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.replies[fx.ReadProtection] = r.ProtectionRead(protection)
        entry = DirectoryAccount(protection.dn, "ada") if directory else None
        desk.world.replies[fx.ReadAccount] = r.AccountRead(Account(PingOneAccount(enabled=True), entry))
        grace, _ = await at_desk(desk, GRACE, ZOE)
        until = desk.clock.now() + timedelta(hours=1)
        await at_desk(desk, HAL, grants=granted(desk, Role.AGENT, ous=("OU=EU",), until=until))
        call = await linked(desk)
        call.session = grace
        if verified:
            await call.verify()
        assert [one.id for one in (await choosing(await side_of(desk, grace, call))).colleagues] == offered_to


async def test_an_offer_is_of_one_person_and_of_no_other_who_is_served_later(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grace, hal = await at_desk(desk, GRACE, HAL)
        call = await linked(desk)
        call.session = grace
        _, offered = await offer(desk, call)
        other = msgspec.json.encode(replace(ADA, id="u-other")).decode()
        async with desk.store.transaction() as tx:
            await tx.execute("UPDATE hand_overs SET person = ? WHERE id = ?", other, offered.id)
        refused = listed(await answer(desk, hal, ha.CallAccepted(offered.id)))
        assert refused.note == "This offer is not open any more. Nothing was answered."


async def test_nobody_holds_more_verified_calls_than_allowed_by_taking_them_over(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grace, hal = await at_desk(desk, GRACE, HAL)
        for name in ("u-1", "u-2", "u-3"):
            desk.world.replies[fx.FindUser] = r.UserFound(replace(ADA, id=name))
            await (await linked(desk, HAL)).verify()
        desk.world.replies[fx.FindUser] = r.UserFound(ADA)
        call = await linked(desk)
        call.session = grace
        _, unverified = await offer(desk, call)
        await call.verify()
        refused = listed(await answer(desk, hal, ha.CallAccepted(unverified.id)))
        assert refused.note == "You have 3 verified calls open. End one of them first, then accept."
        assert [one.stage[:8] for one in await grace.calls()] == ["verified"]


async def test_an_act_under_way_keeps_the_call_where_it_is(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grace, hal = await at_desk(desk, GRACE, HAL)
        call = await linked(desk)
        call.session = grace
        await call.verify()
        _, offered = await offer(desk, call)
        desk.world.held.add(fx.SetPingOneEnabled)
        begun_effects = desk.world.begun
        asked = await call.tell(a.DisableChosen())
        await grace.answer(call.id, asked.rev, a.Confirmed("asked for it", "T-1"))
        async with asyncio.timeout(20):
            while "SetPingOneEnabled" not in desk.world.contexts:
                begun_effects.clear()
                await begun_effects.wait()
        refused = listed(await answer(desk, hal, ha.CallAccepted(offered.id)))
        assert "An act of this call is under way" in refused.note
        assert "The offer stays open" in refused.note
        side = await side_of(desk, grace, call)
        again = (await side.tell(ha.CallOffered(HAL.id, NOTE))).prompt
        assert isinstance(again, hp.HandOverPrompt)
        assert again.note.endswith("Nothing was offered.")
        desk.world.gate.set()
        await call.until_stage(p.NoticePrompt)
        assert isinstance((await answer(desk, hal, ha.CallAccepted(offered.id))).outcome, approvals.TookOver)


async def test_r_40_what_one_has_approved_is_never_theirs_to_do(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=SECOND) as desk:
        grace, hal, zoe = await at_desk(desk, GRACE, HAL, ZOE)
        call = await linked(desk)
        call.session = grace
        await call.verify()
        _, early = await offer(desk, call)
        await call.tell(a.DisableChosen())
        prompt = (await call.tell(a.Confirmed("asked for it", "T-1"))).prompt
        assert isinstance(prompt, dp.SecondAgentPrompt)
        # A request goes along: it waits for somebody else than whoever has the call.
        _, later = await offer(desk, call, ZOE)
        await answer(desk, zoe, ha.CallAccepted(later.id))
        theirs = Call(desk, zoe, call.id)
        moved = (await theirs.view()).prompt
        assert isinstance(moved, dp.SecondAgentPrompt)
        assert (moved.approval.agent, moved.approval.agent_name) == (ZOE.id, "Zoe")
        assert listed(await answer(desk, zoe, da.ApprovalGiven(prompt.approval.id))).code == "forbidden"
        desk.world.replies[fx.SetPingOneEnabled] = Failed(Problem("PingOne is slow.", code="timed_out"))
        approved = listed(await answer(desk, hal, da.ApprovalGiven(prompt.approval.id)))
        assert approved.code == ""
        await theirs.until_stage(p.NoticePrompt)
        colleagues = (await choosing(await side_of(desk, zoe, theirs))).colleagues
        assert [one.id for one in colleagues] == [GRACE.id]
        assert await perform(desk, hx.OfferCall(call_id=call.id, to=HAL.id, note=NOTE), ZOE) == "forbidden"
        assert await perform(desk, hx.AnswerHandOver(hand_over_id=early.id, accepts=True), HAL) == "forbidden"


async def test_a_reset_that_waits_for_the_customer_goes_only_to_who_may_reset(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grace, hal, _ = await at_desk(desk, GRACE, HAL, ZOE)
        await at_desk(desk, ZOE, grants=granted(desk, Role.AGENT, until=desk.clock.now() + timedelta(hours=2)))
        call = await linked(desk)
        call.session = grace
        await call.verify()
        await begun(call)
        side = await side_of(desk, grace, call)
        assert [one.id for one in (await choosing(side)).colleagues] == [HAL.id]
        theirs = await handed(desk, call, hal)
        prompt = (await theirs.page()).view.prompt
        assert isinstance(prompt, pp.NewPasswordPrompt)
        assert (prompt.about.agent_name, prompt.about.handed_over) == ("Hal", True)
        await theirs.customer(typed())
        notice = (await theirs.until_stage(p.NoticePrompt)).prompt
        assert isinstance(notice, p.NoticePrompt)
        assert not notice.half_done
        rows = await desk.store.all("SELECT agent, purpose FROM challenges WHERE call_id = ?", call.id)
        assert {(row["agent"], row["purpose"]) for row in rows} == {
            (HAL.id, Purpose.VERIFY.value),
            (HAL.id, Purpose.PASSWORD.value),
        }


@pytest.mark.parametrize("ended", ["call", "customer", "giver", "receiver"])
async def test_an_offer_ends_with_what_it_was_made_of(tmp_path: Path, ended: str) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grace, _, zoe = await at_desk(desk, GRACE, HAL, ZOE)
        call = await linked(desk)
        call.session = grace
        await call.verify()
        _, offered = await offer(desk, call)
        match ended:
            case "call":
                await desk.do(fx.EndCall(), call_id=call.id)
            case "customer":
                await call.tell(a.BackChosen())
            case _:
                who = GRACE.id if ended == "giver" else HAL.id
                begun = await zoe.start("agents", agents.Start())
                await Call(desk, zoe, begun.id).tell(da.SignInEndChosen(who, "left the company"))
        assert (await said(desk))[-1][0] == "withdrawn"
        code = await perform(desk, hx.AnswerHandOver(hand_over_id=offered.id, accepts=True), HAL)
        assert code == ("not_signed_in" if ended == "receiver" else "forbidden")


async def test_only_ones_own_open_call_with_somebody_in_it_is_handed_over_and_to_nobody_unknown(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grace, hal = await at_desk(desk, GRACE, HAL)
        call = await linked(desk)
        call.session = grace
        for agent, to, wanted in (
            (HAL, GRACE.id, "forbidden"),
            (GRACE, GRACE.id, "forbidden"),
            (GRACE, "x", "forbidden"),
        ):
            assert await perform(desk, hx.OfferCall(call_id=call.id, to=to, note=NOTE), agent) == wanted
        assert await perform(desk, hx.ReadColleagues(call_id="no-such-call"), GRACE) == "forbidden"
        empty = await grace.start("csr_main", csr_main.Start())
        nobody = await choosing(Call(desk, grace, (await grace.start("hand_over", hand_over.Start(empty.id))).id))
        assert (nobody.person, nobody.code) == (None, "forbidden")
        assert "Nobody has been found" in nobody.note
        side, offered = await offer(desk, call)
        for effect in (hx.AwaitHandOver(hand_over_id=offered.id), hx.WithdrawHandOver(hand_over_id=offered.id)):
            assert await perform(desk, effect, HAL) == "forbidden"
        for agent in (GRACE, ZOE):
            assert await perform(desk, hx.AnswerHandOver(hand_over_id=offered.id, accepts=True), agent) == "forbidden"
        assert await perform(desk, hx.AnswerHandOver(hand_over_id="none", accepts=True), HAL) == "forbidden"
        await side.tell(a.Cancelled())
        assert isinstance((await side.tell(a.BackChosen())).outcome, hand_over.Kept)
        assert await hal.calls() == ()


async def test_an_offer_that_a_crash_interrupted_is_made_once_and_a_newer_one_takes_its_place(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grace, _, _ = await at_desk(desk, GRACE, HAL, ZOE)
        call = await linked(desk)
        call.session = grace
        effect = hx.OfferCall(call_id=call.id, to=HAL.id, note=NOTE)
        assert await perform(desk, effect, GRACE) == await perform(desk, effect, GRACE) == "HandOverIs"
        assert [what for what, *_ in await said(desk)] == ["offered"]
        await offer(desk, call, ZOE)
        assert [(what, to) for what, _, _, to in await said(desk)] == [
            ("offered", HAL.id),
            ("withdrawn", HAL.id),
            ("offered", ZOE.id),
        ]


async def test_an_offer_whose_flow_is_gone_lapses_where_the_next_one_is_made(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grace, _, _ = await at_desk(desk, GRACE, HAL, ZOE)
        call = await linked(desk)
        call.session = grace
        effect = hx.OfferCall(call_id=call.id, to=HAL.id, note=NOTE)
        assert await perform(desk, effect, GRACE) == "HandOverIs"
        desk.clock.move(seconds=120)
        assert await perform(desk, effect, GRACE, "g") == "HandOverIs"
        assert [what for what, *_ in await said(desk)] == ["offered", "lapsed", "offered"]


async def test_whoever_is_killed_right_after_accepting_has_the_call_once_and_finds_it(tmp_path: Path) -> None:
    place = tmp_path / "desk.db"
    async with desk_on(place) as desk:
        grace, hal = await at_desk(desk, GRACE, HAL)
        call = await linked(desk)
        call.session = grace
        side, offered = await offer(desk, call)
        # What the flow's step would have saved next is lost; the desk's transaction is not.
        accepting = hx.AnswerHandOver(hand_over_id=offered.id, accepts=True)
        assert await perform(desk, accepting, HAL) == "HandOverIs"
        await gone(side)
        rev = (await hal.view(call.id)).rev
    async with desk_on(place) as again:
        (hal,) = await at_desk(again, HAL)
        assert await perform(again, accepting, HAL) == "HandOverIs"
        assert (await hal.view(call.id)).rev == rev
        assert [one.id for one in await hal.calls()] == [call.id]
        assert [what for what, *_ in await said(again)] == ["offered", "accepted"]


async def test_a_call_that_another_version_left_is_not_handed_over(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grace, hal = await at_desk(desk, GRACE, HAL)
        call = await linked(desk)
        call.session = grace
        _, offered = await offer(desk, call)
        async with desk.store.transaction() as tx:
            await tx.execute("UPDATE flows SET version = 0 WHERE id = ?", call.id)
        refused = listed(await answer(desk, hal, ha.CallAccepted(offered.id)))
        assert "another version" in refused.note
        nobody = await choosing(await side_of(desk, grace, call))
        assert "another version" in nobody.note


async def test_whose_sign_in_is_over_is_offered_nothing_and_takes_nothing_over(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        (grace,) = await at_desk(desk, GRACE)
        soon = granted(desk, Role.LEAD, until=desk.clock.now() + timedelta(minutes=1))
        await at_desk(desk, HAL, grants=soon)
        await at_desk(desk, Agent("client:script"), grants=soon)
        call = await linked(desk)
        call.session = grace
        side, offered = await offer(desk, call)
        desk.clock.move(seconds=61)
        assert await perform(desk, hx.AnswerHandOver(hand_over_id=offered.id, accepts=True), HAL) == "not_signed_in"
        back = (await side.tell(a.Cancelled())).prompt
        assert isinstance(back, hp.HandOverPrompt)
        assert back.colleagues == ()


async def test_where_nobody_signs_in_there_is_nobody_to_hand_over_to(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        prompt = await choosing(await side_of(desk, call.session, call))
        assert (prompt.person, prompt.colleagues) == (ADA, ())


async def test_the_ticket_of_who_has_the_call_says_what_was_proved_before(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        (grace,) = await at_desk(desk, GRACE)
        until = desk.clock.now() + timedelta(hours=1)
        (hal,) = await at_desk(desk, HAL, grants=granted(desk, Role.AGENT, until=until))
        call = await linked(desk)
        call.session = grace
        await call.verify()
        await handed(desk, call, hal)
        record = await hal.record(call.id)
        assert (record.agent, record.person_id) == (HAL, ADA.id)
        assert record.account == "a***@h***.example"
        assert [shown for _, shown in record.proofs] == ["authentication: link, code and device (strong)"]
        # The rows themselves stay theirs who wrote them, for who does not read the audit.
        assert {line.agent for line in (await hal.audit(call_id=call.id)).lines} == {HAL.id}


async def test_r_69_offers_go_with_their_calls(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grace, hal = await at_desk(desk, GRACE, HAL)
        call = await linked(desk)
        call.session = grace
        theirs = await handed(desk, call, hal)
        await theirs.tell(a.LineDropped())
        await theirs.tell(a.CallEnded())
        desk.clock.move(hours=26)
        await desk.engine.purge(GRACE)
        for table in ("flows", "hand_overs"):
            assert await desk.store.all(f"SELECT 1 FROM {table}") == []
