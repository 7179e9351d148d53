"""Challenge Acceptance By The User: the customer's side of Verify User Magic Link, an instance of its own.

The spoken address leads here as well: then no mail was opened, and a strong device alone is what is proved.

The agent's side (`verify_user`) and this one are joined by the challenge row alone: each finds out at its next step
what the other did.
"""

from __future__ import annotations

from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import device_authentication as da
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows import risk_check as rk
from csrdesk.flows.acceptance_ends import (
    SECTION,
    Approved,
    Given,
    NoFactor,
    PageApproved,
    PageClosed,
    PageNoFactor,
    PageOver,
    PageRefused,
    PageStopped,
    Refused,
    Start,
    Stopped,
)
from csrdesk.flows.kernel import Ask, Do, Event, Failed, Poll, Replies, State, Together, Want
from csrdesk.model.devices import Devices, Strength
from csrdesk.model.proofs import Evidence, Proof

__all__ = [
    "Approved",
    "Given",
    "NoFactor",
    "PageApproved",
    "PageClosed",
    "PageNoFactor",
    "PageOver",
    "PageRefused",
    "PageStopped",
    "Refused",
    "Start",
    "Stopped",
]

LINK_AND_CODE = Proof("ml", Strength.NONE, label="link and code")
"""The link's mailbox and the voice on the phone: no device."""


def begin(start: Start) -> AskCode:
    """The first state of a link's page."""
    return AskCode(Given(start.about, start.person_id, start.rules))


class AskCode(State, frozen=True):
    section = SECTION

    given: Given
    note: str = ""

    def want(self) -> Ask[p.CodePrompt]:
        return Ask(p.CodePrompt(self.given.about, self.note))

    def step(self, event: Event) -> CheckingCode | AskNotMe:
        match event:
            case a.CodeGiven():
                return CheckingCode(self.given)
            case a.NotMeChosen():
                return AskNotMe(self.given, self)
            case _:
                raise IllegalEventError(self, event)


class CheckingCode(State, frozen=True):
    """Stands in for the typed code, which is in memory only."""

    section = SECTION

    given: Given

    def want(self) -> Do[fx.CheckCode]:
        return Do(fx.CheckCode(person_id=self.given.person_id, challenge_id=self.given.challenge_id))

    def step(self, event: Event) -> CheckingRisk | ReadingRequirement | AskCode | PageClosed:
        match event:
            case r.CodeRight(page_until):
                return after_code(self.given.extended(p.Page(page_until)))
            case r.CodeWrong(left):
                return AskCode(self.given, f"That code is not right. Ask for it again. Tries left: {left}.")
            case r.LinkOver(stage):
                return PageClosed(stage)
            case r.SecretLost():
                return AskCode(self.given, "Type the code once more.")
            case Failed():
                return AskCode(self.given, da.NOT_NOW)
            case _:
                raise IllegalEventError(self, event)


class CheckingRisk(State, frozen=True):
    """PingOne Protect judges the browser whose code was right, before any device is asked."""

    section = SECTION

    given: Given
    sub: rk.RiskCheckState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> CheckingRisk | ReadingRequirement | AskAgain | Stopped | PageClosed:
        match self.sub.step(event):
            case rk.Cleared(found):
                return ReadingRequirement(replace(self.given, check=found))
            case rk.Stopped():
                return Stopped(self.given.about)
            case rk.LinkEnded(stage):
                return PageClosed(stage)
            case rk.BrowserLost():
                return AskAgain(self.given, da.NOT_NOW)
            case sub:
                return CheckingRisk(self.given, sub)


def after_code(given: Given) -> CheckingRisk | ReadingRequirement:
    """What follows the right code, and every later try: Protect is asked once, where settings want it asked."""
    rules = given.rules
    if not rules.protect_analysis or given.check is not None:
        return ReadingRequirement(given)
    check = rk.Check(given.person_id, given.challenge_id, rules.when_down)
    return CheckingRisk(given, rk.begin(check, rules.risk_policy_id))


class AskNotMe(State, frozen=True):
    """A page of its own, so that nobody ends a link by one stray click."""

    section = SECTION

    given: Given
    back: AskCode | Authenticating | AskAgain
    note: str = ""

    def want(self) -> Ask[p.NotMePrompt]:
        return Ask(p.NotMePrompt(self.given.about, self.note))

    def step(self, event: Event) -> RefusingChallenge | AskCode | Authenticating | AskAgain:
        match event:
            case a.NotMeAnswered("not_me"):
                return RefusingChallenge(self.given, self.back)
            case a.NotMeAnswered():
                return self.back
            case _:
                raise IllegalEventError(self, event)


class RefusingChallenge(State, frozen=True):
    section = SECTION

    given: Given
    back: AskCode | Authenticating | AskAgain
    on_phone: bool = False

    def want(self) -> Do[fx.RefuseChallenge]:
        return Do(fx.RefuseChallenge(person_id=self.given.person_id, challenge_id=self.given.challenge_id))

    def step(self, event: Event) -> Refused | AskNotMe:
        match event:
            case r.ChallengeRefused() | r.LinkOver():
                return Refused(self.given.about, self.on_phone)
            case Failed():
                return AskNotMe(self.given, self.back, da.NOT_NOW)
            case _:
                raise IllegalEventError(self, event)


class ReadingRequirement(State, frozen=True):
    """Is a device registered now, and will PingOne ask for it?"""

    section = SECTION

    given: Given

    def want(self) -> Do[fx.ReadDevices]:
        return Do(fx.ReadDevices(person_id=self.given.person_id, policy_id=self.given.rules.mfa_policy_id))

    def step(self, event: Event) -> Authenticating | Approving | GivingUpFactor | AskAgain:
        match event:
            case r.DevicesRead(devices):
                return self._with(devices)
            case Failed():
                return AskAgain(self.given, da.NOT_NOW)
            case _:
                raise IllegalEventError(self, event)

    def _with(self, devices: Devices) -> Authenticating | Approving | GivingUpFactor:
        given, rules = self.given, self.given.rules
        if given.steps_up and (devices.refused or not any(device.type in given.kinds for device in devices.registered)):
            return GivingUpFactor(given)
        if devices.registered and devices.refused:
            return Approving(
                given,
                Evidence((LINK_AND_CODE,), registered=True, factor_not_asked=devices.refused, risk=given.check),
            )
        if devices.registered:
            inputs = da.Inputs(
                p1_user_id=given.person_id,
                resend_otp_limit=rules.resend_otp_limit,
                p1_mfa_policy_id=rules.mfa_policy_id,
                allowed_device_types=given.kinds,
                otp_fallback_allowed=rules.otp_fallback_allowed,
            )
            return Authenticating(given, da.GatheringBrowserData(da.Given(inputs, given.about, given.page), devices))
        if rules.flow_require_mfa:
            return GivingUpFactor(given)
        return Approving(given, Evidence((LINK_AND_CODE,), risk=given.check))


class Authenticating(State, frozen=True):
    """Device Authentication runs in this page; what it wants is what the page wants."""

    section = SECTION

    given: Given
    sub: da.DeviceAuthenticationState

    def want(self) -> Want:
        return self.sub.want()

    def step(
        self, event: Event
    ) -> (
        Authenticating
        | AskNotMe
        | AddingTime
        | RecheckingDevices
        | GivingUpFactor
        | AskAgain
        | RefusingChallenge
        | PageClosed
    ):
        match event:
            case a.NotMeChosen() if isinstance(self.sub.want(), Ask | Poll):
                return AskNotMe(self.given, self)
            case a.MoreTimeChosen() if _has_clock(self.sub.want()):
                return AddingTime(self.given, self)
        match self.sub.step(event):
            case da.ReturnSuccess("complete", Proof() as proof):
                return RecheckingDevices(self.given, proof)
            case da.ReturnSuccess():
                return AskAgain(self.given, "You cancelled. Try again, or tell the agent what does not work.")
            case da.ReturnError(problem):
                return AskAgain(self.given, problem.message)
            case da.CannotUseAny():
                return GivingUpFactor(self.given)
            case da.DeniedByCustomer():
                back = AskAgain(self.given, "The request was denied on the phone twice.")
                return RefusingChallenge(self.given, back, on_phone=True)
            case da.PageEnded(stage):
                return PageClosed(stage)
            case sub:
                return Authenticating(self.given, sub)

    def extended(self, page: p.Page) -> Authenticating:
        return Authenticating(self.given.extended(page), da.on_page(self.sub, page))


class AskAgain(State, frozen=True):
    """The factor failed, was cancelled or could not be asked: nothing is approved until it is shown."""

    section = SECTION

    given: Given
    note: str

    def want(self) -> Ask[p.TryAgainPrompt]:
        return Ask(p.TryAgainPrompt(self.given.about, self.note, self.given.page))

    def step(self, event: Event) -> CheckingRisk | ReadingRequirement | GivingUpFactor | AddingTime | AskNotMe:
        match event:
            case a.TryAgainChosen():
                return after_code(self.given)
            case a.CannotUseAnyChosen():
                return GivingUpFactor(self.given)
            case a.MoreTimeChosen():
                return AddingTime(self.given, self)
            case a.NotMeChosen():
                return AskNotMe(self.given, self)
            case _:
                raise IllegalEventError(self, event)

    def extended(self, page: p.Page) -> AskAgain:
        return AskAgain(self.given.extended(page), self.note)


class AddingTime(State, frozen=True):
    """More time, once."""

    section = SECTION

    given: Given
    back: Authenticating | AskAgain

    def want(self) -> Do[fx.AddPageTime]:
        return Do(fx.AddPageTime(person_id=self.given.person_id, challenge_id=self.given.challenge_id))

    def step(self, event: Event) -> Authenticating | AskAgain | PageClosed:
        match event:
            case r.PageTimeAdded(page_until):
                return self.back.extended(p.Page(page_until, more_time=False))
            case r.NoMoreTime():
                return self.back.extended(replace(self.given.page, more_time=False))
            case r.LinkOver(stage):
                return PageClosed(stage)
            case Failed():
                return self.back
            case _:
                raise IllegalEventError(self, event)


class GivingUpFactor(State, frozen=True):
    """No device can be used: the link ends without approval, and the agent is told."""

    section = SECTION

    given: Given

    def want(self) -> Do[fx.GiveUpFactor]:
        return Do(fx.GiveUpFactor(person_id=self.given.person_id, challenge_id=self.given.challenge_id))

    def step(self, event: Event) -> NoFactor | PageClosed | AskAgain:
        match event:
            case r.Noted():
                return NoFactor(self.given.about)
            case r.LinkOver(stage):
                return PageClosed(stage)
            case Failed():
                return AskAgain(self.given, da.NOT_NOW)
            case _:
                raise IllegalEventError(self, event)


class RecheckingDevices(State, frozen=True):
    """The requirement follows the devices registered at approval, not those of when the link was sent."""

    section = SECTION

    given: Given
    proof: Proof

    def want(self) -> Do[Together[fx.ReadDevices | fx.NoteDevicePassed]]:
        who, given = self.given.person_id, self.given
        read = fx.ReadDevices(person_id=who, policy_id=given.rules.mfa_policy_id)
        return Do(Together(effects=(read, fx.NoteDevicePassed(person_id=who, challenge_id=given.challenge_id))))

    def step(self, event: Event) -> Approving | AskAgain | PageClosed:
        match event:
            case Replies((r.DevicesRead(devices), r.Noted())):
                if self.given.steps_up and self.proof.strength is not Strength.STRONG:
                    return AskAgain(self.given, "That device is not enough here. Try another one.")
                if any(d.id == self.proof.device_id for d in devices.registered):
                    link = (LINK_AND_CODE,) if self.given.about.mailed else ()
                    evidence = Evidence((*link, self.proof), registered=True, risk=self.given.check)
                    return Approving(self.given, evidence)
                return AskAgain(self.given, "That device is not registered any more. Try another one.")
            case Replies((_, r.LinkOver(stage))):
                return PageClosed(stage)
            case Replies() | Failed():
                return AskAgain(self.given, "Your devices could not be checked just now. Try again.")
            case _:
                raise IllegalEventError(self, event)


class Approving(State, frozen=True):
    """The last step: the link is consumed, once."""

    section = SECTION

    given: Given
    evidence: Evidence

    def want(self) -> Do[fx.ApproveChallenge]:
        given = self.given
        return Do(
            fx.ApproveChallenge(person_id=given.person_id, challenge_id=given.challenge_id, evidence=self.evidence)
        )

    def step(self, event: Event) -> Approved | PageClosed | AskAgain:
        match event:
            case r.ChallengeApproved():
                return Approved(self.given.about)
            case r.LinkOver(stage):
                return PageClosed(stage)
            case Failed():
                return AskAgain(self.given, da.NOT_NOW)
            case _:
                raise IllegalEventError(self, event)


ChallengeAcceptanceState = (
    AskCode
    | CheckingCode
    | CheckingRisk
    | AskNotMe
    | RefusingChallenge
    | ReadingRequirement
    | Authenticating
    | AskAgain
    | AddingTime
    | GivingUpFactor
    | RecheckingDevices
    | Approving
    | Approved
    | Refused
    | NoFactor
    | Stopped
    | PageClosed
)


def _has_clock(want: Want) -> bool:
    return isinstance(want, Ask | Poll) and isinstance(want.prompt, p.PagePrompt)
