"""One device of a Device Registration: number, passcode, app or passkey, and its name. Runs inside that flow.

What is typed, and what the browser makes, is the step's secret. The key of an app and the options of a passkey are in
memory only: where they are gone, PingOne makes others.
"""

from __future__ import annotations

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import pairing_answers as pa
from csrdesk.flows import pairing_effects as px
from csrdesk.flows import pairing_prompts as pp
from csrdesk.flows import pairing_replies as pr
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Ask, Do, Done, Event, Failed, Outcome, Problem, State, Terminal
from csrdesk.flows.pairing_inputs import NOT_NOW, Work
from csrdesk.model.text import passcode

SELECTION = "Device Selection"
SMS, VOICE, EMAIL = "SMS Device Registration", "Voice Device Registration", "Email Device Registration"
TOTP, FIDO2 = "TOTP Device Registration", "FIDO2 Device Registration"
NUMBERS = frozenset({"SMS", "VOICE"})
"""Device types that are a phone number."""
NO_PASSCODE = "A passcode has 6 to 10 letters or digits. Look again and type it once more."
NO_MORE = "No more passcodes are sent here. Use the newest one, or go back."
ON_ITS_WAY = "A new passcode is on its way. The one before is good no more."
ALREADY = "You have registered this very device already. Choose something else."
FULL = "You have as many devices as one account may have. Nothing more can be registered."
WRONG_SITE = "Passkeys here are made for another site than this page belongs to. Choose something else, and tell us."
ONCE_MORE = "What you typed was lost on our side. Type it once more."
_FAILED = {
    "cancelled": "No passkey was made: it was cancelled, or it took too long. Try again.",
    "unsupported": "This browser cannot make a passkey for this site. Choose something else, or use another browser.",
    "registered": ALREADY,
    "failed": "No passkey was made. Try again, or choose something else.",
}
NOT_ALLOWED = frozenset({"forbidden", "not_found"})
"""Codes of errors after which nothing can go on: the page was ended, or the account is gone."""


class Ended(Outcome, frozen=True):
    """The flow around it goes on."""


class Begun(msgspec.Struct, frozen=True):
    """The device that was begun."""

    device_type: str
    device_id: str
    address: str = ""
    """Masked."""
    country: str = ""


def begin(work: Work, device_type: str) -> AskNumber | PairingDevice:
    """The first state for that kind of device."""
    if device_type in NUMBERS:
        return AskNumber(work.next(), device_type)
    return PairingDevice(work, device_type)


class AskNumber(State, frozen=True):
    section = SMS
    also = (VOICE,)

    work: Work
    device_type: str
    country: str = ""
    note: str = ""

    def want(self) -> Ask[pp.NumberPrompt]:
        return Ask(pp.NumberPrompt(self.note, self.work.asked, self.device_type, self.country))

    def step(self, event: Event) -> PairingNumber | ChoosingAgain:
        match event:
            case pa.NumberGiven(country):
                return PairingNumber(self.work, self.device_type, country)
            case a.BackChosen():
                return ChoosingAgain(self.work)
            case _:
                raise IllegalEventError(self, event)


class PairingNumber(State, frozen=True):
    """Stands in for the typed number. PingOne sends a passcode there, or calls it."""

    section = SMS
    also = (VOICE,)

    work: Work
    device_type: str
    country: str

    def want(self) -> Do[px.PairNumber]:
        work = self.work
        return Do(
            px.PairNumber(
                person_id=work.person_id,
                device_type=self.device_type,
                country=self.country,
                policy_id=work.policy_id,
            )
        )

    def step(self, event: Event) -> AskActivation | AskNumber | ChoosingAgain | NotAllowed:
        match event:
            case pr.DevicePaired(device_id, address):
                begun = Begun(self.device_type, device_id, address, self.country)
                return AskActivation(self.work.next(), begun)
            case pr.NumberNotTaken(message) | r.PasscodeRefused(message):
                return self._again(message)
            case pr.AlreadyPaired():
                return self._again(ALREADY)
            case pr.NoRoom():
                return ChoosingAgain(self.work, FULL)
            case r.SecretLost():
                return self._again(ONCE_MORE)
            case Failed(problem) if problem.code in NOT_ALLOWED:
                return NotAllowed(self.work)
            case Failed(problem):
                return self._again(words(problem))
            case _:
                raise IllegalEventError(self, event)

    def _again(self, note: str) -> AskNumber:
        return AskNumber(self.work.next(), self.device_type, self.country, note)


class PairingDevice(State, frozen=True):
    """Make the device known to PingOne; or make it anew, where its passcode or its challenge is to be another one."""

    section = EMAIL
    also = (TOTP, FIDO2)

    work: Work
    device_type: str
    before: Begun | None = None
    """The unfinished one that this replaces."""
    note: str = ""

    def want(self) -> Do[px.PairDevice]:
        work = self.work
        return Do(
            px.PairDevice(
                person_id=work.person_id,
                device_type=self.device_type,
                policy_id=work.policy_id,
                proven=work.inputs.auto_enroll_email and self.device_type == "EMAIL",
                instead_of=self.before.device_id if self.before else "",
            )
        )

    def step(self, event: Event) -> AskActivation | AskNewApp | AskNewPasskey | ChoosingAgain | Paired | NotAllowed:
        match event:
            case pr.DevicePaired(active=True):
                return Paired(self.work, self.device_type)
            case pr.DevicePaired(device_id, address):
                return self._proving(device_id, address)
            case pr.AlreadyPaired():
                return ChoosingAgain(self.work, ALREADY)
            case pr.NoRoom():
                return ChoosingAgain(self.work, FULL)
            case pr.WrongSite():
                return ChoosingAgain(self.work, WRONG_SITE)
            case r.PasscodeRefused(message) | pr.NumberNotTaken(message):
                return ChoosingAgain(self.work, message)
            case Failed(problem) if problem.code in NOT_ALLOWED:
                return NotAllowed(self.work)
            case Failed(problem):
                return self._failed(problem)
            case _:
                raise IllegalEventError(self, event)

    def _proving(self, device_id: str, address: str) -> AskActivation | AskNewApp | AskNewPasskey:
        country = self.before.country if self.before else ""
        begun, work = Begun(self.device_type, device_id, address, country), self.work.next()
        match self.device_type:
            case "TOTP":
                return AskNewApp(work, begun, self.note)
            case "FIDO2":
                return AskNewPasskey(work, begun, self.note)
            case _:
                return AskActivation(work, begun, self.note)

    def _failed(self, problem: Problem) -> AskActivation | ChoosingAgain:
        if problem.code == "limit_reached" and self.before and self.device_type not in ("TOTP", "FIDO2"):
            return AskActivation(self.work.next(), self.before, problem.message)
        return ChoosingAgain(self.work, words(problem))


class AskActivation(State, frozen=True):
    """The passcode that PingOne sent. To have another one the device is made anew."""

    section = SMS
    also = (VOICE, EMAIL)

    work: Work
    begun: Begun
    note: str = ""

    def want(self) -> Ask[pp.ActivationPrompt]:
        work, begun = self.work, self.begun
        return Ask(
            pp.ActivationPrompt(self.note, work.asked, begun.device_type, begun.address, resends_left=work.resends_left)
        )

    def step(self, event: Event) -> Activating | PairingDevice | DroppingDevice | AskActivation:
        match event:
            case a.PasscodeGiven(secret) if not passcode(secret.reveal()):
                return self._saying(NO_PASSCODE)
            case a.PasscodeGiven():
                return Activating(self.work, self.begun)
            case a.ResendChosen() if not self.work.resends_left:
                return self._saying(NO_MORE)
            case a.ResendChosen():
                return PairingDevice(self.work.resending(), self.begun.device_type, self.begun, ON_ITS_WAY)
            case a.BackChosen():
                return DroppingDevice(self.work, self.begun)
            case _:
                raise IllegalEventError(self, event)

    def _saying(self, note: str) -> AskActivation:
        return AskActivation(self.work.next(), self.begun, note)


class AskNewApp(State, frozen=True):
    """The key of an app, as a picture and as text, and the first passcode that the app makes of it."""

    section = TOTP

    work: Work
    begun: Begun
    note: str = ""

    def want(self) -> Ask[pp.NewAppPrompt]:
        return Ask(pp.NewAppPrompt(self.note, self.work.asked, self.begun.device_id))

    def step(self, event: Event) -> Activating | PairingDevice | DroppingDevice | AskNewApp:
        match event:
            case a.PasscodeGiven(secret) if not passcode(secret.reveal()):
                return AskNewApp(self.work.next(), self.begun, NO_PASSCODE)
            case a.PasscodeGiven():
                return Activating(self.work, self.begun)
            case a.ResendChosen():
                return PairingDevice(self.work, "TOTP", self.begun, "This is another key. The one before does nothing.")
            case a.BackChosen():
                return DroppingDevice(self.work, self.begun)
            case _:
                raise IllegalEventError(self, event)


class AskNewPasskey(State, frozen=True):
    section = FIDO2

    work: Work
    begun: Begun
    note: str = ""

    def want(self) -> Ask[pp.NewPasskeyPrompt]:
        return Ask(pp.NewPasskeyPrompt(self.note, self.work.asked, self.begun.device_id))

    def step(self, event: Event) -> Activating | PairingDevice | DroppingDevice | AskNewPasskey:
        match event:
            case pa.AttestationGiven():
                return Activating(self.work, self.begun)
            case pa.NewPasskeyFailed("cancelled" | "failed" as reason):
                return AskNewPasskey(self.work.next(), self.begun, _FAILED[reason])
            case pa.NewPasskeyFailed(reason):
                return DroppingDevice(self.work, self.begun, _FAILED[reason])
            case a.ResendChosen():
                return PairingDevice(self.work, "FIDO2", self.begun)
            case a.BackChosen():
                return DroppingDevice(self.work, self.begun)
            case _:
                raise IllegalEventError(self, event)


class Activating(State, frozen=True):
    """Stands in for the typed passcode, or what the browser made."""

    section = SMS
    also = (VOICE, EMAIL, TOTP, FIDO2)

    work: Work
    begun: Begun

    def want(self) -> Do[px.ActivateDevice]:
        begun = self.begun
        return Do(
            px.ActivateDevice(person_id=self.work.person_id, device_type=begun.device_type, device_id=begun.device_id)
        )

    def step(
        self, event: Event
    ) -> AskNickname | AskActivation | AskNewApp | AskNewPasskey | PairingDevice | ChoosingAgain | NotAllowed:
        match event:
            case pr.DeviceActivated():
                return AskNickname(self.work.next(), self.begun)
            case r.PasscodeWrong(None):
                return self._again("That passcode is not right. Look again, and type it once more.")
            case r.PasscodeWrong(left):
                return self._again(f"That passcode is not right. Tries left: {left}.")
            case r.PasscodeRefused(message):
                return ChoosingAgain(self.work, message)
            case pr.AttestationWrong():
                note = "That passkey was not accepted. Try again, or choose something else."
                return PairingDevice(self.work, "FIDO2", self.begun, note)
            case pr.AlreadyPaired():
                return ChoosingAgain(self.work, ALREADY)
            case pr.WrongSite():
                return ChoosingAgain(self.work, WRONG_SITE)
            case r.SecretLost():
                return self._again(ONCE_MORE if self.begun.device_type != "FIDO2" else "Make the passkey once more.")
            case Failed(problem) if problem.code in NOT_ALLOWED:
                return NotAllowed(self.work)
            case Failed():
                return self._again(NOT_NOW)
            case _:
                raise IllegalEventError(self, event)

    def _again(self, note: str) -> AskActivation | AskNewApp | AskNewPasskey:
        work, begun = self.work.next(), self.begun
        match begun.device_type:
            case "TOTP":
                return AskNewApp(work, begun, note)
            case "FIDO2":
                return AskNewPasskey(work, begun, note)
            case _:
                return AskActivation(work, begun, note)


class DroppingDevice(State, frozen=True):
    """What was begun does not stay behind half made."""

    section = SELECTION

    work: Work
    begun: Begun
    note: str = ""

    def want(self) -> Do[px.DropDevice]:
        return Do(px.DropDevice(person_id=self.work.person_id, device_id=self.begun.device_id))

    def step(self, event: Event) -> AskNumber | ChoosingAgain | NotAllowed:
        begun = self.begun
        match event:
            case Failed(problem) if problem.code == "forbidden":
                return NotAllowed(self.work)
            case pr.DeviceDropped() | Failed() if begun.device_type in NUMBERS:
                # One page back; and whatever could not be taken away goes with the next device of that kind.
                return AskNumber(self.work.next(), begun.device_type, begun.country)
            case pr.DeviceDropped() | Failed():
                return ChoosingAgain(self.work, self.note)
            case _:
                raise IllegalEventError(self, event)


class AskNickname(State, frozen=True):
    """The device is registered; a name helps to tell it from others."""

    section = SELECTION

    work: Work
    begun: Begun

    def want(self) -> Ask[pp.NicknamePrompt]:
        begun = self.begun
        return Ask(pp.NicknamePrompt(asked=self.work.asked, device_type=begun.device_type, address=begun.address))

    def step(self, event: Event) -> NamingDevice | Paired:
        match event:
            case pa.NicknameGiven(nickname) if nickname.strip():
                return NamingDevice(self.work, self.begun, nickname.strip())
            case pa.NicknameGiven():
                return Paired(self.work, self.begun.device_type)
            case _:
                raise IllegalEventError(self, event)


class NamingDevice(State, frozen=True):
    """A name that cannot be kept now is no reason to stop: the device is registered."""

    section = SELECTION

    work: Work
    begun: Begun
    nickname: str

    def want(self) -> Do[px.NameDevice]:
        begun = self.begun
        return Do(px.NameDevice(person_id=self.work.person_id, device_id=begun.device_id, nickname=self.nickname))

    def step(self, event: Event) -> Paired:
        match event:
            case pr.DeviceNamed() | Failed():
                return Paired(self.work, self.begun.device_type)
            case _:
                raise IllegalEventError(self, event)


class _End(Terminal, frozen=True):
    section = SELECTION

    def want(self) -> Done[Ended]:
        return Done(Ended())


class Paired(_End, frozen=True):
    """Registered."""

    work: Work
    device_type: str


class ChoosingAgain(_End, frozen=True):
    """Back to the kinds of device."""

    work: Work
    note: str = ""


class NotAllowed(_End, frozen=True):
    """The page was ended, or the account is gone."""

    work: Work


DevicePairingState = (
    AskNumber
    | PairingNumber
    | PairingDevice
    | AskActivation
    | AskNewApp
    | AskNewPasskey
    | Activating
    | DroppingDevice
    | AskNickname
    | NamingDevice
    | Paired
    | ChoosingAgain
    | NotAllowed
)


def words(problem: Problem) -> str:
    """What the customer reads: a limit of the desk's own is said."""
    return problem.message if problem.code == "limit_reached" else NOT_NOW
