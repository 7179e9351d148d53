"""POST password: checking one, ending its lock-out, demanding a change,
recovering a forgotten one. PingOne API, "User passwords".

Both published spellings of the verbs without a body are taken, with and without `+json`.
"""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from csrdesk.sandbox import recovery
from csrdesk.sandbox.answers import failed
from csrdesk.sandbox.calls import Call, Handler, by_media, ping_media
from csrdesk.sandbox.model import User
from csrdesk.sandbox.password_checks import refuse_wrong
from csrdesk.sandbox.password_state import state
from csrdesk.sandbox.users import found_user


class _Check(msgspec.Struct, frozen=True):
    password: str


def _check(call: Call) -> Response:
    """password.check; a right one is right also where it is too old or must be changed."""
    user = found_user(call)
    refuse_wrong(call, user, call.decode(_Check).password, target="password")
    return state(call, user)


def _refuse_external(user: User) -> None:
    if user.password.status == "EXTERNAL":
        raise failed("CONSTRAINT_VIOLATION", "Another directory holds the password.")


def _unlock(call: Call) -> Response:
    """password.unlock."""
    user = found_user(call)
    _refuse_external(user)
    if user.password.locked_until is not None:
        user.password.locked_until = None
        call.note("PASSWORD.UNLOCKED", "Password Unlocked", user)
    user.password.failures = 0
    return state(call, user)


def _force_change(call: Call) -> Response:
    """password.forceChange: the old password is good for one more sign-on. Unlocks the password as well."""
    user = found_user(call)
    _refuse_external(user)
    if user.password.status == "NO_PASSWORD":
        raise failed("NO_PASSWORD", "The user has no password.")
    user.password.status = "MUST_CHANGE_PASSWORD"
    user.password.locked_until = None
    user.password.failures = 0
    call.note("USER.UNLOCKED", "User Unlocked", user)
    return state(call, user)


def act_on_password(call: Call) -> Response:
    """POST password: the content type is the verb."""
    handlers: dict[str, Handler] = {ping_media("password.check"): _check}
    handlers[ping_media("password.recover")] = recovery.recover
    without_body = {
        "password.unlock": _unlock,
        "password.forceChange": _force_change,
        "password.sendRecoveryCode": recovery.send_code,
    }
    for verb, handler in without_body.items():
        handlers[ping_media(verb)] = handlers[ping_media(verb).removesuffix("+json")] = handler
    return by_media(call, handlers)
