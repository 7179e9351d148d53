"""What agents answer one another at one desk: a request for a second agent, and what leads do about sign-ins."""

from __future__ import annotations

from csrdesk.flows.answers import Line, Short
from csrdesk.flows.kernel import Answer


class ApprovalGiven(Answer, frozen=True):
    """The second agent says yes to that request; to an exception with a word why."""

    approval_id: Short
    reason: Line = ""


class ApprovalDenied(Answer, frozen=True):
    """The second agent says no, and why."""

    approval_id: Short
    reason: Line


class SignInEndChosen(Answer, frozen=True):
    """A lead ends the sign-in of that agent, at once."""

    agent_id: Short
    reason: Line
