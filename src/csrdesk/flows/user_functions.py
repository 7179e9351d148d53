"""Active Directory - User Functions API: read and change one account in both directories.

Runs inside the agent's call and, for scripts, by itself bound to a verified call.
"""

from __future__ import annotations

from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import directory_acts as da
from csrdesk.flows import disabling, enabling
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows import unlocking as ul
from csrdesk.flows.account_task import (
    ACTIONS,
    Inputs,
    Outputs,
    Refusal,
    ReturnError,
    ReturnSuccess,
    Start,
    Task,
    act_of,
    button,
    first_problem,
)
from csrdesk.flows.disabling import Disabling, EndingSessions, LookingForSessions
from csrdesk.flows.enabling import EnablingInDirectory, EnablingInPingOne
from csrdesk.flows.kernel import Do, Event, Failed, Problem, Replies, State, Together
from csrdesk.flows.reading_back import FUNCTIONS, ReadingBack
from csrdesk.flows.telling import TellingLater
from csrdesk.model.account import Account
from csrdesk.model.days import moment_of
from csrdesk.model.people import Person, Protection
from csrdesk.model.proofs import Act

__all__ = [
    "ACTIONS",
    "ActingState",
    "Disabling",
    "EnablingInDirectory",
    "EnablingInPingOne",
    "EndingSessions",
    "Inputs",
    "LookingForSessions",
    "Outputs",
    "ReadingBack",
    "Refusal",
    "ReturnError",
    "ReturnSuccess",
    "Start",
    "Task",
    "TellingLater",
    "UserFunctionsState",
    "act_of",
    "begin",
    "button",
    "first_problem",
]

IDENTIFY = "Identify the CSR action"


def begin(start: Start) -> IdentifyingAction | ReturnError:
    """The first state for a script's call."""
    if start.action not in ACTIONS:
        known = ", ".join(ACTIONS)
        return ReturnError(Problem(f"There is no action {start.action!r}. Known: {known}.", code="invalid_value"))
    if not start.identifier.strip():
        return ReturnError(
            Problem("Say whom: user name, mail address, customer number or phone.", code="invalid_value")
        )
    if start.action != "getUserAccountStatus" and not start.reason.strip():
        return ReturnError(Problem("A reason is needed: one line for the audit.", code="needs_answer"))
    if start.protective and not start.ticket.strip():
        return ReturnError(Problem("A protective disable needs a ticket number.", code="needs_answer"))
    if start.action == "setExpiry" and (wrong := da.wrong_end(start.ends)):
        return ReturnError(Problem(wrong, code="invalid_value"))
    return IdentifyingAction(start)


class IdentifyingAction(State, frozen=True):
    section = IDENTIFY

    start: Start

    def want(self) -> Do[fx.FindUser]:
        return Do(fx.FindUser(identifier=self.start.identifier))

    def step(self, event: Event) -> Permitting | ReadingAccount | ReturnError:
        match event:
            case r.UserFound(person):
                return Permitting(self.start, person)
            case r.FoundInDirectory(person, protection, problem):
                return self._in_directory(person, protection, problem)
            case r.SeveralUsers(people):
                words = "This fits several people. Use the user name of the one you mean."
                return ReturnError(Problem(words, code="needs_answer"), people)
            case r.NoSuchUser() as nobody:
                return ReturnError(Problem(nobody.words, code="not_found"))
            case r.OnlyInDirectory():
                return ReturnError(
                    Problem("This account is only in AD; csrdesk acts on PingOne users.", code="not_found")
                )
            case Failed(problem):
                return ReturnError(problem)
            case _:
                raise IllegalEventError(self, event)

    def _in_directory(self, person: Person, protection: Protection, problem: Problem) -> ReadingAccount | ReturnError:
        """PingOne is down: only a protective disable goes on, and closes AD."""
        start = self.start
        if protection.protected:
            return ReturnError(Problem(_PROTECTED, details="; ".join(protection.reasons), code="forbidden"))
        if not start.protective:
            return ReturnError(problem)
        reason, ticket = start.reason.strip(), start.ticket.strip()
        return ReadingAccount(Task(start.action, start.identifier, person, protection.dn, Act.PROTECT, reason, ticket))


class Permitting(State, frozen=True):
    """Before anything of the account is read: would policy allow the act, and is the account protected?"""

    section = IDENTIFY

    start: Start
    person: Person

    def want(self) -> Do[Together[fx.RequireProof | fx.ReadProtection]]:
        act = act_of(self.start.action, protective=self.start.protective)
        who = self.person.id
        return Do(Together(effects=(fx.RequireProof(person_id=who, act=act), fx.ReadProtection(person_id=who))))

    def step(self, event: Event) -> ReadingAccount | ReturnError:
        match event:
            case Replies((_, r.ProtectionRead(protection))) if protection.protected:
                return ReturnError(Problem(_PROTECTED, details="; ".join(protection.reasons), code="forbidden"))
            case Replies((r.Noted(), r.ProtectionRead(protection))):
                start = self.start
                act = act_of(start.action, protective=start.protective)
                task = Task(
                    start.action,
                    start.identifier,
                    self.person,
                    protection.dn,
                    act,
                    start.reason.strip(),
                    start.ticket.strip(),
                    ends_at=moment_of(start.ends) if start.action == "setExpiry" else None,
                )
                return ReadingAccount(task)
            case Replies(replies):
                return ReturnError(first_problem(replies))
            case Failed(problem):
                return ReturnError(problem)
            case _:
                raise IllegalEventError(self, event)


_PROTECTED = "This account is protected. Nobody at the help desk acts on it."


class ReadingAccount(State, frozen=True):
    """Where the agent's call enters: the person is known, and the verified window is looked at once more."""

    section = FUNCTIONS

    task: Task

    def want(self) -> Do[Together[fx.RequireProof | fx.ReadAccount]]:
        who = self.task.person.id
        proof = fx.RequireProof(person_id=who, act=self.task.act)
        account = fx.ReadAccount(person_id=who, dn=self.task.dn, before_act=self.task.act is not None)
        return Do(Together(effects=(proof, account)))

    def step(self, event: Event) -> Acting | ReturnSuccess | ReturnError:
        match event:
            case Replies((r.Noted(), r.AccountRead(account))):
                return _act_on(_placed(self.task, account), account)
            case Replies(replies):
                return ReturnError(first_problem(replies))
            case Failed(problem):
                return ReturnError(problem)
            case _:
                raise IllegalEventError(self, event)


def _act_on(task: Task, account: Account) -> Acting | ReturnSuccess | ReturnError:
    """What is to be done with the account as just read."""
    match task.action:
        case "disableUser":
            return disabling.begin(task, account)
        case "enableUser":
            return enabling.begin(task, account)
        case "unlockUser":
            return ul.begin(task, account)
        case "setExpiry":
            return da.set_expiry(task, account)
        case "demandPasswordChange":
            return da.demand_change(task, account)
        case _:
            return ReturnSuccess(task, account)


def _placed(task: Task, account: Account) -> Task:
    """The task with the person's entry in AD: it may have been down when they were looked up, or be so now."""
    if task.dn:
        return task
    if account.directory:
        return replace(task, dn=account.directory.dn, unchecked="")
    return replace(task, unchecked=account.directory_problem)


Acting = (
    Disabling
    | LookingForSessions
    | EnablingInDirectory
    | EnablingInPingOne
    | ul.Unlocking
    | ul.ReadingLocks
    | da.SettingExpiry
    | da.DemandingChange
)
"""Where the reading of an account can lead, by what is to be done."""

ActingState = (
    ReadingAccount
    | LookingForSessions
    | Disabling
    | EndingSessions
    | EnablingInDirectory
    | EnablingInPingOne
    | ReadingBack
    | ul.Unlocking
    | ul.ReadingLocks
    | da.SettingExpiry
    | da.DemandingChange
    | TellingLater
    | ReturnSuccess
    | ReturnError
)
"""Once the person is known: what runs inside the agent's call."""

UserFunctionsState = IdentifyingAction | Permitting | ActingState
