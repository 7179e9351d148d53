"""What PingOne Protect answers: expected outcomes as values."""

from __future__ import annotations

from csrdesk.flows.kernel import Reply
from csrdesk.model.risk import Risk


class RiskEvaluated(Reply, frozen=True):
    risk: Risk


class EvaluationCompleted(Reply, frozen=True):
    """PingOne has taken how the visit ended; it takes that once."""
