"""Device Authentication (Gift Card Redemption): the caller shows a device that they hold.

A nested flow: the customer's page runs it after the right code, or a page of its own does (`device_page`). Its pages'
clock and "this wasn't me" are its parent's; what shows one device (passcode, passkey, push) runs inside it, and so does
the magic link in place of one.
"""

from __future__ import annotations

from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import device_effects as dx
from csrdesk.flows import device_ends as ends
from csrdesk.flows import device_passcode as pc
from csrdesk.flows import device_passkey as pk
from csrdesk.flows import device_push as ph
from csrdesk.flows import device_replies as dr
from csrdesk.flows import effects as fx
from csrdesk.flows import magic_link as ml
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.device_inputs import NOT_NOW, NOT_USABLE, Choice, Given, Inputs, after, words
from csrdesk.flows.kernel import Ask, Do, Done, Event, Failed, Outcome, Problem, State, Terminal, Want
from csrdesk.flows.ping import spelled
from csrdesk.model.devices import Devices, WebAuthn
from csrdesk.model.link import LinkStage
from csrdesk.model.proofs import Proof

__all__ = ["NOT_NOW", "Choice", "Given", "Inputs"]


class Outputs(Outcome, frozen=True, rename=spelled):
    """Return Success or Return Error."""

    subflow_result: str = ""
    """`complete`, `cancelled`, `notMe` or `expired`; empty after an error."""
    auth_method: str = ""
    """What was shown: `fido2`, `mobile`, `totp`, `sms`, `voice` or `email`; `ml` for a magic link."""
    error_message: str = ""
    """For people; empty unless it failed."""
    error_details: str = ""
    """For the log, without secrets."""


class GatheringDevices(State, frozen=True):
    """Where the flow begins that nobody has read the devices for. They come masked."""

    section = "Gather Browser And Devices Data"
    also = ("Filter and Mask Devices",)

    given: Given

    def want(self) -> Do[dx.GatherDevices]:
        return Do(dx.GatherDevices(person_id=self.given.inputs.p1_user_id))

    def step(self, event: Event) -> GatheringBrowserData | ReturnError:
        match event:
            case dr.DevicesGathered(devices, magic_link):
                offered = magic_link if self.given.inputs.magic_link_enabled else ""
                return GatheringBrowserData(self.given, devices, offered)
            case Failed(problem):
                return ReturnError(replace(problem, message=NOT_NOW))
            case _:
                raise IllegalEventError(self, event)


class GatheringBrowserData(State, frozen=True):
    """What the page's browser says of WebAuthn; without JavaScript: nothing, which counts as `NONE`.

    Of the devices, those are kept that can be asked in this browser. A page that a magic link opened offers no other
    one to the same address, so who calls the flow there names none.
    """

    section = "Gather Browser And Devices Data"
    also = ("Filter and Mask Devices", "Check If MFA Enabled And Any Device Active")

    given: Given
    devices: Devices
    magic_link: str = ""
    """The masked address that a magic link would go to; empty where none is offered."""

    def want(self) -> Ask[p.BrowserPrompt]:
        return Ask(p.BrowserPrompt(self.given.about))

    def step(self, event: Event) -> StartingAuthentication | AskDevice | CallingMagicLink | ReturnError:
        match event:
            case a.BrowserChecked(webauthn):
                return self._with(webauthn)
            case _:
                raise IllegalEventError(self, event)

    def _with(self, webauthn: WebAuthn) -> StartingAuthentication | AskDevice | CallingMagicLink | ReturnError:
        given, devices, allowed = self.given, self.devices, self.given.inputs.allowed_device_types
        usable = devices.usable(allowed, webauthn) if devices.mfa_enabled else ()
        choice = Choice(usable, magic_link=self.magic_link)
        if not usable and self.magic_link:
            return CallingMagicLink.alone(given, choice)
        if not devices.mfa_enabled or not devices.registered:
            return ReturnError(Problem("No device can be asked for this account.", code="no_device"))
        if not usable:
            why = "; ".join(f"{d.kind}: {d.obstacle(allowed, webauthn)}" for d in devices.registered)
            return ReturnError(Problem(_NONE_HERE, details=why, code="no_usable_device"))
        if len(usable) > 1:
            return StartingAuthentication(given, choice)
        if self.magic_link:
            return AskDevice(given, choice)
        return StartingAuthentication(given, choice.sending(usable[0].id), usable[0].id)


class CallingMagicLink(State, frozen=True):
    """The magic link in place of a device; what it wants is what the page wants."""

    section = "Call Magic Link Authentication"

    given: Given
    choice: Choice
    sub: ml.MagicLinkState

    @classmethod
    def alone(cls, given: Given, choice: Choice) -> CallingMagicLink:
        """Where there is no device to choose."""
        return cls(given, choice, _magic_link(given, choice, can_change_device=False))

    @classmethod
    def beside(cls, given: Given, choice: Choice) -> CallingMagicLink:
        """Chosen among the devices."""
        return cls(given, choice, _magic_link(given, choice, can_change_device=True))

    def want(self) -> Want:
        return self.sub.want()

    def step(
        self, event: Event
    ) -> CallingMagicLink | AskDevice | ReturnSuccess | CannotUseAny | DeniedByCustomer | ReturnError:
        match self.sub.step(event):
            case ml.ReturnSuccess("complete"):
                return ReturnSuccess("complete", ml.MAGIC_LINK)
            case ml.ReturnSuccess("deviceSelection"):
                return AskDevice(self.given, self.choice)
            case ml.ReturnSuccess():
                return ReturnSuccess("cancelled")
            case ml.CannotUse():
                return CannotUseAny()
            case ml.DeniedByCustomer():
                return DeniedByCustomer()
            case ml.ReturnError(problem):
                return ReturnError(problem)
            case sub:
                return replace(self, sub=sub)


class StartingAuthentication(State, frozen=True):
    """Ask PingOne to begin, with the only usable device or with none named, and follow its status."""

    section = "Decide Authentication Path Based On MFA Policy"

    given: Given
    choice: Choice
    device_id: str = ""

    def want(self) -> Do[fx.StartDeviceAuthentication]:
        inputs = self.given.inputs
        return Do(
            fx.StartDeviceAuthentication(
                person_id=inputs.p1_user_id,
                policy_id=inputs.p1_mfa_policy_id,
                device_id=self.device_id,
                device_type=self.choice.type_of(self.device_id),
            )
        )

    def step(self, event: Event) -> Next:
        match event:
            case r.AuthenticationIs(authentication):
                return follow(self.given, self.choice, authentication)
            case Failed(problem) if problem.code == "limit_reached" and not self.device_id:
                # Nobody may be sent more; what is sent nothing can still be chosen, by name.
                return AskDevice(self.given, self.choice, problem.message)
            case Failed(problem) if problem.code == NOT_USABLE:
                return choose_again(self.given, self.choice.without(self.device_id), problem.message)
            case Failed(problem):
                return ReturnError(replace(problem, message=words(problem)))
            case _:
                raise IllegalEventError(self, event)


class AskDevice(State, frozen=True):
    """One entry a usable device, and the magic link where one is offered."""

    section = "Device Selection"

    given: Given
    choice: Choice
    note: str = ""

    def want(self) -> Ask[p.DeviceSelectionPrompt]:
        given = self.given
        return Ask(
            p.DeviceSelectionPrompt(
                given.about,
                self.note,
                given.page,
                self.choice.devices,
                cancel_enabled=given.inputs.cancel_enabled,
                magic_link=self.choice.magic_link,
            )
        )

    def step(
        self, event: Event
    ) -> SelectingDevice | StartingAuthentication | CallingMagicLink | AskDevice | CannotUseAny | ReturnSuccess:
        choice, limit = self.choice, self.given.inputs.resend_otp_limit
        match event:
            case a.DeviceChosen(device_id) if choice.device(device_id) is None:
                return AskDevice(self.given, choice, "Choose one of the devices below.")
            case a.MagicLinkChosen() if not choice.magic_link:
                return AskDevice(self.given, choice, "Choose one of the devices below.")
            case a.MagicLinkChosen():
                return CallingMagicLink.beside(self.given, choice)
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
        return Do(self.given.select(self.choice, self.device_id))

    def step(self, event: Event) -> Next:
        match event:
            case r.AuthenticationIs(authentication):
                return follow(self.given, self.choice, authentication)
            case Failed(problem):
                return choose_again(self.given, after(self.choice, self.device_id, problem), words(problem))
            case _:
                raise IllegalEventError(self, event)


class Showing(State, frozen=True):
    """The device that PingOne asks for is shown: by passcode, passkey or push."""

    section = "Default Device Enrichment"

    given: Given
    sub: pc.PasscodeState | pk.PasskeyState | ph.PushState

    def want(self) -> Want:
        return self.sub.want()

    def step(
        self, event: Event
    ) -> Showing | AskDevice | ReturnSuccess | CannotUseAny | DeniedByCustomer | PageEnded | ReturnError:
        given = self.given
        match self.sub.step(event):
            case ends.Proved(proof):
                return ReturnSuccess("complete", proof)
            case ends.ChoosingAgain(choice, note):
                return choose_again(given, choice, note)
            case ends.AskedOtherwise(choice, authentication):
                return follow(given, choice, authentication)
            case ends.UsingPasscode(choice, device_id):
                return Showing(given, pc.AskPasscode(given, choice, device_id))
            case ends.CannotUse():
                return CannotUseAny()
            case ends.Cancelled():
                return ReturnSuccess("cancelled")
            case ends.DeniedTwice():
                return DeniedByCustomer()
            case ends.LinkEnded(stage):
                return PageEnded(stage)
            case sub:
                return Showing(given, sub)


class ReturnSuccess(Terminal, frozen=True):
    """`complete` with what was shown, or `cancelled` without anything."""

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


class DeniedByCustomer(Terminal, frozen=True):
    """Counts as "this wasn't me": on the phone, twice, or in a magic link's page."""

    section = "Return Error"

    def want(self) -> Done[Outputs]:
        return Done(Outputs("notMe", error_message="Somebody else asked for this.", error_details="denied"))


class PageEnded(Terminal, frozen=True):
    """The link ended while a device was shown."""

    section = "Return Error"

    stage: LinkStage

    def want(self) -> Done[Outputs]:
        return Done(Outputs("expired", error_message="The link ended.", error_details=self.stage))


class ReturnError(Terminal, frozen=True):
    section = "Return Error"

    problem: Problem

    def want(self) -> Done[Outputs]:
        return Done(Outputs(error_message=self.problem.message, error_details=self.problem.details))


DeviceAuthenticationState = (
    GatheringDevices
    | GatheringBrowserData
    | CallingMagicLink
    | StartingAuthentication
    | AskDevice
    | SelectingDevice
    | Showing
    | ReturnSuccess
    | CannotUseAny
    | DeniedByCustomer
    | PageEnded
    | ReturnError
)

Next = AskDevice | Showing | ReturnError
"""Where a status of PingOne can lead."""


def choose_again(given: Given, choice: Choice, note: str) -> AskDevice | ReturnError:
    """Among the devices that are left; where none is, that is the end of it, said with why."""
    if choice.is_empty:
        return ReturnError(Problem(f"{note} {_NONE_LEFT}", details=note, code="no_usable_device"))
    return AskDevice(given, choice, note)


_NONE_HERE = (
    "None of your devices can be used here. Passkeys need a browser that knows them, and a locked device can be used "
    "again after a while."
)
_NONE_LEFT = "No other device of yours can be used here. A locked one can be used again after a while."


def follow(given: Given, choice: Choice, authentication: r.DeviceAuthentication) -> Next:
    """The page for PingOne's status; a status that nobody knows is said, not guessed."""
    device_id = authentication.device_id
    asked = choice.asking(authentication.id, device_id)
    known = asked.device(device_id) is not None
    match authentication.status:
        case "DEVICE_SELECTION_REQUIRED":
            return AskDevice(given, asked)
        case "OTP_REQUIRED" if known:
            return Showing(given, pc.AskPasscode(given, asked, device_id))
        case "ASSERTION_REQUIRED" if known:
            return Showing(given, pk.AskPasskey(given, asked, device_id, authentication.options))
        case "PUSH_CONFIRMATION_REQUIRED" if known:
            return Showing(given, ph.AwaitingPush(given, asked, device_id, authentication.number))
        case "PUSH_CONFIRMATION_TIMED_OUT" if known:
            return Showing(given, ph.AskAfterTimeOut(given, asked, device_id))
        case "OTP_REQUIRED" | "ASSERTION_REQUIRED" | "PUSH_CONFIRMATION_REQUIRED" | "PUSH_CONFIRMATION_TIMED_OUT":
            return AskDevice(given, asked)
        case "COMPLETED":
            said = "No device was asked for, so nothing was proved."
            return ReturnError(Problem(said, details="COMPLETED without a device that was shown", code="not_proved"))
        case "FAILED":
            said = authentication.error or "The device was refused."
            return ReturnError(Problem(said, details=authentication.error_code, code="refused"))
        case unknown:
            said = "The answer about your device was not understood, so nothing was proved."
            return ReturnError(Problem(said, details=f"status {unknown!r}", code="unexpected_answer"))


def on_page(state: DeviceAuthenticationState, page: p.Page) -> DeviceAuthenticationState:
    """The same state with the page's clock as it is now."""
    match state:
        case Showing(given, sub):
            inner = replace(sub, given=replace(sub.given, page=page)) if hasattr(sub, "given") else sub
            return Showing(replace(given, page=page), inner)
        case CallingMagicLink(given, choice, link):
            return CallingMagicLink(replace(given, page=page), choice, ml.on_page(link, page))
        case GatheringDevices() | GatheringBrowserData() | StartingAuthentication() | AskDevice() | SelectingDevice():
            return replace(state, given=replace(state.given, page=page))
        case _:
            return state


def _magic_link(given: Given, choice: Choice, *, can_change_device: bool) -> ml.DisplayingForm:
    """Where Magic Link Authentication begins."""
    inputs = ml.Inputs(p1_user_id=given.inputs.p1_user_id, can_change_device=can_change_device)
    return ml.DisplayingForm(ml.Given(inputs, given.about, choice.magic_link, given.page, given.inputs.cancel_enabled))
