"""R-40, R-41 and R-68 in the engine: a lead's word opens what settings name, for this caller and call, and no more."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from csrdesk.config import LimitSettings
from csrdesk.engine import call_stages, facts
from csrdesk.engine.audit import AuditRow
from csrdesk.flows import agents, approvals, csr_main
from csrdesk.flows import answers as a
from csrdesk.flows import desk_answers as da
from csrdesk.flows import desk_effects as ex
from csrdesk.flows import desk_prompts as dp
from csrdesk.flows import effects as fx
from csrdesk.flows import exception_prompts as xp
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Agent, Context
from csrdesk.flows.kernel import Effect, Failed, Reply
from csrdesk.flows.rules import Rules
from csrdesk.model.approvals import Approval, Decision
from csrdesk.model.grants import Grants, Role
from csrdesk.model.notices import Change
from csrdesk.model.people import Protection
from csrdesk.model.proofs import Act, Evidence
from csrdesk.model.sign_in import SCRIPT
from tests.engine.roles import EFFECTS, EU, US, granted, signed_in
from tests.engine.test_roles import IN_EU
from tests.engine.world import ADA, GRACE, HAL, Call, Desk, desk_on, linked

RULES = Rules(exception_gives=(Act.UNLOCK, Act.DEVICES))
ZOE = Agent("zoe", "Zoe Lead")
WHY = a.ExceptionAsked("Her phone was stolen.", "T-1")
UNDONE = "Failed:not_verified"


async def at_work(desk: Desk, *, acts: tuple[Act, ...] = (Act.PROTECT, Act.DISABLE, Act.UNLOCK, Act.DEVICES)) -> None:
    """Grace is an agent, Hal a lead."""
    grants = granted(desk, Role.AGENT)
    await signed_in(desk, replace(grants, acts=acts), GRACE)
    await signed_in(desk, granted(desk, Role.LEAD), HAL)


async def asked(desk: Desk, agent: Agent = GRACE) -> tuple[Call, Approval]:
    """A call in which a lead is asked."""
    call = await at_form(desk, agent)
    prompt = (await call.tell(WHY)).prompt
    assert isinstance(prompt, xp.AwaitingLeadPrompt), prompt
    return call, prompt.approval


async def at_form(desk: Desk, agent: Agent = GRACE) -> Call:
    session = desk.session(agent)
    begun = await session.start("csr_main", csr_main.Start("T-1"))
    call = Call(desk, session, begun.id)
    await call.tell(a.UsernameGiven("ada@home.example", "T-1"))
    assert isinstance((await call.tell(a.ExceptionChosen())).prompt, xp.ExceptionPrompt)
    return call


async def look(desk: Desk, agent: Agent = HAL) -> tuple[Call, dp.ApprovalsPrompt]:
    session = desk.session(agent)
    side = Call(desk, session, (await session.start("approvals", approvals.Start())).id)
    prompt = (await side.view()).prompt
    assert isinstance(prompt, dp.ApprovalsPrompt)
    return side, prompt


async def answer(desk: Desk, approval: Approval, *, yes: bool = True, agent: Agent = HAL) -> dp.ApprovalsPrompt:
    side, _ = await look(desk, agent)
    given = da.ApprovalGiven(approval.id, "I know her.") if yes else da.ApprovalDenied(approval.id, "Ring the ward.")
    prompt = (await side.tell(given)).prompt
    assert isinstance(prompt, dp.ApprovalsPrompt)
    return prompt


async def opened(desk: Desk) -> tuple[Call, Approval, p.AccountPrompt]:
    """A call that a lead's word has opened."""
    await at_work(desk)
    call, approval = await asked(desk)
    assert (await answer(desk, approval)).code == ""
    prompt = (await call.until_stage(p.AccountPrompt)).prompt
    assert isinstance(prompt, p.AccountPrompt)
    return call, approval, prompt


async def form(call: Call) -> xp.ExceptionPrompt:
    prompt = (await call.until_stage(xp.ExceptionPrompt)).prompt
    assert isinstance(prompt, xp.ExceptionPrompt)
    return prompt


async def done_by(desk: Desk, call: Call, effect: Effect, rev: int) -> str:
    """What the engine makes of an effect that no prompt of this call has offered."""
    reply = await desk.engine._guard(effect, Context(call.id, rev, call.id, GRACE))  # noqa: SLF001 - a hand-made step
    return f"Failed:{reply.problem.code}" if isinstance(reply, Failed) else type(reply).__name__


async def rows(desk: Desk, action: str) -> list[AuditRow]:
    return [row for row in await desk.engine.audit.list(limit=1000) if row.action == action]


async def test_r_40_a_leads_yes_opens_the_account_and_is_named_everywhere(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        call, approval, account = await opened(desk)
        assert (approval.act, approval.gives, approval.agent) == (Act.EXCEPTION, (Act.UNLOCK, Act.DEVICES), GRACE.id)
        assert approval.shown == "Nothing digital: nothing proves who is calling. Open for this caller: Magic link."
        assert account.evidence.label == "exception, approved by Hal"
        assert account.evidence.auth_method == ""
        assert account.verified_until == desk.clock.now() + desk.engine._desk.verified  # noqa: SLF001 - the usual window
        (begun,) = await rows(desk, "verification.started")
        assert begun.details["shown"] == "exception, approved by Hal"
        unlock = EFFECTS[Act.UNLOCK][1]
        desk.world.replies[type(unlock)] = r.Unlocked(changed=True)
        assert await done_by(desk, call, unlock, 90) == "Unlocked"
        acts = await rows(desk, unlock.action)
        assert {row.details["proof"] for row in acts} == {"exception, approved by Hal"}
        record = await call.session.record(call.id)
        assert [shown for _, shown in record.proofs] == ["exception, approved by Hal"]
        assert {deed.result for deed in record.deeds} == {"done"}
        stage = await call_stages.stage_of(desk.store, call.id, desk.clock.now())
        assert stage == ("exception, approved by Hal", account.verified_until)


@pytest.mark.parametrize("act", [act for act in EFFECTS if act is not Act.PROTECT])
async def test_r_30_it_gives_exactly_what_settings_name_whatever_a_client_sends(tmp_path: Path, act: Act) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        call, _, account = await opened(desk)
        desk.world.replies |= {type(effect): r.Noted() for effect in EFFECTS[act]}
        given = act in RULES.exception_gives
        assert (act in account.withheld) is not given
        for rev, effect in enumerate(EFFECTS[act], start=90):
            came = await done_by(desk, call, effect, rev)
            assert (came == "Noted") is given, (act, came)
        proof = fx.RequireProof(person_id=ADA.id, act=act)
        assert (await done_by(desk, call, proof, 99) == "Noted") is given


async def test_r_68_a_yes_is_an_alert_that_is_mailed(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        desk.engine.mail_alerts()
        _, approval, _ = await opened(desk)
        (alert,) = await rows(desk, "exception.approved")
        assert (alert.kind, alert.agent, alert.person_id) == ("alert", HAL.id, ADA.id)
        assert alert.reason == "I know her."
        assert alert.details == {"gives": "unlock devices", "approval": approval.id, "asked_by": GRACE.id}
        mails = await desk.store.all("SELECT effect FROM outbox")
        assert any(b"exception.approved" in bytes(row["effect"]) for row in mails)  # type: ignore[arg-type]
        (asking,) = await rows(desk, "exception.asked")
        assert (asking.kind, asking.agent, asking.reason, asking.ticket) == (
            "event",
            GRACE.id,
            "Her phone was stolen.",
            "T-1",
        )


async def test_r_36_the_customer_reads_that_it_was_an_exception(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        call, _, _ = await opened(desk)
        told: list[Effect] = []

        def mailed(effect: Effect) -> Reply:
            told.append(effect)
            return r.CustomerTold()

        desk.world.replies[fx.TellCustomer] = mailed
        tell = fx.TellCustomer(person_id=ADA.id, change=Change.UNLOCKED)
        assert await done_by(desk, call, tell, 90) == "CustomerTold"
        assert await done_by(desk, call, replace(tell, person_id="u-other"), 91) == "CustomerTold"
        await call.tell(a.BackChosen())
        assert await done_by(desk, call, tell, 92) == "CustomerTold"
        assert [getattr(effect, "exception", "") for effect in told] == ["exception, approved by Hal", "", ""]


async def test_r_40_refused_withdrawn_and_lapsed_open_nothing(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES, limits=LimitSettings(approval_seconds=60)) as desk:
        await at_work(desk)
        call, approval = await asked(desk)
        assert (await answer(desk, approval, yes=False)).code == ""
        assert (await form(call)).note == "hal refused it: Ring the ward. Nothing was opened."
        waiting = (await call.tell(WHY)).prompt
        assert isinstance(waiting, xp.AwaitingLeadPrompt)
        desk.clock.move(seconds=60)
        assert (await form(call)).note.startswith("No lead answered in time.")
        assert (await answer(desk, waiting.approval)).code == "forbidden"
        await call.tell(WHY)
        assert isinstance((await call.tell(a.Cancelled())).prompt, p.CardPrompt)
        assert [row.action for row in await desk.engine.audit.list(limit=1000) if "exception." in row.action] == [
            "exception.asked",
            "exception.refused",
            "exception.asked",
            "exception.lapsed",
            "exception.asked",
            "exception.withdrawn",
        ]
        assert await done_by(desk, call, EFFECTS[Act.UNLOCK][1], 90) == UNDONE
        assert await desk.store.all("SELECT 1 FROM windows") == []


async def test_a_line_that_drops_asks_no_more(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        await at_work(desk)
        call, approval = await asked(desk)
        assert isinstance((await call.tell(a.LineDropped())).prompt, p.CardPrompt)
        assert (await answer(desk, approval)).code == "forbidden"


def lead(desk: Desk, *populations: str, acts: tuple[Act, ...] | None = None) -> Grants:
    grants = granted(desk, Role.LEAD, populations=populations)
    return grants if acts is None else replace(grants, acts=acts)


async def test_r_40_only_a_lead_who_serves_the_person_and_may_do_all_of_it_answers(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        desk.world.replies[fx.FindUser] = r.UserFound(IN_EU)
        await at_work(desk)
        _, approval = await asked(desk)
        refused = (
            (ZOE, granted(desk, Role.AGENT)),
            (ZOE, lead(desk, US)),
            (ZOE, lead(desk, EU, acts=(Act.UNLOCK,))),
            (Agent(f"{SCRIPT}zoe"), lead(desk, EU)),
            (Agent("GRACE"), lead(desk, EU)),
            (GRACE, lead(desk, EU)),
        )
        for seconds, (agent, grants) in enumerate(refused, start=1):
            desk.clock.move(seconds=seconds)
            await signed_in(desk, replace(grants, signed_in_at=desk.clock.now()), agent)
            assert (await look(desk, agent))[1].approvals == ()
            assert (await answer(desk, approval, agent=agent)).code == "forbidden", agent
        # Whom the operating system vouches for is no lead, whatever else they may do.
        assert (await answer(desk, approval, agent=Agent("root"))).code == "forbidden"
        assert await rows(desk, "exception.approved") == []
        desk.clock.move(seconds=1)
        await signed_in(desk, replace(lead(desk, EU), signed_in_at=desk.clock.now()), ZOE)
        assert (await answer(desk, approval, agent=ZOE)).code == ""


async def test_r_40_an_exception_needs_a_leads_word(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        await at_work(desk)
        _, approval = await asked(desk)
        side, _ = await look(desk)
        prompt = (await side.tell(da.ApprovalGiven(approval.id))).prompt
        assert isinstance(prompt, dp.ApprovalsPrompt)
        assert prompt.code == "needs_answer"
        silent = ex.DecideApproval(approval_id=approval.id, approves=True)
        reply = await desk.engine._guard(silent, Context("f", 1, "f", HAL))  # noqa: SLF001 - what no prompt offers
        assert isinstance(reply, Failed)
        assert reply.problem.code == "forbidden"
        assert await rows(desk, "exception.approved") == []


async def test_r_41_whom_the_operating_system_vouches_for_asks_nobody(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        session = desk.session(GRACE)
        call = Call(desk, session, (await session.start("csr_main", csr_main.Start("T-1"))).id)
        card = (await call.tell(a.UsernameGiven("ada@home.example", "T-1"))).prompt
        assert isinstance(card, p.CardPrompt)
        assert card.ways[-1].why_not == "nobody has signed in here, so there is no lead to ask"
        said = (await call.tell(a.ExceptionChosen())).prompt
        assert isinstance(said, p.CardPrompt)
        assert "cannot be chosen now" in said.note
        request = ex.RequestException(person_id=ADA.id, person=ADA, reason="r", ticket="t", shown="nothing")
        assert await done_by(desk, call, request, 90) == "Failed:forbidden"


@pytest.mark.parametrize("agent", [GRACE, Agent(f"{SCRIPT}night")])
async def test_r_41_nobody_asks_for_what_is_not_theirs(tmp_path: Path, agent: Agent) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        acts = (Act.DISABLE,) if agent is GRACE else (Act.UNLOCK,)
        session = await signed_in(desk, replace(granted(desk, Role.AGENT), acts=acts), agent)
        call = Call(desk, session, (await session.start("csr_main", csr_main.Start("T-1"))).id)
        request = ex.RequestException(person_id=ADA.id, person=ADA, reason="r", ticket="t", shown="nothing")
        context = Context(call.id, 90, call.id, agent)
        reply = await desk.engine._guard(request, context)  # noqa: SLF001 - what no prompt offers
        assert isinstance(reply, Failed)
        assert reply.problem.code == "forbidden"
        assert await desk.store.all("SELECT id FROM approvals") == []


async def test_r_41_nobody_asks_about_whom_they_do_not_serve(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        desk.world.replies[fx.FindUser] = r.UserFound(IN_EU)
        grants = replace(granted(desk, Role.AGENT, populations=(EU,)), acts=(Act.UNLOCK,))
        await signed_in(desk, grants, GRACE)
        call = await at_form(desk)
        desk.clock.move(seconds=1)
        moved = replace(grants, populations=(US,), signed_in_at=desk.clock.now())
        await signed_in(desk, moved, GRACE)
        prompt = (await call.tell(WHY)).prompt
        assert isinstance(prompt, xp.ExceptionPrompt)
        assert prompt.code == "forbidden"
        assert prompt.note == "Nobody was asked. This account is not among those that you serve."


async def test_r_21_a_frozen_person_is_not_excepted_before_or_after_the_yes(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        await at_work(desk)
        call, approval = await asked(desk)
        await not_me(desk)
        assert (await answer(desk, approval)).code == "forbidden"
        assert isinstance((await call.tell(a.Cancelled())).prompt, p.CardPrompt | p.UnverifiableCardPrompt)
        request = ex.RequestException(person_id=ADA.id, person=ADA, reason="r", ticket="t", shown="nothing")
        assert await done_by(desk, call, request, 90) == "NotAsked"


async def not_me(desk: Desk) -> None:
    """The customer presses "This wasn't me" on a link of another call."""
    await signed_in(desk, granted(desk, Role.AGENT), ZOE)
    other = await linked(desk, ZOE)
    await other.page()
    await other.customer(a.NotMeChosen())
    await other.customer(a.NotMeAnswered("not_me"))


async def test_r_21_an_exception_counts_no_more_once_they_say_that_it_was_not_them(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        call, approval, _ = await opened(desk)
        await not_me(desk)
        assert await done_by(desk, call, EFFECTS[Act.UNLOCK][1], 90) == UNDONE
        again = fx.StartWindow(person_id=ADA.id, challenge_id=approval.id)
        await desk.store.all("SELECT 1")
        async with desk.store.transaction() as tx:
            await tx.execute("DELETE FROM windows WHERE call_id = ?", call.id)
        assert await done_by(desk, call, again, 91) == "WindowRefused"


async def test_r_39_a_protected_account_is_not_excepted(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        await at_work(desk)
        call = await at_form(desk)
        desk.world.replies[fx.ReadProtection] = r.ProtectionRead(Protection(("adminCount is 1",), "CN=Ada"))
        assert isinstance((await call.tell(WHY)).prompt, p.ProtectedPrompt)
        assert await rows(desk, "exception.asked") == []


async def test_r_18_an_agent_asks_so_often_an_hour_and_an_alert_says_that_it_was_too_often(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES, limits=LimitSettings(exceptions_an_hour=1)) as desk:
        await at_work(desk)
        call, approval = await asked(desk)
        await answer(desk, approval, yes=False)
        await form(call)
        again = (await call.tell(WHY)).prompt
        assert isinstance(again, xp.ExceptionPrompt)
        assert again.note.startswith("You have asked for as many exceptions as an agent may in an hour (1).")
        (alert,) = await rows(desk, "limit.reached")
        assert alert.details["limit"] == "exceptions_an_hour"


async def test_r_31_it_needs_a_place_among_the_agents_verified_calls(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES, limits=LimitSettings(verified_calls=1)) as desk:
        await opened(desk)
        call = await at_form(desk)
        prompt = (await call.tell(WHY)).prompt
        assert isinstance(prompt, xp.ExceptionPrompt)
        assert prompt.note == "You have 1 verified calls open. End one of them first. Nobody was asked."


async def test_r_55_it_ends_with_the_sign_in_of_the_lead_who_approved_it(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        call, approval, _ = await opened(desk)
        other = await signed_in(desk, granted(desk, Role.LEAD), ZOE)
        side = Call(desk, other, (await other.start("agents", agents.Start())).id)
        await side.tell(da.SignInEndChosen(HAL.id, "Their phone was stolen."))
        assert await done_by(desk, call, EFFECTS[Act.UNLOCK][1], 90) == UNDONE
        async with desk.store.transaction() as tx:
            await tx.execute("DELETE FROM windows WHERE call_id = ?", call.id)
        again = fx.StartWindow(person_id=ADA.id, challenge_id=approval.id)
        assert await done_by(desk, call, again, 91) == "WindowRefused"


async def test_r_12_it_is_good_for_its_own_call_and_person_alone(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        call, approval, _ = await opened(desk)
        other = await at_form(desk)
        start = fx.StartWindow(person_id=ADA.id, challenge_id=approval.id)
        assert await done_by(desk, other, start, 90) == "Failed:forbidden"
        assert await done_by(desk, call, replace(start, person_id="u-other"), 91) == "Failed:forbidden"
        assert await done_by(desk, call, replace(EFFECTS[Act.UNLOCK][1], person_id="u-other"), 92) == UNDONE


async def test_a_step_that_a_crash_interrupted_asks_and_opens_once(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        await at_work(desk)
        call = await at_form(desk)
        request = ex.RequestException(person_id=ADA.id, person=ADA, reason="r", ticket="t", shown="nothing")
        guard, context = desk.engine._guard, Context(call.id, 90, call.id, GRACE)  # noqa: SLF001 - as above
        first, again = await guard(request, context), await guard(request, context)
        assert isinstance(first, ex.ApprovalIs)
        assert first == again
        assert len(await rows(desk, "exception.asked")) == 1
        assert (await answer(desk, first.approval)).note == "Approved: exception for Ada Byron."
        assert (await answer(desk, first.approval)).note == "Approved: exception for Ada Byron."
        start = fx.StartWindow(person_id=ADA.id, challenge_id=first.approval.id)
        assert [await done_by(desk, call, start, rev) for rev in (91, 92)] == ["WindowStarted", "WindowStarted"]
        assert len(await rows(desk, "exception.approved")) == 1


async def test_what_a_row_says_it_gives_is_what_was_asked_for(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        await at_work(desk, acts=(Act.UNLOCK,))
        call, approval = await asked(desk)
        assert approval.gives == (Act.UNLOCK,)
        await answer(desk, approval)
        await call.until_stage(p.AccountPrompt)
        (row,) = await desk.store.all("SELECT evidence FROM windows")
        evidence = msgspec.json.decode(bytes(row["evidence"]), type=Evidence)  # type: ignore[arg-type]
        assert (evidence.gives, evidence.exception) == ((Act.UNLOCK,), "exception, approved by Hal")
        async with desk.store.transaction() as tx:
            known = await facts.read(tx, desk.engine._desk, Context(call.id, 9, call.id, GRACE), ADA.id, "")  # noqa: SLF001
        assert not known.frozen
        assert approval.decision is Decision.ASKED


async def test_a_request_for_a_second_agent_is_no_deed_of_the_call(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=Rules(second_agent_for=(Act.DISABLE,))) as desk:
        call = await linked(desk)
        await call.verify()
        await call.tell(a.DisableChosen())
        await call.tell(a.Confirmed("asked for it", "T-1"))
        assert [row.details["act"] for row in await rows(desk, "approval.asked")] == ["disable"]
        assert (await call.session.record(call.id)).deeds == ()


async def test_r_40_nobody_approves_what_they_asked_for_before_they_handed_the_call_over(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        await at_work(desk)
        _, approval = await asked(desk, HAL)
        async with desk.store.transaction() as tx:  # as a hand over does
            await tx.execute("UPDATE approvals SET agent = ?, agent_name = ?", GRACE.id, GRACE.name)
        assert (await look(desk))[1].approvals == ()
        assert (await answer(desk, approval)).code == "forbidden"
        await signed_in(desk, granted(desk, Role.LEAD), ZOE)
        assert (await answer(desk, approval, agent=ZOE)).code == ""


async def test_a_request_and_a_leads_yes_outlive_the_process_that_asked(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        await at_work(desk)
        call, approval = await asked(desk)
        clock = desk.clock
    async with desk_on(tmp_path / "desk.db", clock, rules=RULES) as desk:
        assert (await answer(desk, approval)).code == ""
    async with desk_on(tmp_path / "desk.db", clock, rules=RULES) as desk:
        session = desk.session(GRACE)
        await session.resume(call.id)
        account = (await Call(desk, session, call.id).until_stage(p.AccountPrompt)).prompt
        assert isinstance(account, p.AccountPrompt)
        assert account.evidence.label == "exception, approved by Hal"
        assert len(await rows(desk, "verification.started")) == 1
