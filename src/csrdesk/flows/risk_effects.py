"""What a flow needs of PingOne Protect. Apart from the other effects, because neither touches an account."""

from __future__ import annotations

from typing import Literal

from csrdesk.flows.kernel import Effect, Kind
from csrdesk.model.risk import RiskCheck


class EvaluateRisk(Effect, frozen=True, kw_only=True):
    """Have a visit judged: the customer's address and browser, never an agent's.

    What the Signals script gathered is the context's visitor's, where it is still there. `person_id` is the PingOne
    user; without one the visitor is judged as an external user, by `user_id` or by `user_name` alone. Answered with
    `RiskEvaluated`; with `SecretLost` where a restart lost the address; `Failed` where Protect gives no answer.
    """

    kind = Kind.SEND
    takes_secret = True
    action = "risk.evaluate"
    user_name: str = ""
    """Where PingOne looks for a throw-away mail address, if `user_id` says who else it is."""
    user_id: str = ""
    """What an external user is known by, such as a keyed hash."""
    ip_address: str = ""
    """Empty: where the answer on the page came from."""
    flow_type: str = "AUTHENTICATION"
    user_agent: str = ""
    """Empty: what the page's browser said of itself."""
    policy_id: str = ""
    application_id: str = ""
    session_id: str = ""


class CompleteEvaluation(Effect, frozen=True, kw_only=True):
    """Say once how the visit ended. Answered with `EvaluationCompleted`; `Failed` where PingOne takes none any more."""

    kind = Kind.SEND
    action = "risk.complete"
    risk_id: str
    status: Literal["SUCCESS", "FAILED"]


class NoteRisk(Effect, frozen=True, kw_only=True):
    """Write down with the link what Protect made of its page, for the agent; where nothing may be approved after it,
    the link ends. Performed by the engine. Answered with `Noted` or `LinkOver`.
    """

    kind = Kind.DESK
    challenge_id: str
    found: RiskCheck
