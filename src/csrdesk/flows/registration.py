"""CIAM-Passwordless-Protect-Account-Registration: a customer makes an account by themselves, on public pages.

A flow without an agent and without a call. Here are the address, what Protect makes of the visit, and the ends; what
follows runs inside: `email_code`, `new_account`, and from there on `new_account_rest`. Until the code of the mail is
right every page is the same, at the same time, whether or not anybody has the address.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import email_code as ec
from csrdesk.flows import new_account as na
from csrdesk.flows import new_account_rest as rest
from csrdesk.flows import recovery_effects as rfx
from csrdesk.flows import recovery_replies as rr
from csrdesk.flows import registration_answers as ra
from csrdesk.flows import registration_effects as gx
from csrdesk.flows import replies as r
from csrdesk.flows import risk_effects as kfx
from csrdesk.flows import threat_detection as td
from csrdesk.flows.kernel import (
    Ask,
    Do,
    Done,
    Event,
    Failed,
    Outcome,
    Prompt,
    Replies,
    Reply,
    State,
    Terminal,
    Together,
    Want,
)
from csrdesk.flows.recovery_inputs import NOT_NOW
from csrdesk.flows.registration_inputs import Given, Outputs, Start, Variables, Work, asked_again
from csrdesk.flows.registration_prompts import RegisterEmailPrompt
from csrdesk.model.recovery import End, Stage
from csrdesk.model.registration import is_address, is_of
from csrdesk.model.risk import RiskLevel, WhenDown

PROFILING = "Progressive Profiling"
PROTECT = "PingOne Protect Threat Detection Analysis"
SUCCESS = "Return Success"
ERROR = "Return Error"

NO_ADDRESS = "Type your mail address, like name@example.com."
NO_DOMAIN = "Addresses of that domain cannot be used here. Type another one, or call us."
STOPPED = "We cannot do this here now. Nothing was made. Call us, and we help you on the phone."
TOO_OFTEN = "All tries are used. Nothing was made. Begin again later, or call us."
CLOSED = "This page was ended. Nothing more was done. Begin again, or call us."
KNOWN = "There is an account with this address already. Sign in with it; if you cannot, choose a new password."


def begin(start: Start) -> AskEmail:
    """The first state; the desk alone starts this flow, and answers it at once with the address."""
    inputs = start.inputs
    variables = Variables(inputs.passwordless_required, risk_policy_id=inputs.risk_policy_id)
    return AskEmail(Given(start.rules, inputs, variables), Work())


class AskEmail(State, frozen=True):
    """An address whose code was right here is not asked for another one."""

    section = PROFILING

    given: Given
    work: Work
    note: str = ""

    def want(self) -> Ask[RegisterEmailPrompt]:
        return Ask(RegisterEmailPrompt(self.note, self.work.asked, email=self.work.address))

    def step(self, event: Event) -> BeginningRegistration | MakingAccount | AskEmail | FinishingError:
        match event:
            case ra.RegisterEmailGiven(email, languages):
                return self._typed(email.strip(), languages)
            case a.Cancelled():
                return FinishingError(self.given, self.work, "", End.SIGN_ON)
            case _:
                raise IllegalEventError(self, event)

    def _typed(self, email: str, languages: str) -> BeginningRegistration | MakingAccount | AskEmail:
        rules, again = self.given.rules, asked_again(self.work)
        if not is_address(email):
            return AskEmail(self.given, replace(again, address=email, verified=False), NO_ADDRESS)
        if is_of(email, rules.no_domains) or (rules.domains and not is_of(email, rules.domains)):
            return AskEmail(self.given, replace(again, address=email, verified=False), NO_DOMAIN)
        if again.verified and email.casefold() == again.address.casefold():
            return making(self.given, again)
        work = Work(address=email, languages=languages, asked=again.asked)
        work = replace(work, given_name=again.given_name, family_name=again.family_name)
        return BeginningRegistration(self.given, work)


class BeginningRegistration(State, frozen=True):
    """Counted for the address, whoever has it, before anybody is asked."""

    section = PROFILING

    given: Given
    work: Work

    def want(self) -> Do[gx.BeginRegistration]:
        return Do(gx.BeginRegistration(address=self.work.address))

    def step(self, event: Event) -> AnalysingThreat | FinishingError:
        match event:
            case rr.RecoveryBegun(mark):
                inputs = td.Inputs(
                    user_name=self.work.address,
                    external_id=mark,
                    flow_type="REGISTRATION",
                    risk_policy_id=self.given.variables.risk_policy_id,
                )
                return AnalysingThreat(self.given, self.work, td.begin(inputs))
            case rr.RecoveryLimited(message, minutes):
                return FinishingError(self.given, self.work, message, End.LIMITED, minutes)
            case Failed():
                return FinishingError(self.given, self.work, NOT_NOW, End.FAILED)
            case _:
                raise IllegalEventError(self, event)


class AnalysingThreat(State, frozen=True):
    """Protect judges an external user, beside the look-up: it takes as long, and says as much, for anybody."""

    section = PROTECT

    given: Given
    work: Work
    detection: td.Evaluating

    def want(self) -> Do[Together[rfx.Linger | kfx.EvaluateRisk | gx.FindForRegistration | rfx.ReadRecoveryPolicy]]:
        judge = self.detection.want().effect
        find = gx.FindForRegistration(address=self.work.address)
        return Do(Together(effects=(rfx.Linger(), judge, find, rfx.ReadRecoveryPolicy())))

    def step(self, event: Event) -> VerifyingEmail | FinishingError:
        match event:
            case Replies((_, judged, found, policy)):
                return self._then(self.detection.step(judged), found, policy)
            case Failed():
                return FinishingError(self.given, self.work, NOT_NOW, End.FAILED)
            case _:
                raise IllegalEventError(self, event)

    def _then(
        self, detected: td.ReturnSuccess | td.ReturnError, found: Reply, policy: Reply
    ) -> VerifyingEmail | FinishingError:
        risk, down = detected.risk, self.given.rules.when_down
        variables = self.given.variables.knowing(risk) if risk else self.given.variables
        given = replace(self.given, variables=variables)
        is_lost = isinstance(detected, td.ReturnError) and detected.is_lost
        if risk is None and (down is not WhenDown.ALLOW or is_lost):
            return FinishingError(given, self.work, NOT_NOW, End.FAILED)
        if risk and (risk.is_mitigation or risk.level is RiskLevel.HIGH):
            return FinishingError(given, self.work, STOPPED, End.STOPPED)
        if not isinstance(found, gx.RegistrationUser):
            return FinishingError(given, self.work, NOT_NOW, End.FAILED)
        work = replace(self.work, owner_id=found.person_id)
        if isinstance(policy, rr.RecoveryPolicy):
            work = replace(work, requirements=policy.requirements, for_everybody=policy.for_everybody)
        return VerifyingEmail(given, ec.begin(work, given.rules.code_limit))


class VerifyingEmail(State, frozen=True):
    """The passcode goes out and comes back: `email_code` runs inside."""

    section = ec.SECTION

    given: Given
    sub: ec.EmailCodeState

    def want(self) -> Want:
        return self.sub.want()

    def meanwhile(self) -> Prompt | Outcome | None:
        return self.sub.meanwhile()

    def step(self, event: Event) -> VerifyingEmail | NotingAddress | AskEmail | FinishingError:
        match self.sub.step(event):
            case ec.Verified(work):
                return NotingAddress(self.given, asked_again(work))
            case ec.WentBack(work):
                return AskEmail(self.given, asked_again(work))
            case ec.TooManyTries():
                return FinishingError(self.given, Work(), TOO_OFTEN, End.TRIES)
            case ec.PageClosed():
                return FinishingError(self.given, Work(), CLOSED, End.OVER)
            case sub:
                return replace(self, sub=sub)


class NotingAddress(State, frozen=True):
    """From here on the page's clock is for what the customer types; and only from here on is anything made."""

    section = ec.SECTION

    given: Given
    work: Work

    def want(self) -> Do[gx.NoteRegistration]:
        return Do(gx.NoteRegistration(stage=Stage.VERIFIED))

    def step(self, event: Event) -> MakingAccount | FinishingError:
        match event:
            case r.Noted():
                return making(self.given, self.work)
            case Failed():
                return FinishingError(self.given, self.work, NOT_NOW, End.FAILED)
            case _:
                raise IllegalEventError(self, event)


class MakingAccount(State, frozen=True):
    """Names, a password or none, and the account: `new_account` runs inside."""

    section = PROFILING
    also = (na.CREATE,)

    given: Given
    sub: na.NewAccountState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> MakingAccount | AskEmail | CompletingAccount | FinishingError:
        match self.sub.step(event):
            case na.Created(work):
                # PingOne has them now: neither address nor names are kept here any longer.
                work = replace(work, address="", given_name="", family_name="")
                return CompletingAccount(self.given, rest.begin(self.given, work))
            case na.Taken():
                return FinishingError(self.given, Work(), KNOWN, End.KNOWN)
            case na.WentBack(work):
                return AskEmail(self.given, work)
            case sub:
                return replace(self, sub=sub)


class CompletingAccount(State, frozen=True):
    """What belongs to the account that is there: `new_account_rest` runs inside."""

    section = rest.AGREEMENT

    given: Given
    sub: rest.NewAccountRestState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> CompletingAccount | FinishingSuccess:
        match self.sub.step(event):
            case rest.Completed(work, auth_method):
                return FinishingSuccess(self.given, work, auth_method)
            case sub:
                return replace(self, sub=sub)


class FinishingSuccess(State, frozen=True):
    """The account is whole, and Protect learns that it was a person."""

    section = SUCCESS

    given: Given
    work: Work
    auth_method: str

    def want(self) -> Do[Together[gx.FinishRegistration | kfx.CompleteEvaluation]]:
        return _finish(self.given, self.work, Stage.DONE)

    def meanwhile(self) -> Outputs:
        return self._after().want().outcome

    def step(self, event: Event) -> ReturnSuccess:
        match event:
            case Replies() | Failed():
                return self._after()
            case _:
                raise IllegalEventError(self, event)

    def _after(self) -> ReturnSuccess:
        return ReturnSuccess("complete", self.work.person_id, self.auth_method)


class FinishingError(State, frozen=True):
    """Nothing came of it, which Protect learns as well, also where the customer went back to signing in."""

    section = ERROR

    given: Given
    work: Work
    error_message: str
    end: End
    minutes: int = 0

    def want(self) -> Do[Together[gx.FinishRegistration | kfx.CompleteEvaluation]]:
        return _finish(self.given, self.work, Stage.ENDED if self.end is End.SIGN_ON else Stage.REFUSED)

    def meanwhile(self) -> Outputs:
        return self._after().want().outcome

    def step(self, event: Event) -> ReturnSuccess | ReturnError:
        match event:
            case Replies() | Failed():
                return self._after()
            case _:
                raise IllegalEventError(self, event)

    def _after(self) -> ReturnSuccess | ReturnError:
        if self.end is End.SIGN_ON:
            return ReturnSuccess("signOn")
        return ReturnError(self.error_message, self.end, self.minutes)


class ReturnSuccess(Terminal, frozen=True):
    section = SUCCESS

    subflow_result: Literal["complete", "signOn"]
    person_id: str = ""
    auth_method: str = ""

    def want(self) -> Done[Outputs]:
        end = End.SIGN_ON if self.subflow_result == "signOn" else End.DONE
        return Done(Outputs(self.subflow_result, self.person_id, self.auth_method, end=end))


class ReturnError(Terminal, frozen=True):
    section = ERROR

    error_message: str
    end: End
    minutes: int = 0

    def want(self) -> Done[Outputs]:
        return Done(Outputs(error_message=self.error_message, end=self.end, minutes=self.minutes))


RegistrationState = (
    AskEmail
    | BeginningRegistration
    | AnalysingThreat
    | VerifyingEmail
    | NotingAddress
    | MakingAccount
    | CompletingAccount
    | FinishingSuccess
    | FinishingError
    | ReturnSuccess
    | ReturnError
)


def making(given: Given, work: Work) -> MakingAccount:
    """The page for the names."""
    return MakingAccount(given, na.AskNames(work, given.variables.passwordless_required))


def _finish(given: Given, work: Work, stage: Stage) -> Do[Together[gx.FinishRegistration | kfx.CompleteEvaluation]]:
    risk_id, who = given.variables.protect_risk_id, work.person_id
    status: Literal["SUCCESS", "FAILED"] = "SUCCESS" if stage is Stage.DONE else "FAILED"
    said = (kfx.CompleteEvaluation(person_id=who, risk_id=risk_id, status=status),) if risk_id else ()
    return Do(Together(effects=(gx.FinishRegistration(person_id=who, stage=stage), *said)))
