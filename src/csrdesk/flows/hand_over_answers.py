"""What agents answer where a call goes from one to another."""

from __future__ import annotations

from csrdesk.flows.answers import Line, Short
from csrdesk.flows.kernel import Answer


class CallOffered(Answer, frozen=True):
    """The agent offers the call to that colleague, with a short note."""

    agent_id: Short
    note: Line


class CallAccepted(Answer, frozen=True):
    """The colleague takes the call of that offer."""

    hand_over_id: Short


class CallDeclined(Answer, frozen=True):
    """The colleague does not take it, and says why in a word."""

    hand_over_id: Short
    reason: Line
