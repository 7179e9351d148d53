"""Password reset Magic Link, the agent's side: let the customer's page ask for a new password, watch, say the result.

Runs inside the agent's call and, for scripts, by itself bound to a verified call. The page that verified goes on; where
it cannot, a link of its own verifies once more (`verify_user` runs here) and its page goes on. The customer's side is
`new_password`: no state here holds a password, or a place for one.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import password_effects as pfx
from csrdesk.flows import password_prompts as pp
from csrdesk.flows import password_replies as pr
from csrdesk.flows import replies as r
from csrdesk.flows import verify_user as vu
from csrdesk.flows.account_task import first_problem, untouched
from csrdesk.flows.kernel import (
    Do,
    Event,
    Failed,
    Poll,
    Problem,
    Replies,
    Reply,
    State,
    Together,
    Want,
)
from csrdesk.flows.prompts import ResultLine
from csrdesk.flows.reset_ends import (
    Inputs,
    Outputs,
    ReadingResult,
    Renewed,
    ReturnError,
    ReturnSuccess,
    Task,
    TellingLater,
)
from csrdesk.model.account import Account, AccountStatus
from csrdesk.model.link import Link, LinkStage, Purpose
from csrdesk.model.people import Person

__all__ = [
    "WORDS",
    "AwaitingNewPassword",
    "ClosingPage",
    "EndingLinks",
    "IdentifyingCustomer",
    "Inputs",
    "OpeningPage",
    "Outputs",
    "PasswordResetState",
    "Permitting",
    "ReadingAuthority",
    "ReadingResult",
    "Renewed",
    "ResettingState",
    "ReturnError",
    "ReturnSuccess",
    "Start",
    "Task",
    "TellingLater",
    "VerifyingAgain",
    "begin",
    "why_no_reset",
]

FORM = "Display Magic Link Form"
CREATE = "Create Challenge and Send Email"
POLLING = "Display Magic Link Polling And Check For Challenge Status"


class Start(msgspec.Struct, frozen=True):
    """How a script starts the flow, bound to a verified call."""

    identifier: str
    reason: str
    ticket: str = ""


def begin(start: Start) -> IdentifyingCustomer | ReturnError:
    """The first state for a script's call."""
    if not start.identifier.strip():
        words = "Say whom: user name, mail address, customer number or phone."
        return ReturnError(Problem(words, code="invalid_value"))
    if not start.reason.strip():
        return ReturnError(Problem("A reason is needed: one line for the audit.", code="needs_answer"))
    return IdentifyingCustomer(start)


def why_no_reset(account: Account, authority: Reply) -> str:
    """Why Reset cannot be offered for this account now, in words; empty where it can."""
    if account.directory_problem:
        return f"AD could not be read, and a new password may belong there. {account.directory_problem}"
    if account.status is AccountStatus.DISABLED:
        return "The account is disabled: a new password would open nothing."
    if account.status is AccountStatus.EXPIRED:
        return "The AD account has expired: a new password would open nothing."
    match authority:
        case pr.AuthorityRead(homes=(), why_not=why):
            return why or "Nobody says where the password is kept."
        case pr.AuthorityRead():
            return ""
        case Failed(problem):
            return f"Where the password is kept could not be read. {problem.message}"
        case _:
            return "Where the password is kept could not be read."


class IdentifyingCustomer(State, frozen=True):
    """For a script: the identifier chooses the account of the verified call, and proves nobody."""

    section = FORM

    start: Start

    def want(self) -> Do[fx.FindUser]:
        return Do(fx.FindUser(identifier=self.start.identifier))

    def step(self, event: Event) -> Permitting | ReturnError:
        match event:
            case r.UserFound(person):
                return Permitting(self.start, person)
            case r.SeveralUsers(people):
                words = "This fits several people. Use the user name of the one you mean."
                return ReturnError(Problem(words, code="needs_answer"), people)
            case r.FoundInDirectory(problem=problem):
                return ReturnError(untouched(problem))
            case r.NoSuchUser() as nobody:
                return ReturnError(Problem(nobody.words, code="not_found"))
            case r.OnlyInDirectory():
                words = "This account is only in AD; csrdesk acts on PingOne users."
                return ReturnError(Problem(words, code="not_found"))
            case Failed(problem):
                return ReturnError(untouched(problem))
            case _:
                raise IllegalEventError(self, event)


class Permitting(State, frozen=True):
    """Is this the verified caller, and is the account protected?"""

    section = FORM

    start: Start
    person: Person

    def want(self) -> Do[Together[fx.RequireProof | fx.ReadProtection | fx.LoadRules]]:
        who = self.person.id
        parts = (fx.RequireProof(person_id=who), fx.ReadProtection(person_id=who), fx.LoadRules())
        return Do(Together(effects=parts))

    def step(self, event: Event) -> ReadingAuthority | ReturnError:
        match event:
            case Replies((_, r.ProtectionRead(protection), r.RulesLoaded(rules))) if protection.protected:
                return ReturnError(
                    Problem(rules.protected_words, details="; ".join(protection.reasons), code="forbidden")
                )
            case Replies((r.Noted(), r.ProtectionRead(protection), r.RulesLoaded(rules))):
                start = self.start
                task = Task(self.person, protection.dn, start.reason.strip(), start.ticket.strip(), rules)
                return ReadingAuthority(task)
            case Replies(replies):
                return ReturnError(untouched(first_problem(replies)))
            case Failed(problem):
                return ReturnError(untouched(problem))
            case _:
                raise IllegalEventError(self, event)


class ReadingAuthority(State, frozen=True):
    """Where the agent's call enters: which directory keeps this password, and may it be reset now?"""

    section = FORM

    task: Task

    def want(self) -> Do[Together[fx.RequireProof | fx.ReadAccount | pfx.ReadPasswordAuthority]]:
        who, dn = self.task.person.id, self.task.dn
        read = fx.ReadAccount(person_id=who, dn=dn)
        authority = pfx.ReadPasswordAuthority(person_id=who, dn=dn)
        return Do(Together(effects=(fx.RequireProof(person_id=who), read, authority)))

    def step(self, event: Event) -> ReadingAuthority | OpeningPage | ReturnError:
        match event:
            case Replies((r.Noted(), r.AccountRead(Account(directory=found)), _)) if found and not self.task.dn:
                # AD was down when the person was looked up, and answers now.
                return ReadingAuthority(msgspec.structs.replace(self.task, dn=found.dn))
            case Replies((r.Noted(), r.AccountRead(account), authority)):
                why = why_no_reset(account, authority)
                if why:
                    return ReturnError(Problem(f"{why} Nothing was changed.", code="conflict"))
                homes = authority.homes if isinstance(authority, pr.AuthorityRead) else ()
                return OpeningPage(msgspec.structs.replace(self.task, homes=homes))
            case Replies(replies):
                return ReturnError(untouched(first_problem(replies)))
            case Failed(problem):
                return ReturnError(untouched(problem))
            case _:
                raise IllegalEventError(self, event)


class OpeningPage(State, frozen=True):
    """The page that verified goes on, without another mail, code or factor; or a link of its own is needed."""

    section = CREATE

    task: Task
    renewed: Renewed | None = None

    def want(self) -> Do[pfx.OpenPasswordPage]:
        task = self.task
        return Do(
            pfx.OpenPasswordPage(
                person_id=task.person.id,
                dn=task.dn,
                account=vu.account_words(task.person),
                homes=task.homes,
                reason=task.reason,
                ticket=task.ticket,
            )
        )

    def step(self, event: Event) -> AwaitingNewPassword | VerifyingAgain | ReturnError:
        match event:
            case pr.PasswordPageOpened(link, until):
                return AwaitingNewPassword(self.task, self.renewed, link, until)
            case pr.NoPasswordPage(why):
                return VerifyingAgain(self.task, self.renewed, _own_link(self.task, why))
            case Failed(problem):
                return ReturnError(problem)
            case _:
                raise IllegalEventError(self, event)


class VerifyingAgain(State, frozen=True):
    """Verify User Magic Link runs here, by a link of its own; its page then goes on by itself."""

    section = FORM

    task: Task
    renewed: Renewed | None
    sub: vu.VerifyUserState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> VerifyingAgain | OpeningPage | EndingLinks | ReturnSuccess:
        match self.sub.step(event):
            case vu.ReturnSuccess("complete", until, evidence) if until and evidence:
                return OpeningPage(self.task, Renewed(until, evidence))
            case vu.ReturnSuccess(result, line_dropped=dropped, note=note):
                words = f"The password was not reset: the caller was not verified again. {note}".strip()
                line = ResultLine(words, ok=False)
                return ReturnSuccess(result, (line,), self.renewed, line_dropped=dropped, note=note)
            case vu.ReturnError(problem):
                return EndingLinks(self.task, problem)
            case sub:
                return VerifyingAgain(self.task, self.renewed, sub)


class EndingLinks(State, frozen=True):
    """Nobody watches the link any more: it must not be approved meanwhile."""

    section = "Challenge Expiration"

    task: Task
    problem: Problem

    def want(self) -> Do[fx.EndLinks]:
        return Do(fx.EndLinks(person_id=self.task.person.id))

    def step(self, event: Event) -> ReturnError:
        match event:
            case r.Noted() | Failed():
                return ReturnError(self.problem)
            case _:
                raise IllegalEventError(self, event)


class AwaitingNewPassword(State, frozen=True):
    """The agent sees how far the customer is; the customer's side writes the row that this one reads."""

    section = POLLING
    also = ("Challenge Acceptance By The User",)

    task: Task
    renewed: Renewed | None
    link: Link
    until: datetime
    note: str = ""

    def want(self) -> Poll[pp.WaitingForNewPasswordPrompt, fx.AwaitChallenge]:
        task, link = self.task, self.link
        prompt = pp.WaitingForNewPasswordPrompt(task.person, link, task.homes, self.until, self.note)
        return Poll(prompt, fx.AwaitChallenge(person_id=task.person.id, challenge_id=link.id, seen=link.rev))

    def step(self, event: Event) -> AwaitingNewPassword | ReadingResult | ClosingPage | ReturnSuccess | ReturnError:
        match event:
            case r.LinkChanged(link) if link.stage.open or link.stage is LinkStage.SETTING:
                return msgspec.structs.replace(self, link=link)
            case r.LinkChanged(link):
                return ReadingResult(self.task, self.renewed, link.id, _RESULTS.get(link.stage, "cancelled"))
            case a.OwnLinkChosen():
                return ClosingPage(self, own_link=True)
            case a.Cancelled():
                return ClosingPage(self)
            case a.LineDropped():
                # Whoever called ends the page, together with whatever else the caller has open.
                return ReturnSuccess("cancelled", (_NOT_WAITED,), self.renewed, line_dropped=True)
            case Failed(problem):
                return ReturnError(problem)
            case _:
                raise IllegalEventError(self, event)


class ClosingPage(State, frozen=True):
    """The agent ends the page, unless the customer was faster: then what they did is waited for."""

    section = POLLING

    back: AwaitingNewPassword
    own_link: bool = False

    def want(self) -> Do[fx.EndChallenge]:
        back = self.back
        return Do(fx.EndChallenge(person_id=back.task.person.id, challenge_id=back.link.id))

    def step(self, event: Event) -> AwaitingNewPassword | VerifyingAgain | ReadingResult:
        back = self.back
        match event:
            case r.LinkChanged(link) if link.stage is LinkStage.SETTING:
                return msgspec.structs.replace(back, link=link, note=_WRITING)
            case r.LinkChanged(link) if link.stage is LinkStage.ENDED and self.own_link:
                return VerifyingAgain(back.task, back.renewed, _own_link(back.task, ""))
            case r.LinkChanged(link):
                return ReadingResult(back.task, back.renewed, link.id, _RESULTS.get(link.stage, "cancelled"))
            case Failed(problem):
                return msgspec.structs.replace(back, note=f"The page was not ended. {problem.message}")
            case _:
                raise IllegalEventError(self, event)


ResettingState = (
    ReadingAuthority
    | OpeningPage
    | VerifyingAgain
    | EndingLinks
    | AwaitingNewPassword
    | ClosingPage
    | ReadingResult
    | TellingLater
    | ReturnSuccess
    | ReturnError
)
"""Once the person is known: what runs inside the agent's call."""

PasswordResetState = IdentifyingCustomer | Permitting | ResettingState

_RESULTS = {LinkStage.APPROVED: "complete", LinkStage.EXPIRED: "expired", LinkStage.NOT_ME: "notMe"}
_WRITING = "The new password is being written just now. Wait for what comes of it."
_NOT_WAITED = ResultLine("The line dropped, so the reset was ended.", ok=False)


WORDS = (
    "The customer chooses a new password on their own page.",
    "Nobody at the desk types it, sees it or gets it.",
    "It is set where this account keeps its password.",
    "Every PingOne session ends, unless the customer keeps them.",
)
"""What a reset does, a line each."""


def _own_link(task: Task, why: str) -> vu.DisplayingForm:
    return vu.begin(task.person, task.rules, purpose=Purpose.RESET, note=why)
