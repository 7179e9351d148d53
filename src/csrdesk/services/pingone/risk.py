"""Risk evaluations (PingOne Protect API, "Risk evaluations"): make one, read it, say once how the visit ended.

Where the device's status stands (`details.newDevice.status`) is inferred from the names that Ping's flows use.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from csrdesk.model.secret import Secret
from csrdesk.services.pingone.api import Api, Received, path

Level = Literal["LOW", "MEDIUM", "HIGH"]
Completion = Literal["SUCCESS", "FAILED"]
IN_PROGRESS = "IN_PROGRESS"


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """Who visits, from where. Cannot be encoded: the signals are a fingerprint of somebody's browser."""

    ip: str
    user_id: str
    """PingOne's id of a user, or any stable name of one whom PingOne does not know."""
    known: bool
    """Whether `user_id` is PingOne's."""
    user_name: str = ""
    flow_type: str = "AUTHENTICATION"
    user_agent: str = ""
    signals: Secret | None = None
    """The payload of the Signals SDK."""
    application_id: str = ""
    session_id: str = ""
    policy_id: str = ""
    """The risk policy set; empty for the environment's default."""


class _Id(msgspec.Struct, frozen=True):
    id: str


class _User(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    type: str
    name: str = ""


class _Flow(msgspec.Struct, frozen=True):
    type: str


class _Browser(msgspec.Struct, frozen=True, rename="camel"):
    user_agent: str


class _Data(msgspec.Struct, frozen=True):
    data: str


class _Sdk(msgspec.Struct, frozen=True):
    signals: _Data


class _Event(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    ip: str
    user: _User
    flow: _Flow
    session: _Id | None = None
    target_resource: _Id | None = None
    browser: _Browser | None = None
    sdk: _Sdk | None = None
    completion_status: str


class _Create(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    event: _Event
    risk_policy_set: _Id | None = None


class _Complete(msgspec.Struct, frozen=True, rename="camel"):
    completion_status: Completion


class Result(msgspec.Struct, frozen=True, rename="camel"):
    """`recommended_action`: PingOne's word, empty for none."""

    level: Level
    recommended_action: str = ""


class Ended(msgspec.Struct, frozen=True, rename="camel"):
    """An evaluation's event, as far as it says how the visit ended."""

    completion_status: str = IN_PROGRESS


class _Device(msgspec.Struct, frozen=True):
    status: str = ""


class _Details(msgspec.Struct, frozen=True, rename="camel"):
    new_device: _Device = _Device()


class Evaluation(msgspec.Struct, frozen=True):
    """The resource, as far as the desk follows it."""

    id: str
    result: Result
    event: Ended = Ended()
    details: msgspec.Raw = msgspec.Raw(b"{}")
    """Of a shape for each policy; one that is not known here takes nothing from the rest."""

    @property
    def device_status(self) -> str:
        """`KNOWN_DEVICE`, `NEW_DEVICE`, or another word of PingOne's; empty where it says nothing."""
        try:
            return msgspec.json.decode(self.details, type=_Details).new_device.status
        except msgspec.DecodeError:
            return ""


async def create(api: Api, visit: Visit) -> Received[Evaluation]:
    """Have a visit judged, once."""
    user = _User(visit.user_id, "PING_ONE" if visit.known else "EXTERNAL", visit.user_name)
    event = _Event(
        ip=visit.ip,
        user=user,
        flow=_Flow(visit.flow_type),
        session=_Id(visit.session_id) if visit.session_id else None,
        target_resource=_Id(visit.application_id) if visit.application_id else None,
        browser=_Browser(visit.user_agent) if visit.user_agent else None,
        sdk=_Sdk(_Data(visit.signals.reveal())) if visit.signals else None,
        completion_status=IN_PROGRESS,
    )
    body = _Create(event, _Id(visit.policy_id) if visit.policy_id else None)
    return await api.post(f"{api.api_url}/riskEvaluations", body, Evaluation)


async def read(api: Api, evaluation_id: str) -> Received[Evaluation]:
    """How it stands."""
    return await api.get(_url(api, evaluation_id), Evaluation)


async def complete(api: Api, evaluation_id: str, ended: Completion) -> Received[Ended]:
    """Say how the visit ended. PingOne takes it once, from `IN_PROGRESS`, and within 30 minutes.

    Raises `ConflictError` where it takes none any more.
    """
    return await api.put(f"{_url(api, evaluation_id)}/event", _Complete(ended), Ended)


def _url(api: Api, evaluation_id: str) -> str:
    return f"{api.api_url}/{path('riskEvaluations', evaluation_id)}"
