"""Handle TOTP, SMS, Voice, Mobile and Email OTP Authentication: a passcode that PingOne sent, or that an app shows."""

from __future__ import annotations

from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import device_ends as ends
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.device_inputs import NOT_NOW, NOT_USABLE, Choice, Given, words
from csrdesk.flows.kernel import Ask, Do, Event, Failed, State
from csrdesk.model.proofs import Proof
from csrdesk.model.text import passcode

OTP = "Handle TOTP, SMS, Voice, Mobile and Email OTP Authentication"
_LOCKED = "That passcode is not right, and it was one too many: that device is locked now."


class AskPasscode(State, frozen=True):
    """The passcode of the named device; resending is counted, a malformed passcode is not sent to PingOne.

    In place of a push it is the one that the app shows, and to resend is to send the push again.
    """

    section = OTP
    also = ("Mobile Passcode Flow",)

    given: Given
    choice: Choice
    device_id: str
    note: str = ""

    def want(self) -> Ask[p.PasscodePrompt]:
        given, choice = self.given, self.choice
        return Ask(
            p.PasscodePrompt(
                given.about,
                self.note,
                given.page,
                choice.device(self.device_id),
                resends_left=self._resends_left,
                others=choice.has_others,
                cancel_enabled=given.inputs.cancel_enabled,
            )
        )

    def step(
        self, event: Event
    ) -> CheckingPasscode | ResendingPasscode | AskPasscode | ends.ChoosingAgain | ends.CannotUse | ends.Cancelled:
        match event:
            case a.PasscodeGiven(secret) if not passcode(secret.reveal()):
                return self.saying("A passcode has 6 to 10 letters or digits. Look again and type it once more.")
            case a.PasscodeGiven():
                return CheckingPasscode(self.given, self.choice, self.device_id)
            case a.ResendChosen() if not self._resends_left:
                return self.saying("No more passcodes can be sent here. Use the last one, or another device.")
            case a.ResendChosen():
                return ResendingPasscode(self.given, self.choice.sending(self.device_id), self.device_id)
            case a.OtherDeviceChosen():
                return ends.ChoosingAgain(self.choice)
            case a.CannotUseAnyChosen():
                return ends.CannotUse()
            case a.FactorCancelled():
                return ends.Cancelled()
            case _:
                raise IllegalEventError(self, event)

    def saying(self, note: str) -> AskPasscode:
        return replace(self, note=note)

    @property
    def _resends_left(self) -> int:
        return self.choice.resends_left(self.device_id, self.given.inputs.resend_otp_limit)


class CheckingPasscode(State, frozen=True):
    """Stands in for the typed passcode, which is in memory only."""

    section = OTP

    given: Given
    choice: Choice
    device_id: str

    def want(self) -> Do[fx.CheckPasscode]:
        return Do(
            fx.CheckPasscode(
                person_id=self.given.inputs.p1_user_id,
                authentication_id=self.choice.authentication_id,
                device_id=self.device_id,
                policy_id=self.given.inputs.p1_mfa_policy_id,
            )
        )

    def step(self, event: Event) -> ends.Proved | AskPasscode | ends.ChoosingAgain:
        again = AskPasscode(self.given, self.choice, self.device_id)
        device = self.choice.device(self.device_id)
        match event:
            case r.PasscodeRight(device_id) if device and device_id == device.id:
                return ends.Proved(Proof(device.auth_method, device.strength, device.id, device.label))
            case r.PasscodeRight():
                return again.saying("That passcode was taken for another device, so it proves nothing here. Try again.")
            case r.PasscodeWrong(None):
                return again.saying("That passcode is not right. Look again, and type it once more.")
            case r.PasscodeWrong(0):
                return ends.ChoosingAgain(self.choice.without(self.device_id), _LOCKED)
            case r.PasscodeWrong(left):
                return again.saying(f"That passcode is not right. Tries left: {left}.")
            case r.PasscodeRefused(message):
                return ends.ChoosingAgain(self.choice.without_authentication(), message)
            case r.SecretLost():
                return again.saying("Type the passcode once more.")
            case Failed(problem) if problem.code == NOT_USABLE:
                return ends.ChoosingAgain(self.choice.without(self.device_id), problem.message)
            case Failed():
                return again.saying(NOT_NOW)
            case _:
                raise IllegalEventError(self, event)


class ResendingPasscode(State, frozen=True):
    """To select the same device again makes PingOne send another passcode."""

    section = OTP

    given: Given
    choice: Choice
    device_id: str

    def want(self) -> Do[fx.SelectDevice]:
        return Do(self.given.select(self.choice, self.device_id))

    def step(self, event: Event) -> AskPasscode | ends.ChoosingAgain | ends.AskedOtherwise:
        match event:
            case r.AuthenticationIs(authentication) if self._asks_again(authentication):
                asked = self.choice.asking(authentication.id, self.device_id)
                return AskPasscode(self.given, asked, self.device_id, "A new passcode is on its way.")
            case r.AuthenticationIs(authentication):
                return ends.AskedOtherwise(self.choice, authentication)
            case Failed(problem) if problem.code == NOT_USABLE:
                return ends.ChoosingAgain(self.choice.without(self.device_id), problem.message)
            case Failed(problem):
                return AskPasscode(self.given, self.choice, self.device_id, words(problem))
            case _:
                raise IllegalEventError(self, event)

    def _asks_again(self, authentication: r.DeviceAuthentication) -> bool:
        return authentication.status == "OTP_REQUIRED" and authentication.device_id == self.device_id


PasscodeState = (
    AskPasscode
    | CheckingPasscode
    | ResendingPasscode
    | ends.Proved
    | ends.ChoosingAgain
    | ends.AskedOtherwise
    | ends.CannotUse
    | ends.Cancelled
)
