"""The state of a password as it is shown, and what follows from time alone: locked out, too old.

PingOne API, "User passwords".
"""

from __future__ import annotations

from datetime import datetime

from starlette.responses import Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import hal, link
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.clock import stamp
from csrdesk.sandbox.model import User
from csrdesk.sandbox.password_policies import policy_resource
from csrdesk.sandbox.password_rules import Policy, policy_of_population
from csrdesk.sandbox.users import found_user

_ACTIONS = ("password.check", "password.reset", "password.set", "password.recover")


def policy_for(user: User) -> Policy:
    """The policy of the user's population."""
    return policy_of_population(user.population_id)


def seconds_locked(user: User, now: datetime) -> int:
    """How long the password stays locked out, rounded up; 0 where it is not."""
    until = user.password.locked_until
    return -int((now - until).total_seconds() // 1) if until is not None and until > now else 0


def _status(user: User, now: datetime) -> str:
    password = user.password
    if password.status in {"EXTERNAL", "NO_PASSWORD"}:
        return password.status
    if seconds_locked(user, now):
        return "PASSWORD_LOCKED_OUT"
    if password.status == "OK" and password.changed_at + policy_for(user).max_age <= now:
        return "PASSWORD_EXPIRED"
    return password.status


def state(call: Call, user: User, *, expanded: bool = False, status: str = "") -> Response:
    """The state as every read and every action answers it; `status` where an action has a word of its own for it.

    `external` is named by the page on gateways; that the state shows it is assumed.
    """
    now = call.clock.now()
    policy = policy_for(user)
    self_href = f"{call.api}/users/{user.id}/password"
    links = {
        "self": self_href,
        "environment": call.api,
        "user": f"{call.api}/users/{user.id}",
        "passwordPolicy": f"{call.api}/passwordPolicies/{policy.id}",
        **dict.fromkeys(_ACTIONS, self_href),
    }
    body: dict[str, object] = {
        "_links": {name: link(href) for name, href in links.items()},
        "environment": {"id": ids.ENVIRONMENT},
        "user": {"id": user.id},
        "passwordPolicy": {"id": policy.id},
        "status": status or _status(user, now),
    }
    if user.password.status != "NO_PASSWORD":
        body["lastChangedAt"] = stamp(user.password.changed_at)
    if body["status"] == "PASSWORD_LOCKED_OUT":
        body["secondsUntilUnlock"] = seconds_locked(user, now)
    if user.password.gateway is not None:
        body["external"] = {
            "gateway": {
                "id": user.password.gateway.gateway_id,
                "type": "LDAP",
                "userType": {"id": user.password.gateway.user_type_id},
                "correlationAttributes": {"employeeID": user.external_id},
            }
        }
    if expanded:
        body["_embedded"] = {"passwordPolicy": policy_resource(call, policy)}
    return hal(body)


def read_password(call: Call) -> Response:
    """GET password."""
    return state(call, found_user(call), expanded=call.query.get("expand") == "passwordPolicy")
