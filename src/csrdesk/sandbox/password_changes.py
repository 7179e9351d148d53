"""PUT password: setting, resetting, and linking to a gateway. PingOne API, "User passwords".

Where the user's password is EXTERNAL, a new one goes through the gateway and the directory judges it.
"""

from __future__ import annotations

import copy
import re

import msgspec
from starlette.responses import Response

from csrdesk.sandbox import gateways
from csrdesk.sandbox.answers import Refusal, failed, invalid
from csrdesk.sandbox.calls import Call, by_media, ping_media
from csrdesk.sandbox.digests import digest
from csrdesk.sandbox.gateway_values import resolved
from csrdesk.sandbox.model import GatewayLink, RememberedPassword, User
from csrdesk.sandbox.password_checks import refuse_wrong
from csrdesk.sandbox.password_rules import profile_of, unsatisfied
from csrdesk.sandbox.password_state import policy_for, state
from csrdesk.sandbox.users import found_user

_NOT_MET = "New password did not satisfy password policy requirements"
_ENCODED = re.compile(r"\{(?:BCRYPT|CRYPT|PBKDF2|SHA|SHA256|SHA384|SHA512|SSHA|SSHA256|SSHA384|SSHA512)\}.+", re.DOTALL)


class _Id(msgspec.Struct, frozen=True):
    id: str


class _Gateway(msgspec.Struct, frozen=True):
    id: str = ""
    userType: _Id | None = None  # noqa: N815 - as on the wire


class _External(msgspec.Struct, frozen=True):
    gateway: _Gateway


class _Set(msgspec.Struct, frozen=True, rename="camel"):
    value: str | None = None
    force_change: bool = False
    bypass_policy: bool = False
    external: _External | None = None


class _Reset(msgspec.Struct, frozen=True, rename="camel"):
    new_password: str
    current_password: str | None = None


def judge(call: Call, user: User, value: str, *, target: str, current: str | None = None) -> None:
    """Raises a refusal that names each member of the policy that the password does not meet."""
    policy, now = policy_for(user), call.clock.now()
    texts = (user.username, user.given, user.family, user.nickname, user.email, user.mobile_phone, user.external_id)
    remembered = [past for past in user.password.remembered if past.set_at + policy.retention > now]
    used = digest(user.id, value) in {past.digest for past in remembered[-policy.history :]}
    names = unsatisfied(policy, value, profile=profile_of(texts), used_before=used, current=current)
    if names:
        refusal = Refusal(400, "INVALID_DATA", invalid(target).message)
        raise refusal.detail("INVALID_VALUE", _NOT_MET, target=target, inner={"unsatisfiedRequirements": names})


def _unlock(call: Call, user: User) -> None:
    """Ends the password's lock-out; an account.lock stays."""
    if user.password.locked_until is not None:
        user.password.locked_until = None
        call.note("USER.UNLOCKED", "User Unlocked", user)
    user.password.failures = 0


def _keep(call: Call, user: User, value: str, *, must_change: bool) -> None:
    now = call.clock.now()
    encoded = _ENCODED.fullmatch(value) is not None
    password = user.password
    password.status = "MUST_CHANGE_PASSWORD" if must_change else "OK"
    password.changed_at = user.updated_at = now
    password.remembered = [*password.remembered, RememberedPassword("" if encoded else digest(user.id, value), now)]
    _unlock(call, user)


def judge_and_keep(call: Call, user: User, value: str, *, target: str) -> None:
    """The user's own new password, here or through the gateway: judged by whoever keeps it. Raises its refusal."""
    if user.password.status == "EXTERNAL":
        gateways.change_password(call, user, value, target=target, must_change=False)
        return
    judge(call, user, value, target=target)
    _keep(call, user, value, must_change=False)


def _link(user: User, wanted: _Gateway) -> None:
    link = GatewayLink(wanted.id.lower(), wanted.userType.id.lower() if wanted.userType else "")
    if resolved(link) is None:
        raise invalid("gateway.userType.id")
    user.password.gateway = link
    user.password.status = "EXTERNAL"
    user.password.remembered = []
    user.password.locked_until = None


def _set_value(call: Call, user: User, wanted: _Set) -> None:
    value = wanted.value or ""
    if not value:
        raise invalid("value", "The password is empty.", code="EMPTY_VALUE")
    if user.password.status == "EXTERNAL":
        gateways.change_password(call, user, value, target="value", must_change=wanted.force_change)
    else:
        if not wanted.bypass_policy and not _ENCODED.fullmatch(value):
            judge(call, user, value, target="value")
        _keep(call, user, value, must_change=wanted.force_change)
    call.note("PASSWORD.SET", "Password Set", user)


def _set(call: Call) -> Response:
    """password.set."""
    user = found_user(call)
    wanted = call.decode(_Set)
    if wanted.external is None and wanted.value is None:
        raise invalid("value", code="REQUIRED_VALUE")
    before = copy.copy(user.password)
    try:
        if wanted.external is not None:
            _link(user, wanted.external.gateway)
        if wanted.value is not None:
            _set_value(call, user, wanted)
    except Refusal:
        user.password = before
        raise
    return state(call, user)


def _set_or_remove(call: Call) -> Response:
    """password.setValue; without a value the password is gone."""
    user = found_user(call)
    wanted = call.decode(_Set)
    if wanted.value is not None:
        _set_value(call, user, wanted)
    elif user.password.status == "EXTERNAL":
        raise failed("CONSTRAINT_VIOLATION", "Another directory holds the password.")
    else:
        user.password.status = "NO_PASSWORD"
        user.password.remembered = []
        user.password.locked_until = None
    return state(call, user)


def _set_gateway(call: Call) -> Response:
    """password.setGateway; empty, the link is gone and with it the password."""
    user = found_user(call)
    wanted = call.decode(_Gateway)
    if wanted.id:
        _link(user, wanted)
    elif user.password.gateway is not None:
        user.password.gateway = None
        user.password.status = "NO_PASSWORD"
    return state(call, user)


def _reset(call: Call) -> Response:
    """password.reset: with the current password it is the user's own change, without it an administrator's.

    The administrator's is not judged, and leaves must-change behind. Where the directory holds the password, it judges
    both, and a later read says EXTERNAL all the same.
    """
    user = found_user(call)
    wanted = call.decode(_Reset)
    own = wanted.current_password is not None
    if not wanted.new_password:
        raise invalid("newPassword", "The password is empty.", code="EMPTY_VALUE")
    if wanted.current_password is not None:
        refuse_wrong(call, user, wanted.current_password, target="currentPassword")
    if user.password.status == "EXTERNAL":
        gateways.change_password(call, user, wanted.new_password, target="newPassword", must_change=not own)
    else:
        if wanted.current_password is not None:
            judge(call, user, wanted.new_password, target="newPassword", current=wanted.current_password)
        _keep(call, user, wanted.new_password, must_change=not own)
    for device in user.devices:
        device.failures = 0
    call.note("PASSWORD.RESET", "Password Reset", user)
    return state(call, user, status="OK" if own else "MUST_CHANGE_PASSWORD")


def change_password(call: Call) -> Response:
    """PUT password: the content type is the verb."""
    return by_media(
        call,
        {
            ping_media("password.set"): _set,
            ping_media("password.setValue"): _set_or_remove,
            ping_media("password.setGateway"): _set_gateway,
            ping_media("password.reset"): _reset,
        },
    )
