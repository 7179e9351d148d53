"""What the agent is shown while a lead is asked for an exception: first why, then that it waits."""

from __future__ import annotations

from csrdesk.flows import answers as a
from csrdesk.flows.kernel import Prompt
from csrdesk.model.approvals import Approval
from csrdesk.model.people import Person
from csrdesk.model.proofs import Act


class ExceptionPrompt(Prompt, frozen=True):
    """Why nothing else will do, and the ticket: both are needed. Nobody has been asked when it shows."""

    answers = a.ExceptionAsked | a.Declined
    person: Person
    gives: tuple[Act, ...]
    """What it would open, and nothing else."""
    others: tuple[str, ...] = ()
    """The ways that are open for this caller, which the lead reads as well."""
    ticket: str = ""
    note: str = ""
    code: str = ""
    """The `code` of the problem behind the note, for scripts; empty where a rule or a lead said no."""


class AwaitingLeadPrompt(Prompt, frozen=True):
    """A lead is asked; the answer comes from them alone."""

    answers = a.LineDropped | a.Cancelled
    person: Person
    approval: Approval
