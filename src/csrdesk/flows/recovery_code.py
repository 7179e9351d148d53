"""The second half of an account recovery: the code goes out, and comes back with a new password.

Runs inside `account_recovery`. Whether anybody has the address shows nowhere: without a person the same states are
passed in the same time, and nothing is sent. The code and the password are the context's secret; a state here is their
stand-in. Found after a crash, or where an answer was lost, PingOne is asked when the password was set.
"""

from __future__ import annotations

from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import password_effects as pfx
from csrdesk.flows import password_replies as pr
from csrdesk.flows import public_answers as pa
from csrdesk.flows import public_prompts as pub
from csrdesk.flows import recovery_effects as rfx
from csrdesk.flows import recovery_replies as rr
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Ask, Do, Done, Event, Failed, Outcome, Problem, Replies, State, Terminal, Together
from csrdesk.flows.recovery_inputs import NOT_NOW, Work
from csrdesk.model.notices import Change
from csrdesk.model.proofs import Act

SEND = "Send Recovery Code If Applicable"
FORM = "Recovery Code Form"
VERIFY = "Verify Password and Recovery Code"
RESEND = "Resend Recovery Code"
UPDATE = "Update Password and Show Success Message"

WRONG = (
    "That code is not right, or not good any more, or it could not be checked just now. "
    "Look at the newest of our mails, and try again."
)
"""Also where PingOne does not answer: for an address that nobody has it is not asked, and the words would tell."""
LOST = "Your password was not changed. Type code and password once more."
UNSURE = "We could not find out whether your password was changed. Try to sign in with it; if that fails, go on here."
DIFFERENT = "The two passwords are not the same. Type the new password twice."
NO_CODE = "Type the code from our mail."
NO_PASSWORD = "Type the new password, and once more below it."  # noqa: S105 - words, not a password
NO_MORE = "No more codes are sent for this page. Begin again, or call us."
REASON = "The customer recovered their account by themselves."
_UNKNOWN = frozenset({"unknown", "timed_out", "unreachable", "unexpected_answer"})


class Ended(Outcome, frozen=True):
    """The flow around it goes on."""


def begin(work: Work) -> Pausing:
    """The first state: the form is shown already."""
    return Pausing(work)


class Sending(State, frozen=True):
    """What the page shows meanwhile: the form for the code, for everybody alike."""

    work: Work

    def meanwhile(self) -> pub.RecoveryCodePrompt:
        return self.work.prompt()


class Pausing(Sending, frozen=True):
    """The page answers first, and only then is anything done that not every address needs."""

    section = SEND

    def want(self) -> Do[rfx.Linger]:
        return Do(rfx.Linger())

    def step(self, event: Event) -> SendingCode | AskCode:
        match event:
            case r.TimeCame() | Failed():
                return SendingCode(self.work) if self.work.person_id else AskCode(self.work)
            case _:
                raise IllegalEventError(self, event)


class SendingCode(Sending, frozen=True):
    """PingOne mails the code; and we, that the device is new, where Protect says so."""

    section = SEND

    def want(self) -> Do[Together[rfx.SendRecoveryCode | fx.TellCustomer]]:
        who = self.work.person_id
        send = rfx.SendRecoveryCode(person_id=who)
        if self.work.new_device and not self.work.resent:
            return Do(Together(effects=(send, fx.TellCustomer(person_id=who, change=Change.NEW_DEVICE))))
        return Do(Together(effects=(send,)))

    def step(self, event: Event) -> AskCode | TellingToCall:
        match event:
            case Replies((rr.RecoveryCodeSent(home, changed_at), *_)):
                return AskCode(replace(self.work, home=home, changed_at=changed_at))
            case Replies((rr.RecoveryNotPossible(call_help_desk=True), *_)) if not self.work.resent:
                return TellingToCall(self.work)
            case Replies((rr.RecoveryNotPossible(), *_)):
                return AskCode(replace(self.work, person_id=""))
            case Replies() | Failed():
                return AskCode(self.work)
            case _:
                raise IllegalEventError(self, event)


class TellingToCall(Sending, frozen=True):
    """PingOne cannot change this password: a mail says so, the page does not."""

    section = SEND

    def want(self) -> Do[fx.TellCustomer]:
        return Do(fx.TellCustomer(person_id=self.work.person_id, change=Change.CALL_US))

    def step(self, event: Event) -> AskCode:
        match event:
            case r.CustomerTold() | r.CustomerNotTold() | r.NoticeQueued() | Failed():
                return AskCode(replace(self.work, person_id=""))
            case _:
                raise IllegalEventError(self, event)


class AskCode(State, frozen=True):
    """Code and password. What can be judged here is judged here, uncounted and without a word to anybody."""

    section = FORM

    work: Work
    note: str = ""
    refusals: tuple[str, ...] = ()

    def want(self) -> Ask[pub.RecoveryCodePrompt]:
        return Ask(self.work.prompt(self.note, self.refusals))

    def step(self, event: Event) -> CountingTry | AskCode | AskResend | LeftByCustomer:
        match event:
            case pa.RecoveryTyped():
                refusals = self._refusals(event)
                if refusals:
                    return asking(self.work, refusals=refusals)
                return CountingTry(replace(self.work, tries=self.work.tries + 1))
            case a.ResendChosen() if self.work.resent < self.work.resends:
                return AskResend(_next(self.work))
            case a.ResendChosen():
                return asking(self.work, NO_MORE)
            case a.Cancelled():
                return LeftByCustomer()
            case _:
                raise IllegalEventError(self, event)

    def _refusals(self, typed: pa.RecoveryTyped) -> tuple[str, ...]:
        if not typed.code.reveal().strip():
            return (NO_CODE,)
        if not typed.password.reveal():
            return (NO_PASSWORD,)
        if typed.password != typed.again:
            return (DIFFERENT,)
        asked = self.work.requirements if self.work.for_everybody else ()
        return tuple(one.words for one in asked if not one.is_met_by(typed.password))


class CountingTry(State, frozen=True):
    """Counted before it is tried, here and over all recoveries of the address; the secret goes on in memory."""

    section = VERIFY

    work: Work

    def want(self) -> Do[rfx.CountTry]:
        return Do(rfx.CountTry(person_id=self.work.person_id))

    def step(self, event: Event) -> UpdatingPassword | Pretending | AskCode | TooManyTries | PageClosed:
        match event:
            case rr.TryCounted():
                return UpdatingPassword(self.work) if self.work.person_id else Pretending(self.work)
            case rr.RecoveryOver():
                return PageClosed()
            case r.SecretLost():
                return tried(self.work, LOST)
            case Failed():
                return tried(self.work, NOT_NOW)
            case _:
                raise IllegalEventError(self, event)


class UpdatingPassword(State, frozen=True):
    """PingOne judges code and password at once. Its answer is said no sooner than anybody's."""

    section = UPDATE

    work: Work

    def want(self) -> Do[Together[rfx.Linger | rfx.RecoverPassword]]:
        work = self.work
        recover = rfx.RecoverPassword(person_id=work.person_id, home=work.home, act=Act.RECOVER, reason=REASON)
        return Do(Together(effects=(rfx.Linger(), recover)))

    def step(self, event: Event) -> EndingSessions | AskCode | TooManyTries | ReadingBack:
        match event:
            case Replies((_, pr.PasswordSet())):
                return EndingSessions(self.work)
            case Replies((_, pr.PasswordRefused(reasons))):
                return tried(self.work, refusals=reasons)
            case Replies((_, rr.RecoveryCodeWrong() | rr.RecoveryNotPossible() | r.SecretLost())):
                return tried(self.work, WRONG)
            case Replies((_, Failed(Problem(code=code)))) if code not in _UNKNOWN:
                return tried(self.work, WRONG)
            case Replies((_, Failed())) | Failed():
                return ReadingBack(self.work)
            case _:
                raise IllegalEventError(self, event)


class Pretending(State, frozen=True):
    """Nobody has this address, or the account can have no new password: the same, in the same time."""

    section = UPDATE

    work: Work

    def want(self) -> Do[Together[rfx.Linger | rfx.ReadRecoveryPolicy]]:
        return Do(Together(effects=(rfx.Linger(), rfx.ReadRecoveryPolicy())))

    def step(self, event: Event) -> AskCode | TooManyTries:
        match event:
            case Replies() | Failed():
                return tried(self.work, WRONG)
            case _:
                raise IllegalEventError(self, event)


class ReadingBack(State, frozen=True):
    """PingOne's answer was lost: has it taken the password?"""

    section = UPDATE

    work: Work

    def want(self) -> Do[pfx.ReadPasswordState]:
        return Do(pfx.ReadPasswordState(person_id=self.work.person_id, home=self.work.home))

    def step(self, event: Event) -> EndingSessions | AskCode | TooManyTries:
        match event:
            case pr.PasswordStateRead(state) if state.changed_at is not None:
                new = state.changed_at != self.work.changed_at and not state.must_change
                return EndingSessions(self.work) if new else tried(self.work, WRONG)
            case pr.PasswordStateRead() | Failed():
                return tried(self.work, UNSURE)
            case _:
                raise IllegalEventError(self, event)


class EndingSessions(State, frozen=True):
    """Whoever is signed in with the old password is not any more; and the owner of the address is told."""

    section = UPDATE

    work: Work

    def want(self) -> Do[Together[fx.TellCustomer | fx.EndSessions]]:
        who = self.work.person_id
        tell = fx.TellCustomer(person_id=who, change=Change.RECOVERED)
        end = fx.EndSessions(person_id=who, act=Act.RECOVER, reason=REASON)
        return Do(Together(effects=(tell, end)))

    def step(self, event: Event) -> EndingLeftSessions | Recovered:
        match event:
            case Replies((_, Failed(problem))) if problem.code == "not_done":
                return EndingLeftSessions(self.work)
            case Replies((_, ended)):
                return Recovered(signed_out=isinstance(ended, r.SessionsEnded))
            case Failed():
                return Recovered(signed_out=False)
            case _:
                raise IllegalEventError(self, event)


class EndingLeftSessions(State, frozen=True):
    """csrdesk was killed before a session ended, as was found out; no agent is there to try again."""

    section = UPDATE

    work: Work

    def want(self) -> Do[fx.EndSessions]:
        return Do(fx.EndSessions(person_id=self.work.person_id, act=Act.RECOVER, reason=REASON))

    def step(self, event: Event) -> Recovered:
        match event:
            case r.SessionsEnded() | Failed():
                return Recovered(signed_out=isinstance(event, r.SessionsEnded))
            case _:
                raise IllegalEventError(self, event)


class AskResend(State, frozen=True):
    """A page of its own, because another code ends the one before."""

    section = RESEND

    work: Work

    def want(self) -> Ask[pub.ResendCodePrompt]:
        return Ask(pub.ResendCodePrompt(asked=self.work.asked))

    def step(self, event: Event) -> CountingResend | AskCode:
        match event:
            case a.SendChosen():
                return CountingResend(self.work)
            case a.BackChosen():
                return asking(self.work)
            case _:
                raise IllegalEventError(self, event)


class CountingResend(State, frozen=True):
    """Not more often than settings say, and not sooner."""

    section = RESEND

    work: Work

    def want(self) -> Do[rfx.CountResend]:
        return Do(rfx.CountResend(person_id=self.work.person_id))

    def step(self, event: Event) -> Pausing | AskCode | PageClosed:
        match event:
            case rr.ResendCounted():
                return Pausing(replace(_next(self.work), resent=self.work.resent + 1))
            case rr.RecoveryLimited(message):
                return asking(self.work, message)
            case rr.RecoveryOver():
                return PageClosed()
            case Failed():
                return asking(self.work, NOT_NOW)
            case _:
                raise IllegalEventError(self, event)


class Recovered(Terminal, frozen=True):
    section = UPDATE

    signed_out: bool

    def want(self) -> Done[Ended]:
        return Done(Ended())


class LeftByCustomer(Terminal, frozen=True):
    section = FORM

    def want(self) -> Done[Ended]:
        return Done(Ended())


class TooManyTries(Terminal, frozen=True):
    section = VERIFY

    def want(self) -> Done[Ended]:
        return Done(Ended())


class PageClosed(Terminal, frozen=True):
    """Ended from outside, or too old, or too much was tried for this address."""

    section = FORM

    def want(self) -> Done[Ended]:
        return Done(Ended())


RecoveryCodeState = (
    Pausing
    | SendingCode
    | TellingToCall
    | AskCode
    | CountingTry
    | UpdatingPassword
    | Pretending
    | ReadingBack
    | EndingSessions
    | EndingLeftSessions
    | AskResend
    | CountingResend
    | Recovered
    | LeftByCustomer
    | TooManyTries
    | PageClosed
)


def asking(work: Work, note: str = "", refusals: tuple[str, ...] = ()) -> AskCode:
    """The form once more, as another question."""
    return AskCode(_next(work), note, refusals)


def tried(work: Work, note: str = "", refusals: tuple[str, ...] = ()) -> AskCode | TooManyTries:
    """The form once more, unless that was the last try."""
    return TooManyTries() if work.tries >= work.limit else asking(work, note, refusals)


def _next(work: Work) -> Work:
    return replace(work, asked=work.asked + 1)
