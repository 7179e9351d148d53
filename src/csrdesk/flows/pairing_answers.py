"""What customers answer while they register a device."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from csrdesk.flows.answers import Short
from csrdesk.flows.kernel import Answer
from csrdesk.model.devices import WebAuthn
from csrdesk.model.secret import Secret


class DeviceTypeChosen(Answer, frozen=True):
    """A kind of device to register."""

    device_type: Short
    webauthn: WebAuthn = WebAuthn.NONE
    """What the page's browser says; without JavaScript nothing, which is `NONE`."""


class PasswordInsteadChosen(Answer, frozen=True):
    """A password in place of a device."""


class RegisteredChosen(Answer, frozen=True):
    """Go on with what is registered already."""


class NumberGiven(Answer, frozen=True):
    """A phone number, as typed; the country is for those without one of their own."""

    country: Annotated[str, msgspec.Meta(max_length=2)]
    """Two letters (ISO 3166-1)."""
    number: Secret


class AttestationGiven(Answer, frozen=True):
    """What the browser's authenticator made, as JSON."""

    attestation: Secret


class NewPasskeyFailed(Answer, frozen=True):
    """The browser says why it has nothing to give: a person's words are never taken for it."""

    reason: Literal["cancelled", "unsupported", "registered", "failed"]


class NicknameGiven(Answer, frozen=True):
    """How the customer wants to tell this device from others; empty for nothing special."""

    nickname: Annotated[str, msgspec.Meta(max_length=100)] = ""
