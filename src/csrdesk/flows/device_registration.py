"""Device Registration: a customer who was just registered adds a device, so that they can prove who they are with it.

A nested flow of `registration`. What registers one device (`device_pairing`) runs inside it. The page's clock and what
ends it are its parent's.
"""

from __future__ import annotations

from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import device_pairing as dp
from csrdesk.flows import pairing_answers as pa
from csrdesk.flows import pairing_effects as px
from csrdesk.flows import pairing_prompts as pp
from csrdesk.flows import pairing_replies as pr
from csrdesk.flows.kernel import Ask, Do, Done, Event, Failed, State, Terminal, Want
from csrdesk.flows.pairing_inputs import Inputs, Outputs, Work
from csrdesk.model.devices import METHODS, WebAuthn

__all__ = ["Inputs", "Outputs"]

SELECTION, SUCCESS, ERROR = "Device Selection", "Return Success", "Return Error"
NOT_READ = "We could not find out what you can register. Nothing was changed. Try again in a moment."
NOTHING = "There is nothing that you could register here now."
NOT_OFFERED = "Choose one of the possibilities below."
NO_PASSKEYS = "This browser cannot make passkeys, or has JavaScript switched off. Choose something else."
NOT_ENABLED = "Your device is registered. What is left did not work on our side just now. Try again."
CLOSED = "Nothing can be added to your account just now. Try again in a moment, or call us."


def begin(inputs: Inputs, asked: int, policy_id: str = "") -> GatheringPairing:
    """The first state; `asked` is the number of the question that was asked last."""
    return GatheringPairing(Work(inputs, policy_id, asked))


class GatheringPairing(State, frozen=True):
    """What settings, policy and the devices that are there leave to choose from."""

    section = SELECTION

    work: Work
    note: str = ""

    def want(self) -> Do[px.GatherPairing]:
        work = self.work
        allowed = work.inputs.allowed_device_types
        return Do(px.GatherPairing(person_id=work.person_id, allowed=allowed, policy_id=work.policy_id))

    def step(self, event: Event) -> AskDeviceType | ReturnError:
        match event:
            case pr.PairingGathered() as gathered:
                nothing = not gathered.device_types
                note = self.note or (dp.FULL if gathered.full else NOTHING if nothing else "")
                return AskDeviceType(self.work.next(), gathered.device_types, gathered.registered, note)
            case Failed(problem) if problem.code == "not_found":
                return ReturnError(CLOSED, self.work.asked)
            case Failed():
                return AskDeviceType(self.work.next(), note=NOT_READ, again=True)
            case _:
                raise IllegalEventError(self, event)


class AskDeviceType(State, frozen=True):
    section = SELECTION

    work: Work
    device_types: tuple[str, ...] = ()
    registered: tuple[str, ...] = ()
    note: str = ""
    again: bool = False

    def want(self) -> Ask[pp.DeviceTypePrompt]:
        work, inputs = self.work, self.work.inputs
        return Ask(
            pp.DeviceTypePrompt(
                self.note,
                work.asked,
                self.device_types,
                inputs.email,
                self.registered,
                password_allowed=not inputs.passwordless_required,
                cancel_enabled=inputs.allow_cancel,
                again=self.again,
            )
        )

    def step(self, event: Event) -> Registering | GatheringPairing | EnablingMfa | AskDeviceType | ReturnSuccess:
        work, inputs = self.work, self.work.inputs
        match event:
            case pa.DeviceTypeChosen(kind) if kind not in self.device_types:
                return self._saying(NOT_OFFERED)
            case pa.DeviceTypeChosen("FIDO2", WebAuthn.NONE):
                return self._saying(NO_PASSKEYS)
            case pa.DeviceTypeChosen(kind):
                return Registering(work, dp.begin(work, kind))
            case pa.RegisteredChosen() if self.registered:
                return EnablingMfa(work, "")
            case pa.PasswordInsteadChosen() if not inputs.passwordless_required:
                return ReturnSuccess("passwordInstead", "", work.asked)
            case a.Cancelled() if inputs.allow_cancel:
                return ReturnSuccess("cancelled", "", work.asked)
            case a.TryAgainChosen():
                return GatheringPairing(work)
            case pa.RegisteredChosen() | pa.PasswordInsteadChosen() | a.Cancelled():
                return self._saying(NOT_OFFERED)
            case _:
                raise IllegalEventError(self, event)

    def _saying(self, note: str) -> AskDeviceType:
        return replace(self, work=self.work.next(), note=note)


class Registering(State, frozen=True):
    """What the device wants is what the page wants."""

    section = SELECTION

    work: Work
    sub: dp.DevicePairingState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> Registering | GatheringPairing | EnablingMfa | ReturnError:
        match self.sub.step(event):
            case dp.Paired(work, device_type):
                return EnablingMfa(work, device_type)
            case dp.ChoosingAgain(work, note):
                return GatheringPairing(work, note)
            case dp.NotAllowed(work):
                return ReturnError(CLOSED, work.asked)
            case sub:
                return Registering(self.work, sub)


class EnablingMfa(State, frozen=True):
    """From now on PingOne asks this person for a device."""

    section = SELECTION

    work: Work
    device_type: str
    """What was registered just now; empty where it was there before."""

    def want(self) -> Do[px.EnableMfa]:
        return Do(px.EnableMfa(person_id=self.work.person_id))

    def step(self, event: Event) -> ReturnSuccess | AskEnableAgain | ReturnError:
        match event:
            case pr.MfaEnabled():
                return ReturnSuccess("complete", METHODS.get(self.device_type, ""), self.work.asked)
            case Failed(problem) if problem.code in dp.NOT_ALLOWED:
                return ReturnError(CLOSED, self.work.asked)
            case Failed():
                return AskEnableAgain(self.work.next(), self.device_type)
            case _:
                raise IllegalEventError(self, event)


class AskEnableAgain(State, frozen=True):
    """The device is registered; what is left is tried again."""

    section = SELECTION

    work: Work
    device_type: str

    def want(self) -> Ask[pp.MfaNotEnabledPrompt]:
        return Ask(pp.MfaNotEnabledPrompt(NOT_ENABLED, self.work.asked))

    def step(self, event: Event) -> EnablingMfa:
        match event:
            case a.TryAgainChosen():
                return EnablingMfa(self.work, self.device_type)
            case _:
                raise IllegalEventError(self, event)


class ReturnSuccess(Terminal, frozen=True):
    """`complete` with what was registered, `passwordInstead`, or `cancelled`."""

    section = SUCCESS

    subflow_result: str
    auth_method: str
    asked: int

    def want(self) -> Done[Outputs]:
        return Done(Outputs(self.auth_method, self.subflow_result))


class ReturnError(Terminal, frozen=True):
    section = ERROR

    error_message: str
    asked: int

    def want(self) -> Done[Outputs]:
        return Done(Outputs(error_message=self.error_message))


DeviceRegistrationState = (
    GatheringPairing | AskDeviceType | Registering | EnablingMfa | AskEnableAgain | ReturnSuccess | ReturnError
)
