"""Second agent: an act that settings let nobody do alone waits here until another agent approves it.

A nested flow. It ends with a yes or with words; what the yes is good for, the engine's policy decides once more.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import desk_effects as ex
from csrdesk.flows import desk_prompts as dp
from csrdesk.flows.account_ends import SECTION, Left
from csrdesk.flows.kernel import Do, Done, Event, Failed, Poll, State, Terminal
from csrdesk.model.approvals import Approval, Decision
from csrdesk.model.people import Person
from csrdesk.model.proofs import Act


class Order(msgspec.Struct, frozen=True):
    """What is to be approved."""

    person: Person
    dn: str
    act: Act
    reason: str
    ticket: str
    shown: str
    until: datetime | None = None
    """When the verified window ends; None before there is one."""


def begin(order: Order) -> AskingSecondAgent:
    """The first state: the agent has confirmed the act."""
    return AskingSecondAgent(order)


class AskingSecondAgent(State, frozen=True):
    section = SECTION

    order: Order

    def want(self) -> Do[ex.RequestApproval]:
        o = self.order
        return Do(
            ex.RequestApproval(
                person_id=o.person.id,
                person=o.person,
                dn=o.dn,
                act=o.act,
                reason=o.reason,
                ticket=o.ticket,
                shown=o.shown,
                until=o.until,
            )
        )

    def step(self, event: Event) -> AwaitingSecondAgent | NotApproved:
        match event:
            case ex.ApprovalIs(approval):
                return AwaitingSecondAgent(self.order.person, approval, self.order.until)
            case Failed(problem):
                return NotApproved(f"Nobody was asked, and nothing was done. {problem.message}")
            case _:
                raise IllegalEventError(self, event)


class AwaitingSecondAgent(State, frozen=True):
    """For whom it waits, and until when; the agent can stop asking at any time."""

    section = SECTION

    person: Person
    approval: Approval
    verified_until: datetime | None = None

    def want(self) -> Poll[dp.SecondAgentPrompt, ex.AwaitApproval]:
        waiting = ex.AwaitApproval(person_id=self.person.id, approval_id=self.approval.id)
        return Poll(dp.SecondAgentPrompt(self.person, self.approval, self.verified_until), waiting)

    def step(self, event: Event) -> Approved | NotApproved | Withdrawing:
        match event:
            case ex.ApprovalIs(approval) if approval.decision is Decision.APPROVED:
                return Approved(approval.by)
            case ex.ApprovalIs(approval):
                return NotApproved(_words(approval))
            case a.Cancelled():
                return Withdrawing(self.approval.id, self.person.id)
            case a.CallEnded():
                return Withdrawing(self.approval.id, self.person.id, ends_call=True)
            case Failed(problem):
                return NotApproved(f"Nothing was done. {problem.message}")
            case _:
                raise IllegalEventError(self, event)


def _words(approval: Approval) -> str:
    match approval.decision:
        case Decision.REFUSED:
            return f"{approval.by} refused it: {approval.why} Nothing was done."
        case Decision.LAPSED:
            return "No other agent answered in time. Nothing was done. You can ask once more."
        case _:
            return "You stopped asking. Nothing was done."


class Withdrawing(State, frozen=True):
    """Also where somebody has just said yes: the agent has changed their mind."""

    section = SECTION

    approval_id: str
    person_id: str
    ends_call: bool = False

    def want(self) -> Do[ex.WithdrawApproval]:
        return Do(ex.WithdrawApproval(person_id=self.person_id, approval_id=self.approval_id))

    def step(self, event: Event) -> NotApproved | EndedCall:
        match event:
            case ex.ApprovalIs() | Failed() if self.ends_call:
                return EndedCall()
            case ex.ApprovalIs():
                return NotApproved("You stopped asking. Nothing was done.")
            case Failed(problem):
                return NotApproved(f"Nothing was done. The request may still be shown to others. {problem.message}")
            case _:
                raise IllegalEventError(self, event)


class _End(Terminal, frozen=True):
    section = SECTION

    def want(self) -> Done[Left]:
        return Done(Left())


class Approved(_End, frozen=True):
    """Somebody else said yes."""

    by: str


class NotApproved(_End, frozen=True):
    """Refused, lapsed, withdrawn, or nobody could be asked."""

    note: str


class EndedCall(_End, frozen=True):
    """The agent ended the call."""


SecondAgentState = AskingSecondAgent | AwaitingSecondAgent | Withdrawing | Approved | NotApproved | EndedCall
