"""CIAM-Passwordless-Protect-Account-Recovery: a customer who forgot their password helps themselves, on public pages.

A flow without an agent and without a call. Here are the address, what Protect makes of the visit, and the ends. The
code and the new password are `recovery_code`, which runs inside. Every page before the password is set is the same, at
the same time, whether or not anybody has the address.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import public_answers as pa
from csrdesk.flows import public_prompts as pub
from csrdesk.flows import recovery_code as rc
from csrdesk.flows import recovery_effects as rfx
from csrdesk.flows import recovery_replies as rr
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
from csrdesk.flows.recovery_inputs import NOT_NOW, Given, Outputs, Start, Variables, Work
from csrdesk.model.notices import Change
from csrdesk.model.proofs import Act
from csrdesk.model.recovery import End, Stage
from csrdesk.model.risk import KNOWN_DEVICE, Risk, RiskCheck, RiskLevel, WhenDown

FORM = "Forgot Password Form"
PROTECT = "PingOne Protect Threat Detection Analysis"
SUCCESS = "Return Success"
ERROR = "Return Error"

NO_ADDRESS = "Type the mail address of your account, like name@example.com."
STOPPED = "We cannot do this here now. Nothing was changed. Call us, and we help you on the phone."
TOO_OFTEN = "All tries are used. Nothing was changed. Begin again later, or call us."
CLOSED = "This page was ended. Nothing more was changed. Begin again, or call us."
RISK_REASON = "PingOne Protect recommends against a visit that asked for a new password."


def begin(start: Start) -> AskEmail:
    """The first state; the desk alone starts this flow, and answers it at once with the address."""
    variables = Variables(recovery_limit=start.rules.recovery_limit)
    return AskEmail(Given(start.rules, start.inputs, variables))


class AskEmail(State, frozen=True):
    section = FORM

    given: Given
    note: str = ""
    asked: int = 1

    def want(self) -> Ask[pub.ForgotPasswordPrompt]:
        return Ask(pub.ForgotPasswordPrompt(self.note, self.asked))

    def step(self, event: Event) -> BeginningRecovery | AskEmail | ReturnSuccess:
        match event:
            case pa.EmailGiven(email) if _is_address(email.strip()):
                return BeginningRecovery(self.given, email.strip())
            case pa.EmailGiven():
                return AskEmail(self.given, NO_ADDRESS, self.asked + 1)
            case a.Cancelled():
                return ReturnSuccess(self.given, "signOn")
            case _:
                raise IllegalEventError(self, event)


class BeginningRecovery(State, frozen=True):
    """Counted for the address, whoever has it, before anybody is asked."""

    section = FORM

    given: Given
    address: str

    def want(self) -> Do[rfx.BeginRecovery]:
        return Do(rfx.BeginRecovery(address=self.address))

    def step(self, event: Event) -> AnalysingThreat | ReturnError:
        match event:
            case rr.RecoveryBegun(mark):
                # The address itself is a name beside it, because Protect knows throw-away ones by that.
                policy = self.given.rules.risk_policy_id
                inputs = td.Inputs(user_name=self.address, external_id=mark, risk_policy_id=policy)
                return AnalysingThreat(self.given, self.address, td.begin(inputs))
            case rr.RecoveryLimited(message, minutes):
                return ReturnError(self.given, message, End.LIMITED, minutes)
            case Failed():
                return ReturnError(self.given, NOT_NOW, End.FAILED)
            case _:
                raise IllegalEventError(self, event)


class AnalysingThreat(State, frozen=True):
    """Protect judges an external user, beside the look-up: it takes as long, and says as much, for anybody."""

    section = PROTECT

    given: Given
    address: str
    detection: td.Evaluating

    def want(self) -> Do[Together[rfx.Linger | kfx.EvaluateRisk | rfx.FindForRecovery | rfx.ReadRecoveryPolicy]]:
        judge = self.detection.want().effect
        find, policy = rfx.FindForRecovery(address=self.address), rfx.ReadRecoveryPolicy()
        return Do(Together(effects=(rfx.Linger(), judge, find, policy)))

    def step(self, event: Event) -> Binding | FinishingError | ReturnError:
        match event:
            case Replies((_, judged, found, policy)):
                return self._then(self.detection.step(judged), found, policy)
            case Failed():
                return ReturnError(self.given, NOT_NOW, End.FAILED)
            case _:
                raise IllegalEventError(self, event)

    def _then(
        self, detected: td.ReturnSuccess | td.ReturnError, found: Reply, policy: Reply
    ) -> Binding | FinishingError | ReturnError:
        risk, down = detected.risk, self.given.rules.when_down
        variables = self.given.variables.knowing(risk) if risk else self.given.variables
        given = replace(self.given, variables=variables)
        if risk is None and (down is not WhenDown.ALLOW or _is_lost(detected)):
            return ReturnError(given, NOT_NOW, End.FAILED)
        if not isinstance(found, rr.RecoveryUser) or not isinstance(policy, rr.RecoveryPolicy):
            return FinishingError(given, "", NOT_NOW, End.FAILED)
        work = Work(
            limit=variables.recovery_limit,
            resends=given.rules.resends,
            person_id=found.person_id,
            new_device=risk is not None and risk.device_status != KNOWN_DEVICE,
            requirements=policy.requirements,
            for_everybody=policy.for_everybody,
        )
        return Binding(given, work, risk)


class Binding(State, frozen=True):
    """From here on whatever ends this person's pages ends this one; the page goes on meanwhile."""

    section = PROTECT

    given: Given
    work: Work
    risk: Risk | None

    def want(self) -> Do[rfx.BindRecovery]:
        found = RiskCheck(self.risk, None if self.risk else self.given.rules.when_down)
        return Do(rfx.BindRecovery(person_id=self.work.person_id, found=found))

    def step(self, event: Event) -> Recovering | FinishingError | DisablingAccount | WarningOwner:
        given, work = self.given, self.work
        match event:
            case r.Noted() if self.risk and self.risk.is_mitigation:
                if not work.person_id:
                    return FinishingError(given, "", STOPPED, End.STOPPED)
                disables = self.risk.predictor in given.rules.disable_for
                return DisablingAccount(given, work.person_id) if disables else WarningOwner(given, work.person_id)
            case r.Noted() if self.risk and self.risk.level is RiskLevel.HIGH:
                return FinishingError(given, work.person_id, STOPPED, End.STOPPED)
            case r.Noted():
                return Recovering(given, work.person_id, rc.begin(work))
            case Failed():
                return FinishingError(given, work.person_id, NOT_NOW, End.FAILED)
            case _:
                raise IllegalEventError(self, event)


class Stopping(State, frozen=True):
    """The page says already that it ends here, and nothing of what is done about it."""

    given: Given
    person_id: str

    def meanwhile(self) -> Outputs:
        return _refusal(STOPPED, End.STOPPED)


class DisablingAccount(Stopping, frozen=True):
    """Only where settings name what Protect recommends: disabling on a stranger's say-so switches off anybody."""

    section = PROTECT

    def want(self) -> Do[fx.SetPingOneEnabled]:
        who, act = self.person_id, Act.RISK
        return Do(fx.SetPingOneEnabled(person_id=who, enabled=False, act=act, reason=RISK_REASON))

    def step(self, event: Event) -> EndingSessions | WarningOwner:
        match event:
            case r.PingOneEnabledSet():
                return EndingSessions(self.given, self.person_id)
            case Failed():
                return WarningOwner(self.given, self.person_id)
            case _:
                raise IllegalEventError(self, event)


class EndingSessions(Stopping, frozen=True):
    """Whoever is signed in goes with it."""

    section = PROTECT

    def want(self) -> Do[fx.EndSessions]:
        return Do(fx.EndSessions(person_id=self.person_id, act=Act.RISK, reason=RISK_REASON))

    def step(self, event: Event) -> WarningOwner:
        match event:
            case r.SessionsEnded() | Failed():
                return WarningOwner(self.given, self.person_id, Change.DISABLED_FOR_RISK)
            case _:
                raise IllegalEventError(self, event)


class WarningOwner(Stopping, frozen=True):
    """Whose address was typed reads what happened, and whom to call."""

    section = PROTECT

    change: Change = Change.SUSPICIOUS

    def want(self) -> Do[fx.TellCustomer]:
        return Do(fx.TellCustomer(person_id=self.person_id, change=self.change))

    def step(self, event: Event) -> FinishingError:
        match event:
            case r.CustomerTold() | r.CustomerNotTold() | r.NoticeQueued() | Failed():
                return FinishingError(self.given, self.person_id, STOPPED, End.STOPPED)
            case _:
                raise IllegalEventError(self, event)


class Recovering(State, frozen=True):
    """The code and the new password: `recovery_code` runs inside."""

    section = rc.FORM

    given: Given
    person_id: str
    sub: rc.RecoveryCodeState

    def want(self) -> Want:
        return self.sub.want()

    def meanwhile(self) -> Prompt | Outcome | None:
        return self.sub.meanwhile()

    def step(self, event: Event) -> Recovering | FinishingSuccess | FinishingError:
        match self.sub.step(event):
            case rc.Recovered(signed_out):
                return FinishingSuccess(self.given, self.person_id, signed_out=signed_out)
            case rc.LeftByCustomer():
                return FinishingError(self.given, self.person_id, "", End.SIGN_ON)
            case rc.TooManyTries():
                return FinishingError(self.given, self.person_id, TOO_OFTEN, End.TRIES)
            case rc.PageClosed():
                return FinishingError(self.given, self.person_id, CLOSED, End.OVER)
            case sub:
                return replace(self, sub=sub)


class FinishingSuccess(State, frozen=True):
    """The password is set: the person's other pages end, and Protect learns that it was them."""

    section = SUCCESS

    given: Given
    person_id: str
    signed_out: bool

    def want(self) -> Do[Together[rfx.FinishRecovery | kfx.CompleteEvaluation]]:
        return _finish(self.given, self.person_id, Stage.DONE)

    def meanwhile(self) -> Outputs:
        return _outputs("complete", self.person_id, signed_out=self.signed_out)

    def step(self, event: Event) -> ReturnSuccess:
        match event:
            case Replies() | Failed():
                return ReturnSuccess(self.given, "complete", self.person_id, signed_out=self.signed_out)
            case _:
                raise IllegalEventError(self, event)


class FinishingError(State, frozen=True):
    """Nothing came of it, which Protect learns as well, also where the customer went back to signing in."""

    section = ERROR

    given: Given
    person_id: str
    error_message: str
    end: End

    def want(self) -> Do[Together[rfx.FinishRecovery | kfx.CompleteEvaluation]]:
        return _finish(self.given, self.person_id, Stage.ENDED if self.end is End.SIGN_ON else Stage.REFUSED)

    def meanwhile(self) -> Outputs:
        return _outputs("signOn") if self.end is End.SIGN_ON else _refusal(self.error_message, self.end)

    def step(self, event: Event) -> ReturnSuccess | ReturnError:
        match event:
            case Replies() | Failed():
                if self.end is End.SIGN_ON:
                    return ReturnSuccess(self.given, "signOn")
                return ReturnError(self.given, self.error_message, self.end)
            case _:
                raise IllegalEventError(self, event)


class ReturnSuccess(Terminal, frozen=True):
    section = SUCCESS

    given: Given
    subflow_result: str
    person_id: str = ""
    signed_out: bool = False

    def want(self) -> Done[Outputs]:
        return Done(_outputs(self.subflow_result, self.person_id, signed_out=self.signed_out))


class ReturnError(Terminal, frozen=True):
    section = ERROR

    given: Given
    error_message: str
    end: End
    minutes: int = 0

    def want(self) -> Done[Outputs]:
        return Done(_refusal(self.error_message, self.end, self.minutes))


AccountRecoveryState = (
    AskEmail
    | BeginningRecovery
    | AnalysingThreat
    | Binding
    | DisablingAccount
    | EndingSessions
    | WarningOwner
    | Recovering
    | FinishingSuccess
    | FinishingError
    | ReturnSuccess
    | ReturnError
)


def _is_address(text: str) -> bool:
    """Enough to look for: one `@` with something around it, and nothing that no address holds."""
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain) and text.isprintable() and " " not in text


def _is_lost(detected: td.ReturnSuccess | td.ReturnError) -> bool:
    return isinstance(detected, td.ReturnError) and detected.is_lost


def _finish(given: Given, person_id: str, stage: Stage) -> Do[Together[rfx.FinishRecovery | kfx.CompleteEvaluation]]:
    risk_id = given.variables.protect_risk_id
    finish = rfx.FinishRecovery(person_id=person_id, stage=stage)
    status: Literal["SUCCESS", "FAILED"] = "SUCCESS" if stage is Stage.DONE else "FAILED"
    said = (kfx.CompleteEvaluation(person_id=person_id, risk_id=risk_id, status=status),) if risk_id else ()
    return Do(Together(effects=(finish, *said)))


def _outputs(result: str, person_id: str = "", *, signed_out: bool = False) -> Outputs:
    done = result == "complete"
    return Outputs(
        person_id, result, "pwd" if done else "", end=End.DONE if done else End.SIGN_ON, signed_out=signed_out
    )


def _refusal(message: str, end: End, minutes: int = 0) -> Outputs:
    return Outputs(error_message=message, end=end, minutes=minutes)
