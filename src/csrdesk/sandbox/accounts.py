"""Switching accounts and MFA on and off, and locking and unlocking. PingOne API: "Enable users", "User accounts".

Apart from the resource, because these are the writes that a desk exists for.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from starlette.responses import Response

from csrdesk.sandbox.answers import failed, hal, invalid, link
from csrdesk.sandbox.calls import Call, by_media, ping_media
from csrdesk.sandbox.model import Lock, User
from csrdesk.sandbox.users import found_user, is_locked, user_resource


class _Enabled(msgspec.Struct, frozen=True):
    enabled: bool


class _MfaEnabled(msgspec.Struct, frozen=True):
    mfaEnabled: bool  # noqa: N815 - as on the wire


def _state(call: Call, user: User, name: str, value: object) -> Response:
    self_href = f"{call.api}/users/{user.id}/{name}"
    return hal({"_links": {"self": link(self_href), "user": link(f"{call.api}/users/{user.id}")}, name: value})


def read_enabled(call: Call) -> Response:
    """GET enabled."""
    user = found_user(call)
    return _state(call, user, "enabled", user.enabled)


def update_enabled(call: Call) -> Response:
    """PUT enabled."""
    user = found_user(call)
    wanted = call.decode(_Enabled).enabled
    if user.enabled != wanted:
        user.enabled = wanted
        user.updated_at = call.clock.now()
        call.note("USER.UPDATED", "User Updated", user)
    return _state(call, user, "enabled", wanted)


def read_mfa_enabled(call: Call) -> Response:
    """GET mfaEnabled."""
    user = found_user(call)
    return _state(call, user, "mfaEnabled", user.mfa_enabled)


def update_mfa_enabled(call: Call) -> Response:
    """PUT mfaEnabled."""
    user = found_user(call)
    wanted = call.decode(_MfaEnabled).mfaEnabled
    if user.mfa_enabled != wanted:
        user.mfa_enabled = wanted
        user.updated_at = call.clock.now()
        call.note("USER.UPDATED", "User Updated", user)
    return _state(call, user, "mfaEnabled", wanted)


def read_user_population(call: Call) -> Response:
    """GET the population somebody belongs to."""
    user = found_user(call)
    return hal({"_links": {"self": link(call.href)}, "id": user.population_id})


class _LockBody(msgspec.Struct, frozen=True):
    unlockAt: datetime | None = None  # noqa: N815 - as on the wire


def _lock(call: Call) -> Response:
    """account.lock. Without a moment in the future nothing changes, as Ping's page says."""
    user = found_user(call)
    unlock_at = call.decode(_LockBody).unlockAt if call.body else None
    if unlock_at is not None and unlock_at.tzinfo is None:
        raise invalid("unlockAt")
    now = call.clock.now()
    if unlock_at is not None and unlock_at > now:
        user.lock = Lock(locked_at=now, unlock_at=unlock_at)
        user.updated_at = now
        call.note("USER.LOCKED", "User Locked", user)
    return hal(user_resource(call, user))


def _unlock(call: Call) -> Response:
    """account.unlock; it also forgets the passcode failures counted so far, and leaves locked devices locked."""
    user = found_user(call)
    now = call.clock.now()
    if is_locked(user, now):
        user.updated_at = now
        call.note("USER.UNLOCKED", "User Unlocked", user)
    user.lock = None
    for device in user.devices:
        device.failures = 0
    return hal(user_resource(call, user))


def act_on_user(call: Call) -> Response:
    """POST user: the content type is the verb."""
    return by_media(call, {ping_media("account.lock"): _lock, ping_media("account.unlock"): _unlock})


def refuse_unusable(user: User, now: datetime, *, locked_is_fine: bool) -> None:
    """Raises ACCOUNT_NOT_USABLE for a disabled account, and for a locked one unless the policy takes those."""
    if not user.enabled:
        raise failed("ACCOUNT_NOT_USABLE", "The account is disabled.", target="user")
    if is_locked(user, now) and not locked_is_fine:
        raise failed("ACCOUNT_NOT_USABLE", "The account is locked.", target="user")
