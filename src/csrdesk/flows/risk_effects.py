"""What a flow needs of PingOne Protect. Apart from the other effects, because neither touches an account."""

from __future__ import annotations

from typing import Literal

from csrdesk.flows.kernel import Effect, Kind


class EvaluateRisk(Effect, frozen=True, kw_only=True):
    """Have a visit judged: the customer's address and browser, never an agent's.

    What the Signals script gathered is the context's secret, where it is still there. `person_id` is the PingOne user,
    empty where the visitor is judged as an external user by `user_name` alone, which is then a keyed hash. Answered
    with `RiskEvaluated`; `Failed` where Protect gives no answer.
    """

    kind = Kind.SEND
    takes_secret = True
    action = "risk.evaluate"
    user_name: str
    ip_address: str
    flow_type: str = "AUTHENTICATION"
    user_agent: str = ""
    policy_id: str = ""
    application_id: str = ""
    session_id: str = ""


class CompleteEvaluation(Effect, frozen=True, kw_only=True):
    """Say once how the visit ended. Answered with `EvaluationCompleted`; `Failed` where PingOne takes none any more."""

    kind = Kind.SEND
    action = "risk.complete"
    risk_id: str
    status: Literal["SUCCESS", "FAILED"]
