"""Approvals: what the other agents of the desk wait for, read and answered by somebody else than who asks.

A flow of its own beside every call. Who may answer what is the engine's to say; here it is only shown and handed on.
"""

from __future__ import annotations

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import desk_answers as da
from csrdesk.flows import desk_effects as ex
from csrdesk.flows import desk_prompts as dp
from csrdesk.flows.kernel import Do, Done, Event, Failed, Outcome, Poll, State, Terminal
from csrdesk.model.approvals import Approval, Decision

SECTION = "Approvals"


class Start(msgspec.Struct, frozen=True):
    """Inputs: none."""


class Looked(Outcome, frozen=True):
    """The agent has seen enough."""


def begin(_start: Start) -> ReadingApprovals:
    """The first state."""
    return ReadingApprovals()


class ReadingApprovals(State, frozen=True):
    section = SECTION

    note: str = ""
    code: str = ""

    def want(self) -> Do[ex.ReadApprovals]:
        return Do(ex.ReadApprovals())

    def step(self, event: Event) -> ShowingApprovals:
        match event:
            case ex.ApprovalsRead(approvals):
                return ShowingApprovals(approvals, self.note, self.code)
            case Failed(problem):
                return ShowingApprovals((), f"{self.note} {problem.message}".strip(), problem.code)
            case _:
                raise IllegalEventError(self, event)


class ShowingApprovals(State, frozen=True):
    section = SECTION

    approvals: tuple[Approval, ...]
    note: str = ""
    code: str = ""

    def want(self) -> Poll[dp.ApprovalsPrompt, ex.AwaitApprovals]:
        seen = tuple(approval.id for approval in self.approvals)
        return Poll(dp.ApprovalsPrompt(self.approvals, self.note, self.code), ex.AwaitApprovals(seen=seen))

    def step(self, event: Event) -> ShowingApprovals | Deciding | ApprovalsLeft:
        match event:
            case da.ApprovalGiven(approval_id, reason) if not reason.strip() and self._is_exception(approval_id):
                words = "Say why you approve it: one line, which stands in the audit. Nothing was answered."
                return msgspec.structs.replace(self, note=words, code="needs_answer")
            case da.ApprovalGiven(approval_id, reason):
                return Deciding(approval_id, approves=True, why=reason.strip())
            case da.ApprovalDenied(_, reason) if not reason.strip():
                words = "A reason is needed to refuse: one line, which the other agent reads. Nothing was answered."
                return msgspec.structs.replace(self, note=words, code="needs_answer")
            case da.ApprovalDenied(approval_id, reason):
                return Deciding(approval_id, approves=False, why=reason.strip())
            case ex.ApprovalsRead(approvals):
                return msgspec.structs.replace(self, approvals=approvals)
            case Failed(problem):
                return msgspec.structs.replace(self, note=problem.message, code=problem.code)
            case a.BackChosen():
                return ApprovalsLeft()
            case _:
                raise IllegalEventError(self, event)

    def _is_exception(self, approval_id: str) -> bool:
        return any(one.id == approval_id and one.is_exception for one in self.approvals)


class Deciding(State, frozen=True):
    section = SECTION

    approval_id: str
    approves: bool
    why: str = ""

    def want(self) -> Do[ex.DecideApproval]:
        return Do(ex.DecideApproval(approval_id=self.approval_id, approves=self.approves, why=self.why))

    def step(self, event: Event) -> ReadingApprovals:
        match event:
            case ex.ApprovalIs(approval):
                said = "Approved" if approval.decision is Decision.APPROVED else "Refused"
                return ReadingApprovals(f"{said}: {approval.act.value} for {approval.person.name}.")
            case Failed(problem):
                return ReadingApprovals(problem.message, problem.code)
            case _:
                raise IllegalEventError(self, event)


class ApprovalsLeft(Terminal, frozen=True):
    section = SECTION

    def want(self) -> Done[Looked]:
        return Done(Looked())


ApprovalsState = ReadingApprovals | ShowingApprovals | Deciding | ApprovalsLeft
