"""What customers are asked while they register a device, on a page without an agent."""

from __future__ import annotations

from csrdesk.flows import answers as a
from csrdesk.flows import pairing_answers as pa
from csrdesk.flows.public_prompts import PublicPrompt


class DeviceTypePrompt(PublicPrompt, frozen=True):
    """Which kind of device?"""

    answers = pa.DeviceTypeChosen | pa.PasswordInsteadChosen | pa.RegisteredChosen | a.TryAgainChosen | a.Cancelled
    device_types: tuple[str, ...] = ()
    email: str = ""
    """The masked address that an EMAIL device would have."""
    registered: tuple[str, ...] = ()
    """What is there already."""
    password_allowed: bool = True
    cancel_enabled: bool = True
    again: bool = False
    """Whether it is not known what can be registered, so that all there is to do is to ask again."""


class NumberPrompt(PublicPrompt, frozen=True):
    """Which number gets the passcodes?"""

    answers = pa.NumberGiven | a.BackChosen
    device_type: str = "SMS"
    """`SMS` or `VOICE`."""
    country: str = ""
    """The country chosen last; empty where none was yet."""


class ActivationPrompt(PublicPrompt, frozen=True):
    """The passcode that was sent to the device."""

    answers = a.PasscodeGiven | a.ResendChosen | a.BackChosen
    device_type: str = "SMS"
    address: str = ""
    """Masked."""
    resends_left: int = 0


class NewAppPrompt(PublicPrompt, frozen=True):
    """The key to be put into an authenticator app (in the view, never here), and the app's first passcode."""

    answers = a.PasscodeGiven | a.ResendChosen | a.BackChosen
    device_id: str = ""


class NewPasskeyPrompt(PublicPrompt, frozen=True):
    """The browser is to make a passkey, by the options of the view, which never stand here."""

    answers = pa.AttestationGiven | pa.NewPasskeyFailed | a.ResendChosen | a.BackChosen
    device_id: str = ""


class NicknamePrompt(PublicPrompt, frozen=True):
    """What is it to be called?"""

    answers = pa.NicknameGiven
    device_type: str = ""
    address: str = ""


class MfaNotEnabledPrompt(PublicPrompt, frozen=True):
    """The device is registered, and PingOne does not ask for it yet."""

    answers = a.TryAgainChosen
