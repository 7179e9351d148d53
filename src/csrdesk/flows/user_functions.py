"""Active Directory - User Functions API: read, disable, enable and unlock one account in both directories.

Runs inside the agent's call and, for scripts, by itself bound to a verified call.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
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
    tell,
    unread,
)
from csrdesk.flows.kernel import Do, Event, Failed, Problem, Replies, Reply, State, Together
from csrdesk.flows.prompts import ResultLine
from csrdesk.flows.result_lines import has_changed, result_line, session_lines, was_already
from csrdesk.flows.telling import TellingLater, finish
from csrdesk.model.account import Account
from csrdesk.model.people import Person, Protection
from csrdesk.model.proofs import Act

__all__ = [
    "ACTIONS",
    "ActingState",
    "Inputs",
    "Outputs",
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
FUNCTIONS = "User Functions"


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
            case r.NoSuchUser():
                return ReturnError(Problem("PingOne knows nobody by that.", code="not_found"))
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
            return _disable(task, account)
        case "enableUser":
            return _enable(task, account)
        case "unlockUser":
            return ul.begin(task, account)
        case _:
            return ReturnSuccess(task, account)


def _placed(task: Task, account: Account) -> Task:
    """The task with the person's entry in AD: it may have been down when they were looked up, or be so now."""
    if task.dn:
        return task
    if account.directory:
        return replace(task, dn=account.directory.dn, unchecked="")
    return replace(task, unchecked=account.directory_problem)


def _disable(task: Task, account: Account) -> Disabling | LookingForSessions:
    # A half that could not be read is written all the same: the reading must not keep the door open.
    in_directory = bool(task.dn) and account.directory_enabled is not False
    in_pingone = account.pingone_enabled is not False and not task.person.only_in_directory
    if in_directory or in_pingone or task.unchecked or task.person.only_in_directory:
        return Disabling(task, in_directory=in_directory, in_pingone=in_pingone)
    return LookingForSessions(task, account)


def _enable(task: Task, account: Account) -> EnablingInDirectory | EnablingInPingOne | ReturnSuccess | ReturnError:
    if account.directory_problem:
        words = f"AD could not be read, so nothing was enabled. {account.directory_problem}"
        return ReturnError(Problem(words, code="unavailable"))
    in_pingone = account.pingone_enabled is not True
    since = account.pingone.changed_at if account.pingone else None
    if account.directory and account.directory.disabled:
        return EnablingInDirectory(task, in_pingone, account.directory.changed_at, since)
    if in_pingone:
        lines = (was_already("AD", "enabled"),) if account.directory else ()
        return EnablingInPingOne(task, lines, since=since)
    return ReturnSuccess(task, account, (ResultLine(_ALREADY.format("enabled")),))


_ALREADY = "The account was already {}. Nothing was written."


class LookingForSessions(State, frozen=True):
    """Disabled already: what a try before may have left are sign-ins that live on."""

    section = FUNCTIONS

    task: Task
    account: Account

    def want(self) -> Do[fx.ReadSessions]:
        return Do(fx.ReadSessions(person_id=self.task.person.id))

    def step(self, event: Event) -> EndingSessions | ReturnSuccess:
        already = ResultLine(_ALREADY.format("disabled"))
        match event:
            case r.SessionsRead(0):
                return ReturnSuccess(self.task, self.account, (already,))
            case r.SessionsRead():
                return EndingSessions(self.task, (ResultLine("The account was already disabled."),))
            case Failed(problem):
                unread = ResultLine(
                    f"PingOne: whether sign-ins are left could not be read. {problem.message}", ok=False
                )
                return ReturnSuccess(self.task, self.account, (already, unread))
            case _:
                raise IllegalEventError(self, event)


_LATER_IN_PINGONE = ResultLine(
    "PingOne: not disabled, and no session ended, because it cannot be asked. Look the person up again when it "
    "answers, and disable there as well",
    ok=False,
)


class Disabling(State, frozen=True):
    """Both directories at once; neither waits for the other or is stopped by it."""

    section = FUNCTIONS

    task: Task
    in_directory: bool
    in_pingone: bool

    def want(self) -> Do[Together[fx.SetDirectoryEnabled | fx.SetPingOneEnabled]]:
        parts: list[fx.SetDirectoryEnabled | fx.SetPingOneEnabled] = []
        if self.in_directory:
            parts.append(_set_directory(self.task, enabled=False))
        if self.in_pingone:
            parts.append(_set_pingone(self.task, enabled=False))
        return Do(Together(effects=tuple(parts)))

    def step(self, event: Event) -> EndingSessions | ReadingBack:
        match event:
            case Replies(replies) if len(replies) == self.in_directory + self.in_pingone:
                lines, changed = self._lines(list(replies)), any(map(has_changed, replies))
                if self.task.person.only_in_directory:
                    return ReadingBack(self.task, lines, changed)
                return EndingSessions(self.task, lines, changed)
            case Failed():
                return ReadingBack(self.task, self._lines([event, event]))
            case _:
                raise IllegalEventError(self, event)

    def _lines(self, replies: list[Reply]) -> tuple[ResultLine, ...]:
        lines = []
        if self.in_directory:
            lines.append(result_line("AD", "disabled", replies.pop(0)))
        elif self.task.dn:
            lines.append(was_already("AD", "disabled"))
        elif self.task.unchecked:
            words = f"AD: not disabled, and nobody could check there whom this is. {self.task.unchecked}"
            lines.append(ResultLine(words, ok=False))
        lines.append(self._in_pingone(replies))
        return tuple(lines)

    def _in_pingone(self, replies: list[Reply]) -> ResultLine:
        if self.task.person.only_in_directory:
            return _LATER_IN_PINGONE
        return (
            result_line("PingOne", "disabled", replies.pop(0))
            if self.in_pingone
            else was_already("PingOne", "disabled")
        )


class EndingSessions(State, frozen=True):
    """After a disable, also a half done one: sign-ins that live on would make it worth little."""

    section = FUNCTIONS

    task: Task
    lines: tuple[ResultLine, ...]
    changed: bool = False

    def want(self) -> Do[Together[fx.EndSessions | fx.EndLinks]]:
        task = self.task
        who = task.person.id
        act, unchecked = task.act or Act.DISABLE, bool(task.unchecked)
        sessions = fx.EndSessions(person_id=who, act=act, reason=task.reason, ticket=task.ticket, unchecked=unchecked)
        return Do(Together(effects=(sessions, fx.EndLinks(person_id=who))))

    def step(self, event: Event) -> ReadingBack:
        match event:
            case Replies((sessions, links)):
                return self._then(sessions, links)
            case Failed():
                return self._then(event, event)
            case _:
                raise IllegalEventError(self, event)

    def _then(self, sessions: Reply, links: Reply) -> ReadingBack:
        lines = [*self.lines, *session_lines(sessions)]
        if isinstance(links, Failed):
            lines.append(result_line("csrdesk", "ended", links, of="open links "))
        return ReadingBack(self.task, tuple(lines), self.changed)


class EnablingInDirectory(State, frozen=True):
    """AD first; PingOne only where AD succeeded."""

    section = FUNCTIONS

    task: Task
    then_pingone: bool
    since: datetime | None = None
    """Since when it is disabled in AD, at the latest."""
    since_in_pingone: datetime | None = None

    def want(self) -> Do[fx.SetDirectoryEnabled]:
        return Do(replace(_set_directory(self.task, enabled=True), since=self.since))

    def step(self, event: Event) -> EnablingInPingOne | ReadingBack:
        match event:
            case r.DirectoryEnabledSet():
                return self._then((result_line("AD", "enabled", event),), changed=has_changed(event))
            case Failed():
                left = (ResultLine("PingOne: not touched, because AD failed", ok=False),) if self.then_pingone else ()
                return ReadingBack(self.task, (result_line("AD", "enabled", event), *left))
            case _:
                raise IllegalEventError(self, event)

    def _then(self, lines: tuple[ResultLine, ...], *, changed: bool) -> EnablingInPingOne | ReadingBack:
        if self.then_pingone:
            return EnablingInPingOne(self.task, lines, changed, self.since_in_pingone)
        return ReadingBack(self.task, lines, changed)


class EnablingInPingOne(State, frozen=True):
    section = FUNCTIONS

    task: Task
    lines: tuple[ResultLine, ...]
    changed: bool = False
    """Whether AD has changed already."""
    since: datetime | None = None
    """Since when it is disabled in PingOne, at the latest."""

    def want(self) -> Do[fx.SetPingOneEnabled]:
        return Do(replace(_set_pingone(self.task, enabled=True), since=self.since))

    def step(self, event: Event) -> ReadingBack:
        match event:
            case r.PingOneEnabledSet() | Failed():
                lines = (*self.lines, result_line("PingOne", "enabled", event))
                return ReadingBack(self.task, lines, self.changed or has_changed(event))
            case _:
                raise IllegalEventError(self, event)


class ReadingBack(State, frozen=True):
    """Show what is, not what was meant; and, beside it, tell the person whose account was changed."""

    section = FUNCTIONS

    task: Task
    lines: tuple[ResultLine, ...]
    changed: bool = False
    """Whether there is something to tell them."""

    def want(self) -> Do[Together[fx.ReadAccount | fx.TellCustomer]]:
        read = fx.ReadAccount(person_id=self.task.person.id, dn=self.task.dn)
        return Do(Together(effects=(read, *tell(self.task)) if self.changed else (read,)))

    def step(self, event: Event) -> ReturnSuccess | TellingLater:
        match event:
            case Replies((account, *told)) if len(told) == self.changed:
                return self._then(account, tuple(told))
            case Failed():
                return self._then(event, (event,) * self.changed)
            case _:
                raise IllegalEventError(self, event)

    def _then(self, account: Reply, told: tuple[Reply, ...]) -> ReturnSuccess | TellingLater:
        match account:
            case r.AccountRead(read):
                return finish(self.task, read, (*self.lines, *_expired(self.task, read)), told)
            case _:
                return finish(self.task, Account(), (*self.lines, unread(account)), told)


Acting = Disabling | LookingForSessions | EnablingInDirectory | EnablingInPingOne | ul.Unlocking | ul.ReadingLocks
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
    | TellingLater
    | ReturnSuccess
    | ReturnError
)
"""Once the person is known: what runs inside the agent's call."""

UserFunctionsState = IdentifyingAction | Permitting | ActingState


def _expired(task: Task, account: Account) -> tuple[ResultLine, ...]:
    """An account that is enabled and yet of no use: to extend it is nobody's at the desk."""
    directory = account.directory
    if task.act is not Act.ENABLE or directory is None or not directory.expired or directory.expires_at is None:
        return ()
    at = directory.expires_at
    words = f"AD: expired on {at.day} {at:%B %Y}, so nobody can sign in with it. csrdesk extends no account"
    return (ResultLine(words, aside=True),)


def _set_directory(task: Task, *, enabled: bool) -> fx.SetDirectoryEnabled:
    act = task.act or Act.DISABLE
    return fx.SetDirectoryEnabled(
        person_id=task.person.id, dn=task.dn, enabled=enabled, act=act, reason=task.reason, ticket=task.ticket
    )


def _set_pingone(task: Task, *, enabled: bool) -> fx.SetPingOneEnabled:
    act = task.act or Act.DISABLE
    return fx.SetPingOneEnabled(
        person_id=task.person.id,
        enabled=enabled,
        act=act,
        reason=task.reason,
        ticket=task.ticket,
        unchecked=bool(task.unchecked),
    )
