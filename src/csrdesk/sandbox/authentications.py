"""Device authentications: start, choose a device, check a passcode. PingOne API, "MFA device authentications".

Passcodes are made and judged in `passcodes`, passkeys in `assertions`, pushes in `pushes`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from starlette.responses import Response

from csrdesk.sandbox import assertions, ids, passcodes, pushes
from csrdesk.sandbox.accounts import refuse_unusable
from csrdesk.sandbox.answers import Json, Refusal, failed, hal, invalid, link, not_found
from csrdesk.sandbox.bypass import is_bypassing
from csrdesk.sandbox.calls import Call, by_media, ping_media
from csrdesk.sandbox.clock import stamp
from csrdesk.sandbox.devices import is_usable
from csrdesk.sandbox.model import Authentication, Device, OneTime, User
from csrdesk.sandbox.policies import DEFAULT, Policy, policy_of

_FLOW_LIFE = timedelta(minutes=15)
_ONE_TIME_TYPES = frozenset({"EMAIL", "SMS", "VOICE"})
_OFFERED_TYPES = frozenset({"EMAIL", "SMS", "VOICE", "TOTP", "FIDO2", "MOBILE"})
_PUSHED = frozenset({"PUSH_CONFIRMATION_REQUIRED", "PUSH_CONFIRMATION_TIMED_OUT"})
_CHECKABLE = frozenset({"OTP_REQUIRED"}) | _PUSHED
"""Statuses in which a passcode is taken: in place of a push, the one that the app shows."""
_SELECTABLE = frozenset({"DEVICE_SELECTION_REQUIRED", "OTP_REQUIRED", "ASSERTION_REQUIRED"}) | _PUSHED
_FAILURES = {
    "NO_USABLE_DEVICES": "The user has no device that can be used.",
    pushes.DENIED: "The request was denied in the app.",
}
_WRONG_OTP = "The passcode is not valid."


class _Ref(msgspec.Struct, frozen=True):
    id: str


class _OneTimeBody(msgspec.Struct, frozen=True):
    type: str
    email: str = ""
    phone: str = ""


class _Selected(msgspec.Struct, frozen=True):
    id: str = ""
    oneTime: _OneTimeBody | None = None  # noqa: N815 - as on the wire


class _Create(msgspec.Struct, frozen=True):
    user: _Ref | None = None
    policy: _Ref | None = None
    selectedDevice: _Selected | None = None  # noqa: N815 - as on the wire


class _Select(msgspec.Struct, frozen=True):
    device: _Ref


class _Check(msgspec.Struct, frozen=True):
    otp: str


class _Cancel(msgspec.Struct, frozen=True):
    reason: str = "CHANGE_DEVICE"


def _usable(user: User | None, now: datetime) -> list[Device]:
    """The devices that can be used now, in the user's own order; none where MFA is off for the user."""
    if user is None or not user.mfa_enabled:
        return []
    return [device for device in user.devices if is_usable(device, now) and device.type in _OFFERED_TYPES]


def _links(authentication: Authentication, self_href: str) -> Json:
    names = ["self"]
    if authentication.status in _CHECKABLE:
        names.append("otp.check")
    if authentication.status == "ASSERTION_REQUIRED":
        names.append("assertion.check")
    if authentication.status == "PUSH_CONFIRMATION_REQUIRED":
        names.append("cancel.push.authentication")
    if authentication.status in _SELECTABLE and authentication.one_time is None:
        names.append("device.select")
    return {name: link(self_href) for name in names}


def _resource(call: Call, user: User | None, authentication: Authentication) -> Json:
    self_href = f"{call.auth}/deviceAuthentications/{authentication.id}"
    body: dict[str, object] = {
        "_links": _links(authentication, self_href),
        "id": authentication.id,
        "environment": {"id": ids.ENVIRONMENT},
        "status": authentication.status,
        "policy": {"id": authentication.policy_id},
        "createdAt": stamp(authentication.created_at),
        "updatedAt": stamp(authentication.updated_at),
    }
    if authentication.user_id:
        body["user"] = {"id": authentication.user_id}
    if authentication.device_id is not None:
        body["selectedDevice"] = {"id": authentication.device_id}
    if authentication.one_time is not None:
        member = "email" if authentication.one_time.type == "EMAIL" else "phone"
        one_time = {"type": authentication.one_time.type, member: authentication.one_time.to}
        body["selectedDevice"] = {"oneTime": one_time}
    body |= _step(call, user, authentication)
    if authentication.status == "FAILED":
        body["error"] = {
            "code": authentication.error,
            "message": _FAILURES[authentication.error],
            "unavailableDevices": [{"id": id_} for id_ in authentication.unavailable],
        }
    elif authentication.status in _SELECTABLE:
        offered = _usable(user, call.clock.now())
        body["_embedded"] = {"devices": [_offer(device) for device in offered]}
    return body


def _step(call: Call, user: User | None, authentication: Authentication) -> Json:
    """What the next step needs: the options for a passkey, the number of a push (inferred, see `pushes`)."""
    device = passcodes.device_of(user, authentication)
    if authentication.status == "ASSERTION_REQUIRED" and device is not None:
        return {"publicKeyCredentialRequestOptions": assertions.request_options(authentication, device)}
    push = pushes.current(call.world, authentication)
    if authentication.status == "PUSH_CONFIRMATION_REQUIRED" and push is not None and push.number:
        return {"numberMatching": {"number": push.number}}
    return {}


def _offer(device: Device) -> Json:
    offer = {"id": device.id, "type": device.type}
    return {**offer, "nickname": device.nickname} if device.nickname else offer


def _move(call: Call, authentication: Authentication, status: str) -> None:
    authentication.status = status
    authentication.updated_at = call.clock.now()


def _fail(call: Call, user: User | None, authentication: Authentication) -> None:
    authentication.unavailable = [device.id for device in user.devices] if user else []
    _move(call, authentication, "FAILED")


def _use(call: Call, user: User, authentication: Authentication, policy: Policy, id_: str) -> None:
    """Goes on with that device: sends its code or push, or makes the passkey's challenge."""
    device = next((device for device in _usable(user, call.clock.now()) if device.id == id_.lower()), None)
    if device is None:
        raise invalid("device.id", "The device does not exist or cannot be used.")
    pushes.take_back(call.world, authentication)
    authentication.device_id = device.id
    if device.type == "FIDO2":
        assertions.ask(authentication)
        _move(call, authentication, "ASSERTION_REQUIRED")
    elif device.type == "MOBILE" and device.push:
        pushes.send_push(call.world, user, authentication, policy, call.clock.now())
        _move(call, authentication, "PUSH_CONFIRMATION_REQUIRED")
    else:
        passcodes.send_code(call.world, user, authentication, policy, call.clock.now())
        _move(call, authentication, "OTP_REQUIRED")


def _begin(call: Call, user: User, authentication: Authentication, policy: Policy) -> None:
    """Without a device named: the policy decides whether one is taken or asked for."""
    usable = _usable(user, call.clock.now())
    if not usable:
        _fail(call, user, authentication)
        return
    to_first = policy.device_selection == "DEFAULT_TO_FIRST"
    only_one = policy.device_selection == "PROMPT_TO_SELECT" and len(usable) == 1
    if to_first or only_one:
        _use(call, user, authentication, policy, usable[0].id)
    else:
        _move(call, authentication, "DEVICE_SELECTION_REQUIRED")


def _begin_one_time(
    call: Call, user: User | None, authentication: Authentication, policy: Policy, body: _OneTimeBody
) -> None:
    """With an address given for this authentication alone; no device needs to be registered."""
    if body.type not in _ONE_TIME_TYPES:
        raise invalid("selectedDevice.oneTime.type")
    member, to = ("email", body.email) if body.type == "EMAIL" else ("phone", body.phone)
    if not to or (member == "email" and "@" not in to):
        raise invalid(f"selectedDevice.oneTime.{member}", code="REQUIRED_VALUE")
    authentication.one_time = OneTime(body.type, to)
    passcodes.send_code(call.world, user, authentication, policy, call.clock.now())
    _move(call, authentication, "OTP_REQUIRED")


def _whose(call: Call, body: _Create) -> User | None:
    """Nobody's only where an address is given for this one alone: it may belong to no user yet (inferred)."""
    if body.user is None:
        if body.selectedDevice is None or body.selectedDevice.oneTime is None:
            raise invalid("user.id", code="REQUIRED_VALUE")
        return None
    user = call.world.users.get(body.user.id.lower())
    if user is None:
        raise invalid("user.id")
    return user


def create_authentication(call: Call) -> Response:
    """POST deviceAuthentications."""
    body = call.decode(_Create)
    user = _whose(call, body)
    policy = policy_of(body.policy.id) if body.policy else DEFAULT
    if policy is None:
        raise invalid("policy.id")
    now = call.clock.now()
    authentication = Authentication(
        id=ids.fresh(), user_id=user.id if user else "", policy_id=policy.id, status="", created_at=now, updated_at=now
    )
    if user is not None:
        refuse_unusable(user, now, locked_is_fine=policy.ignore_user_lock)
        _begin_for(call, user, authentication, policy, body.selectedDevice)
    elif body.selectedDevice is not None and body.selectedDevice.oneTime is not None:
        _begin_one_time(call, None, authentication, policy, body.selectedDevice.oneTime)
    call.world.authentications[authentication.id] = authentication
    location = f"{call.auth}/deviceAuthentications/{authentication.id}"
    return hal(_resource(call, user, authentication), 201, location=location)


def _begin_for(
    call: Call, user: User, authentication: Authentication, policy: Policy, selected: _Selected | None
) -> None:
    """With what is selected for that user, or what the policy takes."""
    if is_bypassing(user, call.clock.now()):
        # Nobody is asked, and yet the device that was named stands in the answer: a client must not take it as proven.
        authentication.device_id = selected.id or None if selected is not None else None
        _move(call, authentication, "COMPLETED")
    elif selected is not None and selected.oneTime is not None:
        _begin_one_time(call, user, authentication, policy, selected.oneTime)
    elif selected is not None and selected.id:
        _use(call, user, authentication, policy, selected.id)
    else:
        _begin(call, user, authentication, policy)


class _Known(msgspec.Struct, frozen=True):
    """An authentication that is still alive, with all that it hangs on."""

    authentication: Authentication
    user: User | None
    """None where it is for an address that is nobody's."""
    policy: Policy


def _known(call: Call) -> _Known:
    """404 where there is none, or its time is over."""
    authentication = call.world.authentications.get(call.path["authentication"].lower())
    if authentication is None or call.clock.now() - authentication.created_at > _FLOW_LIFE:
        raise not_found()
    user = call.world.users.get(authentication.user_id)
    policy = policy_of(authentication.policy_id)
    if policy is None or (user is None and authentication.user_id):
        raise not_found()
    pushes.settle(call.world, authentication, call.clock.now())
    return _Known(authentication, user, policy)


def read_authentication(call: Call) -> Response:
    """GET deviceAuthentication."""
    known = _known(call)
    return hal(_resource(call, known.user, known.authentication))


def _acting(call: Call, statuses: frozenset[str]) -> _Known:
    """The authentication to act on, where its status and the user's account allow it."""
    known = _known(call)
    if known.user is not None:
        refuse_unusable(known.user, call.clock.now(), locked_is_fine=known.policy.ignore_user_lock)
    if known.authentication.status not in statuses:
        raise failed("CONSTRAINT_VIOLATION", "The authentication's status does not allow this.", target="status")
    return known


def _select(call: Call) -> Response:
    """device.select; selecting the same device again sends a new code."""
    known = _acting(call, _SELECTABLE)
    wanted = call.decode(_Select).device.id
    if known.user is None or known.authentication.one_time is not None:
        raise failed("CONSTRAINT_VIOLATION", "The authentication has an address of its own.", target="device.id")
    _use(call, known.user, known.authentication, known.policy, wanted)
    return hal(_resource(call, known.user, known.authentication))


def _wrong(call: Call, known: _Known) -> Refusal:
    """Counts it; one too many locks the device and leaves the others, if there are any."""
    if passcodes.count_failure(known.user, known.authentication, known.policy, call.clock.now()):
        known.authentication.device_id = None
        known.authentication.code = ""
        if known.authentication.one_time is None and _usable(known.user, call.clock.now()):
            _move(call, known.authentication, "DEVICE_SELECTION_REQUIRED")
        else:
            _fail(call, known.user, known.authentication)
    return invalid("otp", _WRONG_OTP, code="INVALID_OTP")


def _check(call: Call) -> Response:
    """otp.check."""
    known = _acting(call, _CHECKABLE)
    otp = call.decode(_Check).otp.strip()
    if not otp:
        raise invalid("otp", "The passcode is empty.", code="EMPTY_VALUE")
    device = passcodes.device_of(known.user, known.authentication)
    if known.authentication.one_time is None and (device is None or not is_usable(device, call.clock.now())):
        raise failed("CONSTRAINT_VIOLATION", "The device cannot be used any more.", target="device.id")
    if not passcodes.is_right(known.user, known.authentication, known.policy, otp, call.clock.now()):
        raise _wrong(call, known)
    if device is not None:
        device.failures = 0
    known.authentication.code = ""
    pushes.take_back(call.world, known.authentication)
    _move(call, known.authentication, "COMPLETED")
    return hal(_resource(call, known.user, known.authentication))


def _assert(call: Call) -> Response:
    """assertion.check."""
    known = _acting(call, frozenset({"ASSERTION_REQUIRED"}))
    body = call.decode(assertions.Check)
    device = passcodes.device_of(known.user, known.authentication)
    if device is None or not is_usable(device, call.clock.now()):
        raise failed("CONSTRAINT_VIOLATION", "The device cannot be used any more.", target="device.id")
    assertions.check(known.authentication, device, body)
    _move(call, known.authentication, "COMPLETED")
    return hal(_resource(call, known.user, known.authentication))


def _cancel_push(call: Call) -> Response:
    """cancel.push.authentication: the question leaves the phone, and a device is asked for."""
    known = _acting(call, frozenset({"PUSH_CONFIRMATION_REQUIRED"}))
    if call.decode(_Cancel).reason != "CHANGE_DEVICE":
        raise invalid("reason")
    pushes.take_back(call.world, known.authentication)
    _move(call, known.authentication, "DEVICE_SELECTION_REQUIRED")
    return hal(_resource(call, known.user, known.authentication))


def act_on_authentication(call: Call) -> Response:
    """POST deviceAuthentication: the content type is the verb."""
    return by_media(
        call,
        {
            ping_media("device.select"): _select,
            ping_media("otp.check"): _check,
            ping_media("assertion.check"): _assert,
            ping_media("cancel.push.authentication"): _cancel_push,
        },
    )
