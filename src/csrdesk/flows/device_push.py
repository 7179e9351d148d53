"""Mobile Push Flow: the customer answers a question in the app on their phone, by number where the policy has it so.

The first Deny is told to the agent; the second counts as "this wasn't me", because somebody else asked for the push.
"""

from __future__ import annotations

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import device_effects as dx
from csrdesk.flows import device_ends as ends
from csrdesk.flows import device_prompts as dp
from csrdesk.flows import device_replies as dr
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.device_inputs import NOT_NOW, NOT_USABLE, Choice, Given, words
from csrdesk.flows.kernel import Ask, Do, Event, Failed, Poll, State
from csrdesk.model.devices import Strength
from csrdesk.model.proofs import Proof

PUSH = "Mobile Push Flow"
TIMED_OUT = "Mobile App Timed Out"
_DENIED = (
    "The request was denied on the phone. If you asked for it, choose once more how to confirm. "
    'If somebody else did, press "This wasn\'t me".'
)


class AwaitingPush(State, frozen=True):
    """The phone has the question; other ways stay open meanwhile."""

    section = PUSH

    given: Given
    choice: Choice
    device_id: str
    number: str = ""
    """To find in the app; empty without number matching."""

    def want(self) -> Poll[dp.PushPrompt, dx.AwaitPush]:
        given, choice = self.given, self.choice
        prompt = dp.PushPrompt(
            given.about,
            "",
            given.page,
            choice.device(self.device_id),
            self.number,
            passcode_allowed=given.inputs.otp_fallback_allowed,
            others=choice.has_others,
            cancel_enabled=given.inputs.cancel_enabled,
        )
        return Poll(
            prompt,
            dx.AwaitPush(
                person_id=given.inputs.p1_user_id,
                authentication_id=choice.authentication_id,
                device_id=self.device_id,
            ),
        )

    def step(
        self, event: Event
    ) -> (
        NotingDenial
        | AskAfterTimeOut
        | CancellingPush
        | ends.Proved
        | ends.AskedOtherwise
        | ends.UsingPasscode
        | ends.CannotUse
        | ends.Cancelled
    ):
        match event:
            case dr.PushApproved(device_id) if device_id == self.device_id:
                return ends.Proved(self._proof())
            case dr.PushApproved():
                return AskAfterTimeOut(self.given, self.choice, self.device_id, "Another phone answered. Try again.")
            case dr.PushDenied():
                return NotingDenial(self.given, self.choice.without_authentication())
            case dr.PushTimedOut():
                return AskAfterTimeOut(self.given, self.choice, self.device_id)
            case r.AuthenticationIs(authentication):
                return ends.AskedOtherwise(self.choice, authentication)
            case Failed():
                return AskAfterTimeOut(self.given, self.choice, self.device_id, NOT_NOW)
            case a.AppPasscodeChosen() if self.given.inputs.otp_fallback_allowed:
                return ends.UsingPasscode(self.choice, self.device_id)
            case a.OtherDeviceChosen():
                return CancellingPush(self.given, self.choice)
            case a.CannotUseAnyChosen():
                return ends.CannotUse()
            case a.FactorCancelled():
                return ends.Cancelled()
            case _:
                raise IllegalEventError(self, event)

    def _proof(self) -> Proof:
        """Strong only with a number: a push alone is approved by whoever is asked often enough."""
        device = self.choice.device(self.device_id)
        strength = Strength.STRONG if self.number else Strength.WEAK
        return Proof("mobile", strength, self.device_id, device.label if device else "")


class NotingDenial(State, frozen=True):
    """The agent is told; the second time it is the end."""

    section = PUSH

    given: Given
    choice: Choice

    def want(self) -> Do[dx.NotePushDenied]:
        given = self.given
        return Do(dx.NotePushDenied(person_id=given.inputs.p1_user_id, challenge_id=given.about.challenge_id))

    def step(self, event: Event) -> ends.ChoosingAgain | ends.DeniedTwice | ends.LinkEnded:
        match event:
            case dr.PushDenialNoted(1):
                return ends.ChoosingAgain(self.choice, _DENIED)
            case dr.PushDenialNoted():
                return ends.DeniedTwice()
            case r.LinkOver(stage):
                return ends.LinkEnded(stage)
            case Failed():
                return ends.ChoosingAgain(self.choice, _DENIED)
            case _:
                raise IllegalEventError(self, event)


class CancellingPush(State, frozen=True):
    """The question leaves the phone before another device is chosen."""

    section = PUSH

    given: Given
    choice: Choice

    def want(self) -> Do[dx.CancelPush]:
        return Do(
            dx.CancelPush(person_id=self.given.inputs.p1_user_id, authentication_id=self.choice.authentication_id)
        )

    def step(self, event: Event) -> ends.ChoosingAgain:
        match event:
            case r.AuthenticationIs(authentication) if authentication.status == "DEVICE_SELECTION_REQUIRED":
                return ends.ChoosingAgain(self.choice)
            case r.AuthenticationIs() | Failed():
                return ends.ChoosingAgain(self.choice.without_authentication())
            case _:
                raise IllegalEventError(self, event)


class AskAfterTimeOut(State, frozen=True):
    """Nobody answered, or the answer could not be read: again, the app's passcode, or another device."""

    section = TIMED_OUT

    given: Given
    choice: Choice
    device_id: str
    note: str = ""

    def want(self) -> Ask[dp.PushTimedOutPrompt]:
        given, choice = self.given, self.choice
        return Ask(
            dp.PushTimedOutPrompt(
                given.about,
                self.note,
                given.page,
                choice.device(self.device_id),
                resends_left=self._resends_left,
                passcode_allowed=given.inputs.otp_fallback_allowed,
                others=choice.has_others,
                cancel_enabled=given.inputs.cancel_enabled,
            )
        )

    def step(
        self, event: Event
    ) -> SendingPushAgain | AskAfterTimeOut | ends.ChoosingAgain | ends.UsingPasscode | ends.CannotUse | ends.Cancelled:
        match event:
            case a.ResendChosen() if not self._resends_left:
                words_ = "No more requests can be sent to that phone. Use another device."
                return AskAfterTimeOut(self.given, self.choice, self.device_id, words_)
            case a.ResendChosen():
                return SendingPushAgain(self.given, self.choice.sending(self.device_id), self.device_id)
            case a.AppPasscodeChosen() if self.given.inputs.otp_fallback_allowed:
                return ends.UsingPasscode(self.choice, self.device_id)
            case a.OtherDeviceChosen():
                return ends.ChoosingAgain(self.choice)
            case a.CannotUseAnyChosen():
                return ends.CannotUse()
            case a.FactorCancelled():
                return ends.Cancelled()
            case _:
                raise IllegalEventError(self, event)

    @property
    def _resends_left(self) -> int:
        return self.choice.resends_left(self.device_id, self.given.inputs.resend_otp_limit)


class SendingPushAgain(State, frozen=True):
    section = TIMED_OUT

    given: Given
    choice: Choice
    device_id: str

    def want(self) -> Do[fx.SelectDevice]:
        return Do(self.given.select(self.choice, self.device_id))

    def step(self, event: Event) -> ends.AskedOtherwise | ends.ChoosingAgain | AskAfterTimeOut:
        match event:
            case r.AuthenticationIs(authentication):
                return ends.AskedOtherwise(self.choice, authentication)
            case Failed(problem) if problem.code == NOT_USABLE:
                return ends.ChoosingAgain(self.choice.without(self.device_id), problem.message)
            case Failed(problem):
                return AskAfterTimeOut(self.given, self.choice, self.device_id, words(problem))
            case _:
                raise IllegalEventError(self, event)


PushState = (
    AwaitingPush
    | NotingDenial
    | CancellingPush
    | AskAfterTimeOut
    | SendingPushAgain
    | ends.Proved
    | ends.ChoosingAgain
    | ends.AskedOtherwise
    | ends.UsingPasscode
    | ends.CannotUse
    | ends.Cancelled
    | ends.DeniedTwice
    | ends.LinkEnded
)
