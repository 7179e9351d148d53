"""Exception in the flow: a reason, a ticket and a lead's yes, and nothing opens that settings do not name (R-40)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.flows import account_management as am
from csrdesk.flows import answers as a
from csrdesk.flows import approvals, csr_main
from csrdesk.flows import by_exception as be
from csrdesk.flows import desk_answers as da
from csrdesk.flows import desk_effects as ex
from csrdesk.flows import device_check as dc
from csrdesk.flows import effects as fx
from csrdesk.flows import exception_prompts as xp
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows import way_ends as over
from csrdesk.flows.act_words import NOT_GIVEN
from csrdesk.flows.caller import Caller, Given
from csrdesk.flows.kernel import Ask, Do, Event, Poll, State
from csrdesk.flows.rules import Rules
from csrdesk.flows.ways import offers
from csrdesk.model.approvals import Decision
from csrdesk.model.devices import Devices, Strength
from csrdesk.model.grants import OF_AGENTS
from csrdesk.model.people import Protection
from csrdesk.model.proofs import EXCEPTION, Act, Evidence, Proof
from csrdesk.model.ways import Way
from tests.flows.desk_values import EXCEPTION as ASKED
from tests.flows.tables import name, refused, step_by_step
from tests.flows.values import ADA, DN, ENABLED, FAILED, PROBLEM, PROTECTED, UNTIL, WITH_PHONE

GIVES = (Act.UNLOCK, Act.DEVICES)
RULES = Rules(exception_gives=GIVES, flow_require_mfa=True)
CALLER = Caller(ADA, WITH_PHONE.devices, DN)
NOBODYS = Caller(ADA, Devices(), DN)
GIVEN = be.Given(ADA, GIVES, ("Magic link", "Push to the app"))
SHOWN = Evidence((Proof(EXCEPTION, Strength.NONE, label="exception, approved by Grace"),), gives=GIVES)
SAID = {decision: replace(ASKED, decision=decision, by="grace", why="Ring the ward.") for decision in Decision}


def test_r_40_it_is_offered_where_settings_name_what_it_gives_and_last() -> None:
    ways = offers(ADA, WITH_PHONE.devices, RULES)
    assert ways[-1].way is Way.EXCEPTION
    assert ways[-1].words == "no proof; a lead is asked for: unlock, devices"
    assert Way.EXCEPTION not in {offer.way for offer in offers(ADA, WITH_PHONE.devices, Rules())}


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        (replace(RULES, why_no_exception="nobody has signed in here"), "nobody has signed in here"),
        (replace(RULES, withheld=GIVES), "nothing that it opens is yours to do"),
    ],
)
def test_r_41_an_agent_who_can_ask_nobody_reads_why(rules: Rules, why: str) -> None:
    assert offers(ADA, WITH_PHONE.devices, rules)[-1].why_not == why


def test_r_41_it_gives_nothing_that_is_not_the_agents() -> None:
    rules = replace(RULES, withheld=(Act.DEVICES,))
    assert be.begin(CALLER, rules, "HD-1").given.gives == (Act.UNLOCK,)


def test_r_21_whoever_said_that_it_was_not_them_is_not_excepted() -> None:
    assert [offer.way for offer in offers(ADA, Devices(frozen_until=UNTIL), RULES)] == [Way.LINK]


def test_a_caller_without_any_device_has_this_way() -> None:
    checked = dc.CheckingDevices(Given(RULES), ADA)._choose(NOBODYS.devices, Protection(dn=DN))  # noqa: SLF001 - a step's
    assert isinstance(checked, dc.ChoosingWay)
    chosen = csr_main.Checking(Given(RULES, "HD-1"), checked).step(a.ExceptionChosen())
    assert isinstance(chosen, csr_main.Verifying)
    assert chosen.want() == Ask(xp.ExceptionPrompt(ADA, GIVES, (), "HD-1"))


def test_r_40_whoever_is_asked_reads_that_nothing_is_shown_and_what_else_is_open() -> None:
    state = be.AskingLead(be.begin(CALLER, RULES).given, "Her phone was stolen.", "HD-1", DN)
    want = state.want()
    assert isinstance(want, Do)
    assert want.effect == ex.RequestException(
        person_id=ADA.id,
        person=ADA,
        dn=DN,
        reason="Her phone was stolen.",
        ticket="HD-1",
        shown="Nothing digital: nothing proves who is calling. Open for this caller: Magic link, Push to the app.",
    )
    assert be.Given(ADA, GIVES).shown == "Nothing digital: nothing proves who is calling."


def test_r_40_only_what_it_gives_is_offered_afterwards_and_the_rest_is_not_done() -> None:
    opened = csr_main.Verifying(Given(RULES), CALLER, be.OpeningException(GIVEN, ASKED))
    account = opened.step(r.WindowStarted(UNTIL, SHOWN))
    assert isinstance(account, csr_main.Managing)
    assert isinstance(account.sub, am.ReadingAccount)
    page = am.ManagingAccount(account.sub.verified, account.sub.needs, ENABLED)
    prompt = page.want().prompt
    assert prompt.evidence.label == "exception, approved by Grace"
    assert {*prompt.withheld}.isdisjoint(GIVES)
    assert {Act.DISABLE, Act.ENABLE, Act.RESET, Act.EXPIRE, Act.MUST_CHANGE} <= {*prompt.withheld}
    # Whoever takes the call over may do other acts, and gets no more by the exception.
    others = am.Needs(rules=Rules(withheld=(Act.DEVICES,)))
    assert {*replace(page, needs=others).want().prompt.withheld} == {*OF_AGENTS} - {Act.UNLOCK}
    after = page.step(a.ResetChosen())
    assert isinstance(after, am.ManagingAccount)
    assert after.note == NOT_GIVEN
    assert isinstance(page.step(a.UnlockChosen()), am.ConfirmingAct)


WHY = a.ExceptionAsked(" Her phone was stolen. ", " HD-1 ")
NEEDED = "A reason and a ticket number are both needed. Nobody was asked."
UNCHECKED = "AD cannot be asked whether this account is protected, so nobody was asked. No answer."
ROWS: tuple[tuple[State, Event, State], ...] = (
    (be.AskingWhy(GIVEN), WHY, be.CheckingProtection(GIVEN, "Her phone was stolen.", "HD-1")),
    (be.AskingWhy(GIVEN), a.ExceptionAsked(" ", "HD-1"), be.AskingWhy(GIVEN, "HD-1", NEEDED, "needs_answer")),
    (be.AskingWhy(GIVEN), a.ExceptionAsked("Stolen."), be.AskingWhy(GIVEN, "", NEEDED, "needs_answer")),
    (be.AskingWhy(GIVEN), a.Declined(), over.WentBack()),
    (
        be.CheckingProtection(GIVEN, "Stolen.", "HD-1"),
        r.ProtectionRead(Protection(dn=DN)),
        be.AskingLead(GIVEN, "Stolen.", "HD-1", DN),
    ),
    (be.CheckingProtection(GIVEN, "Stolen.", "HD-1"), r.ProtectionRead(PROTECTED), over.WentBack()),
    (
        be.CheckingProtection(GIVEN, "Stolen.", "HD-1"),
        r.ProtectionRead(Protection(unchecked="No answer.")),
        be.AskingWhy(GIVEN, "HD-1", UNCHECKED, "unavailable"),
    ),
    (
        be.CheckingProtection(GIVEN, "Stolen.", "HD-1"),
        FAILED,
        be.AskingWhy(GIVEN, "HD-1", f"Nobody was asked. {PROBLEM.message}", PROBLEM.code),
    ),
    (be.AskingLead(GIVEN, "Stolen.", "HD-1"), ex.ApprovalIs(ASKED), be.AwaitingLead(GIVEN, ASKED)),
    (be.AskingLead(GIVEN, "Stolen.", "HD-1"), ex.NotAsked("Too many."), be.AskingWhy(GIVEN, "HD-1", "Too many.")),
    (
        be.AskingLead(GIVEN, "Stolen.", "HD-1"),
        FAILED,
        be.AskingWhy(GIVEN, "HD-1", f"Nobody was asked. {PROBLEM.message}", PROBLEM.code),
    ),
    (
        be.AwaitingLead(GIVEN, ASKED),
        ex.ApprovalIs(SAID[Decision.APPROVED]),
        be.OpeningException(GIVEN, SAID[Decision.APPROVED]),
    ),
    (
        be.AwaitingLead(GIVEN, ASKED),
        ex.ApprovalIs(SAID[Decision.REFUSED]),
        be.AskingWhy(GIVEN, "HD-1", "grace refused it: Ring the ward. Nothing was opened."),
    ),
    (
        be.AwaitingLead(GIVEN, ASKED),
        ex.ApprovalIs(SAID[Decision.LAPSED]),
        be.AskingWhy(GIVEN, "HD-1", "No lead answered in time. Nothing was opened. You can ask once more."),
    ),
    (
        be.AwaitingLead(GIVEN, ASKED),
        ex.ApprovalIs(SAID[Decision.WITHDRAWN]),
        be.AskingWhy(GIVEN, "HD-1", "Nobody is asked any more. Nothing was opened."),
    ),
    (be.AwaitingLead(GIVEN, ASKED), a.Cancelled(), be.WithdrawingRequest(GIVEN, ASKED)),
    (be.AwaitingLead(GIVEN, ASKED), a.LineDropped(), over.LineDropped()),
    (
        be.AwaitingLead(GIVEN, ASKED),
        FAILED,
        be.AskingWhy(GIVEN, "HD-1", f"Nothing was opened. {PROBLEM.message}", PROBLEM.code),
    ),
    (be.WithdrawingRequest(GIVEN, ASKED), ex.ApprovalIs(SAID[Decision.WITHDRAWN]), over.WentBack()),
    (
        be.WithdrawingRequest(GIVEN, ASKED),
        FAILED,
        be.AskingWhy(GIVEN, "HD-1", f"The request may still be shown to leads. {PROBLEM.message}", PROBLEM.code),
    ),
    (be.OpeningException(GIVEN, ASKED), r.WindowStarted(UNTIL, SHOWN), over.Verified(UNTIL, SHOWN)),
    (
        be.OpeningException(GIVEN, ASKED),
        r.WindowRefused("It counts no more."),
        be.AskingWhy(GIVEN, "HD-1", "It counts no more."),
    ),
    (
        be.OpeningException(GIVEN, ASKED),
        FAILED,
        be.AskingWhy(GIVEN, "HD-1", f"Nothing was opened. {PROBLEM.message}", PROBLEM.code),
    ),
    (
        approvals.ShowingApprovals((ASKED,)),
        da.ApprovalGiven("ap-1", " I know her voice. "),
        approvals.Deciding("ap-1", approves=True, why="I know her voice."),
    ),
    (
        approvals.ShowingApprovals((ASKED,)),
        da.ApprovalGiven("ap-1"),
        approvals.ShowingApprovals(
            (ASKED,),
            note="Say why you approve it: one line, which stands in the audit. Nothing was answered.",
            code="needs_answer",
        ),
    ),
)


@pytest.mark.parametrize(("state", "event", "after"), ROWS, ids=name)
def test_each_branch_leads_where_it_says(state: State, event: Event, after: State) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize("state", list({type(row[0]): row[0] for row in ROWS}.values()), ids=name)
def test_what_nobody_was_asked_is_refused(state: State) -> None:
    refused(state, a.SendChosen())


def test_a_waiting_request_is_watched_and_shown() -> None:
    want = be.AwaitingLead(GIVEN, ASKED).want()
    assert isinstance(want, Poll)
    assert want.effect == ex.AwaitApproval(person_id=ADA.id, approval_id=ASKED.id)
    assert isinstance(be.WithdrawingRequest(GIVEN, ASKED).want().effect, ex.WithdrawApproval)
    window = be.OpeningException(GIVEN, ASKED).want().effect
    assert window == fx.StartWindow(person_id=ADA.id, challenge_id=ASKED.id)


def test_the_card_says_no_where_settings_do_not_have_it() -> None:
    card = dc.ChoosingWay(Given(Rules()), CALLER).step(a.ExceptionChosen())
    assert isinstance(card, dc.ChoosingWay)
    assert "settings do not have it" in card.note
    assert isinstance(card.want().prompt, p.CardPrompt)
