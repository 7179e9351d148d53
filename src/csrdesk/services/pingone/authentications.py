"""Device authentications (PingOne MFA API): begin, choose a device, hand over a passcode. Nothing is sent twice."""

from __future__ import annotations

import msgspec

from csrdesk.services.pingone.api import Api, Received, path
from csrdesk.services.pingone.users import Reference


class AuthenticationError(msgspec.Struct, frozen=True):
    """Why one has the status `FAILED`."""

    code: str = ""
    message: str = ""


class Authentication(msgspec.Struct, frozen=True, rename={"selected_device": "selectedDevice"}):
    """The resource as far as the desk follows it; `status` is PingOne's word, known here or not."""

    id: str
    status: str
    selected_device: Reference | None = None
    error: AuthenticationError = AuthenticationError()


class _Start(msgspec.Struct, frozen=True, omit_defaults=True, rename={"selected_device": "selectedDevice"}):
    user: Reference
    policy: Reference | None = None
    selected_device: Reference | None = None


class _Select(msgspec.Struct, frozen=True):
    device: Reference


class _Check(msgspec.Struct, frozen=True):
    otp: str


async def start(api: Api, user_id: str, *, policy_id: str = "", device_id: str = "") -> Received[Authentication]:
    """Begin one; an empty `device_id` leaves the choice to PingOne's policy."""
    body = _Start(
        Reference(user_id),
        policy=Reference(policy_id) if policy_id else None,
        selected_device=Reference(device_id) if device_id else None,
    )
    return await api.post(f"{api.auth_url}/deviceAuthentications", body, Authentication)


async def select(api: Api, authentication_id: str, device_id: str) -> Received[Authentication]:
    """Choose a device, or the same one again: then PingOne sends a new passcode."""
    return await api.post(
        _url(api, authentication_id), _Select(Reference(device_id)), Authentication, media="device.select"
    )


async def check_passcode(api: Api, authentication_id: str, passcode: str) -> Received[Authentication]:
    """Hand over a passcode. Raises `InvalidValueError` with the field `otp` where it is wrong."""
    return await api.post(_url(api, authentication_id), _Check(passcode), Authentication, media="otp.check")


def _url(api: Api, authentication_id: str) -> str:
    return f"{api.auth_url}/{path('deviceAuthentications', authentication_id)}"
