"""The look-up of CSR Flow for Verification: an identifier chooses an account, it proves nobody."""

from __future__ import annotations

import unicodedata

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Ask, Do, Done, Event, Failed, Outcome, Problem, State, Terminal
from csrdesk.model.people import Person, Protection
from csrdesk.model.registration import is_address

SECTION = "CSR Flow for Verification"


_LONGEST = 256
"""No user name, address or number of a person is longer."""


def unfit(identifier: str) -> str:
    """Why nobody can bear it, in words; empty where it is worth a look-up."""
    if not identifier:
        return "Type a user name, mail address, customer number or phone."
    if len(identifier) > _LONGEST:
        return "Nobody was looked up: this is longer than any name, address or number. Type it once more."
    # Controls, and halves of a character, which no encoding takes.
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in identifier):
        return "Nobody was looked up: this holds characters that nobody can type. Type it once more."
    return ""


class Given(msgspec.Struct, frozen=True):
    """What policy wants, and what the agent has typed so far."""

    ticket_required: bool = False
    ticket: str = ""
    invites: bool = False
    """Whether an address that nobody has can be invited to register."""


class LookedUp(Outcome, frozen=True):
    """The parent flow goes on."""


class AskUsername(State, frozen=True):
    section = SECTION

    given: Given
    note: str = ""
    code: str = ""
    invite: str = ""
    """The address that was looked up, where nobody has it and it can be invited."""
    problem: Problem | None = None
    """What failed, where something did."""

    def want(self) -> Ask[p.UsernamePrompt]:
        given = self.given
        invitable = bool(self.invite)
        asked = p.UsernamePrompt(given.ticket_required, given.ticket, self.note, self.code, invitable)
        if not self.problem:
            return Ask(asked)
        problem = self.problem
        return Ask(msgspec.structs.replace(asked, details=problem.details, reference=problem.correlation_id))

    def step(self, event: Event) -> FindingUser | AskUsername | InvitationChosen | EndedCall:
        match event:
            case a.InviteChosen() if self.invite:
                return InvitationChosen(self.invite, self.given.ticket)
            case a.InviteChosen():
                return AskUsername(self.given, _NOT_INVITED, "conflict")
            case a.UsernameGiven(identifier, ticket) if words := unfit(identifier.strip()):
                return AskUsername(self._with(ticket), words, "invalid_value")
            case a.UsernameGiven(_, ticket) if self.given.ticket_required and not ticket.strip():
                words = "A ticket number is needed. Type it beside the name."
                return AskUsername(self._with(ticket), words, "needs_answer")
            case a.UsernameGiven(identifier, ticket):
                return FindingUser(self._with(ticket), identifier.strip())
            case a.CallEnded():
                return EndedCall()
            case _:
                raise IllegalEventError(self, event)

    def _with(self, ticket: str) -> Given:
        return msgspec.structs.replace(self.given, ticket=ticket.strip())


_NOT_INVITED = (
    "Nobody was invited. Look their mail address up first: where nobody has it, and settings have a page to register, "
    "it can be invited."
)


class FindingUser(State, frozen=True):
    section = SECTION

    given: Given
    identifier: str
    """Lives until the person is found, then only the id."""

    def want(self) -> Do[fx.FindUser]:
        return Do(fx.FindUser(identifier=self.identifier))

    def step(self, event: Event) -> Found | FoundInDirectory | AskWhichUser | AskUsername:
        match event:
            case r.UserFound(person):
                return Found(person, self.given.ticket)
            case r.FoundInDirectory(person, protection, problem):
                return FoundInDirectory(person, self.given.ticket, protection, problem)
            case r.SeveralUsers(people, more):
                return AskWhichUser(self.given, people, more)
            case r.NoSuchUser() as nobody if nobody.unasked:
                return AskUsername(self.given, nobody.words, "not_found")
            case r.NoSuchUser() if self.given.invites and is_address(self.identifier):
                words = f"{_NOBODY} Who has no account yet can be invited at that address."
                return AskUsername(self.given, words, "not_found", invite=self.identifier)
            case r.NoSuchUser():
                return AskUsername(self.given, f"{_NOBODY} Check the spelling, or ask for the number.", "not_found")
            case r.OnlyInDirectory():
                words = "This account is only in AD, so PingOne cannot verify the caller. Hand the call to the AD team."
                return AskUsername(self.given, words, "not_found")
            case Failed(problem):
                words = f"Nobody was looked up. {problem.message}"
                return AskUsername(self.given, words, problem.code, problem=problem)
            case _:
                raise IllegalEventError(self, event)


_NOBODY = "PingOne knows nobody by that."


class AskWhichUser(State, frozen=True):
    section = SECTION

    given: Given
    people: tuple[Person, ...]
    more: bool = False

    def want(self) -> Ask[p.SeveralFoundPrompt]:
        return Ask(p.SeveralFoundPrompt(self.people, self.more))

    def step(self, event: Event) -> Found | AskWhichUser | AskUsername | EndedCall:
        match event:
            case a.UserChosen(user_id):
                chosen = next((person for person in self.people if person.id == user_id), None)
                return Found(chosen, self.given.ticket) if chosen else self
            case a.AnotherCustomerChosen():
                return AskUsername(self.given)
            case a.CallEnded():
                return EndedCall()
            case _:
                raise IllegalEventError(self, event)


class Found(Terminal, frozen=True):
    section = SECTION

    person: Person
    ticket: str

    def want(self) -> Done[LookedUp]:
        return Done(LookedUp())


class FoundInDirectory(Terminal, frozen=True):
    """PingOne could not be asked: nobody can be verified, and only AD can be closed."""

    section = SECTION

    person: Person
    ticket: str
    protection: Protection
    problem: Problem

    def want(self) -> Done[LookedUp]:
        return Done(LookedUp())


class InvitationChosen(Terminal, frozen=True):
    """Nobody has the address, and it is to be invited."""

    section = SECTION

    address: str
    ticket: str

    def want(self) -> Done[LookedUp]:
        return Done(LookedUp())


class EndedCall(Terminal, frozen=True):
    section = SECTION

    def want(self) -> Done[LookedUp]:
        return Done(LookedUp())


LookUpState = AskUsername | FindingUser | AskWhichUser | Found | FoundInDirectory | InvitationChosen | EndedCall
