"""Registering devices: create and activate. PingOne API, "MFA Devices". What is done to registered ones: `device_acts`.

PingOne's pages show no refusal of these calls. Which detail code stands for the limit, for a number that is registered
already and for too many wrong passcodes is inferred; that a waiting device counts against the limit, too.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from datetime import timedelta
from typing import Final
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from csrdesk.sandbox import attestations, ids, passcodes
from csrdesk.sandbox.accounts import refuse_unusable
from csrdesk.sandbox.answers import Refusal, failed, hal, invalid
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.device_acts import found_device
from csrdesk.sandbox.devices import PHONE_TYPES, device_resource
from csrdesk.sandbox.fido2_policies import RELYING_PARTY
from csrdesk.sandbox.model import Device, User
from csrdesk.sandbox.policies import DEFAULT, MAX_DEVICES, Policy, policy_of
from csrdesk.sandbox.users import found_user

_LIFE: Final = timedelta(minutes=30)
"""How long a device waits for its activation; of TOTP as PingOne's page says."""
_ISSUER: Final = "csrdesk sandbox"
_PHONE: Final = re.compile(r"\+[1-9]\d{0,3}\.?\d{4,14}")
_ADDRESS: Final = re.compile(r"[^\s@]+@[^\s@]+")
_STATUSES: Final = frozenset({"ACTIVE", "ACTIVATION_REQUIRED"})


class _Ref(msgspec.Struct, frozen=True):
    id: str


class _Create(msgspec.Struct, frozen=True):
    type: str
    email: str = ""
    phone: str = ""
    nickname: str = ""
    status: str = "ACTIVE"
    policy: _Ref | None = None
    rp: _Ref | None = None


class _Activate(msgspec.Struct, frozen=True):
    otp: str = ""
    origin: str = ""
    attestation: str = ""


def _to(user: User, body: _Create) -> str:
    """The address of the new device, where its type has one. Raises the refusal of one that cannot be."""
    if body.type in {"TOTP", "FIDO2"}:
        return ""
    if body.type != "EMAIL" and body.type not in PHONE_TYPES:
        raise invalid("type", "Devices of this type cannot be created here.")
    member, to, form = ("email", body.email, _ADDRESS) if body.type == "EMAIL" else ("phone", body.phone, _PHONE)
    if not to:
        raise invalid(member, code="REQUIRED_VALUE")
    if not form.fullmatch(to):
        raise invalid(member)
    if any(_is_same(other, body.type, to) for other in user.devices):
        raise invalid(member, "The device is paired already.", code="UNIQUENESS_VIOLATION")
    return to


def _is_same(device: Device, type_: str, to: str) -> bool:
    return (device.status, device.type, device.to.casefold()) == ("ACTIVE", type_, to.casefold())


def _site(body: _Create) -> str:
    if body.type != "FIDO2":
        return ""
    if body.rp is None or body.rp.id != RELYING_PARTY:
        raise invalid("rp.id", "The relying party is not that of the FIDO2 policy.")
    return body.rp.id


def _policy(body: _Create) -> Policy:
    policy = policy_of(body.policy.id) if body.policy else DEFAULT
    if policy is None:
        raise invalid("policy.id")
    return policy


def create_device(call: Call) -> Response:
    """POST devices, plain JSON. What an address has sent to it, and what only this answer shows, comes with it."""
    user = found_user(call)
    body = call.decode(_Create)
    now = call.clock.now()
    policy, to, site = _policy(body), _to(user, body), _site(body)
    if body.status not in _STATUSES:
        raise invalid("status")
    if len(user.devices) >= MAX_DEVICES:
        raise failed("CONSTRAINT_VIOLATION", "The user has the maximum number of devices.", target="devices")
    device = Device(
        id=ids.fresh(),
        type=body.type,
        to=to,
        nickname=body.nickname,
        created_at=now,
        updated_at=now,
        status=body.status if to else "ACTIVATION_REQUIRED",
        secret=base64.b32encode(secrets.token_bytes(20)).decode() if body.type == "TOTP" else "",
        rp_id=site,
        policy_id=policy.id,
    )
    user.devices.append(device)
    call.note("DEVICE.CREATED", "Device Created", user)
    resource = dict(device_resource(call, user, device))
    if device.type == "TOTP":
        label = quote(f"{_ISSUER}:{user.username}", safe="")
        uri = f"otpauth://totp/{label}?secret={device.secret}&issuer={quote(_ISSUER)}&algorithm=SHA1&digits=6&period=30"
        resource |= {"secret": device.secret, "keyUri": uri}
    elif device.type == "FIDO2":
        attestations.ask(device)
        resource["publicKeyCredentialCreationOptions"] = attestations.creation_options(user, device)
    elif device.status != "ACTIVE":
        passcodes.send_activation(call.world, user, device, policy, now)
    return hal(resource, 201, location=f"{call.api}/users/{user.id}/devices/{device.id}")


def _over() -> Refusal:
    return failed("CONSTRAINT_VIOLATION", "The device cannot be activated any more.", target="status")


def _waiting(call: Call, user: User) -> Device:
    """The device in the path, where it waits for its activation and is not too late for it."""
    refuse_unusable(user, call.clock.now(), locked_is_fine=True)
    device = found_device(call, user)
    if device.status != "ACTIVATION_REQUIRED" or device.failures >= _policy_of(device).failures:
        raise _over()
    if call.clock.now() - device.created_at > _LIFE:
        raise _over()
    return device


def _policy_of(device: Device) -> Policy:
    return policy_of(device.policy_id) or DEFAULT


def _refuse_wrong_code(call: Call, device: Device, otp: str) -> None:
    if not otp:
        raise invalid("otp", "The passcode is empty.", code="EMPTY_VALUE")
    if device.type == "TOTP":
        right = passcodes.totp_is_right(device, otp, call.clock.now())
    else:
        right = bool(device.code) and hmac.compare_digest(device.code.encode(), otp.encode())
    if not right:
        device.failures += 1
        raise invalid("otp", "The passcode is not valid.", code="INVALID_OTP")


def activate(call: Call) -> Response:
    """device.activate: by a passcode, or a passkey by its attestation."""
    user = found_user(call)
    device = _waiting(call, user)
    body = call.decode(_Activate)
    if device.type == "FIDO2":
        attestations.check(device, body.origin, body.attestation, call.world.users.values())
    else:
        _refuse_wrong_code(call, device, body.otp.strip())
    device.status, device.code, device.failures = "ACTIVE", "", 0
    device.updated_at = call.clock.now()
    call.note("DEVICE.ACTIVATED", "Device Activated", user)
    return hal(device_resource(call, user, device))


def send_activation_code(call: Call) -> Response:
    """device.sendActivationCode: a new code ends the one before."""
    user = found_user(call)
    device = _waiting(call, user)
    if not device.to:
        raise _over()
    passcodes.send_activation(call.world, user, device, _policy_of(device), call.clock.now())
    return hal(device_resource(call, user, device))
