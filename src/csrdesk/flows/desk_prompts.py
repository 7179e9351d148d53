"""What agents are asked about one another: to wait for a second agent, to be one, and who is signed in."""

from __future__ import annotations

from datetime import datetime

from csrdesk.flows import answers as a
from csrdesk.flows import desk_answers as da
from csrdesk.flows import hand_over_answers as ha
from csrdesk.flows.kernel import Prompt
from csrdesk.model.approvals import Approval
from csrdesk.model.grants import AgentOnRecord
from csrdesk.model.hand_overs import HandOver
from csrdesk.model.people import Person


class SecondAgentPrompt(Prompt, frozen=True):
    """The act waits for another agent; nothing has been done."""

    answers = a.Cancelled | a.CallEnded
    person: Person
    approval: Approval
    verified_until: datetime | None = None


class ApprovalsPrompt(Prompt, frozen=True):
    """What other agents wait for."""

    answers = da.ApprovalGiven | da.ApprovalDenied | ha.CallAccepted | ha.CallDeclined | a.BackChosen
    approvals: tuple[Approval, ...]
    note: str = ""
    code: str = ""
    """The `code` of the problem behind the note, for scripts; empty where there was none."""
    offers: tuple[HandOver, ...] = ()
    """Calls that other agents want to hand over to this one, with the caller on the line."""


class AgentsPrompt(Prompt, frozen=True):
    """Who signed in at this desk."""

    answers = da.SignInEndChosen | a.BackChosen
    agents: tuple[AgentOnRecord, ...]
    note: str = ""
    code: str = ""
    """As above."""
