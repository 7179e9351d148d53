"""Finding users: which attributes a filter may name, and where the next page begins.

Source: PingOne API, "Filtering collections" and "Paging, ordering, and filtering collections".
"""

from __future__ import annotations

import base64
from urllib.parse import urlencode

import msgspec

from csrdesk.sandbox.answers import Json, malformed
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.decoding import decode
from csrdesk.sandbox.model import User
from csrdesk.sandbox.scim import Comparison, FilterError, Junction, parse, reading

PAGE_MAXIMUM = 200
"""Users in one page, whatever limit is asked for."""
_LIMIT_MAXIMUM = 1000
_NORMAL = {"username": str.casefold, "email": str.casefold}


def _values(user: User) -> dict[str, str | bool]:
    """What a filter can ask for, folded where PingOne does not mind letter case."""
    return {
        "username": user.username.casefold(),
        "email": user.email.casefold(),
        "enabled": user.enabled,
        "name.given": user.given,
        "name.family": user.family,
        "nickname": user.nickname,
        "mobilePhone": user.mobile_phone,
        "primaryPhone": "",
        "externalId": user.external_id,
        "accountId": user.account_id,
        "population.id": user.population_id,
    }


_SUPPORTED = ("accountId", "email", "enabled", "externalId", "mobilePhone", "name.family", "name.given", "nickname")
_SUPPORTED_ATTRIBUTES = (*_SUPPORTED, "population.id", "primaryPhone", "username")
_EQ_ONLY = frozenset({"enabled", "population.id"})
_SUPPORTED_BY_KIND: dict[str, Json] = {
    "attribute": {"supportedAttributes": _SUPPORTED_ATTRIBUTES},
    "operator": {"supportedOperators": ["eq", "sw"]},
}


def _checked(comparison: Comparison) -> None:
    """Raises where an attribute or its operator is not supported."""
    if comparison.attribute not in _SUPPORTED_ATTRIBUTES:
        raise FilterError("The filter uses an attribute that is not supported.", unsupported="attribute")
    allowed = {"eq"} if comparison.attribute in _EQ_ONLY else {"eq", "sw"}
    if comparison.operator not in allowed:
        raise FilterError("The filter uses an operator that is not supported here.", unsupported="operator")


def _parsed(text: str) -> Junction:
    try:
        wanted = parse(text, normal=_NORMAL)
        for comparison in wanted.comparisons():
            _checked(comparison)
    except FilterError as error:
        inner = _SUPPORTED_BY_KIND.get(error.unsupported, {})
        raise malformed(str(error), code="INVALID_FILTER", target="filter", inner=inner) from None
    return wanted


class _Cursor(msgspec.Struct, frozen=True):
    """Where the next page begins. Opaque to clients."""

    start: int
    filter: str

    def encoded(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


def _decoded(cursor: str) -> _Cursor:
    try:
        return decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), _Cursor)
    except (ValueError, msgspec.DecodeError):
        raise malformed("The cursor is not valid.", target="cursor") from None


def _limit(text: str | None) -> int:
    if text is None:
        return PAGE_MAXIMUM
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:5]) <= _LIMIT_MAXIMUM):
        raise malformed("The limit must be a number from 1 to 1000.", target="limit")
    return min(int(text), PAGE_MAXIMUM)


class Found(msgspec.Struct, frozen=True):
    """A page of users, how many there are in all, and where the next page is ("" where this is the last)."""

    users: list[User]
    count: int
    next_href: str


def find_users(call: Call) -> Found:
    """The users that the query's filter, limit and cursor choose, in an order that stays the same."""
    limit = _limit(call.query.get("limit"))
    cursor = _Cursor(0, call.query.get("filter", ""))
    if "cursor" in call.query:
        cursor = _decoded(call.query["cursor"])
    elif "filter" in call.query and not cursor.filter.strip():
        raise malformed("The filter is empty.", code="INVALID_FILTER", target="filter")
    found = list(call.world.users.values())
    if cursor.filter:
        wanted = _parsed(cursor.filter)
        found = [user for user in found if wanted.holds(reading(_values(user)))]
    end = cursor.start + limit
    next_href = ""
    if end < len(found):
        query = urlencode({"limit": limit, "cursor": _Cursor(end, cursor.filter).encoded()})
        next_href = f"{call.api}/users?{query}"
    return Found(found[cursor.start : end], len(found), next_href)
