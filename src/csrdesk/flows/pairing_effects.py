"""What a device registration needs from PingOne. Each change is a `RegistrationChange`: policy permits it only on the
page that made the account. Nothing that was typed or made stands in an effect: it is the step's secret.
"""

from __future__ import annotations

from csrdesk.flows.kernel import Effect, Kind
from csrdesk.flows.registration_effects import RegistrationChange


class GatherPairing(Effect, frozen=True, kw_only=True):
    """What can be registered: by settings, by the MFA policy, by what is there. Answered with `PairingGathered`."""

    kind = Kind.READ
    allowed: tuple[str, ...]
    """`allowedDeviceTypes`."""
    policy_id: str = ""


class PairDevice(RegistrationChange, frozen=True, kw_only=True):
    """Make a device known to PingOne; what was begun with that kind before and not finished goes.

    Of SMS and VOICE only where `instead_of` names one that was begun: its number is taken over. Answered with
    `DevicePaired`, `AlreadyPaired` or `NoRoom`.
    """

    action = "mfa.pair"
    device_type: str
    policy_id: str = ""
    proven: bool = False
    """Whether the person's own address was verified just now, so that an EMAIL device there needs no passcode."""
    instead_of: str = ""
    """The unfinished device to be made anew."""


class PairNumber(RegistrationChange, frozen=True, kw_only=True):
    """The same for a phone number, which is the context's secret. Answered also with `NumberNotTaken`."""

    action = "mfa.pair"
    needs_secret = True
    device_type: str
    country: str
    """Two letters, for a number without a country code of its own."""
    policy_id: str = ""


class ActivateDevice(RegistrationChange, frozen=True, kw_only=True):
    """Hand PingOne the passcode, or what the browser made: the context's secret.

    Answered with `DeviceActivated`, `PasscodeWrong`, `PasscodeRefused`, `AttestationWrong` or `AlreadyPaired`.
    """

    action = "mfa.activate"
    needs_secret = True
    device_type: str
    device_id: str


class DropDevice(RegistrationChange, frozen=True, kw_only=True):
    """Take away a device that was begun and not finished, never an active one. Answered with `DeviceDropped`."""

    action = "mfa.drop"
    device_id: str


class NameDevice(RegistrationChange, frozen=True, kw_only=True):
    """Give it the name that the customer chose. Answered with `DeviceNamed`."""

    action = "mfa.name"
    device_id: str
    nickname: str


class EnableMfa(RegistrationChange, frozen=True, kw_only=True):
    """Have PingOne ask this person for a device. Answered with `MfaEnabled`."""

    action = "mfa.enable"
