"""Names, password and the account itself: the part of registration between the verified address and the agreement.

Nothing is made before the customer has said all of it, and nothing is made twice: where PingOne's answer is lost, the
address is looked up before anybody is asked again.
"""

from __future__ import annotations

from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import password_replies as pr
from csrdesk.flows import registration_answers as ra
from csrdesk.flows import registration_effects as gx
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Ask, Do, Done, Event, Failed, Outcome, State, Terminal
from csrdesk.flows.recovery_inputs import NOT_NOW
from csrdesk.flows.registration_inputs import Work, asked_again
from csrdesk.flows.registration_prompts import FirstPasswordPrompt, NamesPrompt
from csrdesk.model.registration import name_of

PROFILING = "Progressive Profiling"
CREATE = "Create Account"

NO_NAME = "Type your first and your last name: letters, digits, blanks, ' . and - are taken, up to 256 of them."
NAME_REFUSED = "The name was not taken. Type it another way: letters, digits, blanks, ' . and - alone."
LOST = "Your account was not made. Type the password once more."
UNSURE = "We could not find out whether your account was made. Try again: it is looked for first."
DIFFERENT = "The two passwords are not the same. Type the password twice."
NO_PASSWORD = "Type a password, and once more below it."  # noqa: S105 - words, not a password
UNKNOWN = frozenset({"unknown", "timed_out", "unreachable", "unexpected_answer", "unavailable"})
"""After these nobody knows whether PingOne has done it."""


class Ended(Outcome, frozen=True):
    """The flow around it goes on."""


def refusals_of(typed: ra.FirstPasswordTyped, work: Work) -> tuple[str, ...]:
    """What speaks against a typed password before anybody else is asked."""
    if not typed.password.reveal():
        return (NO_PASSWORD,)
    if typed.password != typed.again:
        return (DIFFERENT,)
    asked = work.requirements if work.for_everybody else ()
    return tuple(one.words for one in asked if not one.is_met_by(typed.password))


class AskNames(State, frozen=True):
    section = PROFILING

    work: Work
    passwordless: bool
    note: str = ""

    def want(self) -> Ask[NamesPrompt]:
        work = self.work
        return Ask(NamesPrompt(self.note, work.asked, given_name=work.given_name, family_name=work.family_name))

    def step(self, event: Event) -> AskPassword | CreatingUser | AskNames | WentBack:
        match event:
            case ra.NamesGiven(given, family):
                work = asked_again(replace(self.work, given_name=given.strip(), family_name=family.strip()))
                if not (name_of(given) and name_of(family)):
                    return AskNames(work, self.passwordless, NO_NAME)
                work = replace(work, given_name=name_of(given), family_name=name_of(family))
                if self.passwordless:
                    return CreatingUser(work, self.passwordless, with_password=False)
                return AskPassword(work, self.passwordless)
            case a.BackChosen():
                return WentBack(asked_again(self.work))
            case _:
                raise IllegalEventError(self, event)


class AskPassword(State, frozen=True):
    section = CREATE

    work: Work
    passwordless: bool
    note: str = ""
    refusals: tuple[str, ...] = ()

    def want(self) -> Ask[FirstPasswordPrompt]:
        work = self.work
        return Ask(
            FirstPasswordPrompt(
                self.note, work.asked, work.address, requirements=work.requirements, refusals=self.refusals
            )
        )

    def step(self, event: Event) -> CreatingUser | AskPassword | AskNames:
        again = asked_again(self.work)
        match event:
            case ra.FirstPasswordTyped() if refusals := refusals_of(event, self.work):
                return AskPassword(again, self.passwordless, refusals=refusals)
            case ra.FirstPasswordTyped():
                return CreatingUser(again, self.passwordless, with_password=True)
            case ra.WithoutPasswordChosen():
                return CreatingUser(again, self.passwordless, with_password=False)
            case a.BackChosen():
                return AskNames(again, self.passwordless)
            case _:
                raise IllegalEventError(self, event)


class Making(State, frozen=True):
    """The account is being made; a password is in memory alone."""

    work: Work
    passwordless: bool
    with_password: bool

    def asking(self, note: str = "", refusals: tuple[str, ...] = ()) -> AskNames | AskPassword:
        """Back at the last page that asked."""
        if self.passwordless:
            return AskNames(self.work, self.passwordless, note)
        return AskPassword(self.work, self.passwordless, note, refusals)


class CreatingUser(Making, frozen=True):
    section = CREATE

    def want(self) -> Do[gx.CreateUser]:
        work = self.work
        return Do(
            gx.CreateUser(
                address=work.address,
                given_name=work.given_name,
                family_name=work.family_name,
                with_password=self.with_password,
            )
        )

    def step(self, event: Event) -> Created | Taken | LookingBack | AskNames | AskPassword:
        match event:
            case gx.UserCreated(person_id):
                return Created(replace(self.work, person_id=person_id, password_set=self.with_password))
            case gx.AddressTaken() if self.work.unsure:
                return LookingBack(self.work, self.passwordless, with_password=False)
            case gx.AddressTaken():
                return Taken()
            case gx.NameRefused():
                return AskNames(self.work, self.passwordless, NAME_REFUSED)
            case pr.PasswordRefused(reasons):
                return self.asking(refusals=reasons)
            case r.SecretLost():
                return self.asking(LOST)
            case Failed(problem) if problem.code in UNKNOWN:
                return LookingBack(self.work, self.passwordless, self.with_password)
            case Failed():
                return self.asking(NOT_NOW)
            case _:
                raise IllegalEventError(self, event)


class LookingBack(Making, frozen=True):
    """PingOne's answer was lost: is the account there? Nobody had the address before, and its mailbox was read here."""

    section = CREATE

    def want(self) -> Do[gx.FindForRegistration]:
        return Do(gx.FindForRegistration(address=self.work.address))

    def step(self, event: Event) -> Created | AskNames | AskPassword:
        match event:
            case gx.RegistrationUser(person_id) if person_id:
                return Created(replace(self.work, person_id=person_id, password_set=self.with_password))
            case gx.RegistrationUser():
                return self.asking(NOT_NOW)
            case Failed():
                return replace(self, work=replace(self.work, unsure=True)).asking(UNSURE)
            case _:
                raise IllegalEventError(self, event)


class _End(Terminal, frozen=True):
    section = CREATE

    def want(self) -> Done[Ended]:
        return Done(Ended())


class Created(_End, frozen=True):
    work: Work


class Taken(_End, frozen=True):
    """Somebody has the address by now; whoever typed its code may know that."""


class WentBack(_End, frozen=True):
    """To the page for the address."""

    work: Work


NewAccountState = AskNames | AskPassword | CreatingUser | LookingBack | Created | Taken | WentBack
