"""What belongs to a new account once PingOne has it: the mail about it, the agreement, its devices or its password.

Whatever fails here, the account is there: the page says what was made, and a retry goes on from where it stopped, so
nothing is made twice. A page that was left is found again by the mail.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import agreement as ag
from csrdesk.flows import answers as a
from csrdesk.flows import device_registration as dr
from csrdesk.flows import new_account as na
from csrdesk.flows import password_effects as pfx
from csrdesk.flows import password_replies as pr
from csrdesk.flows import registration_answers as ra
from csrdesk.flows import registration_effects as gx
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Ask, Do, Done, Event, Failed, Outcome, State, Terminal, Want
from csrdesk.flows.recovery_inputs import NOT_NOW
from csrdesk.flows.registration_inputs import Given, Work, asked_again
from csrdesk.flows.registration_prompts import PasswordInsteadPrompt, UnfinishedPrompt
from csrdesk.model.passwords import Home
from csrdesk.model.recovery import Stage

AGREEMENT = "Accept Agreement and Verify Email"
DEVICE = "Device Registration"
PASSWORD = "Set Password"  # noqa: S105 - a section's title

ACCOUNT = "Your account is there."
AGREED = "You have accepted the agreement."
LOST = "The password was not set. Type it once more."
NOT_DONE = "What is left did not work on our side just now. Try again in a moment."
"""Not that nothing was changed: the account is there."""


class Step(StrEnum):
    """Where a retry goes on."""

    NOTE = "note"
    AGREEMENT = "agreement"
    EMAIL = "email"
    DEVICE = "device"


class Ended(Outcome, frozen=True):
    """The flow around it goes on."""


def begin(given: Given, work: Work) -> NotingAccount:
    """The first state, for the account that was made just now."""
    return NotingAccount(given, work)


class NotingAccount(State, frozen=True):
    """The page is that account's from here on: whatever ends the person's pages ends this one."""

    section = na.CREATE

    given: Given
    work: Work

    def want(self) -> Do[gx.NoteRegistration]:
        return Do(gx.NoteRegistration(person_id=self.work.person_id, stage=Stage.CREATED))

    def step(self, event: Event) -> Welcoming | AskRetry:
        match event:
            case r.Noted():
                return Welcoming(self.given, self.work)
            case Failed():
                return AskRetry(self.given, asked_again(self.work), Step.NOTE)
            case _:
                raise IllegalEventError(self, event)


class Welcoming(State, frozen=True):
    """The mail "New Account Created", which also leads back to a page that was left."""

    section = na.CREATE

    given: Given
    work: Work

    def want(self) -> Do[gx.Welcome]:
        return Do(gx.Welcome(person_id=self.work.person_id))

    def step(self, event: Event) -> Agreeing | EnrollingEmail:
        match event:
            case r.CustomerTold() | r.CustomerNotTold() | Failed():
                return agreeing(self.given, self.work)
            case _:
                raise IllegalEventError(self, event)


class Agreeing(State, frozen=True):
    """Agreement (Terms of Service) runs here."""

    section = AGREEMENT

    given: Given
    work: Work
    sub: ag.AgreementState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> Agreeing | EnrollingEmail | AskRetry:
        match self.sub.step(event):
            case ag.ReturnSuccess(asked):
                return EnrollingEmail(self.given, replace(self.work, asked=asked, agreed=True))
            case ag.ReturnError(problem, asked):
                note = problem.message if problem == ag.NO_TEXT else NOT_DONE
                return AskRetry(self.given, replace(self.work, asked=asked), Step.AGREEMENT, note)
            case sub:
                return replace(self, sub=sub)


class EnrollingEmail(State, frozen=True):
    """The address becomes a device without another code: its code was right on this page."""

    section = AGREEMENT

    given: Given
    work: Work

    def want(self) -> Do[gx.EnrollEmail]:
        return Do(gx.EnrollEmail(person_id=self.work.person_id))

    def step(self, event: Event) -> RegisteringDevice | AskRetry | Completed:
        match event:
            case gx.EmailEnrolled() | gx.EmailNotAllowed():
                if self.work.password_set:
                    return Completed(self.work, "pwd")
                return registering(self.given, self.work)
            case Failed():
                return AskRetry(self.given, asked_again(self.work), Step.EMAIL)
            case _:
                raise IllegalEventError(self, event)


class AskRetry(State, frozen=True):
    """What was made stays; the retry goes on with what was not."""

    section = AGREEMENT

    given: Given
    work: Work
    at: Step
    note: str = NOT_DONE

    def want(self) -> Ask[UnfinishedPrompt]:
        made = (ACCOUNT, *((AGREED,) if self.work.agreed and self.given.inputs.agreement_enabled else ()))
        return Ask(UnfinishedPrompt(self.note, self.work.asked, made=made))

    def step(self, event: Event) -> NotingAccount | Agreeing | EnrollingEmail | RegisteringDevice:
        match event:
            case a.TryAgainChosen() if self.at is Step.NOTE:
                return NotingAccount(self.given, self.work)
            case a.TryAgainChosen() if self.at is Step.AGREEMENT:
                return agreeing(self.given, self.work)
            case a.TryAgainChosen() if self.at is Step.DEVICE:
                return registering(self.given, self.work)
            case a.TryAgainChosen():
                return EnrollingEmail(self.given, self.work)
            case _:
                raise IllegalEventError(self, event)


class RegisteringDevice(State, frozen=True):
    """Who has no password registers a device: Device Registration runs inside, and there is no way around it but a
    password.
    """

    section = DEVICE

    given: Given
    work: Work
    sub: dr.DeviceRegistrationState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> RegisteringDevice | AskFirstPassword | AskRetry | Completed:
        match self.sub.step(event):
            case dr.ReturnSuccess("passwordInstead", _, asked):
                return AskFirstPassword(self.given, replace(self.work, asked=asked + 1))
            case dr.ReturnSuccess(_, auth_method, asked):
                return Completed(replace(self.work, asked=asked), auth_method)
            case dr.ReturnError(message, asked):
                return AskRetry(self.given, replace(self.work, asked=asked + 1), Step.DEVICE, message)
            case sub:
                return replace(self, sub=sub)


class AskFirstPassword(State, frozen=True):
    """A password in place of a device, for the account that is there."""

    section = PASSWORD

    given: Given
    work: Work
    note: str = ""
    refusals: tuple[str, ...] = ()

    def want(self) -> Ask[PasswordInsteadPrompt]:
        work = self.work
        return Ask(PasswordInsteadPrompt(self.note, work.asked, requirements=work.requirements, refusals=self.refusals))

    def step(self, event: Event) -> SettingPassword | AskFirstPassword | RegisteringDevice:
        match event:
            case ra.FirstPasswordTyped() if refusals := na.refusals_of(event, self.work):
                return AskFirstPassword(self.given, asked_again(self.work), refusals=refusals)
            case ra.FirstPasswordTyped():
                return SettingPassword(self.given, asked_again(self.work))
            case a.BackChosen():
                return registering(self.given, self.work)
            case _:
                raise IllegalEventError(self, event)


class SettingPassword(State, frozen=True):
    section = PASSWORD

    given: Given
    work: Work

    def want(self) -> Do[gx.SetFirstPassword]:
        return Do(gx.SetFirstPassword(person_id=self.work.person_id))

    def step(self, event: Event) -> Completed | AskFirstPassword | ReadingPassword:
        match event:
            case pr.PasswordSet():
                return Completed(self.work, "pwd")
            case pr.PasswordRefused(reasons):
                return AskFirstPassword(self.given, self.work, refusals=reasons)
            case r.SecretLost():
                return AskFirstPassword(self.given, self.work, LOST)
            case Failed(problem) if problem.code in na.UNKNOWN:
                return ReadingPassword(self.given, self.work)
            case Failed():
                return AskFirstPassword(self.given, self.work, NOT_NOW)
            case _:
                raise IllegalEventError(self, event)


class ReadingPassword(State, frozen=True):
    """PingOne's answer was lost: it had no password before, so whichever it has now is the one that was typed."""

    section = PASSWORD

    given: Given
    work: Work

    def want(self) -> Do[pfx.ReadPasswordState]:
        return Do(pfx.ReadPasswordState(person_id=self.work.person_id, home=Home.PINGONE))

    def step(self, event: Event) -> Completed | AskFirstPassword:
        match event:
            case pr.PasswordStateRead(state) if state.changed_at is not None:
                return Completed(self.work, "pwd")
            case pr.PasswordStateRead() | Failed():
                return AskFirstPassword(self.given, self.work, LOST)
            case _:
                raise IllegalEventError(self, event)


class Completed(Terminal, frozen=True):
    section = AGREEMENT

    work: Work
    auth_method: str

    def want(self) -> Done[Ended]:
        return Done(Ended())


NewAccountRestState = (
    NotingAccount
    | Welcoming
    | Agreeing
    | EnrollingEmail
    | AskRetry
    | RegisteringDevice
    | AskFirstPassword
    | SettingPassword
    | ReadingPassword
    | Completed
)


def agreeing(given: Given, work: Work) -> Agreeing | EnrollingEmail:
    """The terms, where settings want them accepted."""
    inputs = ag.Inputs(
        work.person_id,
        given.inputs.agreement_id,
        agreement_enabled=given.inputs.agreement_enabled,
        languages=work.languages,
    )
    sub = ag.begin(inputs, asked_again(work).asked)
    return EnrollingEmail(given, work) if isinstance(sub, ag.ReturnSuccess) else Agreeing(given, work, sub)


def registering(given: Given, work: Work) -> RegisteringDevice:
    """The choice of a device, for an account without a password."""
    inputs = dr.Inputs(
        work.person_id,
        auto_enroll_email=True,
        allow_cancel=False,
        passwordless_required=given.variables.passwordless_required,
        allowed_device_types=given.inputs.allowed_device_types,
    )
    return RegisteringDevice(given, work, dr.begin(inputs, asked_again(work).asked, given.rules.mfa_policy_id))
