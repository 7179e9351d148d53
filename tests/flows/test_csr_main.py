"""Healthcare - CSR Help Desk - Main Flow, branch by branch; the flows inside have tables of their own."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import account_management as am
from csrdesk.flows import answers as a
from csrdesk.flows import csr_main as cm
from csrdesk.flows import device_check as dc
from csrdesk.flows import effects as fx
from csrdesk.flows import look_up as lu
from csrdesk.flows import password_reset as reset
from csrdesk.flows import prompts as p
from csrdesk.flows import protective_disable as pd
from csrdesk.flows import replies as r
from csrdesk.flows import verify_user as vu
from csrdesk.flows.caller import Caller, Given
from csrdesk.flows.kernel import Ask, Do, Event, Poll, Replies, State
from csrdesk.flows.rules import Rules
from csrdesk.flows.way_ends import PAGE_SAID_NO, PHONE_SAID_NO
from csrdesk.flows.ways import warning, why_not
from csrdesk.model.devices import Age, Device, Devices
from csrdesk.model.link import LinkStage, Purpose
from csrdesk.model.people import Person, Protection
from csrdesk.model.proofs import Act
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import (
    ADA,
    APP,
    DENIED_AGAIN,
    DN,
    ENABLED,
    FAILED,
    IN_BOTH,
    LINK,
    LOCKED_SMS,
    NO_MAIL,
    NOTED,
    PASSKEY,
    PROBLEM,
    PROTECTED,
    RULES,
    SAME_MAILBOX,
    SMS,
    STAGES,
    STRICT,
    UNTIL,
    UNVERIFIED_MAIL,
    VERIFY,
    WITH_DEVICE,
    devices,
)

GIVEN = Given(RULES, "HD-1")


def checking(sub: dc.DeviceCheckState) -> cm.Checking:
    return cm.Checking(GIVEN, sub)


CONFIGURING = cm.ConfiguringFlow("HD-1")
LOOKING = cm.LookingUp(GIVEN, lu.AskUsername(lu.Given(ticket="HD-1", invites=True)))
FINDING = cm.LookingUp(GIVEN, lu.FindingUser(lu.Given(ticket="HD-2", invites=True), "ada"))
CHECKING = cm.check(GIVEN, ADA)
CALLER = Caller(ADA, devices(SMS).devices, DN)
CARD = dc.ChoosingWay(GIVEN, CALLER)
LOCKED_CALLER = replace(CALLER, devices=devices(LOCKED_SMS).devices)
NO_CARD = dc.NoWayToVerify(GIVEN, LOCKED_CALLER, "A device is registered, but none can be used now.")
PROTECTED_CARD = dc.ProtectedAccount(GIVEN, ADA.name)
NOTING, WORDS_TO_SAY = dc.RecordingNotVerified(GIVEN, ADA), dc.SayingNotVerified(GIVEN, ADA)
CHOOSING, NO_WAY, PROTECTED_ACCOUNT = checking(CARD), checking(NO_CARD), checking(PROTECTED_CARD)
RECORDING, SAYING = checking(NOTING), checking(WORDS_TO_SAY)
LEAVING, LEAVING_ADA, ENDING = cm.LeavingCustomer(GIVEN), cm.LeavingCustomer(GIVEN, ADA), cm.EndingCall()
ERROR = cm.ReturnError(PROBLEM, CHECKING)
PROTECTING = cm.Protecting(GIVEN, pd.Confirming(ADA, DN, "HD-1"))


def verifying(sub: vu.VerifyUserState) -> cm.Verifying:
    return cm.Verifying(GIVEN, CALLER, sub)


VERIFYING = verifying(vu.DisplayingForm(VERIFY_GIVEN := vu.begin(ADA, RULES).given))
WAITING = verifying(vu.AwaitingChallenge(VERIFY_GIVEN, LINK))
VERIFIED = am.Verified(ADA, DN, WITH_DEVICE, UNTIL, "HD-1")
MANAGING = cm.Managing(GIVEN, am.ReadingAccount(VERIFIED, am.Needs(rules=RULES)))
ACCOUNT = cm.Managing(GIVEN, am.ManagingAccount(VERIFIED, am.Needs(rules=RULES), ENABLED))
FAILED_READ = cm.Managing(GIVEN, am.ReturnError(VERIFIED, am.Needs(rules=RULES), PROBLEM))
ASKED = reset.Task(ADA, DN, "Forgot it.", "HD-1", RULES)
REFUSED = am.Resetting(VERIFIED, am.Needs(rules=RULES), reset.ReadingResult(ASKED, None, LINK.id, "notMe"))
REFUSING = cm.Managing(GIVEN, REFUSED)
OWN_LINK = vu.AwaitingChallenge(vu.begin(ADA, RULES, purpose=Purpose.RESET).given, LINK)
RESET_AGAIN = cm.Managing(
    GIVEN, am.Resetting(VERIFIED, am.Needs(rules=RULES), reset.VerifyingAgain(ASKED, None, OWN_LINK))
)
SHOWING = cm.Protecting(GIVEN, pd.Showing(ADA, ()))
TIME_RAN_OUT = "Time ran out before the caller was verified. Nothing was approved. You can send a new link."
WINDOW_OVER = "The verified window has ended. To go on, verify the caller again."
DROPPED = "The line dropped, so link and verification have ended. Should they call back, verify them again."
LINE_DROPPED = replace(LEAVING_ADA, note=DROPPED, why="the line dropped")
OPEN, CLOSED = r.ProtectionRead(Protection(dn=DN)), r.ProtectionRead(PROTECTED)

ROWS: list[Row] = [
    (CONFIGURING, r.RulesLoaded(RULES), LOOKING),
    (
        CONFIGURING,
        r.RulesLoaded(STRICT),
        cm.LookingUp(Given(STRICT, "HD-1"), lu.AskUsername(lu.Given(ticket_required=True, ticket="HD-1"))),
    ),
    (CONFIGURING, FAILED, cm.ReturnError(PROBLEM, CONFIGURING)),
    (LOOKING, a.UsernameGiven("ada", "HD-2"), FINDING),
    (LOOKING, a.CallEnded(), ENDING),
    (FINDING, r.UserFound(ADA), cm.check(Given(RULES, "HD-2"), ADA)),
    (CHECKING, Replies((devices(SMS), OPEN)), CHOOSING),
    (CHECKING, Replies((devices(LOCKED_SMS), OPEN)), NO_WAY),
    (CHECKING, Replies((devices(SMS), CLOSED)), PROTECTED_ACCOUNT),
    (CHECKING, Replies((FAILED, CLOSED)), PROTECTED_ACCOUNT),
    (CHECKING, Replies((FAILED, OPEN)), ERROR),
    (CHECKING, FAILED, ERROR),
    (CHOOSING, a.MagicLinkChosen(), VERIFYING),
    *(
        row
        for card in (CHOOSING, NO_WAY)
        for row in (
            (card, a.ProtectiveDisableChosen(), PROTECTING),
            (card, a.CannotVerifyChosen(), RECORDING),
            (card, a.AnotherCustomerChosen(), LEAVING),
            (card, a.CallEnded(), ENDING),
        )
    ),
    (PROTECTED_ACCOUNT, a.AnotherCustomerChosen(), LEAVING),
    (PROTECTED_ACCOUNT, a.CallEnded(), ENDING),
    (RECORDING, NOTED, SAYING),
    (RECORDING, FAILED, cm.ReturnError(PROBLEM, RECORDING)),
    (SAYING, a.BackChosen(), CHECKING),
    (SAYING, a.AnotherCustomerChosen(), LEAVING),
    (SAYING, a.CallEnded(), ENDING),
    (VERIFYING, a.SendChosen(), verifying(vu.CreatingChallenge(VERIFY_GIVEN))),
    (VERIFYING, a.Cancelled(), CHECKING),
    (WAITING, r.LinkChanged(STAGES[LinkStage.NOT_ME]), cm.check(GIVEN, ADA, PAGE_SAID_NO)),
    (WAITING, r.LinkChanged(DENIED_AGAIN), cm.check(GIVEN, ADA, PHONE_SAID_NO)),
    (WAITING, a.LineDropped(), LINE_DROPPED),
    (WAITING, FAILED, cm.ReturnError(PROBLEM, LEAVING_ADA)),
    (
        verifying(vu.ExpiringChallenge(VERIFY_GIVEN, LINK.id)),
        r.LinkChanged(STAGES[LinkStage.EXPIRED]),
        verifying(vu.DisplayingForm(VERIFY_GIVEN, TIME_RAN_OUT)),
    ),
    (verifying(vu.GoingToSuccess(VERIFY_GIVEN, LINK.id)), r.WindowStarted(UNTIL, WITH_DEVICE), MANAGING),
    (MANAGING, Replies((NOTED, r.AccountRead(ENABLED), IN_BOTH)), ACCOUNT),
    (ACCOUNT, a.LineDropped(), LINE_DROPPED),
    (REFUSING, FAILED, replace(LEAVING_ADA, note=PAGE_SAID_NO, why="verification of this person is frozen")),
    (
        RESET_AGAIN,
        r.LinkChanged(DENIED_AGAIN),
        replace(LEAVING_ADA, note=PHONE_SAID_NO, why="verification of this person is frozen"),
    ),
    (LINE_DROPPED, r.VerificationEnded(), cm.check(GIVEN, ADA, DROPPED)),
    (ACCOUNT, a.BackChosen(), LEAVING_ADA),
    (ACCOUNT, r.TimeCame(), replace(LEAVING_ADA, note=WINDOW_OVER)),
    (ACCOUNT, a.CallEnded(), ENDING),
    (FAILED_READ, a.TryAgainChosen(), MANAGING),
    (FAILED_READ, a.CallEnded(), cm.EndingCall(PROBLEM)),
    (PROTECTING, a.Declined(), CHECKING),
    (
        PROTECTING,
        a.Confirmed(" ", ""),
        cm.Protecting(GIVEN, pd.Confirming(ADA, DN, "", "A reason and a ticket number are both needed.")),
    ),
    (SHOWING, a.NoticeRead(), CHECKING),
    (SHOWING, a.CallEnded(), ENDING),
    (LEAVING, r.VerificationEnded(), LOOKING),
    (LEAVING_ADA, r.VerificationEnded(), CHECKING),
    (replace(LEAVING_ADA, note=WINDOW_OVER), r.VerificationEnded(), cm.check(GIVEN, ADA, WINDOW_OVER)),
    (LEAVING, FAILED, cm.ReturnError(PROBLEM, LEAVING)),
    (ENDING, r.CallClosed(), cm.CallEnded()),
    (cm.EndingCall(PROBLEM), r.CallClosed(), cm.CallEnded(PROBLEM)),
    (ENDING, FAILED, cm.ReturnError(PROBLEM, ENDING)),
    *(
        (cm.ReturnError(PROBLEM, again), a.TryAgainChosen(), again)
        for again in (CONFIGURING, CHECKING, RECORDING, LEAVING, ENDING)
    ),
    (ERROR, a.CallEnded(), cm.EndingCall(PROBLEM)),
]


@pytest.mark.parametrize(("state", "event", "after"), ROWS, ids=name)
def test_each_branch_of_the_main_flow(state: cm.CsrMainState, event: Event, after: cm.CsrMainState) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize(
    "state",
    [
        CONFIGURING,
        dc.CheckingDevices(GIVEN, ADA),
        CARD,
        NO_CARD,
        PROTECTED_CARD,
        NOTING,
        WORDS_TO_SAY,
        LEAVING,
        ENDING,
        ERROR,
        cm.CallEnded(),
    ],
    ids=name,
)
def test_the_main_flow_takes_nothing_else(state: State) -> None:
    refused(state, a.CannotUseAnyChosen())


@pytest.mark.parametrize(
    ("person", "some", "rules", "why"),
    [
        (ADA, (SMS,), RULES, ""),
        (ADA, (), RULES, ""),
        (ADA, (SAME_MAILBOX,), RULES, ""),
        (ADA, (SAME_MAILBOX,), STRICT, "No device is registered, and a device is required."),
        (ADA, (), STRICT, "No device is registered, and a device is required."),
        (ADA, (LOCKED_SMS,), RULES, "A device is registered, but none can be used now."),
        (ADA, (PASSKEY,), RULES, ""),
        (ADA, (APP,), RULES, ""),
        (
            ADA,
            (replace(PASSKEY, other_site="care.example"),),
            RULES,
            "A device is registered, but none can be used now.",
        ),
        (ADA, (SMS,), Rules(allowed_device_types=()), "A device is registered, but none can be used now."),
        (NO_MAIL, (SMS,), RULES, "There is no mail address on record, so no link can be sent."),
        (
            UNVERIFIED_MAIL,
            (SMS,),
            RULES,
            "The mail address on record was never verified, so a link to it proves nothing.",
        ),
    ],
)
def test_a_link_is_offered_only_where_it_can_verify(
    person: Person, some: tuple[Device, ...], rules: Rules, why: str
) -> None:
    assert why_not(person, devices(*some).devices, rules) == why


def test_where_mfa_is_off_or_refused_the_card_says_what_a_link_is_worth() -> None:
    assert why_not(ADA, devices(SMS, mfa_enabled=False).devices, RULES).startswith("MFA is switched off")
    refusing = devices(SMS, refused="disabled").devices
    assert not why_not(ADA, refusing, RULES)
    gives = {
        "link, code and device": devices(SMS).devices,
        "link and code: a recovery proof at most": devices().devices,
        "link and code: PingOne will not ask for a device now, so not every act is open": refusing,
    }
    for words, some in gives.items():
        assert dc.ChoosingWay(GIVEN, replace(CALLER, devices=some)).want().prompt.ways[0].gives == words


def test_r_37_a_new_address_cannot_verify_and_what_is_not_known_is_said_on_the_card() -> None:
    assert "too new" in why_not(ADA, Devices((SMS,), address=Age.NEW), RULES)
    unknown = Devices((Device("sms-9", "SMS", age=Age.UNKNOWN),), address=Age.UNKNOWN)
    assert why_not(ADA, unknown, RULES) == ""
    assert warning(unknown) == (
        "Since when the mail address is on record is not known. Since when a device is registered is not known."
    )


def test_r_37_the_card_says_which_device_is_too_new() -> None:
    young = Device("sms-9", "SMS", age=Age.NEW)
    prompt = dc.NoWayToVerify(Given(RULES), Caller(ADA, Devices((young,))), "why").want().prompt
    assert prompt.obstacles == ("registered too recently",)


def test_a_running_bypass_is_shown_as_a_warning() -> None:
    card = dc.ChoosingWay(GIVEN, replace(CALLER, devices=devices(SMS, bypass=True).devices))
    assert card.want().prompt.warning == "An MFA bypass is running for this person; it proves nothing."
    assert not CARD.want().prompt.warning


def test_before_verification_no_account_state_is_shown() -> None:
    for state in (LOOKING, CHOOSING, NO_WAY, PROTECTED_ACCOUNT, SAYING, VERIFYING, WAITING):
        want = state.want()
        assert isinstance(want, Ask | Poll)
        assert "account" not in want.prompt.__struct_fields__
    assert NO_CARD.want().prompt.obstacles == ("locked after wrong tries",)


def test_r_32_the_way_none_does_nothing_but_one_audit_row() -> None:
    assert NOTING.want().effect == fx.RecordNotVerified(person_id=ADA.id)
    assert WORDS_TO_SAY.want().prompt == p.CannotVerifyPrompt(ADA)


def test_a_protected_account_says_only_that() -> None:
    assert PROTECTED_CARD.want().prompt == p.ProtectedPrompt(ADA.name, RULES.protected_words)


def test_a_protective_disable_begins_with_the_call_s_person_and_ticket() -> None:
    want = PROTECTING.want()
    assert isinstance(want, Ask)
    prompt = want.prompt
    assert isinstance(prompt, p.ConfirmPrompt)
    assert (prompt.person, prompt.act, prompt.ticket) == (ADA, Act.PROTECT, "HD-1")


def test_verification_ends_with_the_customer() -> None:
    assert LEAVING.want().effect == fx.EndVerification()
    assert LEAVING_ADA.want().effect == fx.EndVerification(person_id=ADA.id)
    assert LINE_DROPPED.want().effect == fx.EndVerification(person_id=ADA.id, why="the line dropped")


def test_a_verification_without_its_moment_or_evidence_opens_nothing() -> None:
    ending = verifying(vu.ReturnSuccess("complete"))
    with pytest.raises(IllegalEventError):
        ending.step(r.WindowStarted(UNTIL, WITH_DEVICE))


def test_the_page_names_the_account_by_initials_and_the_end_of_its_number() -> None:
    assert VERIFY_GIVEN == VERIFY_AS_CALLED
    assert vu.begin(NO_MAIL, RULES).given.account == "B*** B***"


VERIFY_AS_CALLED = replace(
    VERIFY,
    inputs=vu.Inputs(ADA.id, can_change_device=True, allowed_device_types=RULES.allowed_device_types),
)


def test_the_outputs_carry_the_error_that_ended_the_call() -> None:
    assert cm.CallEnded().want().outcome == cm.CallOver()
    assert cm.CallEnded(PROBLEM).want().outcome == cm.CallOver(PROBLEM.message, PROBLEM.details)
    shown = ERROR.want().prompt
    assert (shown.error_message, shown.error_details, shown.reference) == (
        f"The caller was not checked, and nothing was changed. {PROBLEM.message}",
        PROBLEM.details,
        PROBLEM.correlation_id,
    )


def test_a_call_begins_with_its_rules() -> None:
    first: State = cm.begin(cm.Start("HD-1"))
    assert first == CONFIGURING
    assert first.want() == Do(fx.LoadRules())
