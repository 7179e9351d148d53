"""Device Authentication, branch by branch, for the devices that prove themselves by a passcode."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.flows import answers as a
from csrdesk.flows import device_authentication as da
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Event, Problem
from csrdesk.model.devices import Device, Strength, WebAuthn
from csrdesk.model.proofs import Proof
from csrdesk.model.secret import Secret
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import (
    BY_SMS,
    DEVICE,
    FAILED,
    LOCKED_SMS,
    PASSKEY,
    PROBLEM,
    SAME_MAILBOX,
    SECOND_SMS,
    SMS,
    TOTP,
    authentication,
    devices,
)

BROWSER, FILTERING = da.GatheringBrowserData(DEVICE), da.FilteringDevices(DEVICE, WebAuthn.FULL)
ALONE, TWO = da.Choice((SMS,)), da.Choice((TOTP, SMS))
STARTED = replace(TWO, authentication_id="auth-1")
SENT = replace(STARTED, sent_to=(SMS.id,))
USED_UP = replace(SENT, resends=3)
STARTING, CHOOSING = da.StartingAuthentication(DEVICE, TWO), da.AskDevice(DEVICE, STARTED)
SELECTING = da.SelectingDevice(DEVICE, SENT, SMS.id)
ASK, CHECKING = da.AskPasscode(DEVICE, SENT, SMS.id), da.CheckingPasscode(DEVICE, SENT, SMS.id)
SENT_AGAIN = replace(SENT, resends=1)
RESENDING = da.ResendingPasscode(DEVICE, SENT_AGAIN, SMS.id)
OTHER_KIND = da.UnsupportedDevice(DEVICE, STARTED, "passkey")
NOT_NOW = da.ReturnError(replace(PROBLEM, message=da.NOT_NOW))
CANCELLED = da.ReturnSuccess("cancelled")
RIGHT = a.PasscodeGiven(Secret("12 34-56"))


def no_device() -> da.ReturnError:
    return da.ReturnError(Problem("No device can be asked for this account.", code="no_device"))


def unusable(details: str) -> da.ReturnError:
    return da.ReturnError(Problem("None of your devices can be used here.", details, "no_usable_device"))


def statuses(state: da.DeviceAuthenticationState, sent: da.Choice) -> list[Row]:
    """Where PingOne's status leads, the same for a start, a choice and a resend but for what was sent before."""
    return [
        (state, authentication("DEVICE_SELECTION_REQUIRED"), da.AskDevice(DEVICE, sent)),
        (state, authentication("OTP_REQUIRED", TOTP.id), da.AskPasscode(DEVICE, sent, TOTP.id)),
        (state, authentication("OTP_REQUIRED", "elsewhere"), da.AskDevice(DEVICE, sent)),
        (state, authentication("ASSERTION_REQUIRED", PASSKEY.id), da.UnsupportedDevice(DEVICE, sent, "passkey")),
        (state, authentication("PUSH_CONFIRMATION_REQUIRED"), da.UnsupportedDevice(DEVICE, sent, "push")),
        (state, authentication("PUSH_CONFIRMATION_TIMED_OUT"), da.UnsupportedDevice(DEVICE, sent, "push")),
        (
            state,
            authentication("COMPLETED", SMS.id),
            da.ReturnError(
                Problem(
                    "No device was asked for, so nothing was proved.",
                    "COMPLETED without an accepted passcode",
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


BEFORE: list[Row] = [
    (BROWSER, a.BrowserChecked(WebAuthn.FULL), FILTERING),
    (BROWSER, a.BrowserChecked(), da.FilteringDevices(DEVICE, WebAuthn.NONE)),
    (FILTERING, devices(), no_device()),
    (FILTERING, devices(SAME_MAILBOX), no_device()),
    (FILTERING, devices(SMS, mfa_enabled=False), no_device()),
    (FILTERING, devices(LOCKED_SMS), unusable("text message: locked after wrong tries")),
    (FILTERING, devices(PASSKEY), unusable("passkey or security key: not supported yet")),
    (
        da.FilteringDevices(DEVICE, WebAuthn.NONE),
        devices(PASSKEY),
        unusable("passkey or security key: this browser knows no passkeys"),
    ),
    (
        FILTERING,
        devices(SMS),
        da.StartingAuthentication(DEVICE, replace(ALONE, sent_to=(SMS.id,)), SMS.id),
    ),
    (FILTERING, devices(SMS, PASSKEY, TOTP), STARTING),
    (FILTERING, FAILED, NOT_NOW),
    *statuses(STARTING, STARTED),
    (STARTING, authentication("OTP_REQUIRED", SMS.id), ASK),
    (STARTING, FAILED, NOT_NOW),
]
CHOICES: list[Row] = [
    (CHOOSING, a.DeviceChosen(SMS.id), SELECTING),
    (CHOOSING, a.DeviceChosen(TOTP.id), da.SelectingDevice(DEVICE, STARTED, TOTP.id)),
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
    (SELECTING, authentication("OTP_REQUIRED", SMS.id), ASK),
    (SELECTING, FAILED, da.AskDevice(DEVICE, replace(SENT, authentication_id=""), da.NOT_NOW)),
    (OTHER_KIND, a.OtherDeviceChosen(), CHOOSING),
    (OTHER_KIND, a.CannotUseAnyChosen(), da.CannotUseAny()),
    (OTHER_KIND, a.FactorCancelled(), CANCELLED),
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
        da.AskPasscode(DEVICE, USED_UP, SMS.id),
        a.ResendChosen(),
        da.AskPasscode(
            DEVICE, USED_UP, SMS.id, "No more passcodes can be sent here. Use the last one, or another device."
        ),
    ),
    (ASK, a.OtherDeviceChosen(), da.AskDevice(DEVICE, SENT)),
    (ASK, a.CannotUseAnyChosen(), da.CannotUseAny()),
    (ASK, a.FactorCancelled(), CANCELLED),
    (CHECKING, r.PasscodeRight(SMS.id), da.ReturnSuccess("complete", BY_SMS)),
    (
        CHECKING,
        r.PasscodeRight(TOTP.id),
        ASK.saying("That passcode was taken for another device, so it proves nothing here. Try again."),
    ),
    (CHECKING, r.PasscodeWrong(), ASK.saying("That passcode is not right.")),
    (CHECKING, r.PasscodeWrong(2), ASK.saying("That passcode is not right. Tries left: 2.")),
    (
        CHECKING,
        r.PasscodeRefused("It has expired."),
        da.AskDevice(DEVICE, replace(SENT, authentication_id=""), "It has expired."),
    ),
    (CHECKING, r.SecretLost(), ASK.saying("Type the passcode once more.")),
    (CHECKING, FAILED, ASK.saying(da.NOT_NOW)),
    *statuses(RESENDING, SENT_AGAIN)[2:],
    (
        RESENDING,
        authentication("OTP_REQUIRED", SMS.id),
        da.AskPasscode(DEVICE, SENT_AGAIN, SMS.id, "A new passcode is on its way."),
    ),
    (RESENDING, authentication("DEVICE_SELECTION_REQUIRED"), da.AskDevice(DEVICE, SENT_AGAIN)),
    (RESENDING, FAILED, da.AskPasscode(DEVICE, SENT_AGAIN, SMS.id, da.NOT_NOW)),
]


@pytest.mark.parametrize(("state", "event", "after"), [*BEFORE, *CHOICES, *PASSCODES], ids=name)
def test_each_branch_of_the_device_authentication(
    state: da.DeviceAuthenticationState, event: Event, after: da.DeviceAuthenticationState
) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize(
    "state",
    [BROWSER, FILTERING, STARTING, CHOOSING, SELECTING, ASK, CHECKING, RESENDING, OTHER_KIND, NOT_NOW],
    ids=name,
)
def test_the_device_authentication_takes_nothing_else(state: da.DeviceAuthenticationState) -> None:
    refused(state, a.SendChosen())


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
    assert isinstance(asked, da.AskPasscode)
    prompt = asked.want().prompt
    assert (prompt.device, prompt.resends_left, prompt.others) == (device, left, True)


def test_a_single_device_has_no_others() -> None:
    assert not da.AskPasscode(DEVICE, ALONE, SMS.id).want().prompt.others


def test_completed_without_an_accepted_passcode_is_no_proof() -> None:
    for state in (STARTING, SELECTING, RESENDING):
        after = state.step(authentication("COMPLETED", SMS.id))
        assert isinstance(after, da.ReturnError)
        assert after.problem.code == "not_proved"


def test_outputs_name_the_method_and_only_a_proof_completes() -> None:
    assert da.ReturnSuccess("complete", BY_SMS).want().outcome == da.Outputs("complete", "sms")
    assert CANCELLED.want().outcome == da.Outputs("cancelled")
    assert NOT_NOW.want().outcome == da.Outputs(error_message=da.NOT_NOW, error_details=PROBLEM.details)
    assert da.CannotUseAny().want().outcome.error_details == "no_factor"
    totp = da.CheckingPasscode(DEVICE, STARTED, TOTP.id).step(r.PasscodeRight(TOTP.id))
    assert totp == da.ReturnSuccess("complete", Proof("totp", Strength.STRONG, TOTP.id, TOTP.label))
