"""Device Authentication (Gift Card Redemption): the caller shows a device that they hold. Passcode devices so far.

A nested flow: the customer's page runs it after the right code. Its pages' clock and "this wasn't me" are its parent's.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Ask, Do, Done, Event, Failed, Outcome, Problem, State, Terminal
from csrdesk.flows.ping import spelled
from csrdesk.model.devices import Device, Devices, WebAuthn
from csrdesk.model.link import LinkAbout
from csrdesk.model.proofs import Proof
from csrdesk.model.text import passcode

OTP = "Handle TOTP, SMS, Voice, Mobile and Email OTP Authentication"
NOT_NOW = "That did not work on our side just now, and nothing was approved. Try again."
"""What customers read of a failure outside: what the systems behind are called is of no use to them."""


class Inputs(msgspec.Struct, frozen=True, rename=spelled):
    """What the flow is called with, in Ping's names."""

    p1_user_id: str
    """The PingOne id of whoever shows a device."""
    resend_otp_limit: int
    """How often a passcode may be sent again: N means exactly N."""
    email: str = ""
    """Has no effect: PingOne knows its devices' addresses."""
    p1_mfa_policy_id: str = ""
    """The device authentication policy; empty for PingOne's default one."""
    allowed_device_types: tuple[str, ...] = ()
    """Which kinds of device may be asked."""
    otp_fallback_allowed: bool = True
    """Whether a passcode may stand in for a push. No effect before pushes are built."""
    magic_link_enabled: bool = False
    """Whether a magic link is offered as well: never in a page that a magic link opened, so true has no effect yet."""
    company_logo: str = ""
    """Has no effect: the page takes its logo from the settings."""
    cancel_enabled: bool = True
    """Whether the page offers to cancel."""


class Given(msgspec.Struct, frozen=True):
    """What every state carries along: the inputs, and the page that the flow runs in."""

    inputs: Inputs
    about: LinkAbout
    page: p.Page = p.Page()


class Choice(msgspec.Struct, frozen=True):
    """The devices that can be asked, PingOne's authentication under way, and what was sent so far."""

    devices: tuple[Device, ...]
    authentication_id: str = ""
    """Empty before one was started, and after one that takes no more passcodes."""
    sent_to: tuple[str, ...] = ()
    """The devices that a passcode was sent to: whatever makes PingOne send them another is a resend."""
    resends: int = 0
    """`resendOtpAttempts`, over all devices and every authentication of this run."""

    def device(self, device_id: str) -> Device | None:
        return next((d for d in self.devices if d.id == device_id), None)

    def sending(self, device_id: str) -> Choice:
        """The choice once PingOne is made to ask that device; a try counts, whatever comes of it."""
        if device_id in self.sent_to:
            return replace(self, resends=self.resends + 1)
        device = self.device(device_id)
        return replace(self, sent_to=(*self.sent_to, device_id)) if device and device.type != "TOTP" else self

    def asking(self, authentication_id: str, device_id: str) -> Choice:
        """The choice once PingOne asks for that device's passcode, also where it chose the device itself."""
        known = self if device_id in self.sent_to else self.sending(device_id)
        return replace(known, authentication_id=authentication_id)

    def may_send(self, device_id: str, limit: int) -> bool:
        """Whether PingOne may be made to ask that device: a limit of N is exactly N resends."""
        return device_id not in self.sent_to or self.resends < limit


class Outputs(Outcome, frozen=True, rename=spelled):
    """Return Success or Return Error."""

    subflow_result: str = ""
    """`complete` or `cancelled`; empty after an error."""
    auth_method: str = ""
    """What was shown: `sms`, `email`, `voice` or `totp`."""
    error_message: str = ""
    """For people; empty unless it failed."""
    error_details: str = ""
    """For the log, without secrets."""


class GatheringBrowserData(State, frozen=True):
    """What the page's browser says of WebAuthn; without JavaScript: nothing, which counts as `NONE`."""

    section = "Gather Browser And Devices Data"

    given: Given

    def want(self) -> Ask[p.BrowserPrompt]:
        return Ask(p.BrowserPrompt(self.given.about))

    def step(self, event: Event) -> FilteringDevices:
        match event:
            case a.BrowserChecked(webauthn):
                return FilteringDevices(self.given, webauthn)
            case _:
                raise IllegalEventError(self, event)


class FilteringDevices(State, frozen=True):
    """Read the devices again, now that the browser is known; mask them, and keep those that can be asked."""

    section = "Filter and Mask Devices"
    also = ("Check If MFA Enabled And Any Device Active", "Call Magic Link Authentication")

    given: Given
    webauthn: WebAuthn

    def want(self) -> Do[fx.ReadDevices]:
        inputs = self.given.inputs
        return Do(fx.ReadDevices(person_id=inputs.p1_user_id, policy_id=inputs.p1_mfa_policy_id))

    def step(self, event: Event) -> StartingAuthentication | ReturnError:
        match event:
            case r.DevicesRead(devices):
                return self._with(devices)
            case Failed(problem):
                return ReturnError(replace(problem, message=NOT_NOW))
            case _:
                raise IllegalEventError(self, event)

    def _with(self, devices: Devices) -> StartingAuthentication | ReturnError:
        # Where it is enabled, the magic link is called here; in a page that a magic link opened it never is.
        if not devices.mfa_enabled or not devices.registered:
            return ReturnError(Problem("No device can be asked for this account.", code="no_device"))
        allowed = self.given.inputs.allowed_device_types
        usable = devices.usable(allowed, self.webauthn)
        if not usable:
            why = "; ".join(f"{d.kind}: {d.obstacle(allowed, self.webauthn)}" for d in devices.registered)
            return ReturnError(Problem("None of your devices can be used here.", details=why, code="no_usable_device"))
        only = usable[0].id if len(usable) == 1 else ""
        return StartingAuthentication(self.given, Choice(usable).sending(only), only)


class StartingAuthentication(State, frozen=True):
    """Ask PingOne to begin, with the only usable device or with none named, and follow its status."""

    section = "Decide Authentication Path Based On MFA Policy"
    also = ("Default Device Enrichment",)

    given: Given
    choice: Choice
    device_id: str = ""

    def want(self) -> Do[fx.StartDeviceAuthentication]:
        inputs = self.given.inputs
        return Do(
            fx.StartDeviceAuthentication(
                person_id=inputs.p1_user_id, policy_id=inputs.p1_mfa_policy_id, device_id=self.device_id
            )
        )

    def step(self, event: Event) -> Next:
        match event:
            case r.AuthenticationIs(authentication):
                return follow(self.given, self.choice, authentication)
            case Failed(problem):
                return ReturnError(replace(problem, message=_words(problem)))
            case _:
                raise IllegalEventError(self, event)


class AskDevice(State, frozen=True):
    """One entry a usable device; the magic link is not among them in a page that a magic link opened."""

    section = "Device Selection"

    given: Given
    choice: Choice
    note: str = ""

    def want(self) -> Ask[p.DeviceSelectionPrompt]:
        given = self.given
        return Ask(
            p.DeviceSelectionPrompt(
                given.about, self.note, given.page, self.choice.devices, cancel_enabled=given.inputs.cancel_enabled
            )
        )

    def step(self, event: Event) -> SelectingDevice | StartingAuthentication | AskDevice | CannotUseAny | ReturnSuccess:
        choice, limit = self.choice, self.given.inputs.resend_otp_limit
        match event:
            case a.DeviceChosen(device_id) if choice.device(device_id) is None:
                return AskDevice(self.given, choice, "Choose one of the devices below.")
            case a.DeviceChosen(device_id) if not choice.may_send(device_id, limit):
                return AskDevice(self.given, choice, "No more passcodes can be sent there. Choose another device.")
            case a.DeviceChosen(device_id) if not choice.authentication_id:
                return StartingAuthentication(self.given, choice.sending(device_id), device_id)
            case a.DeviceChosen(device_id):
                return SelectingDevice(self.given, choice.sending(device_id), device_id)
            case a.CannotUseAnyChosen():
                return CannotUseAny()
            case a.FactorCancelled():
                return ReturnSuccess("cancelled")
            case _:
                raise IllegalEventError(self, event)


class SelectingDevice(State, frozen=True):
    section = "Device Selection"

    given: Given
    choice: Choice
    device_id: str

    def want(self) -> Do[fx.SelectDevice]:
        inputs, choice = self.given.inputs, self.choice
        return Do(
            fx.SelectDevice(
                person_id=inputs.p1_user_id, authentication_id=choice.authentication_id, device_id=self.device_id
            )
        )

    def step(self, event: Event) -> Next:
        match event:
            case r.AuthenticationIs(authentication):
                return follow(self.given, self.choice, authentication)
            case Failed(problem):
                return AskDevice(self.given, replace(self.choice, authentication_id=""), _words(problem))
            case _:
                raise IllegalEventError(self, event)


class AskPasscode(State, frozen=True):
    """The passcode of the named device; resending is counted, a malformed passcode is not sent to PingOne."""

    section = OTP

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
                others=len(choice.devices) > 1,
                cancel_enabled=given.inputs.cancel_enabled,
            )
        )

    def step(
        self, event: Event
    ) -> CheckingPasscode | ResendingPasscode | AskPasscode | AskDevice | CannotUseAny | ReturnSuccess:
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
                return AskDevice(self.given, self.choice)
            case a.CannotUseAnyChosen():
                return CannotUseAny()
            case a.FactorCancelled():
                return ReturnSuccess("cancelled")
            case _:
                raise IllegalEventError(self, event)

    def saying(self, note: str) -> AskPasscode:
        return replace(self, note=note)

    @property
    def _resends_left(self) -> int:
        left = self.given.inputs.resend_otp_limit - self.choice.resends
        return max(left, 0) if self.device_id in self.choice.sent_to else 0


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
            )
        )

    def step(self, event: Event) -> ReturnSuccess | AskPasscode | AskDevice:
        again = AskPasscode(self.given, self.choice, self.device_id)
        device = self.choice.device(self.device_id)
        match event:
            case r.PasscodeRight(device_id) if device and device_id == device.id:
                return ReturnSuccess("complete", Proof(device.auth_method, device.strength, device.id, device.label))
            case r.PasscodeRight():
                return again.saying("That passcode was taken for another device, so it proves nothing here. Try again.")
            case r.PasscodeWrong(None):
                return again.saying("That passcode is not right.")
            case r.PasscodeWrong(left):
                return again.saying(f"That passcode is not right. Tries left: {left}.")
            case r.PasscodeRefused(message):
                return AskDevice(self.given, replace(self.choice, authentication_id=""), message)
            case r.SecretLost():
                return again.saying("Type the passcode once more.")
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
        return Do(
            fx.SelectDevice(
                person_id=self.given.inputs.p1_user_id,
                authentication_id=self.choice.authentication_id,
                device_id=self.device_id,
            )
        )

    def step(self, event: Event) -> Next:
        match event:
            case r.AuthenticationIs(authentication):
                after = follow(self.given, self.choice, authentication)
                if isinstance(after, AskPasscode):
                    return after.saying("A new passcode is on its way.")
                return after
            case Failed(problem):
                return AskPasscode(self.given, self.choice, self.device_id, _words(problem))
            case _:
                raise IllegalEventError(self, event)


class UnsupportedDevice(State, frozen=True):
    """PingOne asks for a kind of device that is not built yet: said, never taken for a proof."""

    section = "Handle FIDO2 Authentication"
    also = ("Mobile Push Flow", "Mobile Passcode Flow", "Mobile App Timed Out")

    given: Given
    choice: Choice
    kind: str

    def want(self) -> Ask[p.UnsupportedDevicePrompt]:
        given = self.given
        return Ask(p.UnsupportedDevicePrompt(given.about, "", given.page, self.kind))

    def step(self, event: Event) -> AskDevice | CannotUseAny | ReturnSuccess:
        match event:
            case a.OtherDeviceChosen():
                return AskDevice(self.given, self.choice)
            case a.CannotUseAnyChosen():
                return CannotUseAny()
            case a.FactorCancelled():
                return ReturnSuccess("cancelled")
            case _:
                raise IllegalEventError(self, event)


class ReturnSuccess(Terminal, frozen=True):
    """`complete` with a proof, or `cancelled` without one."""

    section = "Return Success"

    subflow_result: str
    proof: Proof | None = None

    def want(self) -> Done[Outputs]:
        return Done(Outputs(self.subflow_result, self.proof.method if self.proof else ""))


class CannotUseAny(Terminal, frozen=True):
    """The customer cannot use any of these: no approval, and the agent is told."""

    section = "Return Error"

    def want(self) -> Done[Outputs]:
        return Done(Outputs(error_message="The customer cannot use any of these devices.", error_details="no_factor"))


class ReturnError(Terminal, frozen=True):
    section = "Return Error"

    problem: Problem

    def want(self) -> Done[Outputs]:
        return Done(Outputs(error_message=self.problem.message, error_details=self.problem.details))


DeviceAuthenticationState = (
    GatheringBrowserData
    | FilteringDevices
    | StartingAuthentication
    | AskDevice
    | SelectingDevice
    | AskPasscode
    | CheckingPasscode
    | ResendingPasscode
    | UnsupportedDevice
    | ReturnSuccess
    | CannotUseAny
    | ReturnError
)

Next = AskDevice | AskPasscode | UnsupportedDevice | ReturnError
"""Where a status of PingOne can lead."""


def follow(given: Given, choice: Choice, authentication: r.DeviceAuthentication) -> Next:
    """The page for PingOne's status; a status that nobody knows is said, not guessed."""
    asked = choice.asking(authentication.id, authentication.device_id)
    match authentication.status:
        case "DEVICE_SELECTION_REQUIRED":
            return AskDevice(given, asked)
        case "OTP_REQUIRED" if asked.device(authentication.device_id):
            return AskPasscode(given, asked, authentication.device_id)
        case "OTP_REQUIRED":
            return AskDevice(given, asked)
        case "ASSERTION_REQUIRED":
            return UnsupportedDevice(given, asked, "passkey")
        case "PUSH_CONFIRMATION_REQUIRED" | "PUSH_CONFIRMATION_TIMED_OUT":
            return UnsupportedDevice(given, asked, "push")
        case "COMPLETED":
            words = "No device was asked for, so nothing was proved."
            return ReturnError(Problem(words, details="COMPLETED without an accepted passcode", code="not_proved"))
        case "FAILED":
            words = authentication.error or "The device was refused."
            return ReturnError(Problem(words, details=authentication.error_code, code="refused"))
        case unknown:
            words = "The answer about your device was not understood, so nothing was proved."
            return ReturnError(Problem(words, details=f"status {unknown!r}", code="unexpected_answer"))


def _words(problem: Problem) -> str:
    """What the customer reads where no passcode was sent: a limit of the desk's own is said."""
    return problem.message if problem.code == "limit_reached" else NOT_NOW
