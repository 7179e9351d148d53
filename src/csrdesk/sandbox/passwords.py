"""The state of a password, its policy, and ending a password's lock-out. PingOne API: "User passwords".

Passwords themselves are not kept here: nobody signs on to the sandbox with one.
"""

from __future__ import annotations

from starlette.responses import Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import Json, failed, hal, link, not_found, page
from csrdesk.sandbox.calls import Call, by_media, ping_media
from csrdesk.sandbox.clock import stamp
from csrdesk.sandbox.model import User
from csrdesk.sandbox.users import found_user

_ACTIONS = ("password.check", "password.reset", "password.set", "password.recover")


def _policy(call: Call) -> Json:
    return {
        "_links": {
            "self": link(f"{call.api}/passwordPolicies/{ids.PASSWORD_POLICY}"),
            "environment": link(call.api),
        },
        "id": ids.PASSWORD_POLICY,
        "environment": {"id": ids.ENVIRONMENT},
        "name": "Standard",
        "description": "What is asked of passwords that PingOne keeps",
        "default": True,
        "excludesCommonlyUsed": True,
        "excludesProfileData": True,
        "notSimilarToCurrent": True,
        "length": {"min": 10, "max": 255},
        "minCharacters": {"ABCDEFGHIJKLMNOPQRSTUVWXYZ": 1, "abcdefghijklmnopqrstuvwxyz": 1, "0123456789": 1},
        "minUniqueCharacters": 5,
        "maxRepeatedCharacters": 2,
        "history": {"count": 6, "retentionDays": 365},
        "lockout": {"failureCount": 5, "durationSeconds": 900},
        "populationCount": 4,
        "createdAt": "2018-01-02T08:00:00.000Z",
        "updatedAt": "2018-01-02T08:00:00.000Z",
    }


def list_policies(call: Call) -> Response:
    """GET passwordPolicies."""
    return hal(page("passwordPolicies", [_policy(call)], call.href))


def read_policy(call: Call) -> Response:
    """GET passwordPolicy."""
    if call.path["policy"].lower() != ids.PASSWORD_POLICY:
        raise not_found()
    return hal(_policy(call))


def _state(call: Call, user: User, *, expanded: bool = False) -> Json:
    now = call.clock.now()
    password = user.password
    self_href = f"{call.api}/users/{user.id}/password"
    links = {
        "self": self_href,
        "environment": call.api,
        "user": f"{call.api}/users/{user.id}",
        "passwordPolicy": f"{call.api}/passwordPolicies/{ids.PASSWORD_POLICY}",
        **dict.fromkeys(_ACTIONS, self_href),
    }
    body: dict[str, object] = {
        "_links": {name: link(href) for name, href in links.items()},
        "environment": {"id": ids.ENVIRONMENT},
        "user": {"id": user.id},
        "passwordPolicy": {"id": ids.PASSWORD_POLICY},
        "status": password.status,
        "lastChangedAt": stamp(password.changed_at),
    }
    if password.locked_until is not None and password.locked_until > now:
        body["status"] = "PASSWORD_LOCKED_OUT"
        body["secondsUntilUnlock"] = int((password.locked_until - now).total_seconds())
    if expanded:
        body["_embedded"] = {"passwordPolicy": _policy(call)}
    return body


def read_password(call: Call) -> Response:
    """GET password: its state."""
    return hal(_state(call, found_user(call), expanded=call.query.get("expand") == "passwordPolicy"))


def _unlock(call: Call) -> Response:
    user = found_user(call)
    if user.password.status == "EXTERNAL":
        raise failed("CONSTRAINT_VIOLATION", "Another directory holds the password.")
    if user.password.locked_until is not None:
        user.password.locked_until = None
        call.note("PASSWORD.UNLOCKED", "Password Unlocked", user)
    return hal(_state(call, user))


def act_on_password(call: Call) -> Response:
    """POST password: the content type is the verb. Both published spellings of password.unlock are taken."""
    with_suffix = ping_media("password.unlock")
    return by_media(call, {with_suffix: _unlock, with_suffix.removesuffix("+json"): _unlock})
