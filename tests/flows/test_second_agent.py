"""R-40 in the flow: an act that settings let nobody do alone begins only with somebody else's yes."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.flows import account_management as am
from csrdesk.flows import agents, approvals
from csrdesk.flows import answers as a
from csrdesk.flows import desk_answers as da
from csrdesk.flows import desk_effects as ex
from csrdesk.flows import second_agent as sa
from csrdesk.flows.kernel import Do, Done, Event, Poll, State
from csrdesk.flows.rules import Rules
from csrdesk.model.approvals import Decision
from csrdesk.model.proofs import Act
from tests.flows.desk_values import ASKED, DECIDED, GRACE
from tests.flows.tables import name, refused, step_by_step
from tests.flows.values import ADA, DN, ENABLED, FAILED, PROBLEM, UNTIL, WITH_APP

VERIFIED = am.Verified(ADA, DN, WITH_APP, UNTIL, "HD-1")
ALONE, TWO = am.Needs(rules=Rules()), am.Needs(rules=Rules(second_agent_for=(Act.DISABLE, Act.RESET)))
YES = a.Confirmed("Asked for it.", "HD-1")
ORDER = sa.Order(ADA, DN, Act.DISABLE, "Asked for it.", "HD-1", WITH_APP.label, UNTIL)
SAID = {one.decision: one for one in DECIDED}


def confirming(act: Act, needs: am.Needs = TWO) -> am.ConfirmingAct:
    return am.ConfirmingAct(VERIFIED, needs, ENABLED, act, "HD-1")


@pytest.mark.parametrize("act", [Act.DISABLE, Act.RESET])
def test_r_40_the_act_waits_and_begins_only_when_somebody_else_approves(act: Act) -> None:
    waiting = confirming(act).step(YES)
    assert isinstance(waiting, am.AwaitingSecondAgent)
    assert "Ask another agent first" in " ".join(confirming(act).want().prompt.effects)
    want = waiting.want()
    assert isinstance(want, Do)
    assert want.effect == ex.RequestApproval(
        person_id=ADA.id,
        person=ADA,
        dn=DN,
        act=act,
        reason="Asked for it.",
        ticket="HD-1",
        shown=WITH_APP.label,
        until=UNTIL,
    )
    asked = waiting.step(ex.ApprovalIs(ASKED))
    assert isinstance(asked, am.AwaitingSecondAgent)
    assert isinstance(asked.want(), Poll)
    approved = asked.step(ex.ApprovalIs(SAID[Decision.APPROVED]))
    assert approved == confirming(act).done(YES)
    assert isinstance(approved, am.Resetting if act is Act.RESET else am.ChangingAccount)


@pytest.mark.parametrize(
    ("ends", "words"), [("2026-12-25T00:00:00+01:00", "to end with 24 December 2026"), ("never", "to end never")]
)
def test_r_40_whoever_approves_the_end_of_an_account_reads_its_date(ends: str, words: str) -> None:
    needs = am.Needs(rules=Rules(second_agent_for=(Act.EXPIRE,)))
    waiting = confirming(Act.EXPIRE, needs).step(a.Confirmed("Asked for it.", "HD-1", ends))
    assert isinstance(waiting, am.AwaitingSecondAgent)
    want = waiting.want()
    assert isinstance(want, Do)
    assert isinstance(want.effect, ex.RequestApproval)
    assert want.effect.shown.startswith(WITH_APP.label)
    assert words in want.effect.shown


def test_r_40_other_acts_and_other_desks_do_not_wait() -> None:
    assert isinstance(confirming(Act.UNLOCK).step(YES), am.ChangingAccount)
    assert isinstance(confirming(Act.DISABLE, ALONE).step(YES), am.ChangingAccount)
    assert isinstance(confirming(Act.RESET, ALONE).step(YES), am.Resetting)


@pytest.mark.parametrize("decision", [d for d in Decision if d is not Decision.APPROVED])
def test_r_40_nothing_is_done_without_a_yes(decision: Decision) -> None:
    waiting = am.AwaitingSecondAgent(confirming(Act.DISABLE), YES, sa.AwaitingSecondAgent(ADA, ASKED))
    after = waiting.step(ex.ApprovalIs(SAID[decision]))
    assert isinstance(after, am.ManagingAccount)
    assert "Nothing was done" in after.note


ROWS: tuple[tuple[State, Event, State], ...] = (
    (sa.begin(ORDER), ex.ApprovalIs(ASKED), sa.AwaitingSecondAgent(ADA, ASKED, UNTIL)),
    (sa.begin(ORDER), FAILED, sa.NotApproved(f"Nobody was asked, and nothing was done. {PROBLEM.message}")),
    (sa.AwaitingSecondAgent(ADA, ASKED), ex.ApprovalIs(SAID[Decision.APPROVED]), sa.Approved("grace")),
    (
        sa.AwaitingSecondAgent(ADA, ASKED),
        ex.ApprovalIs(SAID[Decision.REFUSED]),
        sa.NotApproved("grace refused it: Call them back first. Nothing was done."),
    ),
    (
        sa.AwaitingSecondAgent(ADA, ASKED),
        ex.ApprovalIs(SAID[Decision.LAPSED]),
        sa.NotApproved("No other agent answered in time. Nothing was done. You can ask once more."),
    ),
    (
        sa.AwaitingSecondAgent(ADA, ASKED),
        ex.ApprovalIs(SAID[Decision.WITHDRAWN]),
        sa.NotApproved("You stopped asking. Nothing was done."),
    ),
    (sa.AwaitingSecondAgent(ADA, ASKED), a.Cancelled(), sa.Withdrawing("ap-1", ADA.id)),
    (sa.AwaitingSecondAgent(ADA, ASKED), a.CallEnded(), sa.Withdrawing("ap-1", ADA.id, ends_call=True)),
    (sa.AwaitingSecondAgent(ADA, ASKED), FAILED, sa.NotApproved(f"Nothing was done. {PROBLEM.message}")),
    (sa.Withdrawing("ap-1", ADA.id), ex.ApprovalIs(ASKED), sa.NotApproved("You stopped asking. Nothing was done.")),
    (
        sa.Withdrawing("ap-1", ADA.id),
        FAILED,
        sa.NotApproved(f"Nothing was done. The request may still be shown to others. {PROBLEM.message}"),
    ),
    (sa.Withdrawing("ap-1", ADA.id, ends_call=True), FAILED, sa.EndedCall()),
    (sa.Withdrawing("ap-1", ADA.id, ends_call=True), ex.ApprovalIs(ASKED), sa.EndedCall()),
    (approvals.ReadingApprovals(), ex.ApprovalsRead((ASKED,)), approvals.ShowingApprovals((ASKED,))),
    (
        approvals.ReadingApprovals("Approved."),
        FAILED,
        approvals.ShowingApprovals((), f"Approved. {PROBLEM.message}", PROBLEM.code),
    ),
    (approvals.ShowingApprovals((ASKED,)), da.ApprovalGiven("ap-1"), approvals.Deciding("ap-1", approves=True)),
    (
        approvals.ShowingApprovals((ASKED,)),
        da.ApprovalDenied("ap-1", " No. "),
        approvals.Deciding("ap-1", approves=False, why="No."),
    ),
    (
        approvals.ShowingApprovals((ASKED,)),
        da.ApprovalDenied("ap-1", " "),
        approvals.ShowingApprovals(
            (ASKED,),
            "A reason is needed to refuse: one line, which the other agent reads. Nothing was answered.",
            "needs_answer",
        ),
    ),
    (approvals.ShowingApprovals(()), ex.ApprovalsRead((ASKED,)), approvals.ShowingApprovals((ASKED,))),
    (approvals.ShowingApprovals(()), FAILED, approvals.ShowingApprovals((), PROBLEM.message, PROBLEM.code)),
    (approvals.ShowingApprovals(()), a.BackChosen(), approvals.ApprovalsLeft()),
    (
        approvals.Deciding("ap-1", approves=True),
        ex.ApprovalIs(SAID[Decision.APPROVED]),
        approvals.ReadingApprovals("Approved: reset for Ada Lovelace."),
    ),
    (
        approvals.Deciding("ap-1", approves=False),
        ex.ApprovalIs(SAID[Decision.REFUSED]),
        approvals.ReadingApprovals("Refused: reset for Ada Lovelace."),
    ),
    (
        approvals.Deciding("ap-1", approves=True),
        FAILED,
        approvals.ReadingApprovals(PROBLEM.message, PROBLEM.code),
    ),
    (agents.ReadingAgents(), ex.AgentsRead((GRACE,)), agents.ShowingAgents((GRACE,))),
    (agents.ReadingAgents("Done."), FAILED, agents.ShowingAgents((), f"Done. {PROBLEM.message}", PROBLEM.code)),
    (agents.ShowingAgents(()), da.SignInEndChosen(" grace ", " left "), agents.EndingSignIn("grace", "left")),
    (
        agents.ShowingAgents(()),
        da.SignInEndChosen("grace", " "),
        agents.ShowingAgents(
            (), "A reason is needed: one line for the audit. Nobody's sign-in was ended.", "needs_answer"
        ),
    ),
    (agents.ShowingAgents(()), a.BackChosen(), agents.AgentsLeft()),
    (
        agents.EndingSignIn("grace", "left"),
        ex.SignInEnded("grace", 0),
        agents.ReadingAgents("The sign-in of grace has ended."),
    ),
    (
        agents.EndingSignIn("grace", "left"),
        ex.SignInEnded("grace", 1),
        agents.ReadingAgents(
            "The sign-in of grace has ended. 1 call of theirs stays open, with no link and nobody verified."
        ),
    ),
    (
        agents.EndingSignIn("grace", "left"),
        ex.SignInEnded("grace", 2),
        agents.ReadingAgents(
            "The sign-in of grace has ended. 2 calls of theirs stay open, with no link and nobody verified."
        ),
    ),
    (
        agents.EndingSignIn("nobody", "left"),
        ex.NobodySignedIn(),
        agents.ReadingAgents("Nobody of that name has signed in here. Nobody's sign-in was ended.", "not_found"),
    ),
    (
        agents.EndingSignIn("grace", "left"),
        FAILED,
        agents.ReadingAgents(f"Nobody's sign-in was ended. {PROBLEM.message}", PROBLEM.code),
    ),
)


@pytest.mark.parametrize(("state", "event", "after"), ROWS, ids=name)
def test_each_branch_leads_where_it_says(state: State, event: Event, after: State) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize("state", list({type(row[0]): row[0] for row in ROWS}.values()), ids=name)
def test_what_nobody_was_asked_is_refused(state: State) -> None:
    refused(state, a.SendChosen())


def test_r_40_an_end_of_the_call_ends_the_asking_first() -> None:
    waiting = am.AwaitingSecondAgent(confirming(Act.DISABLE), YES, sa.Withdrawing("ap-1", ADA.id, ends_call=True))
    assert waiting.step(ex.ApprovalIs(ASKED)) == am.EndedCall()
    note = am.AwaitingSecondAgent(confirming(Act.DISABLE), YES, sa.Withdrawing("ap-1", ADA.id)).step(FAILED)
    assert replace(note, note="") == confirming(Act.DISABLE).managing()


def test_its_ends_say_that_the_account_page_goes_on() -> None:
    for end in (
        sa.Approved("grace"),
        sa.NotApproved("no"),
        sa.EndedCall(),
        agents.AgentsLeft(),
        approvals.ApprovalsLeft(),
    ):
        assert isinstance(end.want(), Done)
