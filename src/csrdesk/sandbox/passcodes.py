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


def send_code(world: World, user: User, authentication: Authentication, policy: Policy, now: datetime) -> None:
    """Makes a new code, which ends the one before, and delivers it to the device or address in use."""
    device = device_of(user, authentication)
    code = "".join(secrets.choice("0123456789") for _ in range(policy.otp_length))
    authentication.code = code
    authentication.code_sent_at = now
    if device is not None and device.type in WITH_APP:
        authentication.code = ""
        return
    one_time = authentication.one_time
    world.passcodes.append(
        Passcode(
            seq=world.next_sequence(),
            at=now,
            type=device.type if device else one_time.type if one_time else "",
            to=device.to if device else one_time.to if one_time else "",
            code=code,
            username=user.username,
            email=user.email,
            device_id=device.id if device else "",
        )
    )


def device_of(user: User, authentication: Authentication) -> Device | None:
    """The device in use; none for a one-time address."""
    return next((device for device in user.devices if device.id == authentication.device_id), None)


def totp_now(device: Device, now: datetime) -> str:
    """What the authenticator app shows at that moment."""
    return pyotp.TOTP(device.secret, interval=_STEP).at(int(now.timestamp()))


def _totp_is_right(device: Device, otp: str, now: datetime) -> bool:
    totp = pyotp.TOTP(device.secret, interval=_STEP)
    current = int(now.timestamp()) // _STEP
    for step in (current - 1, current, current + 1):
        if step > device.last_step and hmac.compare_digest(totp.at(step * _STEP).encode(), otp.encode()):
            device.last_step = step
            return True
    return False


def is_right(user: User, authentication: Authentication, policy: Policy, otp: str, now: datetime) -> bool:
    """True for the code sent last, within its life, or the authenticator app's own."""
    device = device_of(user, authentication)
    if device is not None and device.type in WITH_APP:
        return _totp_is_right(device, otp, now)
    sent_at = authentication.code_sent_at
    if sent_at is None or now - sent_at > policy.otp_life:
        return False
    return hmac.compare_digest(authentication.code.encode(), otp.encode())


def count_failure(user: User, authentication: Authentication, policy: Policy, now: datetime) -> bool:
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
