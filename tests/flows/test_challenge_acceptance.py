"""Challenge Acceptance By The User, the customer's side, branch by branch, and what it takes to be approved."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import challenge_acceptance as ca
from csrdesk.flows import device_authentication as da
from csrdesk.flows import device_passcode as pc
from csrdesk.flows import device_push as ph
from csrdesk.flows import device_replies as dr
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Event, Replies
from csrdesk.flows.rules import Rules
from csrdesk.model.devices import Device, Devices, WebAuthn
from csrdesk.model.link import LinkStage
from csrdesk.model.proofs import Act, Evidence
from csrdesk.model.secret import Secret
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import (
    ABOUT,
    ADA,
    APP,
    BY_SMS,
    FAILED,
    LATER,
    LINK_AND_CODE,
    LOCKED_SMS,
    NOTED,
    PASSKEY,
    RULES,
    SAME_MAILBOX,
    SMS,
    STRICT,
    TOTP,
    UNTIL,
    authentication,
    devices,
)

BEGUN = ca.Given(ABOUT, ADA.id, RULES)
GIVEN = replace(BEGUN, page=p.Page(UNTIL))
NEEDS_DEVICE = replace(GIVEN, rules=STRICT)
LONGER, NO_LONGER = p.Page(LATER, more_time=False), p.Page(UNTIL, more_time=False)


def run(given: ca.Given) -> da.Given:
    """What Device Authentication is called with from this page."""
    inputs = da.Inputs(p1_user_id=ADA.id, resend_otp_limit=3, allowed_device_types=given.rules.allowed_device_types)
    return da.Given(inputs, ABOUT, given.page)


def within(given: ca.Given, *, passcode: bool = False) -> ca.Authenticating:
    choice = da.Choice((SMS, TOTP), "auth-1", (SMS.id,))
    inner = run(given)
    asked = da.Showing(inner, pc.AskPasscode(inner, choice, SMS.id))
    return ca.Authenticating(given, asked if passcode else da.AskDevice(inner, choice))


CODE, CHECKING, READING = ca.AskCode(BEGUN), ca.CheckingCode(BEGUN), ca.ReadingRequirement(GIVEN)
GATHERING = da.GatheringBrowserData(run(GIVEN), Devices((SMS,)))
BROWSER = ca.Authenticating(GIVEN, GATHERING)
NOBODYS = ca.Authenticating(GIVEN, da.GatheringBrowserData(run(GIVEN), Devices()))
CHOOSING, PASSCODE = within(GIVEN), within(GIVEN, passcode=True)
CHECKING_PASSCODE = ca.Authenticating(
    GIVEN, da.Showing(run(GIVEN), pc.CheckingPasscode(run(GIVEN), da.Choice((SMS,), "auth-1"), SMS.id))
)
STARTING = ca.Authenticating(GIVEN, da.StartingAuthentication(run(GIVEN), da.Choice((SMS,), sent_to=(SMS.id,)), SMS.id))
DENYING = ca.Authenticating(GIVEN, da.Showing(run(GIVEN), ph.NotingDenial(run(GIVEN), da.Choice((APP,)))))
AGAIN = ca.AskAgain(GIVEN, "You cancelled. Try again, or tell the agent what does not work.")
OURS = ca.AskAgain(GIVEN, da.NOT_NOW)
GIVING_UP, RECHECKING = ca.GivingUpFactor(GIVEN), ca.RecheckingDevices(GIVEN, BY_SMS)
EVIDENCE = Evidence((LINK_AND_CODE, BY_SMS), registered=True)
APPROVING = ca.Approving(GIVEN, EVIDENCE)
OVER, LINK_OVER = ca.PageClosed(LinkStage.ENDED), r.LinkOver(LinkStage.ENDED)
REFUSING = ca.RefusingChallenge(BEGUN, CODE)
DENIED_TWICE = ca.AskAgain(GIVEN, "The request was denied on the phone twice.")
ON_PHONE = ca.RefusingChallenge(GIVEN, DENIED_TWICE, on_phone=True)
ADDING, ADDING_AGAIN = ca.AddingTime(GIVEN, CHOOSING), ca.AddingTime(GIVEN, AGAIN)

LINK_ROWS: list[Row] = [
    (CODE, a.CodeGiven(Secret("417209")), CHECKING),
    (CODE, a.NotMeChosen(), ca.AskNotMe(BEGUN, CODE)),
    (CHECKING, r.CodeRight(UNTIL), READING),
    (CHECKING, r.CodeWrong(4), ca.AskCode(BEGUN, "That code is not right. Ask for it again. Tries left: 4.")),
    (CHECKING, LINK_OVER, OVER),
    (CHECKING, r.SecretLost(), ca.AskCode(BEGUN, "Type the code once more.")),
    (CHECKING, FAILED, ca.AskCode(BEGUN, da.NOT_NOW)),
    (ca.AskNotMe(BEGUN, CODE), a.NotMeAnswered("not_me"), REFUSING),
    (ca.AskNotMe(BEGUN, CODE), a.NotMeAnswered("go_back"), CODE),
    (ca.AskNotMe(GIVEN, CHOOSING), a.NotMeAnswered("go_back"), CHOOSING),
    (ca.AskNotMe(GIVEN, AGAIN), a.NotMeAnswered("go_back"), AGAIN),
    (REFUSING, r.ChallengeRefused(), ca.Refused(ABOUT)),
    (REFUSING, LINK_OVER, ca.Refused(ABOUT)),
    (ON_PHONE, r.ChallengeRefused(), ca.Refused(ABOUT, on_phone=True)),
    (REFUSING, FAILED, ca.AskNotMe(BEGUN, CODE, da.NOT_NOW)),
]
FACTOR_ROWS: list[Row] = [
    (READING, devices(SMS), BROWSER),
    (READING, devices(), ca.Approving(GIVEN, Evidence((LINK_AND_CODE,)))),
    (ca.ReadingRequirement(NEEDS_DEVICE), devices(), ca.GivingUpFactor(NEEDS_DEVICE)),
    (
        READING,
        devices(SMS, refused="disabled"),
        ca.Approving(GIVEN, Evidence((LINK_AND_CODE,), registered=True, factor_not_asked="disabled")),
    ),
    (READING, FAILED, OURS),
    (BROWSER, a.BrowserChecked(WebAuthn.NONE), STARTING),
    (BROWSER, a.NotMeChosen(), ca.AskNotMe(GIVEN, BROWSER)),
    (CHOOSING, a.NotMeChosen(), ca.AskNotMe(GIVEN, CHOOSING)),
    (CHOOSING, a.MoreTimeChosen(), ADDING),
    (CHOOSING, a.FactorCancelled(), AGAIN),
    (CHOOSING, a.CannotUseAnyChosen(), GIVING_UP),
    (
        NOBODYS,
        a.BrowserChecked(),
        ca.AskAgain(GIVEN, "No device can be asked for this account."),
    ),
    (CHECKING_PASSCODE, r.PasscodeRight(SMS.id), RECHECKING),
    (
        DENYING,
        dr.PushDenialNoted(2),
        ON_PHONE,
    ),
    (DENYING, LINK_OVER, OVER),
    (AGAIN, a.TryAgainChosen(), READING),
    (AGAIN, a.CannotUseAnyChosen(), GIVING_UP),
    (AGAIN, a.MoreTimeChosen(), ADDING_AGAIN),
    (AGAIN, a.NotMeChosen(), ca.AskNotMe(GIVEN, AGAIN)),
    (ADDING, r.PageTimeAdded(LATER), within(replace(GIVEN, page=LONGER))),
    (ca.AddingTime(GIVEN, PASSCODE), r.NoMoreTime(), within(replace(GIVEN, page=NO_LONGER), passcode=True)),
    (ADDING_AGAIN, r.PageTimeAdded(LATER), replace(AGAIN, given=replace(GIVEN, page=LONGER))),
    (ADDING, LINK_OVER, OVER),
    (ADDING, FAILED, CHOOSING),
    (GIVING_UP, NOTED, ca.NoFactor(ABOUT)),
    (GIVING_UP, LINK_OVER, OVER),
    (GIVING_UP, FAILED, OURS),
    (RECHECKING, Replies((devices(SMS), NOTED)), APPROVING),
    (
        RECHECKING,
        Replies((devices(TOTP), NOTED)),
        ca.AskAgain(GIVEN, "That device is not registered any more. Try another one."),
    ),
    (RECHECKING, Replies((devices(SMS), LINK_OVER)), OVER),
    (
        RECHECKING,
        Replies((FAILED, NOTED)),
        ca.AskAgain(GIVEN, "Your devices could not be checked just now. Try again."),
    ),
    (RECHECKING, FAILED, ca.AskAgain(GIVEN, "Your devices could not be checked just now. Try again.")),
    (APPROVING, r.ChallengeApproved(), ca.Approved(ABOUT)),
    (APPROVING, LINK_OVER, OVER),
    (APPROVING, FAILED, OURS),
]


@pytest.mark.parametrize(("state", "event", "after"), [*LINK_ROWS, *FACTOR_ROWS], ids=name)
def test_each_branch_of_the_customers_side(
    state: ca.ChallengeAcceptanceState, event: Event, after: ca.ChallengeAcceptanceState
) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize(
    "state",
    [
        CODE,
        CHECKING,
        ca.AskNotMe(BEGUN, CODE),
        REFUSING,
        READING,
        AGAIN,
        ADDING,
        GIVING_UP,
        RECHECKING,
        APPROVING,
        OVER,
    ],
    ids=name,
)
def test_the_customers_side_takes_nothing_else(state: ca.ChallengeAcceptanceState) -> None:
    refused(state, a.SendChosen())


def test_while_the_page_works_it_takes_no_answer_of_its_own() -> None:
    refused(STARTING.sub, a.NotMeChosen())
    for answer in (a.NotMeChosen(), a.MoreTimeChosen()):
        with pytest.raises(IllegalEventError):
            STARTING.step(answer)


def test_a_page_without_a_clock_takes_the_new_time_along() -> None:
    longer = replace(GIVEN, page=LONGER)
    assert BROWSER.extended(LONGER) == ca.Authenticating(longer, replace(GATHERING, given=run(longer)))


def test_a_link_begins_at_the_code() -> None:
    assert ca.begin(ca.Start(ABOUT, ADA.id, RULES)) == CODE
    assert isinstance(CODE.want().prompt, p.CodePrompt)


def test_the_pages_after_the_end_say_which_link_it_was() -> None:
    assert ca.Approved(ABOUT).want().outcome == ca.PageApproved(ABOUT)
    assert ca.Refused(ABOUT).want().outcome == ca.PageRefused(ABOUT)
    assert ca.Refused(ABOUT, on_phone=True).want().outcome == ca.PageRefused(ABOUT, on_phone=True)
    assert ca.NoFactor(ABOUT).want().outcome == ca.PageNoFactor(ABOUT)
    assert OVER.want().outcome == ca.PageOver(LinkStage.ENDED)


def requirement(*some: Device, rules: Rules = RULES, webauthn: WebAuthn = WebAuthn.NONE) -> ca.ChallengeAcceptanceState:
    """Where the right code leads with these devices, once the browser has said what it knows."""
    state: ca.ChallengeAcceptanceState = ca.ReadingRequirement(replace(GIVEN, rules=rules)).step(
        r.DevicesRead(Devices(some))
    )
    if isinstance(state, ca.Authenticating):
        state = state.step(a.BrowserChecked(webauthn))
    return state


@pytest.mark.parametrize(
    ("some", "rules"),
    [
        ((LOCKED_SMS,), RULES),
        ((PASSKEY,), RULES),
        ((SMS,), replace(RULES, allowed_device_types=("TOTP",))),
        ((SMS,), replace(RULES, allowed_device_types=())),
        ((replace(SMS, blocked=True),), RULES),
        ((replace(SMS, type="NEW_KIND"),), RULES),
    ],
    ids=["locked", "page says NONE", "type not allowed", "no type allowed", "blocked", "unknown kind"],
)
def test_r_32_a_registered_device_that_cannot_be_used_is_never_skipped(some: tuple[Device, ...], rules: Rules) -> None:
    assert isinstance(requirement(*some, rules=rules), ca.AskAgain)


def test_r_32_mfa_switched_off_does_not_lower_the_requirement() -> None:
    off = devices(SMS, mfa_enabled=False)
    state = READING.step(off)
    assert isinstance(state, ca.Authenticating)
    assert isinstance(state.step(a.BrowserChecked()), ca.AskAgain)


def test_r_32_a_bypass_proves_nothing() -> None:
    state = READING.step(devices(SMS, bypass=True)).step(a.BrowserChecked())
    assert isinstance(state.step(authentication("COMPLETED", SMS.id)), ca.AskAgain)


def test_r_32_what_a_disabled_or_locked_caller_shows_is_labelled_and_not_enough_for_a_reset() -> None:
    for refusal in ("disabled", "locked"):
        state = READING.step(devices(SMS, refused=refusal))
        assert isinstance(state, ca.Approving)
        assert state.evidence.label == f"link and code; account {refusal}, factor not asked"
        assert state.evidence.missing_for(Act.RESET)


def test_r_34_an_email_device_on_the_links_own_mailbox_is_none() -> None:
    state = requirement(SAME_MAILBOX)
    assert isinstance(state, ca.Approving)
    assert not state.evidence.has_device
    assert not state.evidence.registered
    assert state.evidence.label == "recovery proof: link and code, no device"
    assert isinstance(requirement(SAME_MAILBOX, rules=STRICT), ca.GivingUpFactor)


def test_r_34_approved_evidence_carries_what_was_shown_and_how_strong_it_is() -> None:
    state = RECHECKING.step(Replies((devices(SMS), NOTED)))
    assert isinstance(state, ca.Approving)
    assert state.evidence.label == "authentication: link, code and device (weak)"
    assert state.evidence.auth_method == "ml sms"
    assert state.want().effect.evidence == state.evidence


def test_customers_do_not_read_what_failed_behind_the_desk() -> None:
    said = [CHECKING.step(FAILED), READING.step(FAILED), APPROVING.step(FAILED), GIVING_UP.step(FAILED)]
    assert {state.note for state in said if isinstance(state, ca.AskCode | ca.AskAgain)} == {da.NOT_NOW}
