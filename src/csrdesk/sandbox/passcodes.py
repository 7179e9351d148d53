"""Passcodes: making and sending them to invented phones and mailboxes, and judging what comes back.

TOTP follows RFC 6238 with 30 s steps; one step to either side is taken (5.2, resynchronisation) and no step twice.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime

import pyotp

from csrdesk.sandbox.model import Authentication, Device, Passcode, User, World
from csrdesk.sandbox.policies import Policy

_STEP = 30
WITH_APP = frozenset({"TOTP", "MOBILE"})
"""Device types whose passcode an app makes by the clock; nothing is sent."""


def send_code(world: World, user: User | None, authentication: Authentication, policy: Policy, now: datetime) -> None:
    """Makes a new code, which ends the one before, and delivers it to the device or address in use."""
    device = device_of(user, authentication)
    authentication.code = _code(policy)
    authentication.code_sent_at = now
    if device is not None and device.type in WITH_APP:
        authentication.code = ""
    elif device is not None:
        _deliver(world, user, device.type, device.to, authentication.code, now, device_id=device.id)
    elif authentication.one_time is not None:
        _deliver(world, user, authentication.one_time.type, authentication.one_time.to, authentication.code, now)


def send_activation(world: World, user: User, device: Device, policy: Policy, now: datetime) -> None:
    """Makes a new code that registers the device, and delivers it there."""
    device.code = _code(policy)
    _deliver(world, user, device.type, device.to, device.code, now, device_id=device.id)


def _code(policy: Policy) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(policy.otp_length))


def _deliver(
    world: World, user: User | None, type_: str, to: str, code: str, now: datetime, *, device_id: str = ""
) -> None:
    world.passcodes.append(
        Passcode(
            seq=world.next_sequence(),
            at=now,
            type=type_,
            to=to,
            code=code,
            username=user.username if user else "",
            email=user.email if user else "",
            device_id=device_id,
        )
    )


def device_of(user: User | None, authentication: Authentication) -> Device | None:
    """The device in use; none for a one-time address."""
    devices = user.devices if user else []
    return next((device for device in devices if device.id == authentication.device_id), None)


def totp_now(device: Device, now: datetime) -> str:
    """What the authenticator app shows at that moment."""
    return pyotp.TOTP(device.secret, interval=_STEP).at(int(now.timestamp()))


def totp_is_right(device: Device, otp: str, now: datetime) -> bool:
    """True for what the authenticator app shows now, or a step to either side; no step counts twice."""
    totp = pyotp.TOTP(device.secret, interval=_STEP)
    current = int(now.timestamp()) // _STEP
    for step in (current - 1, current, current + 1):
        if step > device.last_step and hmac.compare_digest(totp.at(step * _STEP).encode(), otp.encode()):
            device.last_step = step
            return True
    return False


def is_right(user: User | None, authentication: Authentication, policy: Policy, otp: str, now: datetime) -> bool:
    """True for the code sent last, within its life, or the authenticator app's own."""
    device = device_of(user, authentication)
    if device is not None and device.type in WITH_APP:
        return totp_is_right(device, otp, now)
    sent_at = authentication.code_sent_at
    if sent_at is None or now - sent_at > policy.otp_life:
        return False
    return hmac.compare_digest(authentication.code.encode(), otp.encode())


def count_failure(user: User | None, authentication: Authentication, policy: Policy, now: datetime) -> bool:
    """Counts a wrong code; True where it was one too many: the device is locked, the address is refused."""
    device = device_of(user, authentication)
    if device is None:
        authentication.failures += 1
        return authentication.failures >= policy.failures
    device.failures += 1
    if device.failures < policy.failures:
        return False
    device.failures = 0
    device.locked_until = now + policy.cool_down
    device.updated_at = now
    return True
