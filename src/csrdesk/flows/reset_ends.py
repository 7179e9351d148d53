"""How a password reset ends, the agent's side: what the page has done is read, and said.

Apart from `password_reset`, because what is said of an end changes for other reasons than the way there.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import effects as fx
from csrdesk.flows import password_effects as pfx
from csrdesk.flows import password_replies as pr
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Do, Done, Event, Failed, Outcome, Problem, Replies, Reply, State, Terminal, Together
from csrdesk.flows.ping import spelled
from csrdesk.flows.prompts import ResultLine
from csrdesk.flows.result_lines import told_line
from csrdesk.flows.rules import Rules
from csrdesk.flows.telling import Later
from csrdesk.flows.way_ends import PAGE_SAID_NO
from csrdesk.model.passwords import Home
from csrdesk.model.people import Person
from csrdesk.model.proofs import Evidence

SUCCESS = "Go To Success"


class Inputs(msgspec.Struct, frozen=True, rename=spelled):
    """What the flow is called with, in Ping's names."""

    p1_user_id: str
    """The caller's PingOne id."""
    company_logo: str = ""
    """The pages show the logo of `flowCompanyLogo` or `ciam_logoUrl`, which csrdesk serves; no caller names another."""


class Outputs(Outcome, frozen=True, rename=spelled):
    """Return Success or Return Error."""

    subflow_result: str = ""
    """`complete`, `cancelled`, `expired` or `notMe`; empty after an error."""
    error_message: str = ""
    """For people; empty unless it failed."""
    error_details: str = ""
    """For the log, without secrets."""
    code: str = ""
    """The error's stable name."""
    candidates: tuple[Person, ...] = ()
    """Where the identifier fits several people."""
    lines: tuple[ResultLine, ...] = ()
    """What was done, failed, or is to be known beside it: sessions, what is still locked."""
    half_done: bool = False
    """Whether something was done and something else failed."""


class Task(msgspec.Struct, frozen=True):
    """Whose password, why, and by which rules."""

    person: Person
    dn: str
    reason: str
    ticket: str
    rules: Rules
    homes: tuple[Home, ...] = ()
    """Where it will be set, once that is known."""


class Renewed(msgspec.Struct, frozen=True):
    """What a link of its own has shown: the verified window runs from there."""

    until: datetime
    evidence: Evidence


class ReadingResult(State, frozen=True):
    """What the page has done, and what the account is like now."""

    section = SUCCESS

    task: Task
    renewed: Renewed | None
    challenge_id: str
    result: str

    def want(self) -> Do[Together[pfx.ReadReset | fx.ReadAccount]]:
        who = self.task.person.id
        said = pfx.ReadReset(person_id=who, challenge_id=self.challenge_id)
        return Do(Together(effects=(said, fx.ReadAccount(person_id=who, dn=self.task.dn))))

    def step(self, event: Event) -> ReturnSuccess | TellingLater:
        match event:
            case Replies((said, account)):
                return self._then(said, account)
            case Failed():
                return self._then(event, event)
            case _:
                raise IllegalEventError(self, event)

    def _then(self, said: Reply, account: Reply) -> ReturnSuccess | TellingLater:
        lines = list(said.lines) if isinstance(said, pr.ResetIs) else [_UNREAD]
        if self.result != "complete" and isinstance(said, pr.ResetIs):
            lines.append(ResultLine(_STOPPED if lines else _ENDS.get(self.result, ""), ok=False))
        match account:
            case r.AccountRead(read):
                lines += [ResultLine(f"{lock.value}: still locked", aside=True) for lock in read.locks]
            case _:
                lines.append(ResultLine("What is still locked could not be read.", aside=True))
        note = PAGE_SAID_NO if self.result == "notMe" else ""  # no push is sent while a password is typed
        so_far = ReturnSuccess(self.result, tuple(lines), self.renewed, note=note)
        later = said.later if isinstance(said, pr.ResetIs) else None
        return TellingLater(self.task, so_far, later) if later else so_far


class TellingLater(State, frozen=True):
    """Everything is done; the desk tries again to tell the person. An agent is shown the result meanwhile."""

    section = SUCCESS

    task: Task
    so_far: ReturnSuccess
    later: Later

    def want(self) -> Do[fx.AwaitNotice]:
        return Do(fx.AwaitNotice(person_id=self.task.person.id, notice_id=self.later.notice_id))

    def step(self, event: Event) -> ReturnSuccess:
        match event:
            case r.CustomerTold() | r.CustomerNotTold() | Failed():
                return replace(self.so_far, lines=(*self.so_far.lines, told_line(event)))
            case _:
                raise IllegalEventError(self, event)


class ReturnSuccess(Terminal, frozen=True):
    section = "Return Success"

    subflow_result: str
    lines: tuple[ResultLine, ...] = ()
    renewed: Renewed | None = None
    line_dropped: bool = False
    """The agent lost the caller; what is open has to be ended by the parent flow."""
    note: str = ""
    """Of a `notMe`: what the agent reads, by where it was said."""

    @property
    def half_done(self) -> bool:
        """Whether something was done and something else failed."""
        return {line.ok for line in self.lines if not line.aside} == {True, False}

    def want(self) -> Done[Outputs]:
        return Done(Outputs(self.subflow_result, lines=self.lines, half_done=self.half_done))


class ReturnError(Terminal, frozen=True):
    section = "Return Error"

    problem: Problem
    candidates: tuple[Person, ...] = ()

    def want(self) -> Done[Outputs]:
        problem = self.problem
        return Done(
            Outputs(
                error_message=problem.message,
                error_details=problem.details,
                code=problem.code,
                candidates=self.candidates,
            )
        )


_ENDS = {
    "cancelled": "The reset was cancelled; no password was set by it.",
    "expired": "Time ran out before a password was set.",
    "notMe": 'The customer pressed "This wasn\'t me". No password was set.',
}
_STOPPED = "Then the reset ended, before the password was the same everywhere."
_UNREAD = ResultLine("What came of the reset could not be read. Look at when the password was changed.", ok=False)
