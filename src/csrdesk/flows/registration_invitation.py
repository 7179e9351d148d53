"""An invitation to register, for a caller whom PingOne does not know: they are mailed the way to the page, and the
agent sees how far they are.

Nobody is verified by it. The page asks for the code of another mail before it makes anything, and what is typed there
is not seen here.
"""

from __future__ import annotations

from datetime import datetime

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import invitation_effects as ix
from csrdesk.flows import prompts as p
from csrdesk.flows.kernel import Do, Done, Event, Failed, Outcome, Poll, State, Terminal
from csrdesk.model.recovery import Progress

SECTION = "CSR Flow for Verification"
_NOBODY_KNOWS = frozenset({"timed_out", "unreachable", "may_have_been_sent"})


class InvitationOver(Outcome, frozen=True):
    """The parent flow goes on."""


def begin(address: str) -> Counting:
    """The first state: the agent has chosen it where nobody was found."""
    return Counting(address)


class Counting(State, frozen=True):
    """Limits come first."""

    section = SECTION

    address: str
    """As it was typed; it lives until the mail has gone."""

    def want(self) -> Do[ix.CountInvitation]:
        return Do(ix.CountInvitation(address=self.address))

    def step(self, event: Event) -> Inviting | WentBack:
        match event:
            case ix.InvitationCounted(address_hash):
                return Inviting(self.address, address_hash)
            case Failed(problem):
                return WentBack(f"Nobody was invited. {problem.message}", problem.code)
            case _:
                raise IllegalEventError(self, event)


class Inviting(State, frozen=True):
    """The mail goes out."""

    section = SECTION

    address: str
    address_hash: str

    def want(self) -> Do[ix.InviteToRegister]:
        return Do(ix.InviteToRegister(address=self.address))

    def step(self, event: Event) -> Watching | WentBack:
        match event:
            case ix.Invited(to, at):
                return Watching(to, at, self.address_hash)
            case ix.NotInvited(message):
                return WentBack(message, "conflict")
            case Failed(problem) if problem.code in _NOBODY_KNOWS:
                return WentBack(f"Nobody knows whether the invitation was sent. {problem.message}", problem.code)
            case Failed(problem):
                return WentBack(f"Nobody was invited. {problem.message}", problem.code)
            case _:
                raise IllegalEventError(self, event)


class Watching(State, frozen=True):
    """How far they are on the page."""

    section = SECTION

    to: str
    """The masked address."""
    since: datetime
    address_hash: str
    progress: Progress = Progress()

    def want(self) -> Poll[p.RegistrationWatchPrompt, ix.AwaitRegistration]:
        prompt = p.RegistrationWatchPrompt(self.to, self.since, self.progress)
        waiting = ix.AwaitRegistration(address_hash=self.address_hash, since=self.since, seen=self.progress)
        return Poll(prompt, waiting)

    def step(self, event: Event) -> Watching | WentBack | EndedCall:
        match event:
            case ix.RegistrationIs(progress):
                return Watching(self.to, self.since, self.address_hash, progress)
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

    def want(self) -> Done[InvitationOver]:
        return Done(InvitationOver())


class WentBack(_End, frozen=True):
    """Back where somebody is looked up."""

    note: str = ""
    code: str = ""


class EndedCall(_End, frozen=True):
    """The agent ended the call; the page goes on without it."""


RegistrationInvitationState = Counting | Inviting | Watching | WentBack | EndedCall
