"""Exception: a caller who can show nothing, and a lead who lets some acts be done all the same.

It proves nobody. Who may ask, who may answer, and what a yes is good for, the engine decides.
"""

from __future__ import annotations

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import desk_effects as ex
from csrdesk.flows import effects as fx
from csrdesk.flows import exception_prompts as xp
from csrdesk.flows import replies as r
from csrdesk.flows import way_ends as over
from csrdesk.flows.caller import Caller
from csrdesk.flows.kernel import Ask, Do, Event, Failed, Poll, State
from csrdesk.flows.rules import Rules
from csrdesk.flows.ways import excepted, offers
from csrdesk.model.approvals import Approval, Decision
from csrdesk.model.people import Person
from csrdesk.model.proofs import Act
from csrdesk.model.ways import Way

SECTION = over.SECTION


class Given(msgspec.Struct, frozen=True):
    """Fixed when the way was chosen."""

    person: Person
    gives: tuple[Act, ...]
    others: tuple[str, ...] = ()
    """The ways that are open for this caller."""

    @property
    def shown(self) -> str:
        """What whoever is asked reads of it."""
        open_ways = f" Open for this caller: {', '.join(self.others)}." if self.others else ""
        return f"Nothing digital: nothing proves who is calling.{open_ways}"


def begin(caller: Caller, rules: Rules, ticket: str = "") -> AskingWhy:
    """Where an exception begins."""
    ways = offers(caller.person, caller.devices, rules)
    others = tuple(offer.way.label for offer in ways if offer.is_open and offer.way is not Way.EXCEPTION)
    return AskingWhy(Given(caller.person, excepted(rules), others), ticket)


class AskingWhy(State, frozen=True):
    """Nobody is asked without a reason and a ticket."""

    section = SECTION

    given: Given
    ticket: str = ""
    note: str = ""
    code: str = ""
    """The `code` of what failed."""

    def want(self) -> Ask[xp.ExceptionPrompt]:
        given = self.given
        return Ask(xp.ExceptionPrompt(given.person, given.gives, given.others, self.ticket, self.note, self.code))

    def step(self, event: Event) -> CheckingProtection | AskingWhy | over.WentBack:
        match event:
            case a.ExceptionAsked(reason, ticket) if not (reason.strip() and ticket.strip()):
                note = "A reason and a ticket number are both needed. Nobody was asked."
                return AskingWhy(self.given, ticket.strip(), note, "needs_answer")
            case a.ExceptionAsked(reason, ticket):
                return CheckingProtection(self.given, reason.strip(), ticket.strip())
            case a.Declined():
                return over.WentBack()
            case _:
                raise IllegalEventError(self, event)


class CheckingProtection(State, frozen=True):
    """Nobody is excepted whose account nobody acts on, or of whom that is not known now."""

    section = SECTION

    given: Given
    reason: str
    ticket: str

    def want(self) -> Do[fx.ReadProtection]:
        return Do(fx.ReadProtection(person_id=self.given.person.id))

    def step(self, event: Event) -> AskingLead | AskingWhy | over.WentBack:
        match event:
            case r.ProtectionRead(protection) if protection.protected:
                return over.WentBack()  # the check that follows says that it is, and no more
            case r.ProtectionRead(protection) if protection.unchecked:
                return AskingWhy(self.given, self.ticket, f"{_UNCHECKED} {protection.unchecked}", "unavailable")
            case r.ProtectionRead(protection):
                return AskingLead(self.given, self.reason, self.ticket, protection.dn)
            case Failed(problem):
                return AskingWhy(self.given, self.ticket, f"Nobody was asked. {problem.message}", problem.code)
            case _:
                raise IllegalEventError(self, event)


_UNCHECKED = "AD cannot be asked whether this account is protected, so nobody was asked."


class AskingLead(State, frozen=True):
    section = SECTION

    given: Given
    reason: str
    ticket: str
    dn: str = ""

    def want(self) -> Do[ex.RequestException]:
        given = self.given
        return Do(
            ex.RequestException(
                person_id=given.person.id,
                person=given.person,
                dn=self.dn,
                reason=self.reason,
                ticket=self.ticket,
                shown=given.shown,
            )
        )

    def step(self, event: Event) -> AwaitingLead | AskingWhy:
        match event:
            case ex.ApprovalIs(approval):
                return AwaitingLead(self.given, approval)
            case ex.NotAsked(message):
                return AskingWhy(self.given, self.ticket, message)
            case Failed(problem):
                return AskingWhy(self.given, self.ticket, f"Nobody was asked. {problem.message}", problem.code)
            case _:
                raise IllegalEventError(self, event)


class AwaitingLead(State, frozen=True):
    """The agent can stop asking at any time."""

    section = SECTION

    given: Given
    approval: Approval

    def want(self) -> Poll[xp.AwaitingLeadPrompt, ex.AwaitApproval]:
        person = self.given.person
        waiting = ex.AwaitApproval(person_id=person.id, approval_id=self.approval.id)
        return Poll(xp.AwaitingLeadPrompt(person, self.approval), waiting)

    def step(self, event: Event) -> OpeningException | AskingWhy | WithdrawingRequest | over.LineDropped:
        match event:
            case ex.ApprovalIs(approval) if approval.decision is Decision.APPROVED:
                return OpeningException(self.given, approval)
            case ex.ApprovalIs(approval):
                return _asking(self.given, approval, _words(approval))
            case a.Cancelled():
                return WithdrawingRequest(self.given, self.approval)
            case a.LineDropped():
                # Whoever called ends what was asked, together with whatever else the caller has open.
                return over.LineDropped()
            case Failed(problem):
                return _asking(self.given, self.approval, f"Nothing was opened. {problem.message}", problem.code)
            case _:
                raise IllegalEventError(self, event)


def _asking(given: Given, approval: Approval, note: str, code: str = "") -> AskingWhy:
    return AskingWhy(given, approval.ticket, note, code)


def _words(approval: Approval) -> str:
    match approval.decision:
        case Decision.REFUSED:
            return f"{approval.by} refused it: {approval.why} Nothing was opened."
        case Decision.LAPSED:
            return "No lead answered in time. Nothing was opened. You can ask once more."
        case _:
            return "Nobody is asked any more. Nothing was opened."


class WithdrawingRequest(State, frozen=True):
    """Also where a lead has just said yes: the agent has changed their mind."""

    section = SECTION

    given: Given
    approval: Approval

    def want(self) -> Do[ex.WithdrawApproval]:
        return Do(ex.WithdrawApproval(person_id=self.given.person.id, approval_id=self.approval.id))

    def step(self, event: Event) -> over.WentBack | AskingWhy:
        match event:
            case ex.ApprovalIs():
                return over.WentBack()
            case Failed(problem):
                note = f"The request may still be shown to leads. {problem.message}"
                return _asking(self.given, self.approval, note, problem.code)
            case _:
                raise IllegalEventError(self, event)


class OpeningException(State, frozen=True):
    """What the lead has approved becomes this call's verified window."""

    section = SECTION

    given: Given
    approval: Approval

    def want(self) -> Do[fx.StartWindow]:
        return Do(fx.StartWindow(person_id=self.given.person.id, challenge_id=self.approval.id))

    def step(self, event: Event) -> over.Verified | AskingWhy:
        match event:
            case r.WindowStarted(verified_until, evidence):
                return over.Verified(verified_until, evidence)
            case r.WindowRefused(message):
                return _asking(self.given, self.approval, message)
            case Failed(problem):
                return _asking(self.given, self.approval, f"Nothing was opened. {problem.message}", problem.code)
            case _:
                raise IllegalEventError(self, event)


ByExceptionState = (
    AskingWhy
    | CheckingProtection
    | AskingLead
    | AwaitingLead
    | WithdrawingRequest
    | OpeningException
    | over.Verified
    | over.WentBack
    | over.LineDropped
)
