"""Magic Link Authentication, both sides, and Device Authentication around it and as a page of its own."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.flows import acceptance_ends as ae
from csrdesk.flows import answers as a
from csrdesk.flows import challenge_acceptance as ca
from csrdesk.flows import device_authentication as da
from csrdesk.flows import device_page as page
from csrdesk.flows import device_replies as dr
from csrdesk.flows import magic_link as ml
from csrdesk.flows import magic_link_page as mp
from csrdesk.flows import replies as r
from csrdesk.flows.device_ends import DeniedTwice
from csrdesk.flows.device_push import NotingDenial
from csrdesk.flows.kernel import Event, Failed, Problem, Replies, State
from csrdesk.flows.prompts import Page
from csrdesk.model.devices import Device, Devices, Strength, WebAuthn
from csrdesk.model.link import LinkStage, Purpose
from csrdesk.model.proofs import Act, Evidence
from csrdesk.model.secret import Secret
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import (
    ABOUT,
    ADA,
    APP,
    BY_ITSELF,
    BY_SMS,
    DEVICE,
    FAILED,
    LATER,
    LINK,
    LOCKED_SMS,
    PAGE,
    PASSKEY,
    PROBLEM,
    RULES,
    SAME_MAILBOX,
    SMS,
    STAGES,
    TOTP,
    UNTIL,
    devices,
)

WITHOUT, WITH = BY_ITSELF
"""The inputs without and with `magicLinkEnabled`."""
ALONE, BESIDE = (ml.Inputs(ADA.id, can_change_device=can) for can in (False, True))
GIVEN = ml.Given(BESIDE, ABOUT, ADA.email, PAGE)
STUCK = replace(GIVEN, inputs=ALONE)
FORM, SENDING = ml.DisplayingForm(GIVEN), ml.CreatingChallenge(GIVEN)
WAITING = ml.AwaitingChallenge(GIVEN, LINK)
LEAVING = ml.CancellingChallenge(GIVEN, LINK, "deviceSelection")
EXPIRING = ml.ExpiringChallenge(GIVEN, LINK.id)
COMPLETE, BACK, CANCELLED = (ml.ReturnSuccess(result) for result in ("complete", "deviceSelection", "cancelled"))
NOT_SENT = "The link could not be sent. Nothing was confirmed. Try again in a moment."
NO_OTHER = "There is no other way here."
BROKEN = ml.ReturnError(replace(PROBLEM, message=da.NOT_NOW))
CODE = a.CodeGiven(Secret("417209"))


def note(words: str) -> ml.DisplayingForm:
    return ml.DisplayingForm(GIVEN, words)


ASKING_SIDE: list[Row] = [
    (FORM, a.SendChosen(), SENDING),
    (FORM, a.OtherDeviceChosen(), BACK),
    (ml.DisplayingForm(STUCK), a.OtherDeviceChosen(), ml.DisplayingForm(STUCK, NO_OTHER)),
    (FORM, a.FactorCancelled(), CANCELLED),
    (FORM, a.CannotUseAnyChosen(), ml.CannotUse()),
    (SENDING, r.LinkSent(LINK), WAITING),
    (SENDING, r.LinkNotSent("The mail server refused the address."), note(NOT_SENT)),
    (SENDING, r.LinkNotSent("It is possible again in 4 minutes.", code="limit_reached"),
     note("It is possible again in 4 minutes.")),
    (SENDING, FAILED, note(NOT_SENT)),
    (SENDING, Failed(Problem("It may have been sent.", code="may_have_been_sent")),
     note("Nobody knows whether the link was sent. Send another one: only the newest works.")),
    (WAITING, r.LinkChanged(STAGES[LinkStage.CODE_RIGHT]), ml.AwaitingChallenge(GIVEN, STAGES[LinkStage.CODE_RIGHT])),
    (WAITING, r.LinkChanged(STAGES[LinkStage.APPROVED]), COMPLETE),
    (WAITING, r.LinkChanged(STAGES[LinkStage.NOT_ME]), ml.DeniedByCustomer()),
    (WAITING, r.LinkChanged(STAGES[LinkStage.EXPIRED]), EXPIRING),
    (WAITING, r.LinkChanged(STAGES[LinkStage.TOO_MANY_CODES]),
     note("Too many wrong codes. That link opens nothing any more.")),
    (WAITING, r.LinkChanged(STAGES[LinkStage.ENDED]), note("That link was ended. You can send another one.")),
    (WAITING, a.ResendChosen(), SENDING),
    (WAITING, a.OtherDeviceChosen(), LEAVING),
    (replace(WAITING, given=STUCK), a.OtherDeviceChosen(), replace(WAITING, given=STUCK, note=NO_OTHER)),
    (WAITING, a.FactorCancelled(), replace(LEAVING, leaving="cancelled")),
    (WAITING, a.CannotUseAnyChosen(), replace(LEAVING, leaving="cannotUse")),
    (WAITING, FAILED, BROKEN),
    (LEAVING, r.LinkChanged(STAGES[LinkStage.ENDED]), BACK),
    (replace(LEAVING, leaving="cancelled"), r.LinkChanged(STAGES[LinkStage.ENDED]), CANCELLED),
    (replace(LEAVING, leaving="cannotUse"), r.LinkChanged(STAGES[LinkStage.ENDED]), ml.CannotUse()),
    (LEAVING, FAILED, replace(WAITING, note=da.NOT_NOW)),
    (EXPIRING, r.LinkChanged(STAGES[LinkStage.EXPIRED]), note("The link's time was up. You can send another one.")),
    (EXPIRING, FAILED, note("The link's time was up. You can send another one.")),
]  # fmt: skip

START = mp.Start(ABOUT, ADA.id)
ASK, READING, CHECKING = mp.AskCode(START), mp.RereadingAddress(START), mp.CheckingCode(START)
APPROVING, AGAIN = mp.Approving(START), mp.AskAgain(START)
NOT_ME, REFUSING = mp.AskNotMe(START, ASK), mp.RefusingChallenge(START, ASK)
OPENED_SIDE: list[Row] = [
    (ASK, CODE, READING),
    (ASK, a.NotMeChosen(), NOT_ME),
    (READING, r.Noted(), CHECKING),
    (READING, FAILED, mp.AskCode(START, da.NOT_NOW)),
    (CHECKING, r.CodeRight(UNTIL), APPROVING),
    (CHECKING, r.CodeWrong(4),
     mp.AskCode(START, "That code is not right. Look at the other page again. Tries left: 4.")),
    (CHECKING, r.LinkOver(LinkStage.EXPIRED), ae.PageClosed(LinkStage.EXPIRED)),
    (CHECKING, r.SecretLost(), mp.AskCode(START, "Type the code once more.")),
    (CHECKING, FAILED, mp.AskCode(START, da.NOT_NOW)),
    (APPROVING, r.ChallengeApproved(), ae.Approved(ABOUT)),
    (APPROVING, r.LinkOver(LinkStage.ENDED), ae.PageClosed(LinkStage.ENDED)),
    (APPROVING, FAILED, AGAIN),
    (AGAIN, a.TryAgainChosen(), APPROVING),
    (AGAIN, a.NotMeChosen(), mp.AskNotMe(START, AGAIN)),
    (NOT_ME, a.NotMeAnswered("not_me"), REFUSING),
    (NOT_ME, a.NotMeAnswered("go_back"), ASK),
    (mp.AskNotMe(START, AGAIN), a.NotMeAnswered("go_back"), AGAIN),
    (REFUSING, r.ChallengeRefused(), ae.Refused(ABOUT)),
    (REFUSING, r.LinkOver(LinkStage.ENDED), ae.Refused(ABOUT)),
    (REFUSING, FAILED, mp.AskNotMe(START, ASK, da.NOT_NOW)),
]  # fmt: skip

ON = replace(DEVICE, inputs=WITH)
ONE = da.Choice((SMS,), magic_link=ADA.email)


def calling(sub: ml.MagicLinkState, *some: Device) -> da.CallingMagicLink:
    return da.CallingMagicLink(ON, da.Choice(some or (SMS,), magic_link=ADA.email), sub)


def gathered(*some: Device, mfa_enabled: bool = True, to: str = ADA.email) -> da.GatheringBrowserData:
    return da.GatheringBrowserData(ON, Devices(some, mfa_enabled), to)


def alone(*some: Device) -> da.CallingMagicLink:
    inside = ml.Given(ALONE, ABOUT, ADA.email, PAGE)
    return da.CallingMagicLink(ON, da.Choice(some, magic_link=ADA.email), ml.DisplayingForm(inside))


FULL, NONE = a.BrowserChecked(WebAuthn.FULL), a.BrowserChecked()
AROUND: list[Row] = [
    (da.GatheringDevices(ON), dr.DevicesGathered(Devices((SMS,)), ADA.email), gathered(SMS)),
    (da.GatheringDevices(ON), dr.DevicesGathered(Devices((SMS,))), gathered(SMS, to="")),
    (da.GatheringDevices(ON), FAILED, da.ReturnError(replace(PROBLEM, message=da.NOT_NOW))),
    (gathered(SMS), FULL, da.AskDevice(ON, ONE)),
    (gathered(SMS, TOTP), FULL, da.StartingAuthentication(ON, da.Choice((TOTP, SMS), magic_link=ADA.email))),
    (gathered(), FULL, alone()),
    (gathered(SMS, mfa_enabled=False), FULL, alone()),
    (gathered(LOCKED_SMS), FULL, alone()),
    (gathered(SAME_MAILBOX), FULL, alone()),
    (gathered(PASSKEY), NONE, alone()),
    (da.AskDevice(ON, ONE), a.MagicLinkChosen(), calling(FORM)),
    (da.AskDevice(ON, ONE), a.DeviceChosen(SMS.id),
     da.StartingAuthentication(ON, replace(ONE, sent_to=(SMS.id,)), SMS.id)),
    (da.AskDevice(DEVICE, da.Choice((SMS,))), a.MagicLinkChosen(),
     da.AskDevice(DEVICE, da.Choice((SMS,)), "Choose one of the devices below.")),
    (calling(FORM), a.SendChosen(), calling(SENDING)),
    (calling(FORM), a.OtherDeviceChosen(), da.AskDevice(ON, ONE)),
    (calling(FORM), a.FactorCancelled(), da.ReturnSuccess("cancelled")),
    (calling(FORM), a.CannotUseAnyChosen(), da.CannotUseAny()),
    (calling(WAITING), r.LinkChanged(STAGES[LinkStage.APPROVED]), da.ReturnSuccess("complete", ml.MAGIC_LINK)),
    (calling(WAITING), r.LinkChanged(STAGES[LinkStage.NOT_ME]), da.DeniedByCustomer()),
    (calling(WAITING), FAILED, da.ReturnError(replace(PROBLEM, message=da.NOT_NOW))),
]  # fmt: skip


def around(sub: da.DeviceAuthenticationState) -> page.Authenticating:
    return page.Authenticating(ON, sub)


BEGUN, CHOOSING = around(da.GatheringDevices(ON)), around(da.AskDevice(ON, ONE))
FAILED_ONCE = page.AskAgain(ON, "The device was refused.")
SHOWN = page.Finishing(ON, da.ReturnSuccess("complete", BY_SMS))
GIVEN_UP = page.Finishing(ON, da.CannotUseAny())
LONGER, WAITING_LONGER = Page(LATER, more_time=False), page.AddingTime(ON, CHOOSING)
ASKED, STOPPING = page.AskNotMe(ON, CHOOSING), page.RefusingChallenge(ON, CHOOSING)
DENIED = page.RefusingChallenge(ON, page.AskAgain(ON, "Somebody else asked for this."))


def on(until: Page, sub: da.AskDevice) -> page.Authenticating:
    longer = replace(ON, page=until)
    return page.Authenticating(longer, replace(sub, given=longer))


BY_ITS_OWN: list[Row] = [
    (BEGUN, dr.DevicesGathered(Devices((SMS,))), around(gathered(SMS, to=""))),
    (CHOOSING, a.FactorCancelled(), page.Finishing(ON, da.ReturnSuccess("cancelled"))),
    (CHOOSING, a.CannotUseAnyChosen(), GIVEN_UP),
    (CHOOSING, a.NotMeChosen(), ASKED),
    (CHOOSING, a.MoreTimeChosen(), WAITING_LONGER),
    (BEGUN, FAILED, page.AskAgain(ON, da.NOT_NOW)),
    (around(da.Showing(ON, NotingDenial(ON, da.Choice((APP,))))), dr.PushDenialNoted(2), DENIED),
    (around(da.Showing(ON, NotingDenial(ON, da.Choice((APP,))))), r.LinkOver(LinkStage.EXPIRED),
     da.PageEnded(LinkStage.EXPIRED)),
    (around(calling(WAITING)), r.LinkChanged(STAGES[LinkStage.APPROVED]),
     page.Finishing(ON, da.ReturnSuccess("complete", ml.MAGIC_LINK))),
    (FAILED_ONCE, a.TryAgainChosen(), BEGUN),
    (FAILED_ONCE, a.CannotUseAnyChosen(), GIVEN_UP),
    (FAILED_ONCE, a.MoreTimeChosen(), page.AddingTime(ON, FAILED_ONCE)),
    (FAILED_ONCE, a.NotMeChosen(), page.AskNotMe(ON, FAILED_ONCE)),
    (WAITING_LONGER, r.PageTimeAdded(LATER), on(LONGER, da.AskDevice(ON, ONE))),
    (WAITING_LONGER, r.NoMoreTime(), on(replace(PAGE, more_time=False), da.AskDevice(ON, ONE))),
    (WAITING_LONGER, r.LinkOver(LinkStage.EXPIRED), da.PageEnded(LinkStage.EXPIRED)),
    (WAITING_LONGER, FAILED, CHOOSING),
    (page.AddingTime(ON, FAILED_ONCE), r.PageTimeAdded(LATER),
     page.AskAgain(replace(ON, page=LONGER), FAILED_ONCE.note)),
    (ASKED, a.NotMeAnswered("not_me"), STOPPING),
    (ASKED, a.NotMeAnswered("go_back"), CHOOSING),
    (STOPPING, r.ChallengeRefused(), da.DeniedByCustomer()),
    (STOPPING, r.LinkOver(LinkStage.NOT_ME), da.DeniedByCustomer()),
    (STOPPING, FAILED, page.AskNotMe(ON, CHOOSING, da.NOT_NOW)),
    (SHOWN, r.Noted(), da.ReturnSuccess("complete", BY_SMS)),
    (GIVEN_UP, r.Noted(), da.CannotUseAny()),
    (SHOWN, r.LinkOver(LinkStage.EXPIRED), da.PageEnded(LinkStage.EXPIRED)),
    (SHOWN, FAILED, page.AskAgain(ON, da.NOT_NOW)),
]  # fmt: skip


@pytest.mark.parametrize(("state", "event", "after"), [*ASKING_SIDE, *OPENED_SIDE, *AROUND, *BY_ITS_OWN], ids=name)
def test_each_branch_of_a_magic_link_in_place_of_a_device(state: State, event: Event, after: State) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize(
    "state",
    [
        *(FORM, SENDING, WAITING, LEAVING, EXPIRING, COMPLETE, ml.CannotUse(), ml.DeniedByCustomer(), BROKEN),
        *(ASK, READING, CHECKING, APPROVING, AGAIN, NOT_ME, REFUSING),
        *(da.GatheringDevices(ON), FAILED_ONCE, WAITING_LONGER, ASKED, STOPPING, SHOWN),
    ],
    ids=name,
)
def test_they_take_nothing_else(state: State) -> None:
    refused(state, a.DisableChosen())


@pytest.mark.parametrize(("inputs", "offered"), [(WITH, ADA.email), (WITHOUT, "")])
def test_a_magic_link_is_offered_where_the_input_says_so(inputs: da.Inputs, offered: str) -> None:
    first = page.begin(page.Start(inputs, ABOUT, PAGE))
    after = first.step(dr.DevicesGathered(Devices((SMS, TOTP)), ADA.email)).step(FULL)
    assert isinstance(after, page.Authenticating)
    assert isinstance(after.sub, da.StartingAuthentication)
    choosing = after.sub.step(r.AuthenticationIs(r.DeviceAuthentication("auth-1", "DEVICE_SELECTION_REQUIRED")))
    assert isinstance(choosing, da.AskDevice)
    assert choosing.want().prompt.magic_link == offered


def test_without_a_device_and_without_a_magic_link_nothing_can_be_asked() -> None:
    without = da.GatheringBrowserData(replace(ON, inputs=WITHOUT), Devices())
    after = without.step(FULL)
    assert isinstance(after, da.ReturnError)
    assert after.problem.code == "no_device"


@pytest.mark.parametrize("enabled", [True, False])
def test_cancelling_a_magic_link_is_offered_where_the_input_says_so(enabled: bool) -> None:
    given = replace(ON, inputs=replace(WITH, cancel_enabled=enabled))
    calling_it = da.AskDevice(given, ONE).step(a.MagicLinkChosen())
    assert isinstance(calling_it, da.CallingMagicLink)
    for sub in (calling_it.sub, calling_it.sub.step(a.SendChosen()).step(r.LinkSent(LINK))):
        assert isinstance(sub, ml.DisplayingForm | ml.AwaitingChallenge)
        assert sub.want().prompt.cancel_enabled is enabled


def test_one_device_beside_a_magic_link_is_not_the_only_way() -> None:
    assert da.Choice((SMS,), magic_link=ADA.email).has_others
    assert not da.Choice((SMS,)).has_others


def test_the_link_is_asked_for_as_what_it_is() -> None:
    effect = SENDING.want().effect
    assert (effect.person_id, effect.account, effect.purpose) == (ADA.id, ABOUT.account, Purpose.MAGIC_LINK)


def test_the_pages_clock_reaches_a_magic_link() -> None:
    longer = Page(LATER, more_time=False)
    for sub in (FORM, SENDING, WAITING, LEAVING, EXPIRING):
        after = da.on_page(calling(sub), longer)
        assert isinstance(after, da.CallingMagicLink)
        assert after.given.page == longer
        assert after.sub == replace(sub, given=replace(sub.given, page=longer))
    assert da.on_page(calling(COMPLETE), longer) == replace(calling(COMPLETE), given=replace(ON, page=longer))


def test_outputs_say_what_came_of_it() -> None:
    assert [end.want().outcome.subflow_result for end in (COMPLETE, BACK, CANCELLED)] == [
        "complete", "deviceSelection", "cancelled",
    ]  # fmt: skip
    assert ml.CannotUse().want().outcome.error_details == "no_factor"
    assert ml.DeniedByCustomer().want().outcome.subflow_result == "notMe"
    assert BROKEN.want().outcome == ml.Outputs(error_message=da.NOT_NOW, error_details=PROBLEM.details)
    assert da.ReturnSuccess("complete", ml.MAGIC_LINK).want().outcome == da.Outputs("complete", "ml")
    ends = ((SHOWN, LinkStage.APPROVED, BY_SMS), (GIVEN_UP, LinkStage.NO_FACTOR, None))
    cancelled = page.Finishing(ON, da.ReturnSuccess("cancelled"))
    for finishing, stage, proof in (*ends, (cancelled, LinkStage.CANCELLED, None)):
        effect = finishing.want().effect
        assert (effect.stage, effect.proof) == (stage, proof)


VERIFYING = ca.Given(ABOUT, ADA.id, RULES, PAGE)


def test_r_27_a_magic_link_is_never_the_second_factor_of_a_caller() -> None:
    """Nobody offers one there; and were one shown, nothing would be approved by it."""
    reading = ca.ReadingRequirement(VERIFYING)
    begun = reading.step(devices(SMS))
    assert isinstance(begun, ca.Authenticating)
    assert isinstance(begun.sub, da.GatheringBrowserData)
    assert not begun.sub.magic_link
    assert not begun.sub.given.inputs.magic_link_enabled
    after: State = ca.Authenticating(VERIFYING, calling(WAITING)).step(r.LinkChanged(STAGES[LinkStage.APPROVED]))
    assert isinstance(after, ca.RecheckingDevices)
    assert isinstance(after.step(Replies((devices(SMS), r.Noted()))), ca.AskAgain)


def test_r_32_a_magic_link_opens_no_act_that_a_device_is_needed_for() -> None:
    shown = Evidence((ml.MAGIC_LINK,), registered=True)
    assert not shown.has_device
    assert all(shown.missing_for(act) for act in (Act.ENABLE, Act.RESET, Act.DEVICES))
    assert (ml.MAGIC_LINK.strength, ml.MAGIC_LINK.device_id) == (Strength.NONE, "")


def test_a_denied_push_ends_the_page_as_somebody_elses() -> None:
    assert isinstance(da.Showing(ON, NotingDenial(ON, da.Choice((APP,)))).sub.step(dr.PushDenialNoted(2)), DeniedTwice)
    assert da.DeniedByCustomer().want().outcome.subflow_result == "notMe"


def test_a_failure_of_the_desk_is_said_without_names_of_systems() -> None:
    after = WAITING.step(Failed(PROBLEM))
    assert isinstance(after, ml.ReturnError)
    assert "PingOne" not in after.problem.message
