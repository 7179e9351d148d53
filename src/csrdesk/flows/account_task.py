"""What User Functions is called with, its task once the person is known, and how it ends.

Apart from the acts, because each of them leads to these ends, and the agent's call and scripts read them alike.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from csrdesk.flows import effects as fx
from csrdesk.flows.kernel import Done, Failed, Outcome, Problem, Reply, Terminal
from csrdesk.flows.ping import spelled
from csrdesk.flows.prompts import ResultLine
from csrdesk.model.account import Account
from csrdesk.model.notices import Change
from csrdesk.model.people import Person
from csrdesk.model.proofs import Act

ACTIONS: tuple[str, ...] = (
    "getUserAccountStatus",
    "disableUser",
    "enableUser",
    "unlockUser",
    "setExpiry",
    "demandPasswordChange",
)


class Inputs(msgspec.Struct, frozen=True, rename=spelled):
    """What the flow is called with."""

    action: str
    """`getUserAccountStatus`, `disableUser`, `enableUser`, `unlockUser`, `setExpiry` or `demandPasswordChange`."""
    identifier: str
    """User name, mail address, customer number or phone."""


class Start(msgspec.Struct, frozen=True):
    """How a script starts the flow; `protective` makes a disable that needs no proof."""

    action: str
    identifier: str
    reason: str = ""
    ticket: str = ""
    protective: bool = False
    ends: str = ""
    """For `setExpiry`: the moment after the last day (RFC 3339), or `never`."""


class Task(msgspec.Struct, frozen=True):
    """What is to be done, once the person is known."""

    action: str
    identifier: str
    person: Person
    dn: str = ""
    act: Act | None = None
    reason: str = ""
    ticket: str = ""
    unchecked: str = ""
    """Why AD could not be asked for the person's entry, in words; empty where it was."""
    ends_at: datetime | None = None
    """For `setExpiry`: the moment after the last day, None for never."""


class Outputs(Outcome, frozen=True, rename=spelled):
    """Return Success. Moments are RFC 3339 in UTC, empty where never; addresses are masked."""

    p1_user_name: str
    """Masked where it is an address."""
    p1_email: str
    p1_email_verified: bool
    account_status: str
    """The first that applies in either directory; empty where neither could be read."""
    pwd_last_change: str
    """Of the directory that holds the password."""
    button_label: str
    """`Enable` where every account is disabled, otherwise `Disable`."""
    button_value: str
    """The action behind the label."""
    response_data: Account
    """Both directories in full; AD's `userAccountControl` and `pwdLastSet` among it."""
    action: str
    identifier: str
    """The PingOne id of the person who was found."""
    lines: tuple[ResultLine, ...] = ()
    """What was done, was not needed, or failed, in order; and what to know beside it."""
    half_done: bool = False
    """Whether something was done and something else failed."""


class Refusal(Outcome, frozen=True, rename=spelled):
    """Return Error."""

    error_message: str
    """For people."""
    error_details: str
    """For the log, without secrets."""
    code: str
    """The problem's stable name."""
    candidates: tuple[Person, ...] = ()
    """Where the identifier fits several people."""


def act_of(action: str, *, protective: bool) -> Act | None:
    """The act that an action is, None where it only reads."""
    if action == "disableUser":
        return Act.PROTECT if protective else Act.DISABLE
    return _ACTS.get(action)


_ACTS = {
    "enableUser": Act.ENABLE,
    "unlockUser": Act.UNLOCK,
    "setExpiry": Act.EXPIRE,
    "demandPasswordChange": Act.MUST_CHANGE,
}


_CHANGES = {
    Act.PROTECT: Change.DISABLED,
    Act.DISABLE: Change.DISABLED,
    Act.ENABLE: Change.ENABLED,
    Act.UNLOCK: Change.UNLOCKED,
    Act.EXPIRE: Change.END_DATE,
    Act.MUST_CHANGE: Change.MUST_CHANGE,
}


def tell(task: Task) -> tuple[fx.TellCustomer, ...]:
    """What tells the person that the task was done; nothing where it only reads."""
    change = _CHANGES.get(task.act) if task.act else None
    dn = task.dn if task.person.only_in_directory else ""
    return (fx.TellCustomer(person_id=task.person.id, change=change, dn=dn),) if change else ()


class ReturnSuccess(Terminal, frozen=True):
    section = "Return Success"

    task: Task
    account: Account
    lines: tuple[ResultLine, ...] = ()

    @property
    def half_done(self) -> bool:
        """Whether something was done and something else failed."""
        return {line.ok for line in self.lines if not line.aside} == {True, False}

    @property
    def again(self) -> bool:
        """Whether something was left undone that trying again would do."""
        left = any(not line.ok and not line.aside for line in self.lines)
        return left and not self.task.person.only_in_directory

    def want(self) -> Done[Outputs]:
        person, account = self.task.person, self.account
        label, value = button(account)
        changed = account.password_changed_at
        return Done(
            Outputs(
                p1_user_name=person.username,
                p1_email=person.email,
                p1_email_verified=person.email_verified,
                account_status=account.status.value if account.pingone or account.directory else "",
                pwd_last_change=changed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if changed else "",
                button_label=label,
                button_value=value,
                response_data=account,
                action=self.task.action,
                identifier=person.id,
                lines=self.lines,
                half_done=self.half_done,
            )
        )


_OF_WHAT_WAS_ASKED = frozenset({"needs_answer", "invalid_value", "not_found", "forbidden", "not_verified"})
"""Codes of what was asked for wrongly, or may not be had: nobody thinks that something was changed then."""


def untouched(problem: Problem) -> Problem:
    """A problem met before anything was written: where it does not say that nothing was changed, that is added."""
    is_said = problem.code in _OF_WHAT_WAS_ASKED or "nothing was" in problem.message.lower()
    return problem if is_said else msgspec.structs.replace(problem, message=f"Nothing was changed. {problem.message}")


class ReturnError(Terminal, frozen=True):
    section = "Return Error"

    problem: Problem
    candidates: tuple[Person, ...] = ()

    @property
    def words(self) -> str:
        """It ends so before anything is written."""
        return untouched(self.problem).message

    def want(self) -> Done[Refusal]:
        return Done(Refusal(self.words, self.problem.details, self.problem.code, self.candidates))


def button(account: Account) -> tuple[str, str]:
    """`buttonLabel` and `buttonValue`: Enable where both are disabled, otherwise Disable."""
    return ("Enable", "enableUser") if account.all_disabled else ("Disable", "disableUser")


def first_problem(replies: tuple[Reply, ...]) -> Problem:
    """The problem of the first reply that failed."""
    return next((reply.problem for reply in replies if isinstance(reply, Failed)), Problem("An answer was missing."))


def unread(account: Reply) -> ResultLine:
    """That the account could not be read after the act, and why."""
    why = account.problem.message if isinstance(account, Failed) else "An answer was missing."
    return ResultLine(f"The account could not be read afterwards: {why}", ok=False)
