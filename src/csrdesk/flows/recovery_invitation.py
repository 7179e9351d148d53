"""Account recovery that an agent starts for a caller: they are mailed the way in, and the agent sees how far they are.

Nobody is verified by it. The mail holds the address of a public page and nothing secret; what the page asks and what
PingOne sends to the mailbox is all that sets a password, and neither is seen here.
"""

from __future__ import annotations

from datetime import datetime

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows import recovery_effects as vx
from csrdesk.flows import recovery_replies as vr
from csrdesk.flows.kernel import Do, Done, Event, Failed, Outcome, Poll, State, Terminal
from csrdesk.model.people import Person
from csrdesk.model.recovery import Progress

SECTION = "CSR Flow for Verification"


class Invited(Outcome, frozen=True):
    """The parent flow goes on."""


def begin(person: Person) -> Inviting:
    """The first state: the agent has chosen it on the caller's card."""
    return Inviting(person)


class Inviting(State, frozen=True):
    """The mail goes out."""

    section = SECTION

    person: Person

    def want(self) -> Do[vx.InviteToRecover]:
        return Do(vx.InviteToRecover(person_id=self.person.id))

    def step(self, event: Event) -> Watching | WentBack:
        match event:
            case vr.RecoveryInvited(to, at, doubt):
                return Watching(self.person, to, at, doubt)
            case vr.RecoveryNotInvited(message):
                return WentBack(message)
            case Failed(problem):
                return WentBack(problem.message, problem.code)
            case _:
                raise IllegalEventError(self, event)


class Watching(State, frozen=True):
    """How far the person is on the page; a mail that does not come can be sent again."""

    section = SECTION

    person: Person
    to: str
    """The masked address."""
    since: datetime
    doubt: str = ""
    progress: Progress = Progress()

    def want(self) -> Poll[p.RecoveryWatchPrompt, vx.AwaitRecovery]:
        prompt = p.RecoveryWatchPrompt(self.person, self.to, self.since, self.progress, self.doubt)
        return Poll(prompt, vx.AwaitRecovery(person_id=self.person.id, since=self.since, seen=self.progress))

    def step(self, event: Event) -> Watching | Inviting | WentBack | EndedCall:
        match event:
            case vr.RecoveryIs(progress):
                return Watching(self.person, self.to, self.since, self.doubt, progress)
            case a.RecoveryChosen():
                return Inviting(self.person)
            case a.BackChosen():
                return WentBack()
            case a.CallEnded():
                return EndedCall()
            case Failed(problem):
                return WentBack(f"How far they are cannot be read now. {problem.message}", problem.code)
            case _:
                raise IllegalEventError(self, event)


class _End(Terminal, frozen=True):
    section = SECTION

    def want(self) -> Done[Invited]:
        return Done(Invited())


class WentBack(_End, frozen=True):
    """Back at the caller's card."""

    note: str = ""
    code: str = ""
    """The `code` of the problem behind the note; empty where a rule said no."""


class EndedCall(_End, frozen=True):
    """The agent ended the call; the page goes on without it."""


RecoveryInvitationState = Inviting | Watching | WentBack | EndedCall
