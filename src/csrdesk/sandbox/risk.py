"""PingOne Protect: risk evaluations, which tests and whoever tries the demo steer by address and browser.

PingOne Protect API, "Risk evaluations". A user agent that says so makes a bot, an adversary in the middle, a new device
or a level; the last number of the address does it as well. Which predictor shows a temporary address, and that the
device's status stands in `details.newDevice`, is inferred from the names that Ping's flows use.
"""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from typing import Final

import msgspec
from starlette.responses import Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import Json, failed, hal, invalid, link, not_found, page
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.clock import stamp
from csrdesk.sandbox.model import Evaluation

HIGH_ADDRESS: Final = "203.0.113.66"
"""RFC 5737, as the next; whoever comes from there is a high risk."""
MEDIUM_ADDRESS: Final = "203.0.113.33"
TEMPORARY_DOMAIN: Final = "@temporary.example"
_BY_AGENT: Final = {
    "bot": ("HIGH", "BOT_MITIGATION"),
    "aitm": ("HIGH", "AITM_MITIGATION"),
    "risk-high": ("HIGH", ""),
    "risk-medium": ("MEDIUM", ""),
}
_POLICY_NAME: Final = "Default"
_BY_ADDRESS: Final = {HIGH_ADDRESS: "HIGH", MEDIUM_ADDRESS: "MEDIUM"}
_SCORES: Final = {"LOW": 5, "MEDIUM": 55, "HIGH": 95}
_OPEN_FOR: Final = timedelta(minutes=30)
"""How long an evaluation takes its completion status."""


class _User(msgspec.Struct, frozen=True):
    id: str
    type: str = "EXTERNAL"
    name: str = ""


class _Flow(msgspec.Struct, frozen=True):
    type: str = "AUTHENTICATION"


class _Browser(msgspec.Struct, frozen=True, rename="camel"):
    user_agent: str = ""


class _Event(msgspec.Struct, frozen=True):
    ip: str
    user: _User
    flow: _Flow = _Flow()
    browser: _Browser = _Browser()


class _Id(msgspec.Struct, frozen=True):
    id: str = ids.RISK_POLICY


class _Create(msgspec.Struct, frozen=True, rename="camel"):
    event: _Event
    risk_policy_set: _Id = _Id()


class _Completion(msgspec.Struct, frozen=True, rename="camel"):
    completion_status: str


def _judged(event: _Event, address: str) -> tuple[str, str]:
    """Level and recommended action. `address`: of a user whom PingOne knows."""
    agent = event.browser.user_agent.casefold()
    for word, (level, action) in _BY_AGENT.items():
        if word in agent:
            return level, action
    if TEMPORARY_DOMAIN in f"{event.user.name} {address}".casefold():
        return "MEDIUM", "TEMP_EMAIL_MITIGATION"
    return _BY_ADDRESS.get(event.ip, "LOW"), ""


def _event(evaluation: Evaluation) -> Json:
    browser = {"browser": {"userAgent": evaluation.user_agent}} if evaluation.user_agent else {}
    return {
        "ip": evaluation.ip,
        "user": {"id": evaluation.user_id, "type": evaluation.user_type},
        "flow": {"type": evaluation.flow},
        "completionStatus": evaluation.completion,
        **browser,
    }


def _resource(call: Call, evaluation: Evaluation) -> Json:
    self_href = f"{call.api}/riskEvaluations/{evaluation.id}"
    known = "NEW_DEVICE" if "new-device" in evaluation.user_agent.casefold() else "KNOWN_DEVICE"
    result = {
        "level": evaluation.level,
        "score": _SCORES[evaluation.level],
        "source": "AGGREGATED_SCORES",
        "type": "VALUE",
        **({"recommendedAction": evaluation.action} if evaluation.action else {}),
    }
    return {
        "_links": {
            "self": link(self_href),
            "environment": link(call.api),
            "event": link(f"{self_href}/event"),
        },
        "id": evaluation.id,
        "environment": {"id": ids.ENVIRONMENT},
        "createdAt": stamp(evaluation.created_at),
        "updatedAt": stamp(evaluation.updated_at),
        "event": _event(evaluation),
        "riskPolicySet": {"id": ids.RISK_POLICY, "name": _POLICY_NAME},
        "result": result,
        "details": {"newDevice": {"level": evaluation.level, "type": "DEVICE", "status": known}},
    }


def create_evaluation(call: Call) -> Response:
    """POST riskEvaluations."""
    wanted = call.decode(_Create)
    event = wanted.event
    if wanted.risk_policy_set.id.lower() != ids.RISK_POLICY:
        raise invalid("riskPolicySet.id")
    try:
        ipaddress.ip_address(event.ip)
    except ValueError:
        raise invalid("event.ip") from None
    if event.user.type not in {"EXTERNAL", "PING_ONE"} or not event.user.id:
        raise invalid("event.user.type")
    now = call.clock.now()
    known = call.world.users.get(event.user.id) if event.user.type == "PING_ONE" else None
    level, action = _judged(event, known.email if known else "")
    evaluation = Evaluation(
        id=ids.fresh(), created_at=now, updated_at=now, ip=event.ip, user_id=event.user.id, user_type=event.user.type,
        user_agent=event.browser.user_agent, flow=event.flow.type, level=level, action=action,
    )  # fmt: skip
    call.world.evaluations[evaluation.id] = evaluation
    location = f"{call.api}/riskEvaluations/{evaluation.id}"
    return hal(_resource(call, evaluation), 201, location=location)


def _known(call: Call) -> Evaluation:
    evaluation = call.world.evaluations.get(call.path["evaluation"].lower())
    if evaluation is None:
        raise not_found()
    return evaluation


def _policy_set(call: Call) -> Json:
    return {
        "_links": {"self": link(f"{call.api}/riskPolicySets/{ids.RISK_POLICY}"), "environment": link(call.api)},
        "id": ids.RISK_POLICY,
        "environment": {"id": ids.ENVIRONMENT},
        "name": _POLICY_NAME,
        "default": True,
        "riskPolicies": [],
        "createdAt": "2018-01-02T08:00:00.000Z",
        "updatedAt": "2018-01-02T08:00:00.000Z",
    }


def list_policy_sets(call: Call) -> Response:
    """GET riskPolicySets."""
    return hal(page("riskPolicySets", [_policy_set(call)], call.href))


def read_policy_set(call: Call) -> Response:
    """GET riskPolicySet."""
    if call.path["set"].lower() != ids.RISK_POLICY:
        raise not_found()
    return hal(_policy_set(call))


def read_evaluation(call: Call) -> Response:
    """GET riskEvaluation."""
    return hal(_resource(call, _known(call)))


def update_event(call: Call) -> Response:
    """PUT event: how it ended, once, and within half an hour."""
    evaluation = _known(call)
    wanted = call.decode(_Completion).completion_status
    if wanted not in {"SUCCESS", "FAILED"}:
        raise invalid("completionStatus")
    now = call.clock.now()
    if evaluation.completion != "IN_PROGRESS" or now - evaluation.created_at > _OPEN_FOR:
        raise failed("CONSTRAINT_VIOLATION", "The evaluation takes no completion status.", target="completionStatus")
    evaluation.completion = wanted
    evaluation.updated_at = now
    self_href = f"{call.api}/riskEvaluations/{evaluation.id}"
    links = {"self": link(f"{self_href}/event"), "riskEvaluation": link(self_href), "environment": link(call.api)}
    return hal({"_links": links, **_event(evaluation)})
