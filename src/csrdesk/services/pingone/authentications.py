"""Device authentications (PingOne MFA API): begin, choose a device, hand over a passcode. Nothing is sent twice."""

from __future__ import annotations

import msgspec

from csrdesk.services.pingone.api import Api, Received, path
from csrdesk.services.pingone.users import Reference


class AuthenticationError(msgspec.Struct, frozen=True):
    """Why one has the status `FAILED`."""

    code: str = ""
    message: str = ""


class NumberMatching(msgspec.Struct, frozen=True):
    """The number that the phone must show. **Inferred**: PingOne's public pages do not say where the API has it."""

    number: str = ""


class Selected(msgspec.Struct, frozen=True):
    """The device in use; a number or address that was given for this one alone has no id."""

    id: str = ""


class Authentication(
    msgspec.Struct,
    frozen=True,
    rename={
        "selected_device": "selectedDevice",
        "options": "publicKeyCredentialRequestOptions",
        "number_matching": "numberMatching",
    },
):
    """The resource as far as the desk follows it; `status` is PingOne's word, known here or not."""

    id: str
    status: str
    selected_device: Selected = Selected()
    error: AuthenticationError = AuthenticationError()
    options: str = ""
    """JSON for `navigator.credentials.get`, its bytes as signed integers."""
    number_matching: NumberMatching = NumberMatching()


class _Voice(msgspec.Struct, frozen=True):
    phone: str
    type: str = "VOICE"


class _Mail(msgspec.Struct, frozen=True):
    email: str
    type: str = "EMAIL"


class _ForThisOne(msgspec.Struct, frozen=True, rename={"one_time": "oneTime"}):
    one_time: _Voice | _Mail


class _Start(msgspec.Struct, frozen=True, omit_defaults=True, rename={"selected_device": "selectedDevice"}):
    user: Reference | None = None
    policy: Reference | None = None
    selected_device: Reference | _ForThisOne | None = None


class _Select(msgspec.Struct, frozen=True):
    device: Reference


class _Check(msgspec.Struct, frozen=True):
    otp: str


class _Assertion(msgspec.Struct, frozen=True):
    origin: str
    assertion: str


class _Cancel(msgspec.Struct, frozen=True):
    reason: str


async def start(api: Api, user_id: str, *, policy_id: str = "", device_id: str = "") -> Received[Authentication]:
    """Begin one; an empty `device_id` leaves the choice to PingOne's policy."""
    body = _Start(
        Reference(user_id),
        policy=Reference(policy_id) if policy_id else None,
        selected_device=Reference(device_id) if device_id else None,
    )
    return await api.post(f"{api.auth_url}/deviceAuthentications", body, Authentication)


async def ring(api: Api, user_id: str, phone: str, *, policy_id: str = "") -> Received[Authentication]:
    """Begin one in which PingOne rings that number and says a passcode, whatever devices are registered."""
    policy = Reference(policy_id) if policy_id else None
    body = _Start(Reference(user_id), policy=policy, selected_device=_ForThisOne(_Voice(phone)))
    return await api.post(f"{api.auth_url}/deviceAuthentications", body, Authentication)


async def mail_code(api: Api, address: str, *, user_id: str = "", policy_id: str = "") -> Received[Authentication]:
    """Begin one in which PingOne mails a passcode to an address that may be nobody's yet. Once more: begin another.

    PingOne's page on one-time devices lists `user.id` as required. That none may be named for an address without a user
    is **inferred**; `user_id` names one where an environment asks for it.
    """
    user = Reference(user_id) if user_id else None
    policy = Reference(policy_id) if policy_id else None
    body = _Start(user, policy=policy, selected_device=_ForThisOne(_Mail(address)))
    return await api.post(f"{api.auth_url}/deviceAuthentications", body, Authentication)


async def select(api: Api, authentication_id: str, device_id: str) -> Received[Authentication]:
    """Choose a device, or the same one again: then PingOne sends a new passcode."""
    return await api.post(
        _url(api, authentication_id), _Select(Reference(device_id)), Authentication, media="device.select"
    )


async def check_passcode(api: Api, authentication_id: str, passcode: str) -> Received[Authentication]:
    """Hand over a passcode. Raises `InvalidValueError` with the field `otp` where it is wrong."""
    return await api.post(_url(api, authentication_id), _Check(passcode), Authentication, media="otp.check")


async def check_assertion(api: Api, authentication_id: str, assertion: str, origin: str) -> Received[Authentication]:
    """Hand over what a passkey signed at `origin`. Raises `InvalidValueError` where it is not taken."""
    body = _Assertion(origin, assertion)
    return await api.post(_url(api, authentication_id), body, Authentication, media="assertion.check")


async def read(api: Api, authentication_id: str) -> Received[Authentication]:
    """How far it is."""
    return await api.get(_url(api, authentication_id), Authentication)


async def cancel_push(api: Api, authentication_id: str) -> Received[Authentication]:
    """Take the push back; then a device is asked for."""
    body = _Cancel("CHANGE_DEVICE")
    return await api.post(_url(api, authentication_id), body, Authentication, media="cancel.push.authentication")


def _url(api: Api, authentication_id: str) -> str:
    return f"{api.auth_url}/{path('deviceAuthentications', authentication_id)}"
