"""Registering a device (PingOne API, "MFA Devices": create, activate). What is registered already: `devices`.

A device begins as `ACTIVATION_REQUIRED` and counts against the limit from then on. PingOne's pages show no refusal of
these calls; which detail code says what is **inferred** from its list of codes.
"""

from __future__ import annotations

import msgspec

from csrdesk.errors import ConflictError, InvalidValueError, NotFoundError, UnauthorizedError
from csrdesk.model.secret import Secret
from csrdesk.services.pingone.api import Api, path
from csrdesk.services.pingone.users import Reference


class Site(msgspec.Struct, frozen=True):
    """The site that a passkey is for: its domain and its name (`rp` of W3C Web Authentication)."""

    id: str
    name: str


class Begun(msgspec.Struct, frozen=True):
    """A device waits for its activation; where it has an address, PingOne has sent a passcode there."""

    device_id: str
    type: str
    secret: Secret | None = None
    """Of TOTP, Base32: given now and never again."""
    key_uri: Secret | None = None
    """Of TOTP: the same as `otpauth://`, for the QR code."""
    options: str = ""
    """Of FIDO2: JSON for `navigator.credentials.create`, its bytes as signed integers."""
    active: bool = False
    """Whether it counts already: made by an administrator's right, without a passcode."""
    correlation_id: str = ""


class LimitReached(msgspec.Struct, frozen=True):
    """The user has as many devices as PingOne allows; nothing was made."""

    correlation_id: str = ""


class AlreadyPaired(msgspec.Struct, frozen=True):
    """The number, address or authenticator is a device of the user already."""

    correlation_id: str = ""


class NotAllowed(msgspec.Struct, frozen=True):
    """The MFA policy lets nobody register a device of this type."""

    correlation_id: str = ""


class WrongSite(msgspec.Struct, frozen=True):
    """Passkeys are registered for another site than the pages belong to."""

    correlation_id: str = ""


class AddressRefused(msgspec.Struct, frozen=True):
    """PingOne does not take the number or address."""

    correlation_id: str = ""


class Activated(msgspec.Struct, frozen=True):
    """The device is registered."""

    correlation_id: str = ""


class CodeWrong(msgspec.Struct, frozen=True):
    """Not the passcode; it can be tried again."""

    correlation_id: str = ""


class NotAttested(msgspec.Struct, frozen=True):
    """What the browser made does not hold; a new beginning is needed."""

    correlation_id: str = ""


class PairingOver(msgspec.Struct, frozen=True):
    """The device cannot be activated any more: gone, too late, or too many wrong passcodes."""

    correlation_id: str = ""


Refused = LimitReached | AlreadyPaired | NotAllowed | WrongSite | AddressRefused


class _Device(
    msgspec.Struct, frozen=True, rename={"key_uri": "keyUri", "options": "publicKeyCredentialCreationOptions"}
):
    id: str
    type: str
    status: str = ""
    secret: str = ""
    key_uri: str = ""
    options: str = ""


class _Create(msgspec.Struct, frozen=True, omit_defaults=True):
    type: str
    email: str = ""
    phone: str = ""
    status: str = ""
    policy: Reference | None = None
    rp: Site | None = None


class _Passcode(msgspec.Struct, frozen=True):
    otp: str


class _Attestation(msgspec.Struct, frozen=True):
    origin: str
    attestation: str


class _Pairing(msgspec.Struct, frozen=True, rename="camel"):
    max_allowed_devices: int


class _Settings(msgspec.Struct, frozen=True):
    pairing: _Pairing


MOST = 15
"""Devices of one user that PingOne can be set to allow (PingOne API, "MFA Settings")."""


async def limit(api: Api) -> int:
    """How many devices a user may have, those that wait for activation among them (PingOne API, "MFA Settings").

    `MOST` where csrdesk may not read that: PingOne refuses one too many by itself.
    """
    try:
        return (await api.get(f"{api.api_url}/mfaSettings", _Settings)).body.pairing.max_allowed_devices
    except UnauthorizedError:
        return MOST


async def begin_email(
    api: Api, user_id: str, address: str, *, policy_id: str = "", active: bool = False
) -> Begun | Refused:
    """An address; `active`: without a passcode, for one that was verified a moment ago."""
    status = "ACTIVE" if active else "ACTIVATION_REQUIRED"
    return await _begin(api, user_id, _Create("EMAIL", email=address, status=status, policy=_policy(policy_id)))


async def begin_phone(api: Api, user_id: str, kind: str, number: str, *, policy_id: str = "") -> Begun | Refused:
    """A number like `+1.5125551234`, for `SMS` or `VOICE`."""
    wanted = _Create(kind, phone=number, status="ACTIVATION_REQUIRED", policy=_policy(policy_id))
    return await _begin(api, user_id, wanted)


async def begin_totp(api: Api, user_id: str, *, policy_id: str = "") -> Begun | Refused:
    """An authenticator app; its secret is in this answer alone."""
    return await _begin(api, user_id, _Create("TOTP", policy=_policy(policy_id)))


async def begin_passkey(api: Api, user_id: str, site: Site, *, policy_id: str = "") -> Begun | Refused:
    """A passkey for that site."""
    return await _begin(api, user_id, _Create("FIDO2", policy=_policy(policy_id), rp=site))


async def activate(api: Api, user_id: str, device_id: str, passcode: str) -> Activated | CodeWrong | PairingOver:
    """Hand over the passcode, once."""
    try:
        got = await api.post(_url(api, user_id, device_id), _Passcode(passcode), _Device, media="device.activate")
    except InvalidValueError as error:
        if "otp" not in error.fields:
            raise
        return CodeWrong(error.correlation_id)
    except ConflictError as error:
        return _over(error)
    except NotFoundError as error:
        return PairingOver(error.correlation_id)
    return Activated(got.correlation_id)


async def activate_passkey(
    api: Api, user_id: str, device_id: str, attestation: str, origin: str
) -> Activated | NotAttested | AlreadyPaired | WrongSite | PairingOver:
    """Hand over what the browser made at `origin`, once: JSON with bytes in Base64url."""
    body = _Attestation(origin, attestation)
    try:
        got = await api.post(_url(api, user_id, device_id), body, _Device, media="device.activate")
    except InvalidValueError as error:
        if "origin" in error.fields:
            return WrongSite(error.correlation_id)
        return NotAttested(error.correlation_id)
    except ConflictError as error:
        return AlreadyPaired(error.correlation_id) if _is_taken(error) else _over(error)
    except NotFoundError as error:
        return PairingOver(error.correlation_id)
    return Activated(got.correlation_id)


async def _begin(api: Api, user_id: str, wanted: _Create) -> Begun | Refused:
    try:
        got = await api.post(f"{api.api_url}/{path('users', user_id, 'devices')}", wanted, _Device)
    except ConflictError as error:
        if _is_taken(error):
            return AlreadyPaired(error.correlation_id)
        if not _LIMIT & set(error.fields.values()):
            raise
        return LimitReached(error.correlation_id)
    except InvalidValueError as error:
        return _refusal(error)
    device = got.body
    return Begun(
        device.id,
        device.type,
        secret=Secret(device.secret) if device.secret else None,
        key_uri=Secret(device.key_uri) if device.key_uri else None,
        options=device.options,
        active=device.status == "ACTIVE",
        correlation_id=got.correlation_id,
    )


_LIMIT = frozenset({"CONSTRAINT_VIOLATION", "SIZE_LIMIT_EXCEEDED"})


def _refusal(error: InvalidValueError) -> NotAllowed | WrongSite | AddressRefused:
    """By the member that PingOne names; raises the error where it is none of what a customer chose."""
    named = {field.partition(".")[0] for field in error.fields}
    if "rp" in named:
        return WrongSite(error.correlation_id)
    if "type" in named:
        return NotAllowed(error.correlation_id)
    if named & {"email", "phone"}:
        return AddressRefused(error.correlation_id)
    raise error


def _is_taken(error: ConflictError) -> bool:
    return "UNIQUENESS_VIOLATION" in error.fields.values()


def _over(error: ConflictError) -> PairingOver:
    """Raises the error where it is the account that cannot be used, and not the device."""
    if "ACCOUNT_NOT_USABLE" in error.fields.values():
        raise error
    return PairingOver(error.correlation_id)


def _policy(policy_id: str) -> Reference | None:
    return Reference(policy_id) if policy_id else None


def _url(api: Api, user_id: str, device_id: str) -> str:
    return f"{api.api_url}/{path('users', user_id, 'devices', device_id)}"
