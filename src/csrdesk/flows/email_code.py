"""Verify Email, a part of registration: a passcode goes to the typed address, and comes back.

Whether anybody has the address shows nowhere: then its owner is told in place of a code, the same states are passed in
the same time, and no code is right. The typed passcode is the context's secret; a state here is its stand-in.
"""

from __future__ import annotations

from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import recovery_effects as rfx
from csrdesk.flows import recovery_replies as rr
from csrdesk.flows import registration_effects as gx
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Ask, Do, Done, Event, Failed, Outcome, Replies, State, Terminal, Together
from csrdesk.flows.recovery_inputs import NOT_NOW
from csrdesk.flows.registration_inputs import RESENDS, Work, asked_again
from csrdesk.flows.registration_prompts import EmailCodePrompt
from csrdesk.model.text import passcode

SECTION = "Verify Email"
WRONG = "That code is not right, or not good any more, or it could not be checked just now. Look at the newest mail."
"""Also where PingOne does not answer: for an address that somebody has it is not asked, and the words would tell."""
LOST = "The code was not checked. Type it once more."
NO_CODE = "Type the code from the mail: digits, six to ten of them."
NO_MORE = "No more codes are sent for this page. Go back and begin again, or call us."


class Ended(Outcome, frozen=True):
    """The flow around it goes on."""


def begin(work: Work, limit: int) -> Pausing:
    """The first state: the form is shown already."""
    return Pausing(work, limit)


class Sending(State, frozen=True):
    """What the page shows meanwhile: the form for the code, for everybody alike."""

    work: Work
    limit: int

    def meanwhile(self) -> EmailCodePrompt:
        return self.work.code_prompt(self.limit)


class Pausing(Sending, frozen=True):
    """The page answers first, and only then is done what differs from one address to another."""

    section = SECTION

    def want(self) -> Do[rfx.Linger]:
        return Do(rfx.Linger())

    def step(self, event: Event) -> SendingCode | TellingOwner | AskCode:
        match event:
            case r.TimeCame() | Failed() if not self.work.owner_id:
                return SendingCode(self.work, self.limit)
            case r.TimeCame() | Failed() if not self.work.resent:
                return TellingOwner(self.work, self.limit)
            case r.TimeCame() | Failed():
                return AskCode(self.work, self.limit)
            case _:
                raise IllegalEventError(self, event)


class SendingCode(Sending, frozen=True):
    section = SECTION

    def want(self) -> Do[gx.SendEmailCode]:
        return Do(gx.SendEmailCode(address=self.work.address))

    def step(self, event: Event) -> AskCode:
        match event:
            case gx.EmailCodeSent(authentication_id):
                return AskCode(self.work, self.limit, authentication_id)
            case Failed():
                return AskCode(self.work, self.limit)
            case _:
                raise IllegalEventError(self, event)


class TellingOwner(Sending, frozen=True):
    """Somebody has this address: they are told, and the page says nothing."""

    section = SECTION

    def want(self) -> Do[gx.TellOwner]:
        return Do(gx.TellOwner(person_id=self.work.owner_id))

    def step(self, event: Event) -> AskCode:
        match event:
            case r.CustomerTold() | r.CustomerNotTold() | Failed():
                return AskCode(self.work, self.limit)
            case _:
                raise IllegalEventError(self, event)


class AskCode(State, frozen=True):
    """What cannot be a code is said here, uncounted."""

    section = SECTION

    work: Work
    limit: int
    authentication_id: str = ""
    """Empty where no code was sent."""
    note: str = ""

    def want(self) -> Ask[EmailCodePrompt]:
        return Ask(self.work.code_prompt(self.limit, self.note))

    def step(self, event: Event) -> CountingTry | CountingResend | AskCode | WentBack:
        match event:
            case a.PasscodeGiven(typed) if passcode(typed.reveal()):
                work = replace(self.work, tries=self.work.tries + 1)
                return CountingTry(work, self.limit, self.authentication_id)
            case a.PasscodeGiven():
                return self._again(NO_CODE)
            case a.ResendChosen() if self.work.resent < RESENDS:
                return CountingResend(self.work, self.limit, self.authentication_id)
            case a.ResendChosen():
                return self._again(NO_MORE)
            case a.BackChosen():
                return WentBack(self.work)
            case _:
                raise IllegalEventError(self, event)

    def _again(self, note: str) -> AskCode:
        return replace(self, work=asked_again(self.work), note=note)


class Trying(State, frozen=True):
    """A code that was typed, without it."""

    work: Work
    limit: int
    authentication_id: str

    def tried(self, note: str) -> AskCode | TooManyTries:
        """The form once more, unless that was the last try."""
        if self.work.tries >= self.limit:
            return TooManyTries()
        return AskCode(asked_again(self.work), self.limit, self.authentication_id, note)


class CountingTry(Trying, frozen=True):
    """Counted before it is tried, here and over all pages for the address; the secret goes on in memory."""

    section = SECTION

    def want(self) -> Do[rfx.CountTry]:
        return Do(rfx.CountTry())

    def step(self, event: Event) -> CheckingCode | Pretending | AskCode | TooManyTries | PageClosed:
        match event:
            case rr.TryCounted() if self.authentication_id:
                return CheckingCode(self.work, self.limit, self.authentication_id)
            case rr.TryCounted():
                return Pretending(self.work, self.limit, "")
            case rr.RecoveryOver():
                return PageClosed()
            case r.SecretLost():
                return self.tried(LOST)
            case Failed():
                return self.tried(NOT_NOW)
            case _:
                raise IllegalEventError(self, event)


class CheckingCode(Trying, frozen=True):
    """PingOne judges it. Its answer is said no sooner than anybody's."""

    section = SECTION

    def want(self) -> Do[Together[rfx.Linger | gx.CheckEmailCode]]:
        check = gx.CheckEmailCode(authentication_id=self.authentication_id)
        return Do(Together(effects=(rfx.Linger(), check)))

    def step(self, event: Event) -> Verified | AskCode | TooManyTries:
        match event:
            case Replies((_, gx.EmailCodeRight())):
                return Verified(replace(self.work, verified=True))
            case Replies() | Failed():
                return self.tried(WRONG)
            case _:
                raise IllegalEventError(self, event)


class Pretending(Trying, frozen=True):
    """Somebody has this address, or no code could be sent: the same, in the same time."""

    section = SECTION

    def want(self) -> Do[rfx.Linger]:
        return Do(rfx.Linger())

    def step(self, event: Event) -> AskCode | TooManyTries:
        match event:
            case r.TimeCame() | Failed():
                return self.tried(WRONG)
            case _:
                raise IllegalEventError(self, event)


class CountingResend(State, frozen=True):
    """Not more often than settings say, and not sooner."""

    section = SECTION

    work: Work
    limit: int
    authentication_id: str

    def want(self) -> Do[rfx.CountResend]:
        return Do(rfx.CountResend())

    def step(self, event: Event) -> Pausing | AskCode | PageClosed:
        again = asked_again(self.work)
        match event:
            case rr.ResendCounted():
                return Pausing(replace(again, resent=again.resent + 1), self.limit)
            case rr.RecoveryLimited(message):
                return AskCode(again, self.limit, self.authentication_id, message)
            case rr.RecoveryOver():
                return PageClosed()
            case Failed():
                return AskCode(again, self.limit, self.authentication_id, NOT_NOW)
            case _:
                raise IllegalEventError(self, event)


class _End(Terminal, frozen=True):
    section = SECTION

    def want(self) -> Done[Ended]:
        return Done(Ended())


class Verified(_End, frozen=True):
    work: Work


class WentBack(_End, frozen=True):
    """To the page for the address."""

    work: Work


class TooManyTries(_End, frozen=True):
    pass


class PageClosed(_End, frozen=True):
    """Ended from outside, or too old, or too much was tried for this address."""


EmailCodeState = (
    Pausing
    | SendingCode
    | TellingOwner
    | AskCode
    | CountingTry
    | CheckingCode
    | Pretending
    | CountingResend
    | Verified
    | WentBack
    | TooManyTries
    | PageClosed
)
