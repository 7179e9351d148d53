"""Device Authentication, branch by branch: the devices, a passcode, a passkey, a push."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.flows import answers as a
from csrdesk.flows import device_authentication as da
from csrdesk.flows import device_ends as ends
from csrdesk.flows import device_passcode as pc
from csrdesk.flows import device_passkey as pk
from csrdesk.flows import device_push as ph
from csrdesk.flows import device_replies as dr
from csrdesk.flows import replies as r
from csrdesk.flows.device_inputs import NOT_USABLE
from csrdesk.flows.kernel import Event, Failed, Problem, State
from csrdesk.flows.prompts import Page
from csrdesk.model.devices import Device, Devices, Strength, WebAuthn
from csrdesk.model.link import LinkStage
from csrdesk.model.proofs import Proof
from csrdesk.model.secret import Secret
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import (
    APP,
    BY_SMS,
    DEVICE,
    FAILED,
    LATER,
    LOCKED_SMS,
    OPTIONS,
    PASSKEY,
    PROBLEM,
    SAME_MAILBOX,
    SECOND_SMS,
    SMS,
    TOTP,
    authentication,
)

ALONE, TWO = da.Choice((SMS,)), da.Choice((PASSKEY, APP, TOTP, SMS))
STARTED = replace(TWO, authentication_id="auth-1")
SENT = replace(STARTED, sent_to=(SMS.id,))
PUSHED = replace(STARTED, sent_to=(APP.id,))
USED_UP = replace(SENT, resends=3)
LIMITED = Problem("3 requests were sent to this person's phone in an hour.", code="limit_reached")
STARTING, CHOOSING = da.StartingAuthentication(DEVICE, TWO), da.AskDevice(DEVICE, STARTED)
SELECTING = da.SelectingDevice(DEVICE, SENT, SMS.id)
ASK, CHECKING = pc.AskPasscode(DEVICE, SENT, SMS.id), pc.CheckingPasscode(DEVICE, SENT, SMS.id)
SENT_AGAIN = replace(SENT, resends=1)
RESENDING = pc.ResendingPasscode(DEVICE, SENT_AGAIN, SMS.id)
KEY = pk.AskPasskey(DEVICE, STARTED, PASSKEY.id, OPTIONS)
SIGNED = pk.CheckingAssertion(DEVICE, STARTED, PASSKEY.id)
RENEWING = pk.RenewingChallenge(DEVICE, STARTED, PASSKEY.id, "Try again.")
PUSH = ph.AwaitingPush(DEVICE, PUSHED, APP.id, "42")
DENIED = ph.NotingDenial(DEVICE, replace(PUSHED, authentication_id=""))
TIMED_OUT = ph.AskAfterTimeOut(DEVICE, PUSHED, APP.id)
PUSHED_AGAIN = replace(PUSHED, resends=1)
PUSHING = ph.SendingPushAgain(DEVICE, PUSHED_AGAIN, APP.id)
CANCELLING = ph.CancellingPush(DEVICE, PUSHED)
NO_FALLBACK = replace(DEVICE, inputs=replace(DEVICE.inputs, otp_fallback_allowed=False))
NOT_NOW = da.ReturnError(replace(PROBLEM, message=da.NOT_NOW))
CANCELLED = da.ReturnSuccess("cancelled")
RIGHT = a.PasscodeGiven(Secret("12 34-56"))
BY_KEY = Proof("fido2", Strength.STRONG, PASSKEY.id, PASSKEY.label)
BY_PUSH = Proof("mobile", Strength.STRONG, APP.id, APP.label)
SAID_NO = (
    "The request was denied on the phone. If you asked for it, choose once more how to confirm. "
    'If somebody else did, press "This wasn\'t me".'
)
NONE_HERE = (
    "None of your devices can be used here. Passkeys need a browser that knows them, and a locked device can be used "
    "again after a while."
)


LOCKED = "That device is locked after wrong tries."
ONE_TOO_MANY = "That passcode is not right, and it was one too many: that device is locked now."
NO_MORE = Failed(Problem(LOCKED, "status=400", NOT_USABLE))
SMS_GONE = SENT.without(SMS.id)
NONE_LEFT = da.ReturnError(
    Problem(
        f"{LOCKED} No other device of yours can be used here. A locked one can be used again after a while.",
        LOCKED,
        "no_usable_device",
    )
)


def browser(*some: Device, mfa_enabled: bool = True) -> da.GatheringBrowserData:
    return da.GatheringBrowserData(DEVICE, Devices(some, mfa_enabled))


def no_device() -> da.ReturnError:
    return da.ReturnError(Problem("No device can be asked for this account.", code="no_device"))


def unusable(details: str) -> da.ReturnError:
    return da.ReturnError(Problem(NONE_HERE, details, "no_usable_device"))


def showing(sub: pc.PasscodeState | pk.PasskeyState | ph.PushState) -> da.Showing:
    return da.Showing(DEVICE, sub)


def statuses(state: State, sent: da.Choice) -> list[Row]:
    """Where PingOne's status leads, the same for a start and a choice but for what was sent before."""
    pushed = replace(sent, sent_to=(*sent.sent_to, APP.id))
    return [
        (state, authentication("DEVICE_SELECTION_REQUIRED"), da.AskDevice(DEVICE, sent)),
        (state, authentication("OTP_REQUIRED", TOTP.id), showing(pc.AskPasscode(DEVICE, sent, TOTP.id))),
        *(
            (state, authentication(status, "elsewhere"), da.AskDevice(DEVICE, sent))
            for status in ("OTP_REQUIRED", "ASSERTION_REQUIRED")
        ),
        *(
            (state, authentication(f"PUSH_CONFIRMATION_{status}", "elsewhere"), da.AskDevice(DEVICE, sent))
            for status in ("REQUIRED", "TIMED_OUT")
        ),
        (
            state,
            authentication("ASSERTION_REQUIRED", PASSKEY.id),
            showing(pk.AskPasskey(DEVICE, sent, PASSKEY.id, OPTIONS)),
        ),
        (
            state,
            authentication("PUSH_CONFIRMATION_REQUIRED", APP.id, number="42"),
            showing(ph.AwaitingPush(DEVICE, pushed, APP.id, "42")),
        ),
        (
            state,
            authentication("PUSH_CONFIRMATION_TIMED_OUT", APP.id),
            showing(ph.AskAfterTimeOut(DEVICE, pushed, APP.id)),
        ),
        (
            state,
            authentication("COMPLETED", SMS.id),
            da.ReturnError(
                Problem(
                    "No device was asked for, so nothing was proved.",
                    "COMPLETED without a device that was shown",
                    "not_proved",
                )
            ),
        ),
        (state, authentication("FAILED"), da.ReturnError(Problem("The device was refused.", code="refused"))),
        (
            state,
            authentication("FAILED", error="The device is blocked."),
            da.ReturnError(Problem("The device is blocked.", code="refused")),
        ),
        (
            state,
            authentication("NEW"),
            da.ReturnError(
                Problem(
                    "The answer about your device was not understood, so nothing was proved.",
                    "status 'NEW'",
                    "unexpected_answer",
                )
            ),
        ),
    ]


FULL, NONE = a.BrowserChecked(WebAuthn.FULL), a.BrowserChecked()
BEFORE: list[Row] = [
    (browser(), FULL, no_device()),
    (browser(SAME_MAILBOX), FULL, no_device()),
    (browser(SMS, mfa_enabled=False), FULL, no_device()),
    (browser(LOCKED_SMS), FULL, unusable("text message: locked after wrong tries")),
    (browser(PASSKEY), NONE, unusable("passkey or security key: this browser knows no passkeys")),
    (
        browser(replace(PASSKEY, other_site="care.example")),
        FULL,
        unusable("passkey or security key: it was registered for care.example"),
    ),
    (browser(PASSKEY), FULL, da.StartingAuthentication(DEVICE, da.Choice((PASSKEY,)), PASSKEY.id)),
    (browser(SMS), FULL, da.StartingAuthentication(DEVICE, replace(ALONE, sent_to=(SMS.id,)), SMS.id)),
    (browser(SMS, APP, TOTP, PASSKEY), FULL, STARTING),
    (browser(SMS, TOTP, PASSKEY), NONE, da.StartingAuthentication(DEVICE, da.Choice((TOTP, SMS)))),
    *statuses(STARTING, STARTED),
    (STARTING, authentication("OTP_REQUIRED", SMS.id), showing(ASK)),
    (STARTING, FAILED, NOT_NOW),
    (da.StartingAuthentication(DEVICE, SENT, SMS.id), NO_MORE, da.AskDevice(DEVICE, SMS_GONE, LOCKED)),
    (da.StartingAuthentication(DEVICE, ALONE, SMS.id), NO_MORE, NONE_LEFT),
]
CHOICES: list[Row] = [
    (STARTING, Failed(LIMITED), da.AskDevice(DEVICE, TWO, LIMITED.message)),
    (
        da.StartingAuthentication(DEVICE, TWO, SMS.id),
        Failed(LIMITED),
        da.ReturnError(LIMITED),
    ),
    (CHOOSING, a.DeviceChosen(SMS.id), SELECTING),
    (CHOOSING, a.DeviceChosen(TOTP.id), da.SelectingDevice(DEVICE, STARTED, TOTP.id)),
    (CHOOSING, a.DeviceChosen(APP.id), da.SelectingDevice(DEVICE, PUSHED, APP.id)),
    (da.AskDevice(DEVICE, SENT), a.DeviceChosen(SMS.id), da.SelectingDevice(DEVICE, SENT_AGAIN, SMS.id)),
    (da.AskDevice(DEVICE, TWO), a.DeviceChosen(TOTP.id), da.StartingAuthentication(DEVICE, TWO, TOTP.id)),
    (
        CHOOSING,
        a.DeviceChosen("elsewhere"),
        da.AskDevice(DEVICE, STARTED, "Choose one of the devices below."),
    ),
    (
        da.AskDevice(DEVICE, USED_UP),
        a.DeviceChosen(SMS.id),
        da.AskDevice(DEVICE, USED_UP, "No more passcodes can be sent there. Choose another device."),
    ),
    (da.AskDevice(DEVICE, USED_UP), a.DeviceChosen(TOTP.id), da.SelectingDevice(DEVICE, USED_UP, TOTP.id)),
    (CHOOSING, a.CannotUseAnyChosen(), da.CannotUseAny()),
    (CHOOSING, a.FactorCancelled(), CANCELLED),
    *statuses(SELECTING, SENT),
    (SELECTING, authentication("OTP_REQUIRED", SMS.id), showing(ASK)),
    (SELECTING, FAILED, da.AskDevice(DEVICE, replace(SENT, authentication_id=""), da.NOT_NOW)),
    (SELECTING, NO_MORE, da.AskDevice(DEVICE, SMS_GONE, LOCKED)),
]
ENDINGS: list[Row] = [
    (showing(CHECKING), r.PasscodeRight(SMS.id), da.ReturnSuccess("complete", BY_SMS)),
    (showing(ASK), RIGHT, showing(CHECKING)),
    (showing(ASK), a.OtherDeviceChosen(), da.AskDevice(DEVICE, SENT)),
    (showing(ASK), a.CannotUseAnyChosen(), da.CannotUseAny()),
    (showing(ASK), a.FactorCancelled(), CANCELLED),
    (showing(KEY), a.FactorCancelled(), CANCELLED),
    (showing(PUSHING), authentication("FAILED"), da.ReturnError(Problem("The device was refused.", code="refused"))),
    (
        showing(PUSHING),
        authentication("PUSH_CONFIRMATION_REQUIRED", APP.id, number="42"),
        showing(ph.AwaitingPush(DEVICE, PUSHED_AGAIN, APP.id, "42")),
    ),
    (showing(PUSH), a.AppPasscodeChosen(), showing(pc.AskPasscode(DEVICE, PUSHED, APP.id))),
    (showing(CHECKING), r.PasscodeWrong(0), da.AskDevice(DEVICE, SMS_GONE, ONE_TOO_MANY)),
    (showing(replace(CHECKING, choice=ALONE)), NO_MORE, NONE_LEFT),
    (showing(DENIED), dr.PushDenialNoted(2), da.DeniedByCustomer()),
    (showing(DENIED), r.LinkOver(LinkStage.EXPIRED), da.PageEnded(LinkStage.EXPIRED)),
]
PASSCODES: list[Row] = [
    (ASK, RIGHT, CHECKING),
    *(
        (
            ASK,
            a.PasscodeGiven(Secret(bad)),
            ASK.saying("A passcode has 6 to 10 letters or digits. Look again and type it once more."),
        )
        for bad in ("", "12345", "12345678901", "12é456", "123$56")
    ),
    (ASK, a.ResendChosen(), RESENDING),
    (
        pc.AskPasscode(DEVICE, USED_UP, SMS.id),
        a.ResendChosen(),
        pc.AskPasscode(
            DEVICE, USED_UP, SMS.id, "No more passcodes can be sent here. Use the last one, or another device."
        ),
    ),
    (ASK, a.OtherDeviceChosen(), ends.ChoosingAgain(SENT)),
    (ASK, a.CannotUseAnyChosen(), ends.CannotUse()),
    (ASK, a.FactorCancelled(), ends.Cancelled()),
    (CHECKING, r.PasscodeRight(SMS.id), ends.Proved(BY_SMS)),
    (
        CHECKING,
        r.PasscodeRight(TOTP.id),
        ASK.saying("That passcode was taken for another device, so it proves nothing here. Try again."),
    ),
    (CHECKING, r.PasscodeWrong(), ASK.saying("That passcode is not right. Look again, and type it once more.")),
    (CHECKING, r.PasscodeWrong(2), ASK.saying("That passcode is not right. Tries left: 2.")),
    (
        CHECKING,
        r.PasscodeRefused("It has expired."),
        ends.ChoosingAgain(replace(SENT, authentication_id=""), "It has expired."),
    ),
    (CHECKING, r.PasscodeWrong(0), ends.ChoosingAgain(SMS_GONE, ONE_TOO_MANY)),
    (CHECKING, NO_MORE, ends.ChoosingAgain(SMS_GONE, LOCKED)),
    (RESENDING, NO_MORE, ends.ChoosingAgain(replace(SMS_GONE, resends=1), LOCKED)),
    (CHECKING, r.SecretLost(), ASK.saying("Type the passcode once more.")),
    (CHECKING, FAILED, ASK.saying(da.NOT_NOW)),
    (
        RESENDING,
        authentication("OTP_REQUIRED", SMS.id),
        pc.AskPasscode(DEVICE, SENT_AGAIN, SMS.id, "A new passcode is on its way."),
    ),
    *(
        (RESENDING, other, ends.AskedOtherwise(SENT_AGAIN, other.authentication))
        for other in (authentication("OTP_REQUIRED", TOTP.id), authentication("COMPLETED", SMS.id))
    ),
    (RESENDING, FAILED, pc.AskPasscode(DEVICE, SENT_AGAIN, SMS.id, da.NOT_NOW)),
]
PASSKEYS: list[Row] = [
    (KEY, a.AssertionGiven(Secret("{}")), SIGNED),
    (
        KEY,
        a.PasskeyFailed("cancelled"),
        replace(KEY, note="Your browser was not shown the passkey: it was cancelled, or it took too long. Try again."),
    ),
    (
        KEY,
        a.PasskeyFailed("unsupported"),
        replace(KEY, note="This browser cannot use passkeys here. Use another device, or another browser."),
    ),
    (
        KEY,
        a.PasskeyFailed("failed"),
        replace(KEY, note="The passkey did not answer. Try again, or use another device."),
    ),
    (KEY, a.OtherDeviceChosen(), ends.ChoosingAgain(STARTED)),
    (KEY, a.CannotUseAnyChosen(), ends.CannotUse()),
    (KEY, a.FactorCancelled(), ends.Cancelled()),
    (SIGNED, dr.AssertionRight(PASSKEY.id), ends.Proved(BY_KEY)),
    (
        SIGNED,
        dr.AssertionRight("elsewhere"),
        replace(RENEWING, note="That was another passkey, so it proves nothing here. Try again."),
    ),
    (
        SIGNED,
        dr.AssertionWrong(),
        replace(RENEWING, note="That passkey was not accepted. Try again, or use another device."),
    ),
    (SIGNED, r.PasscodeRefused("It is over."), ends.ChoosingAgain(TWO, "It is over.")),
    (SIGNED, r.SecretLost(), replace(RENEWING, note="Use your passkey once more.")),
    (SIGNED, NO_MORE, ends.ChoosingAgain(TWO.without(PASSKEY.id), LOCKED)),
    (RENEWING, NO_MORE, ends.ChoosingAgain(TWO.without(PASSKEY.id), LOCKED)),
    (SIGNED, FAILED, replace(RENEWING, note=da.NOT_NOW)),
    (RENEWING, authentication("ASSERTION_REQUIRED", PASSKEY.id), replace(KEY, note="Try again.")),
    *(
        (RENEWING, other, ends.AskedOtherwise(STARTED, other.authentication))
        for other in (authentication("ASSERTION_REQUIRED", "elsewhere"), authentication("COMPLETED", PASSKEY.id))
    ),
    (RENEWING, FAILED, ends.ChoosingAgain(TWO, da.NOT_NOW)),
]
PUSHES: list[Row] = [
    (PUSH, dr.PushApproved(APP.id), ends.Proved(BY_PUSH)),
    (replace(PUSH, number=""), dr.PushApproved(APP.id), ends.Proved(replace(BY_PUSH, strength=Strength.WEAK))),
    (PUSH, dr.PushApproved("elsewhere"), replace(TIMED_OUT, note="Another phone answered. Try again.")),
    (PUSH, dr.PushDenied(), DENIED),
    (PUSH, dr.PushTimedOut(), TIMED_OUT),
    (PUSH, FAILED, replace(TIMED_OUT, note=da.NOT_NOW)),
    (
        PUSH,
        authentication("COMPLETED", SMS.id),
        ends.AskedOtherwise(PUSHED, authentication("COMPLETED", SMS.id).authentication),
    ),
    (PUSH, a.AppPasscodeChosen(), ends.UsingPasscode(PUSHED, APP.id)),
    (PUSH, a.OtherDeviceChosen(), CANCELLING),
    (PUSH, a.CannotUseAnyChosen(), ends.CannotUse()),
    (PUSH, a.FactorCancelled(), ends.Cancelled()),
    (DENIED, dr.PushDenialNoted(1), ends.ChoosingAgain(DENIED.choice, SAID_NO)),
    (DENIED, dr.PushDenialNoted(2), ends.DeniedTwice()),
    (DENIED, r.LinkOver(LinkStage.ENDED), ends.LinkEnded(LinkStage.ENDED)),
    (DENIED, FAILED, ends.ChoosingAgain(DENIED.choice, SAID_NO)),
    (CANCELLING, authentication("DEVICE_SELECTION_REQUIRED"), ends.ChoosingAgain(PUSHED)),
    (CANCELLING, authentication("COMPLETED", APP.id), ends.ChoosingAgain(DENIED.choice)),
    (CANCELLING, FAILED, ends.ChoosingAgain(DENIED.choice)),
    (TIMED_OUT, a.ResendChosen(), PUSHING),
    (
        replace(TIMED_OUT, choice=replace(PUSHED, resends=3)),
        a.ResendChosen(),
        replace(
            TIMED_OUT,
            choice=replace(PUSHED, resends=3),
            note="No more requests can be sent to that phone. Use another device.",
        ),
    ),
    (TIMED_OUT, a.AppPasscodeChosen(), ends.UsingPasscode(PUSHED, APP.id)),
    (TIMED_OUT, a.OtherDeviceChosen(), ends.ChoosingAgain(PUSHED)),
    (TIMED_OUT, a.CannotUseAnyChosen(), ends.CannotUse()),
    (TIMED_OUT, a.FactorCancelled(), ends.Cancelled()),
    (
        PUSHING,
        authentication("PUSH_CONFIRMATION_REQUIRED", APP.id),
        ends.AskedOtherwise(PUSHED_AGAIN, authentication("PUSH_CONFIRMATION_REQUIRED", APP.id).authentication),
    ),
    (PUSHING, NO_MORE, ends.ChoosingAgain(PUSHED_AGAIN.without(APP.id), LOCKED)),
    (PUSHING, FAILED, ph.AskAfterTimeOut(DEVICE, PUSHED_AGAIN, APP.id, da.NOT_NOW)),
]


@pytest.mark.parametrize(
    ("state", "event", "after"), [*BEFORE, *CHOICES, *ENDINGS, *PASSCODES, *PASSKEYS, *PUSHES], ids=name
)
def test_each_branch_of_the_device_authentication(state: State, event: Event, after: State) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize(
    "state",
    [
        *(browser(SMS), STARTING, CHOOSING, SELECTING, ASK, CHECKING, RESENDING, NOT_NOW),
        *(KEY, SIGNED, RENEWING, PUSH, DENIED, CANCELLING, TIMED_OUT, PUSHING),
    ],
    ids=name,
)
def test_the_device_authentication_takes_nothing_else(state: State) -> None:
    refused(state, a.SendChosen())


@pytest.mark.parametrize("state", [replace(PUSH, given=NO_FALLBACK), replace(TIMED_OUT, given=NO_FALLBACK)], ids=name)
def test_no_passcode_stands_in_for_a_push_where_the_input_forbids_it(
    state: ph.AwaitingPush | ph.AskAfterTimeOut,
) -> None:
    assert not state.want().prompt.passcode_allowed
    refused(state, a.AppPasscodeChosen())


@pytest.mark.parametrize("enabled", [True, False])
def test_cancelling_is_offered_where_the_input_says_so(enabled: bool) -> None:
    given = replace(DEVICE, inputs=replace(DEVICE.inputs, cancel_enabled=enabled))
    asking = (CHOOSING, ASK, KEY, PUSH, TIMED_OUT)
    assert all(replace(state, given=given).want().prompt.cancel_enabled is enabled for state in asking)


@pytest.mark.parametrize("policy", ["", "policy-7"])
def test_the_policy_is_the_one_of_the_input(policy: str) -> None:
    given = replace(DEVICE, inputs=replace(DEVICE.inputs, p1_mfa_policy_id=policy))
    assert replace(STARTING, given=given).want().effect.policy_id == policy


@pytest.mark.parametrize(
    ("allowed", "offered"),
    [(("SMS", "TOTP"), (TOTP, SMS)), (("FIDO2",), (PASSKEY,)), (("VOICE",), None), ((), None)],
)
def test_only_the_kinds_of_device_that_the_input_allows_are_asked(
    allowed: tuple[str, ...], offered: tuple[Device, ...] | None
) -> None:
    given = replace(DEVICE, inputs=replace(DEVICE.inputs, allowed_device_types=allowed))
    gathering = da.GatheringBrowserData(given, Devices((PASSKEY, APP, TOTP, SMS)))
    after = gathering.step(a.BrowserChecked(WebAuthn.FULL))
    assert (after.choice.devices if isinstance(after, da.StartingAuthentication) else None) == offered


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_as_many_passcodes_are_sent_again_as_the_input_says(limit: int) -> None:
    given = replace(DEVICE, inputs=replace(DEVICE.inputs, resend_otp_limit=limit))
    assert pc.AskPasscode(given, SENT, SMS.id).want().prompt.resends_left == limit


def test_the_pages_clock_reaches_whatever_is_asked() -> None:
    longer = Page(LATER, more_time=False)
    on_longer = replace(DEVICE, page=longer)
    for sub in (ASK, KEY, PUSH, TIMED_OUT):
        assert da.on_page(showing(sub), longer) == da.Showing(on_longer, replace(sub, given=on_longer))
    assert da.on_page(CHOOSING, longer) == replace(CHOOSING, given=on_longer)
    assert da.on_page(showing(ends.CannotUse()), longer) == da.Showing(on_longer, ends.CannotUse())
    assert da.on_page(CANCELLED, longer) == CANCELLED


def test_a_device_that_was_locked_is_not_offered_again_but_the_magic_link_is() -> None:
    only_sms = replace(CHECKING, choice=replace(ALONE, magic_link="a***@m***.example"))
    after = showing(only_sms).step(r.PasscodeWrong(0))
    assert isinstance(after, da.AskDevice)
    assert (after.choice.devices, after.choice.magic_link) == ((), "a***@m***.example")
    assert after.note == ONE_TOO_MANY


def test_a_limit_of_three_is_exactly_three_resends_whatever_way_they_are_asked_for() -> None:
    choice = da.Choice((SMS, TOTP), "auth-1").sending(SMS.id)
    for _ in range(3):
        assert choice.may_send(SMS.id, 3)
        choice = choice.sending(SMS.id)
    assert not choice.may_send(SMS.id, 3)
    assert choice.may_send(TOTP.id, 3)


def test_a_second_device_gets_its_first_passcode_but_shares_the_resends() -> None:
    choice = replace(USED_UP, devices=(SMS, SECOND_SMS))
    assert choice.may_send(SECOND_SMS.id, 3)
    assert not choice.sending(SECOND_SMS.id).may_send(SECOND_SMS.id, 3)


@pytest.mark.parametrize(("device", "left"), [(SMS, 3), (TOTP, 0)])
def test_only_what_is_sent_can_be_sent_again(device: Device, left: int) -> None:
    asked = da.follow(DEVICE, TWO, authentication("OTP_REQUIRED", device.id).authentication)
    assert isinstance(asked, da.Showing)
    assert isinstance(asked.sub, pc.AskPasscode)
    prompt = asked.sub.want().prompt
    assert (prompt.device, prompt.resends_left, prompt.others) == (device, left, True)


def test_a_single_device_has_no_others() -> None:
    assert not pc.AskPasscode(DEVICE, ALONE, SMS.id).want().prompt.others


def test_r_27_completed_without_a_device_that_was_shown_is_no_proof() -> None:
    for state in (STARTING, SELECTING, showing(RESENDING), showing(RENEWING), showing(PUSH), showing(PUSHING)):
        after = state.step(authentication("COMPLETED", SMS.id))
        assert isinstance(after, da.ReturnError)
        assert after.problem.code == "not_proved"


def test_r_34_the_apps_own_passcode_is_as_strong_as_any_authenticator_apps_and_a_tap_alone_is_weak() -> None:
    shown = {
        "passcode": showing(pc.CheckingPasscode(DEVICE, PUSHED, APP.id)).step(r.PasscodeRight(APP.id)),
        "tap": showing(replace(PUSH, number="")).step(dr.PushApproved(APP.id)),
    }
    assert shown == {
        "passcode": da.ReturnSuccess("complete", Proof("mobile", Strength.STRONG, APP.id, APP.label)),
        "tap": da.ReturnSuccess("complete", Proof("mobile", Strength.WEAK, APP.id, APP.label)),
    }


def test_outputs_name_the_method_and_only_a_proof_completes() -> None:
    assert da.ReturnSuccess("complete", BY_SMS).want().outcome == da.Outputs("complete", "sms")
    assert CANCELLED.want().outcome == da.Outputs("cancelled")
    assert NOT_NOW.want().outcome == da.Outputs(error_message=da.NOT_NOW, error_details=PROBLEM.details)
    assert da.CannotUseAny().want().outcome.error_details == "no_factor"
    assert da.DeniedByCustomer().want().outcome.subflow_result == "notMe"
    assert da.PageEnded(LinkStage.EXPIRED).want().outcome.subflow_result == "expired"
    assert ends.Cancelled().want().outcome == ends.Shown()
    totp = showing(pc.CheckingPasscode(DEVICE, STARTED, TOTP.id)).step(r.PasscodeRight(TOTP.id))
    assert totp == da.ReturnSuccess("complete", Proof("totp", Strength.STRONG, TOTP.id, TOTP.label))
