"""PingOne's users as resources: list and read. Shape: PingOne API, "Users"."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import Json, hal, link, not_found, page
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.clock import stamp
from csrdesk.sandbox.lookup import find_users
from csrdesk.sandbox.model import User
from csrdesk.sandbox.populations import population_resource

_ACTION_LINKS = ("password.set", "password.reset", "password.check", "password.recover")


def found_user(call: Call) -> User:
    """The account in the path; 404 where there is none."""
    user = call.world.users.get(call.path["user"].lower())
    if user is None:
        raise not_found()
    return user


def is_locked(user: User, now: datetime) -> bool:
    """True while the lock's time runs."""
    return user.lock is not None and user.lock.unlock_at > now


def _account(user: User, now: datetime) -> Json:
    if user.lock is None or not is_locked(user, now):
        return {"canAuthenticate": user.enabled, "status": "OK"}
    return {
        "canAuthenticate": False,
        "status": "LOCKED",
        "lockedAt": stamp(user.lock.locked_at),
        "unlockAt": stamp(user.lock.unlock_at),
        "secondsUntilUnlock": int((user.lock.unlock_at - now).total_seconds()),
    }


def _links(call: Call, self_href: str) -> Json:
    links = {
        "self": self_href,
        "environment": call.api,
        "population": f"{self_href}/population",
        "devices": f"{self_href}/devices",
        "roleAssignments": f"{self_href}/roleAssignments",
        "password": f"{self_href}/password",
        **dict.fromkeys(_ACTION_LINKS, f"{self_href}/password"),
        "linkedAccounts": f"{self_href}/linkedAccounts",
    }
    return {name: link(href) for name, href in links.items()}


def _lifecycle(user: User) -> str:
    return "ACCOUNT_OK" if user.email_verified or not user.email else "VERIFICATION_REQUIRED"


def user_resource(call: Call, user: User) -> Json:
    """The account as PingOne shows it; members without a value are left out, but for the address."""
    name = {"given": user.given, "family": user.family, "honorificPrefix": user.prefix}
    texts = {
        "nickname": user.nickname,
        "mobilePhone": user.mobile_phone,
        "externalId": user.external_id,
        "accountId": user.account_id,
    }
    return {
        "_links": _links(call, f"{call.api}/users/{user.id}"),
        "id": user.id,
        "environment": {"id": ids.ENVIRONMENT},
        "account": _account(user, call.clock.now()),
        "createdAt": stamp(user.created_at),
        "updatedAt": stamp(user.updated_at),
        "email": user.email,
        "emailVerified": user.email_verified,
        "enabled": user.enabled,
        "identityProvider": {"type": "PING_ONE"},
        "lifecycle": {"status": user.lifecycle or _lifecycle(user)},
        "mfaEnabled": user.mfa_enabled,
        "name": {key: value for key, value in name.items() if value},
        "population": {"id": user.population_id},
        "username": user.username,
        "verifyStatus": "NOT_INITIATED",
        **{key: value for key, value in texts.items() if value},
    }


def list_users(call: Call) -> Response:
    """GET users: filter, then a page."""
    found = find_users(call)
    items = [user_resource(call, user) for user in found.users]
    return hal(page("users", items, call.href, count=found.count, next_href=found.next_href))


def read_user(call: Call) -> Response:
    """GET user."""
    user = found_user(call)
    body = dict(user_resource(call, user))
    include = call.query.get("include", "")
    if "memberOfGroupIDs" in include:
        body["memberOfGroupIDs"] = []
    if "memberOfGroupNames" in include:
        body["memberOfGroupNames"] = []
    if "population" in call.query.get("expand", "").split(","):
        body["_embedded"] = {"population": population_resource(call, user.population_id)}
    return hal(body)
