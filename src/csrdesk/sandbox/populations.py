"""PingOne's populations, read only. Shape: PingOne API, "Populations"."""

from __future__ import annotations

from starlette.responses import Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import Json, hal, link, not_found, page
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.password_rules import policy_of_population
from csrdesk.sandbox.person import CARE_STAFF, POPULATIONS

_NAMES = {ids.stable("population", name): name for name in POPULATIONS}


def population_resource(call: Call, id_: str) -> Json:
    """One population; 404 where there is none of that id."""
    name = _NAMES.get(id_)
    if name is None:
        raise not_found()
    return {
        "_links": {"self": link(f"{call.api}/populations/{id_}"), "environment": link(call.api)},
        "id": id_,
        "environment": {"id": ids.ENVIRONMENT},
        "name": name,
        "description": f"{name} of an invented hospital",
        "default": name == CARE_STAFF,
        "userCount": sum(1 for user in call.world.users.values() if user.population_id == id_),
        "passwordPolicy": {"id": policy_of_population(id_).id},
        "createdAt": "2018-01-02T08:00:00.000Z",
        "updatedAt": "2018-01-02T08:00:00.000Z",
    }


def list_populations(call: Call) -> Response:
    """GET populations."""
    return hal(page("populations", [population_resource(call, id_) for id_ in _NAMES], call.href))


def read_population(call: Call) -> Response:
    """GET population."""
    return hal(population_resource(call, call.path["population"].lower()))
