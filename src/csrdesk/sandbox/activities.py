"""PingOne's own audit: what clients did to accounts. PingOne API, "Audit activities".

A filter must bound the time; events appear at once here, where the real service takes seconds to minutes.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from starlette.responses import Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import Json, hal, link, malformed, not_found
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.clock import stamp
from csrdesk.sandbox.model import Activity
from csrdesk.sandbox.scim import Comparison, FilterError, Junction, parse, reading

_TIMES = ("recordedAt", "createdAt")
_EQUALS = ("actors.user.id", "actors.client.id", "action.type", "resources.id", "resources.type", "correlationId")
_LIMIT_MAXIMUM = 1000
_CLIENTS = {ids.CLIENT: "csrdesk", ids.OTHER_CLIENT: "Staff office"}


def _moment(text: str) -> str:
    try:
        return stamp(datetime.fromisoformat(text))
    except ValueError:
        raise FilterError("The filter compares a time with something that is none.") from None


def _values(activity: Activity) -> dict[str, str | bool]:
    return {
        "recordedAt": stamp(activity.at),
        "createdAt": stamp(activity.at),
        "actors.user.id": "",
        "actors.client.id": activity.client_id,
        "action.type": activity.type,
        "resources.id": activity.user_id,
        "resources.type": "USER",
        "correlationId": activity.correlation_id,
    }


def _resource(call: Call, activity: Activity) -> Json:
    user = call.world.users.get(activity.user_id)
    environment = {"id": ids.ENVIRONMENT}
    return {
        "_links": {"self": link(f"{call.api}/activities/{activity.id}")},
        "id": activity.id,
        "recordedAt": stamp(activity.at),
        "createdAt": stamp(activity.at),
        "correlationId": activity.correlation_id,
        "actors": {
            "client": {
                "id": activity.client_id,
                "name": _CLIENTS[activity.client_id],
                "type": "CLIENT",
                "environment": environment,
                "href": f"{call.api}/applications/{activity.client_id}",
            }
        },
        "action": {"type": activity.type, "description": activity.description},
        "resources": [
            {
                "type": "USER",
                "id": activity.user_id,
                "name": user.username if user else "",
                "environment": environment,
                "href": f"{call.api}/users/{activity.user_id}",
            }
        ],
        "result": {"status": "SUCCESS", "description": activity.description},
    }


def _checked(comparison: Comparison) -> None:
    if comparison.attribute in _TIMES:
        if comparison.operator in {"eq", "sw"}:
            raise FilterError("Times are compared with gt, ge, lt or le.", unsupported="operator")
    elif comparison.attribute not in _EQUALS:
        raise FilterError("The filter uses an attribute that is not supported.", unsupported="attribute")
    elif comparison.operator != "eq":
        raise FilterError("The filter uses an operator that is not supported here.", unsupported="operator")


def _bounded(text: str) -> Junction:
    wanted = parse(text, normal=dict.fromkeys(_TIMES, _moment))
    bounds = set()
    for comparison in wanted.comparisons():
        _checked(comparison)
        if comparison.attribute in _TIMES:
            bounds.add(comparison.operator[0])
    if bounds != {"g", "l"}:
        raise FilterError("The filter must hold a time range.")
    return wanted


def _parsed(text: str) -> Junction:
    try:
        return _bounded(text)
    except FilterError as error:
        inner: Json = {"supportedAttributes": [*_TIMES, *_EQUALS]} if error.unsupported == "attribute" else {}
        raise malformed(str(error), code="INVALID_FILTER", target="filter", inner=inner) from None


def _answer(call: Call, filter_: str, limit: int, offset: int = 0) -> Response:
    wanted = _parsed(filter_)
    found = [activity for activity in call.world.activities if wanted.holds(reading(_values(activity)))]
    items = [_resource(call, activity) for activity in found[offset : offset + limit]]
    return hal({"_links": {"self": link(call.href)}, "_embedded": {"activities": items}, "count": len(found)})


def list_activities(call: Call) -> Response:
    """GET activities."""
    limit = call.query.get("limit", "100")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:5]) <= _LIMIT_MAXIMUM):
        raise malformed("The limit must be a number from 1 to 1000.", target="limit")
    return _answer(call, call.query.get("filter", ""), int(limit))


class _Search(msgspec.Struct, frozen=True):
    filter: str
    limit: int = 100
    offset: int = 0


def search_activities(call: Call) -> Response:
    """POST activities, for long filters."""
    search = call.decode(_Search)
    if not (1 <= search.limit <= _LIMIT_MAXIMUM and search.offset >= 0):
        raise malformed("The limit must be a number from 1 to 1000.", target="limit")
    return _answer(call, search.filter, search.limit, search.offset)


def read_activity(call: Call) -> Response:
    """GET activity."""
    wanted = call.path["activity"].lower()
    for activity in call.world.activities:
        if activity.id == wanted:
            return hal(_resource(call, activity))
    raise not_found()
