"""Threat Detection: PingOne Protect judges a visit, and what it recommends against ends the parent flow.

Runs inside the flows whose page a customer visits. Four of Ping's inputs (`skriskcomponent`, `ipAddress`, `userAgent`,
`usercookie`) say who is on the page now. They are in memory only (`doors.Context`), so no state has a place for them.
"""

from __future__ import annotations

from typing import Final

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import replies as r
from csrdesk.flows import risk_effects as kx
from csrdesk.flows import risk_replies as kr
from csrdesk.flows.kernel import Do, Done, Event, Failed, Outcome, Problem, State, Terminal
from csrdesk.model.risk import MITIGATIONS, Risk

_INPUTS: Final = {
    "user_name": "userName",
    "user_id": "userID",
    "external_id": "externalID",
    "flow_type": "flowType",
    "application_id": "applicationID",
    "session_id": "sessionID",
    "risk_policy_id": "riskPolicyID",
    "custom_attributes": "customAttributes",
}
_OUTPUTS: Final = {
    "risk_id": "protectRiskID",
    "risk_level": "protectRiskLevel",
    "predictor": "ciam_protectPredictor",
    "device_status": "ciam_protectDeviceStatus",
    "error_message": "errorMessage",
    "error_details": "errorDetails",
}
_LOST: Final = Problem("csrdesk was started again in between, so it is not known any more who asked.", code="lost")


class Inputs(msgspec.Struct, frozen=True, rename=_INPUTS):
    """What the flow is called with, in Ping's names, but for the four that are in memory only."""

    user_id: str = ""
    """The PingOne id of a person who is known; empty for an external user."""
    user_name: str = ""
    """What they typed to name themselves."""
    external_id: str = ""
    """csrdesk's own: what an external user is known by, such as a keyed hash of what they typed."""
    flow_type: str = "AUTHENTICATION"
    application_id: str = ""
    session_id: str = ""
    risk_policy_id: str = ""
    """The risk policy set; empty for the environment's default."""
    custom_attributes: tuple[tuple[str, str], ...] = ()
    """Have no effect: the API that csrdesk calls has no place for them."""


class Outputs(Outcome, frozen=True, rename=_OUTPUTS):
    """Return Success or Return Error."""

    risk_id: str = ""
    risk_level: str = ""
    predictor: str = ""
    """The action that PingOne recommends."""
    device_status: str = ""
    error_message: str = ""
    """For people; empty unless the visit must not go on."""
    error_details: str = ""
    """For the log, without secrets."""


def begin(inputs: Inputs) -> Evaluating:
    """The first state."""
    return Evaluating(inputs)


class Evaluating(State, frozen=True):
    """What PingOne recommends against ends it whatever the level; levels are the parent flow's to judge."""

    section = "Threat Detection"

    inputs: Inputs

    def want(self) -> Do[kx.EvaluateRisk]:
        given = self.inputs
        effect = kx.EvaluateRisk(
            person_id=given.user_id,
            user_name=given.user_name,
            user_id=given.external_id,
            flow_type=given.flow_type,
            policy_id=given.risk_policy_id,
            application_id=given.application_id,
            session_id=given.session_id,
        )
        return Do(effect)

    def step(self, event: Event) -> ReturnSuccess | ReturnError:
        match event:
            case kr.RiskEvaluated(risk) if risk.is_mitigation:
                words = f"PingOne Protect suspects {MITIGATIONS[risk.predictor]}."
                return ReturnError(Problem(words, details=risk.predictor, code="mitigation"), risk)
            case kr.RiskEvaluated(risk):
                return ReturnSuccess(risk)
            case r.SecretLost():
                return ReturnError(_LOST)
            case Failed(problem):
                return ReturnError(problem)
            case _:
                raise IllegalEventError(self, event)


class ReturnSuccess(Terminal, frozen=True):
    section = "Return Success"

    risk: Risk

    def want(self) -> Done[Outputs]:
        return Done(_outputs(self.risk))


class ReturnError(Terminal, frozen=True):
    """Without a risk there is no evaluation: Protect gave no answer."""

    section = "Return Error"

    problem: Problem
    risk: Risk | None = None

    @property
    def is_lost(self) -> bool:
        """Whether only the browser has to come again: nothing was asked yet."""
        return self.problem.code == _LOST.code

    def want(self) -> Done[Outputs]:
        outputs = _outputs(self.risk) if self.risk else Outputs()
        words, details = self.problem.message, self.problem.details
        return Done(msgspec.structs.replace(outputs, error_message=words, error_details=details))


def _outputs(risk: Risk) -> Outputs:
    return Outputs(risk.id, risk.level.value, risk.predictor, risk.device_status)


ThreatDetectionState = Evaluating | ReturnSuccess | ReturnError
