"""Password policies as resources, read only. PingOne API, "Password policies"."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import Json, hal, link, not_found, page
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.password_rules import POLICIES, Policy, policy_of_population
from csrdesk.sandbox.person import POPULATIONS

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def _populations(policy: Policy) -> int:
    return sum(policy_of_population(ids.stable("population", name)) == policy for name in POPULATIONS)


def policy_resource(call: Call, policy: Policy) -> Json:
    """A policy; what it does not ask for is left out."""
    asked = {
        "minCharacters": policy.min_characters,
        "minUniqueCharacters": policy.min_unique,
        "maxRepeatedCharacters": policy.max_repeated,
    }
    return {
        "_links": {
            "self": link(f"{call.api}/passwordPolicies/{policy.id}"),
            "environment": link(call.api),
        },
        "id": policy.id,
        "environment": {"id": ids.ENVIRONMENT},
        "name": policy.name,
        "description": policy.description,
        "default": policy.default,
        "excludesCommonlyUsed": True,
        "excludesProfileData": True,
        "notSimilarToCurrent": True,
        "length": {"min": policy.min_length, "max": policy.max_length},
        **{name: value for name, value in asked.items() if value},
        "history": {"count": policy.history, "retentionDays": policy.retention // _DAY},
        "lockout": {
            "failureCount": policy.lockout_failures,
            "durationSeconds": policy.lockout_time // _SECOND,
        },
        "maxAgeDays": policy.max_age // _DAY,
        "populationCount": _populations(policy),
        "createdAt": "2018-01-02T08:00:00.000Z",
        "updatedAt": "2018-01-02T08:00:00.000Z",
    }


def list_policies(call: Call) -> Response:
    """GET passwordPolicies."""
    return hal(page("passwordPolicies", [policy_resource(call, policy) for policy in POLICIES], call.href))


def read_policy(call: Call) -> Response:
    """GET passwordPolicy."""
    wanted = call.path["policy"].lower()
    for policy in POLICIES:
        if policy.id == wanted:
            return hal(policy_resource(call, policy))
    raise not_found()
