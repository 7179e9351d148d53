"""Verify a caller without a link: by a push that the agent leads, or by a call-back. No customer's page takes part.

Each reaching of a phone is a try of its own, with a row that is opened before anything goes out and used up once.
"""

from __future__ import annotations

from collections.abc import Callable

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import call_back as cb
from csrdesk.flows import effects as fx
from csrdesk.flows import push_by_agent as pa
from csrdesk.flows import replies as r
from csrdesk.flows import try_effects as tx
from csrdesk.flows import try_ends as ends
from csrdesk.flows import try_prompts as tp
from csrdesk.flows import try_replies as tr
from csrdesk.flows import way_ends as over
from csrdesk.flows.kernel import Ask, Do, Event, Failed, State, Want
from csrdesk.flows.rules import Rules
from csrdesk.flows.try_given import ON_RECORD, Given
from csrdesk.model.devices import Device, Devices
from csrdesk.model.link import Link, LinkStage, Purpose
from csrdesk.model.people import Person
from csrdesk.model.proofs import Evidence, Proof
from csrdesk.model.ways import Way

SECTION = ends.SECTION


def by_push(person: Person, devices: Devices, rules: Rules) -> ChoosingPhone:
    """Where a push that the agent leads begins."""
    phones = tuple(device for device in devices.usable(rules.allowed_device_types) if device.type == "MOBILE")
    return ChoosingPhone(Given(person, Way.PUSH, phones, rules.mfa_policy_id, registered=True))


def by_call_back(person: Person, devices: Devices, rules: Rules) -> ChoosingPhone:
    """Where a call-back begins."""
    number = Device(ON_RECORD, "VOICE", nickname="Number on record", address=devices.phone)
    registered = bool(devices.registered)
    return ChoosingPhone(Given(person, Way.CALL_BACK, (number,), rules.mfa_policy_id, registered))


BEGIN: dict[Way, Callable[[Person, Devices, Rules], ChoosingPhone]] = {Way.PUSH: by_push, Way.CALL_BACK: by_call_back}
"""The ways that are taken here, and where each begins."""


class ChoosingPhone(State, frozen=True):
    """Nothing has gone out."""

    section = SECTION

    given: Given
    note: str = ""
    warned: bool = False
    """The note warns of many tries; to choose goes on all the same."""
    code: str = ""
    """The `code` of what failed."""

    def want(self) -> Ask[tp.PhonesPrompt]:
        given = self.given
        return Ask(tp.PhonesPrompt(given.person, given.way, given.phones, self.note, self.warned, self.code))

    def step(self, event: Event) -> OpeningTry | ChoosingPhone | over.WentBack:
        match event:
            case a.DeviceChosen(device_id) if device := self.given.phone(device_id):
                return OpeningTry(self.given, device, self.warned)
            case a.DeviceChosen():
                return ChoosingPhone(self.given, "Choose one of those below.")
            case a.Cancelled():
                return over.WentBack()
            case _:
                raise IllegalEventError(self, event)


class OpeningTry(State, frozen=True):
    """The try is on record before anything goes out."""

    section = SECTION

    given: Given
    device: Device
    warned: bool = False

    def want(self) -> Do[tx.OpenTry]:
        given, device = self.given, self.device
        pushes = given.way is Way.PUSH
        purpose, to = (Purpose.PUSH, device.label) if pushes else (Purpose.CALL_BACK, device.address)
        return Do(tx.OpenTry(person_id=given.person.id, purpose=purpose, to=to, warned=self.warned))

    def step(self, event: Event) -> Reaching | ChoosingPhone:
        match event:
            case tr.TryOpened(link) if self.given.way is Way.PUSH:
                return Reaching(self.given, self.device, link, pa.SendingPush(self.given, self.device, link))
            case tr.TryOpened(link):
                return Reaching(self.given, self.device, link, cb.Ringing(self.given, link))
            case tr.TryNotOpened(message, warning):
                return ChoosingPhone(self.given, message, warned=warning)
            case Failed(problem):
                return ChoosingPhone(self.given, f"Nothing was sent. {problem.message}", code=problem.code)
            case _:
                raise IllegalEventError(self, event)


class Reaching(State, frozen=True):
    """The phone is reached, by push or by a call."""

    section = SECTION

    given: Given
    device: Device
    link: Link
    sub: pa.PushByAgentState | cb.CallBackState

    def want(self) -> Want:
        return self.sub.want()

    def step(
        self, event: Event
    ) -> Reaching | Approving | EndingTry | LeavingTry | ChoosingPhone | OpeningTry | over.LineDropped | over.NotMe:
        given = self.given
        match self.sub.step(event):
            case ends.Proved(proof):
                return Approving(given, self.link.id, proof)
            case ends.Stopped(note, code):
                return EndingTry(given, self.link.id, note, code)
            case ends.Ended(_, note):
                return ChoosingPhone(given, note)
            case ends.Again():
                return OpeningTry(given, self.device)
            case ends.Left():
                return LeavingTry(given, self.link.id)
            case ends.LineDropped():
                return over.LineDropped()
            case ends.Denied():
                return over.NotMe(over.PHONE_SAID_NO)
            case sub:
                return Reaching(given, self.device, self.link, sub)


class EndingTry(State, frozen=True):
    """What was not proved must not be approved later."""

    section = SECTION

    given: Given
    challenge_id: str
    note: str = ""
    code: str = ""

    def want(self) -> Do[fx.EndChallenge]:
        return Do(fx.EndChallenge(person_id=self.given.person.id, challenge_id=self.challenge_id))

    def step(self, event: Event) -> ChoosingPhone:
        match event:
            case r.LinkChanged() | Failed():
                # Where it could not be ended its clock ends it, and only this flow could approve it.
                return ChoosingPhone(self.given, self.note, code=self.code)
            case _:
                raise IllegalEventError(self, event)


class LeavingTry(State, frozen=True):
    """The agent goes back to the caller's card."""

    section = SECTION

    given: Given
    challenge_id: str

    def want(self) -> Do[fx.EndChallenge]:
        return Do(fx.EndChallenge(person_id=self.given.person.id, challenge_id=self.challenge_id))

    def step(self, event: Event) -> over.WentBack:
        match event:
            case r.LinkChanged() | Failed():
                return over.WentBack()
            case _:
                raise IllegalEventError(self, event)


class Approving(State, frozen=True):
    """The try is used up with what was shown."""

    section = SECTION

    given: Given
    challenge_id: str
    proof: Proof

    def want(self) -> Do[tx.ApproveTry]:
        evidence = Evidence((self.proof,), registered=self.given.registered)
        return Do(tx.ApproveTry(person_id=self.given.person.id, challenge_id=self.challenge_id, evidence=evidence))

    def step(self, event: Event) -> OpeningWindow | ChoosingPhone | EndingTry:
        match event:
            case r.ChallengeApproved():
                return OpeningWindow(self.given, self.challenge_id)
            case r.LinkOver(LinkStage.EXPIRED):
                return ChoosingPhone(self.given, "It came after the time was up. Nothing was verified.")
            case r.LinkOver():
                return ChoosingPhone(self.given, "That try was ended meanwhile. Nothing was verified.")
            case Failed(problem):
                return EndingTry(self.given, self.challenge_id, f"Not verified. {problem.message}", problem.code)
            case _:
                raise IllegalEventError(self, event)


class OpeningWindow(State, frozen=True):
    """The approved try becomes this call's verified window."""

    section = SECTION

    given: Given
    challenge_id: str

    def want(self) -> Do[fx.StartWindow]:
        return Do(fx.StartWindow(person_id=self.given.person.id, challenge_id=self.challenge_id))

    def step(self, event: Event) -> over.Verified | ChoosingPhone:
        match event:
            case r.WindowStarted(verified_until, evidence):
                return over.Verified(verified_until, evidence)
            case r.WindowRefused(message):
                return ChoosingPhone(self.given, message)
            case Failed(problem):
                return ChoosingPhone(self.given, f"Not verified. {problem.message}", code=problem.code)
            case _:
                raise IllegalEventError(self, event)


VerifyWithoutLinkState = (
    ChoosingPhone
    | OpeningTry
    | Reaching
    | EndingTry
    | LeavingTry
    | Approving
    | OpeningWindow
    | over.Verified
    | over.WentBack
    | over.LineDropped
    | over.NotMe
)
