"""Approvals: what the other agents of the desk wait for, read and answered by somebody else than who asks.

Among it are the calls that others offer, which this agent may take over.

A flow of its own beside every call. Who may answer what is the engine's to say; here it is only shown and handed on.
"""

from __future__ import annotations

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import desk_answers as da
from csrdesk.flows import desk_effects as ex
from csrdesk.flows import desk_prompts as dp
from csrdesk.flows import hand_over_answers as ha
from csrdesk.flows import hand_over_effects as hx
from csrdesk.flows.kernel import Do, Done, Event, Failed, Outcome, Poll, State, Terminal
from csrdesk.model.approvals import Approval, Decision
from csrdesk.model.hand_overs import HandOver, Stand

SECTION = "Approvals"


class Start(msgspec.Struct, frozen=True):
    """Inputs: none."""


class Looked(Outcome, frozen=True):
    """The agent has seen enough."""


class TookOver(Outcome, frozen=True):
    """Another agent's call is this one's now."""

    hand_over: HandOver


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
            case ex.ApprovalsRead(approvals, offers):
                return ShowingApprovals(approvals, self.note, self.code, offers)
            case Failed(problem):
                return ShowingApprovals((), f"{self.note} {problem.message}".strip(), problem.code)
            case _:
                raise IllegalEventError(self, event)


class ShowingApprovals(State, frozen=True):
    section = SECTION

    approvals: tuple[Approval, ...]
    note: str = ""
    code: str = ""
    offers: tuple[HandOver, ...] = ()

    def want(self) -> Poll[dp.ApprovalsPrompt, ex.AwaitApprovals]:
        seen = ex.ApprovalsRead(self.approvals, self.offers).ids
        prompt = dp.ApprovalsPrompt(self.approvals, self.note, self.code, self.offers)
        return Poll(prompt, ex.AwaitApprovals(seen=seen))

    def step(self, event: Event) -> ShowingApprovals | Deciding | AnsweringOffer | ApprovalsLeft:
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
            case ha.CallAccepted(hand_over_id):
                return AnsweringOffer(hand_over_id, accepts=True)
            case ha.CallDeclined(_, reason) if not reason.strip():
                words = "A word why is needed to decline: the other agent reads it. Nothing was answered."
                return msgspec.structs.replace(self, note=words, code="needs_answer")
            case ha.CallDeclined(hand_over_id, reason):
                return AnsweringOffer(hand_over_id, accepts=False, why=reason.strip())
            case ex.ApprovalsRead(approvals, offers):
                return msgspec.structs.replace(self, approvals=approvals, offers=offers)
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


class AnsweringOffer(State, frozen=True):
    section = SECTION

    hand_over_id: str
    accepts: bool
    why: str = ""

    def want(self) -> Do[hx.AnswerHandOver]:
        return Do(hx.AnswerHandOver(hand_over_id=self.hand_over_id, accepts=self.accepts, why=self.why))

    def step(self, event: Event) -> ReadingApprovals | CallTaken:
        match event:
            case hx.HandOverIs(hand_over) if hand_over.stand is Stand.ACCEPTED:
                return CallTaken(hand_over)
            case hx.HandOverIs(hand_over):
                return ReadingApprovals(f"Declined: the call of {hand_over.agent_name} with {hand_over.person.name}.")
            case Failed(problem):
                return ReadingApprovals(problem.message, problem.code)
            case _:
                raise IllegalEventError(self, event)


class CallTaken(Terminal, frozen=True):
    section = SECTION

    hand_over: HandOver

    def want(self) -> Done[TookOver]:
        return Done(TookOver(self.hand_over))


class ApprovalsLeft(Terminal, frozen=True):
    section = SECTION

    def want(self) -> Done[Looked]:
        return Done(Looked())


ApprovalsState = ReadingApprovals | ShowingApprovals | Deciding | AnsweringOffer | CallTaken | ApprovalsLeft
