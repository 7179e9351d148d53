"""Healthcare - CSR Help Desk - Main Flow, up to the verified caller: look up, check devices, verify.

What follows the verification is `account_management`. The flow loops until the agent ends the call.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import account_management as am
from csrdesk.flows import answers as a
from csrdesk.flows import by_exception as be
from csrdesk.flows import device_check as dc
from csrdesk.flows import effects as fx
from csrdesk.flows import look_up as lu
from csrdesk.flows import prompts as p
from csrdesk.flows import protective_disable as pd
from csrdesk.flows import recovery_invitation as ri
from csrdesk.flows import registration_invitation as gi
from csrdesk.flows import replies as r
from csrdesk.flows import spoken_address as sa
from csrdesk.flows import verify_user as vu
from csrdesk.flows import verify_without_link as vw
from csrdesk.flows import way_ends as ends
from csrdesk.flows.caller import Caller, Given
from csrdesk.flows.kernel import (
    Ask,
    Do,
    Done,
    Event,
    Failed,
    Outcome,
    Problem,
    State,
    Terminal,
    Want,
)
from csrdesk.flows.ping import spelled
from csrdesk.model.devices import Devices
from csrdesk.model.people import Person
from csrdesk.model.proofs import Act, Evidence
from csrdesk.model.ways import Way

VERIFICATION = "CSR Flow for Verification"
MFA_CHECK = dc.SECTION
MANAGEMENT = am.SECTION


class Start(msgspec.Struct, frozen=True):
    """Inputs: none but the ticket that the agent may have already."""

    ticket: str = ""


class CallOver(Outcome, frozen=True, rename=spelled):
    """The agent ended the call; the error is the one that stood there when they did."""

    error_message: str = ""
    """For people; empty where nothing had failed."""
    error_details: str = ""
    """For the log, without secrets."""


def begin(start: Start) -> ConfiguringFlow:
    """The first state of a call."""
    return ConfiguringFlow(start.ticket)


class ConfiguringFlow(State, frozen=True):
    """The settings become the flow's rules."""

    section = "Flow Configuration"

    ticket: str = ""

    def want(self) -> Do[fx.LoadRules]:
        return Do(fx.LoadRules())

    def step(self, event: Event) -> LookingUp | ReturnError:
        match event:
            case r.RulesLoaded(rules):
                return look_up(Given(rules, self.ticket))
            case Failed(problem):
                return ReturnError(problem, self)
            case _:
                raise IllegalEventError(self, event)


class LookingUp(State, frozen=True):
    """The look-up runs here, until somebody is found."""

    section = VERIFICATION

    given: Given
    sub: lu.LookUpState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> LookingUp | Checking | InvitingToRegister | EndingCall:
        match self.sub.step(event):
            case lu.InvitationChosen(address, ticket):
                return InvitingToRegister(Given(self.given.rules, ticket), gi.begin(address))
            case lu.Found(person, ticket):
                return check(Given(self.given.rules, ticket), person)
            case lu.FoundInDirectory(person, _, protection) if protection.protected:
                return Checking(self.given, dc.ProtectedAccount(self.given, person.name))
            case lu.FoundInDirectory(person, ticket, protection, problem):
                given, caller = Given(self.given.rules, ticket), Caller(person, Devices(), protection.dn)
                why = _PINGONE_DOWN.format(problem.message)
                return Checking(given, dc.NoWayToVerify(given, caller, why, code=problem.code, problem=problem))
            case lu.EndedCall():
                return EndingCall()
            case sub:
                return LookingUp(self.given, sub)


_PINGONE_DOWN = (
    "PingOne cannot be asked, so nobody can be verified now. {} Only the AD account can be closed, by a protective "
    "disable."
)


class InvitingToRegister(State, frozen=True):
    """Somebody whom PingOne does not know makes an account on a public page, and the agent looks on."""

    section = VERIFICATION

    given: Given
    sub: gi.RegistrationInvitationState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> InvitingToRegister | LookingUp | EndingCall:
        match self.sub.step(event):
            case gi.WentBack(note, code):
                return look_up(self.given, note, code)
            case gi.EndedCall():
                return EndingCall()
            case sub:
                return InvitingToRegister(self.given, sub)


class Checking(State, frozen=True):
    """The check of devices runs here, and the agent chooses what comes of it."""

    section = MFA_CHECK

    given: Given
    sub: dc.DeviceCheckState

    def want(self) -> Want:
        return self.sub.want()

    def step(
        self, event: Event
    ) -> Checking | Verifying | Recovering | Protecting | LeavingCustomer | EndingCall | ReturnError:
        match self.sub.step(event):
            case dc.RecoveryStarted(caller):
                return Recovering(self.given, caller.person, ri.begin(caller.person))
            case dc.WayChosen(caller, way) if way in vw.BEGIN:
                return Verifying(self.given, caller, vw.BEGIN[way](caller.person, caller.devices, self.given.rules))
            case dc.WayChosen(caller, Way.EXCEPTION):
                return Verifying(self.given, caller, be.begin(caller, self.given.rules, self.given.ticket))
            case dc.WayChosen(caller, Way.SPOKEN_ADDRESS):
                return Verifying(self.given, caller, sa.begin(caller.person, vu.account_words(caller.person)))
            case dc.WayChosen(caller):
                return Verifying(self.given, caller, vu.begin(caller.person, self.given.rules))
            case dc.ProtectChosen(caller):
                alone = Act.PROTECT not in self.given.rules.second_agent_for
                return Protecting(self.given, caller.protect(self.given.ticket, alone=alone))
            case dc.CustomerLeft():
                return LeavingCustomer(self.given)
            case dc.EndedCall():
                return EndingCall()
            case dc.CheckFailed(problem, again):
                return ReturnError(problem, Checking(self.given, again))
            case sub:
                return Checking(self.given, sub)


class Recovering(State, frozen=True):
    """The caller recovers their account on a public page, and the agent looks on; it verifies nobody."""

    section = VERIFICATION

    given: Given
    person: Person
    sub: ri.RecoveryInvitationState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> Recovering | Checking | EndingCall:
        match self.sub.step(event):
            case ri.WentBack(note, code):
                return check(self.given, self.person, note, code)
            case ri.EndedCall():
                return EndingCall()
            case sub:
                return Recovering(self.given, self.person, sub)


class Verifying(State, frozen=True):
    """The way that was chosen runs here: Verify User Magic Link or another. Only its success opens the account."""

    section = VERIFICATION

    given: Given
    caller: Caller
    sub: vu.VerifyUserState | sa.SpokenAddressState | vw.VerifyWithoutLinkState | be.ByExceptionState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> Verifying | Managing | Checking | LeavingCustomer | ReturnError:
        person = self.caller.person
        match self.sub.step(event):
            case vu.ReturnSuccess("complete", until, evidence) if until and evidence:
                return manage(self.given, self.caller, evidence, until)
            case ends.Verified(until, evidence):
                return manage(self.given, self.caller, evidence, until)
            case vu.ReturnSuccess("expired"):
                note = "Time ran out before the caller was verified. Nothing was approved. You can send a new link."
                return Verifying(self.given, self.caller, vu.begin(person, self.given.rules, note=note))
            case ends.NotMe(note):
                return check(self.given, person, note)
            case vu.ReturnSuccess(line_dropped=True) | ends.LineDropped():
                return LeavingCustomer(self.given, person, _DROPPED, "the line dropped")
            case vu.ReturnSuccess(note=note):
                return check(self.given, person, note)
            case ends.WentBack():
                return check(self.given, person)
            case vu.ReturnError(problem) | ends.Broken(problem):
                # Nobody watches it any more: it must not be approved meanwhile.
                return ReturnError(problem, LeavingCustomer(self.given, person))
            case sub:
                return Verifying(self.given, self.caller, sub)


_DROPPED = "The line dropped, so link and verification have ended. Should they call back, verify them again."


class Managing(State, frozen=True):
    """User Account management runs here, inside the verified window."""

    section = MANAGEMENT

    given: Given
    sub: am.AccountManagementState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> Managing | LeavingCustomer | EndingCall:
        match self.sub.step(event):
            case am.LostCaller(person):
                return LeavingCustomer(self.given, person, _DROPPED, "the line dropped")
            case am.Refused(person, note):
                return LeavingCustomer(self.given, person, note, "verification of this person is frozen")
            case am.WentBack(person):
                return LeavingCustomer(self.given, person)
            case am.WindowClosed(person):
                note = "The verified window has ended. To go on, verify the caller again."
                return LeavingCustomer(self.given, person, note)
            case am.EndedCall(problem):
                return EndingCall(problem)
            case sub:
                return Managing(self.given, sub)


class Protecting(State, frozen=True):
    """Protective disable runs here: the one change of an account before verification, and it takes access away."""

    section = MANAGEMENT

    given: Given
    sub: pd.ProtectiveDisableState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> Protecting | Checking | LeavingCustomer | EndingCall:
        match self.sub.step(event):
            case pd.Finished(person):
                # One whom PingOne could not be asked about has to be looked up again.
                return LeavingCustomer(self.given) if person.only_in_directory else check(self.given, person)
            case pd.EndedCall():
                return EndingCall()
            case sub:
                return Protecting(self.given, sub)


class LeavingCustomer(State, frozen=True):
    """Links and verification end with the customer; with a person, the agent goes on with the same one."""

    section = VERIFICATION

    given: Given
    person: Person | None = None
    note: str = ""
    why: str = "the call moved on"
    """For the audit."""

    def want(self) -> Do[fx.EndVerification]:
        return Do(fx.EndVerification(person_id=self.person.id if self.person else "", why=self.why))

    def step(self, event: Event) -> LookingUp | Checking | ReturnError:
        match event:
            case r.VerificationEnded() if self.person:
                return check(self.given, self.person, self.note)
            case r.VerificationEnded():
                return look_up(self.given, self.note)
            case Failed(problem):
                return ReturnError(problem, self)
            case _:
                raise IllegalEventError(self, event)


class EndingCall(State, frozen=True):
    section = VERIFICATION

    problem: Problem | None = None
    """The error that the agent did not try again."""

    def want(self) -> Do[fx.EndCall]:
        return Do(fx.EndCall())

    def step(self, event: Event) -> CallEnded | ReturnError:
        match event:
            case r.CallClosed():
                return CallEnded(self.problem)
            case Failed(problem):
                return ReturnError(problem, self)
            case _:
                raise IllegalEventError(self, event)


class CallEnded(Terminal, frozen=True):
    section = VERIFICATION

    problem: Problem | None = None

    def want(self) -> Done[CallOver]:
        return Done(CallOver(self.problem.message, self.problem.details) if self.problem else CallOver())


class ReturnError(State, frozen=True):
    """Nothing can go on here; Try again enters the section once more."""

    section = "Return Error"

    problem: Problem
    again: ConfiguringFlow | Checking | LeavingCustomer | EndingCall

    def want(self) -> Ask[p.ErrorPrompt]:
        problem = self.problem
        where = self.again.sub if isinstance(self.again, Checking) else self.again
        words = f"{_NOT_DONE[type(where)]} {problem.message}"
        return Ask(p.ErrorPrompt(words, problem.details, problem.correlation_id, problem.code))

    def step(self, event: Event) -> ConfiguringFlow | Checking | LeavingCustomer | EndingCall:
        match event:
            case a.TryAgainChosen():
                return self.again
            case a.CallEnded():
                return EndingCall(self.problem)
            case _:
                raise IllegalEventError(self, event)


_NOT_DONE: dict[type[State], str] = {
    ConfiguringFlow: "The call was not begun.",
    dc.CheckingDevices: "The caller was not checked, and nothing was changed.",
    dc.RecordingNotVerified: "Nothing was written into the audit.",
    LeavingCustomer: "The verification was not ended.",
    EndingCall: "The call was not ended.",
}
"""What an error left undone, by where it happened: said first, because a caller waits for that answer."""

CsrMainState = (
    ConfiguringFlow
    | LookingUp
    | Checking
    | Recovering
    | InvitingToRegister
    | Verifying
    | Managing
    | Protecting
    | LeavingCustomer
    | EndingCall
    | CallEnded
    | ReturnError
)


def manage(given: Given, caller: Caller, evidence: Evidence, until: datetime) -> Managing:
    """The account page, for a caller who is verified until then."""
    verified = am.Verified(caller.person, caller.dn, evidence, until, given.ticket)
    return Managing(given, am.begin(verified, am.Needs(given.rules.ticket_required, given.rules)))


def look_up(given: Given, note: str = "", code: str = "") -> LookingUp:
    """Where the agent types who is calling."""
    asked = lu.Given(given.rules.ticket_required, given.ticket, given.rules.registration)
    return LookingUp(given, lu.AskUsername(asked, note, code))


def check(given: Given, person: Person, note: str = "", code: str = "") -> Checking:
    """Where somebody who was found is checked."""
    return Checking(given, dc.CheckingDevices(given, person, note, code))
