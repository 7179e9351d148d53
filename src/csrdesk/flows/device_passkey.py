"""Handle FIDO2 Authentication: the page's browser signs PingOne's challenge with the customer's passkey.

A challenge is good for one assertion; where it was not taken, PingOne is asked for another one.
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
from csrdesk.flows.device_inputs import NOT_NOW, NOT_USABLE, Choice, Given, after, words
from csrdesk.flows.kernel import Ask, Do, Event, Failed, State
from csrdesk.model.proofs import Proof

SECTION = "Handle FIDO2 Authentication"
_FAILED = {
    "cancelled": "Your browser was not shown the passkey: it was cancelled, or it took too long. Try again.",
    "unsupported": "This browser cannot use passkeys here. Use another device, or another browser.",
    "failed": "The passkey did not answer. Try again, or use another device.",
}


class AskPasskey(State, frozen=True):
    section = SECTION

    given: Given
    choice: Choice
    device_id: str
    options: str
    """`publicKeyCredentialRequestOptions`."""
    note: str = ""

    def want(self) -> Ask[dp.PasskeyPrompt]:
        given, choice = self.given, self.choice
        return Ask(
            dp.PasskeyPrompt(
                given.about,
                self.note,
                given.page,
                choice.device(self.device_id),
                self.options,
                others=choice.has_others,
                cancel_enabled=given.inputs.cancel_enabled,
            )
        )

    def step(
        self, event: Event
    ) -> CheckingAssertion | AskPasskey | ends.ChoosingAgain | ends.CannotUse | ends.Cancelled:
        match event:
            case a.AssertionGiven():
                return CheckingAssertion(self.given, self.choice, self.device_id)
            case a.PasskeyFailed(reason):
                return AskPasskey(self.given, self.choice, self.device_id, self.options, _FAILED[reason])
            case a.OtherDeviceChosen():
                return ends.ChoosingAgain(self.choice)
            case a.CannotUseAnyChosen():
                return ends.CannotUse()
            case a.FactorCancelled():
                return ends.Cancelled()
            case _:
                raise IllegalEventError(self, event)


class CheckingAssertion(State, frozen=True):
    """Stands in for what was signed, which is in memory only."""

    section = SECTION

    given: Given
    choice: Choice
    device_id: str

    def want(self) -> Do[dx.CheckAssertion]:
        return Do(
            dx.CheckAssertion(
                person_id=self.given.inputs.p1_user_id,
                authentication_id=self.choice.authentication_id,
                device_id=self.device_id,
            )
        )

    def step(self, event: Event) -> ends.Proved | RenewingChallenge | ends.ChoosingAgain:
        device = self.choice.device(self.device_id)
        match event:
            case dr.AssertionRight(device_id) if device and device_id == device.id:
                return ends.Proved(Proof(device.auth_method, device.strength, device.id, device.label))
            case dr.AssertionRight():
                return self._renewing("That was another passkey, so it proves nothing here. Try again.")
            case dr.AssertionWrong():
                return self._renewing("That passkey was not accepted. Try again, or use another device.")
            case r.PasscodeRefused(message):
                return ends.ChoosingAgain(self.choice.without_authentication(), message)
            case r.SecretLost():
                return self._renewing("Use your passkey once more.")
            case Failed(problem) if problem.code == NOT_USABLE:
                return ends.ChoosingAgain(self.choice.without(self.device_id), problem.message)
            case Failed():
                return self._renewing(NOT_NOW)
            case _:
                raise IllegalEventError(self, event)

    def _renewing(self, note: str) -> RenewingChallenge:
        return RenewingChallenge(self.given, self.choice, self.device_id, note)


class RenewingChallenge(State, frozen=True):
    """To select the same device again makes PingOne ask with another challenge."""

    section = SECTION

    given: Given
    choice: Choice
    device_id: str
    note: str

    def want(self) -> Do[fx.SelectDevice]:
        return Do(self.given.select(self.choice, self.device_id))

    def step(self, event: Event) -> AskPasskey | ends.AskedOtherwise | ends.ChoosingAgain:
        match event:
            case r.AuthenticationIs(authentication) if self._asks_again(authentication):
                asked = self.choice.asking(authentication.id, self.device_id)
                return AskPasskey(self.given, asked, self.device_id, authentication.options, self.note)
            case r.AuthenticationIs(authentication):
                return ends.AskedOtherwise(self.choice, authentication)
            case Failed(problem):
                return ends.ChoosingAgain(after(self.choice, self.device_id, problem), words(problem))
            case _:
                raise IllegalEventError(self, event)

    def _asks_again(self, authentication: r.DeviceAuthentication) -> bool:
        return authentication.status == "ASSERTION_REQUIRED" and authentication.device_id == self.device_id


PasskeyState = (
    AskPasskey
    | CheckingAssertion
    | RenewingChallenge
    | ends.Proved
    | ends.ChoosingAgain
    | ends.AskedOtherwise
    | ends.CannotUse
    | ends.Cancelled
)
