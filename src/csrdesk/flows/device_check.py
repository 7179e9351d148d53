"""Check if some MFA device is registered for user and can be used: the caller's card, and the choice of a way.

Runs inside the main flow, before anybody is verified: nothing here shows or changes an account.
"""

from __future__ import annotations

from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.account_task import first_problem
from csrdesk.flows.act_words import NOT_YOURS
from csrdesk.flows.caller import Caller, Given
from csrdesk.flows.kernel import Ask, Do, Done, Event, Failed, Outcome, Problem, Replies, State, Terminal, Together
from csrdesk.flows.ways import BY_ANSWER, offers
from csrdesk.model.devices import Devices
from csrdesk.model.people import Person, Protection
from csrdesk.model.proofs import Act
from csrdesk.model.ways import Way, WayOffer

SECTION = "Check if some MFA device is registered for user and can be used"


class DevicesChecked(Outcome, frozen=True):
    """The parent flow goes on."""


class CheckingDevices(State, frozen=True):
    """Devices decide what must be shown; protection decides whether anybody may act at all."""

    section = SECTION

    given: Given
    person: Person
    note: str = ""
    note_code: str = ""
    """The `code` of the problem behind the note; empty where a rule said no."""

    def want(self) -> Do[Together[fx.ReadDevices | fx.ReadProtection]]:
        who = self.person.id
        devices = fx.ReadDevices(person_id=who, policy_id=self.given.rules.mfa_policy_id)
        return Do(Together(effects=(devices, fx.ReadProtection(person_id=who))))

    def step(self, event: Event) -> ChoosingWay | NoWayToVerify | ProtectedAccount | CheckFailed:
        match event:
            case Replies((_, r.ProtectionRead(protection))) if protection.protected:
                return ProtectedAccount(self.given, self.person.name)
            case Replies((r.DevicesRead(devices), r.ProtectionRead(protection))):
                return self._choose(devices, protection)
            case Replies(replies):
                return CheckFailed(first_problem(replies), self)
            case Failed(problem):
                return CheckFailed(problem, self)
            case _:
                raise IllegalEventError(self, event)

    def _choose(self, devices: Devices, protection: Protection) -> ChoosingWay | NoWayToVerify:
        caller = Caller(self.person, devices, protection.dn, protection.unchecked)
        ways = offers(self.person, devices, self.given.rules)
        if any(offer.is_open for offer in ways):
            return ChoosingWay(self.given, caller, self.note, self.note_code)
        return NoWayToVerify(self.given, caller, ways[0].why_not, self.note, note_code=self.note_code)


class ChoosingWay(State, frozen=True):
    section = SECTION

    given: Given
    caller: Caller
    note: str = ""
    note_code: str = ""

    def want(self) -> Ask[p.CardPrompt]:
        caller = self.caller
        recovery = can_recover(self.given, caller)
        devices = caller.devices.registered
        code = self.note_code
        prompt = p.CardPrompt(caller.person, devices, self._ways, caller.warning, self.note, recovery, code)
        return Ask(replace(prompt, withheld=self.given.rules.withheld))

    def step(
        self, event: Event
    ) -> WayChosen | ChoosingWay | RecoveryStarted | ProtectChosen | RecordingNotVerified | CustomerLeft | EndedCall:
        match event:
            case (
                a.MagicLinkChosen()
                | a.SpokenAddressChosen()
                | a.PushChosen()
                | a.CallBackChosen()
                | a.ExceptionChosen()
            ):
                return self._chosen(BY_ANSWER[type(event)])
            case a.RecoveryChosen() if can_recover(self.given, self.caller):
                return RecoveryStarted(self.caller)
            case a.RecoveryChosen():
                return ChoosingWay(self.given, self.caller, _NO_PAGE)
            case a.ProtectiveDisableChosen() if Act.PROTECT in self.given.rules.withheld:
                return ChoosingWay(self.given, self.caller, NOT_YOURS)
            case a.ProtectiveDisableChosen():
                return ProtectChosen(self.caller)
            case a.CannotVerifyChosen():
                return RecordingNotVerified(self.given, self.caller.person)
            case a.AnotherCustomerChosen():
                return CustomerLeft()
            case a.CallEnded():
                return EndedCall()
            case _:
                raise IllegalEventError(self, event)

    def _chosen(self, way: Way) -> WayChosen | ChoosingWay:
        """A front end offers what is open; the flow takes nothing else."""
        offer = next(
            (offer for offer in self._ways if offer.way is way), WayOffer(way, why_not="settings do not have it")
        )
        if offer.is_open:
            return WayChosen(self.caller, way)
        return ChoosingWay(self.given, self.caller, f"{way.label} cannot be chosen now: {offer.why_not}")

    @property
    def _ways(self) -> tuple[WayOffer, ...]:
        return offers(self.caller.person, self.caller.devices, self.given.rules)


class NoWayToVerify(State, frozen=True):
    """Registered but not usable, or no address: said, never downgraded."""

    section = SECTION

    given: Given
    caller: Caller
    why: str
    note: str = ""
    code: str = ""
    """The `code` of what failed, where that is why."""
    note_code: str = ""
    problem: Problem | None = None
    """What failed, where that is why."""

    def want(self) -> Ask[p.UnverifiableCardPrompt]:
        allowed = self.given.rules.allowed_device_types
        registered = self.caller.devices.registered
        obstacles = tuple(d.obstacle(allowed, None) for d in registered)
        why = " ".join(words for words in (self.why, self.caller.half) if words)
        _, *others = offers(self.caller.person, self.caller.devices, self.given.rules)
        ways = () if self.code else tuple(others)
        recovery = can_recover(self.given, self.caller)
        prompt = p.UnverifiableCardPrompt(self.caller.person, registered, obstacles, why, self.note, self.code, ways)
        frozen = self.caller.devices.frozen_until is not None
        withheld = self.given.rules.withheld
        prompt = replace(prompt, recovery=recovery, note_code=self.note_code, frozen=frozen, withheld=withheld)
        if self.problem:
            prompt = replace(prompt, details=self.problem.details, reference=self.problem.correlation_id)
        return Ask(prompt)

    def step(
        self, event: Event
    ) -> NoWayToVerify | RecoveryStarted | ProtectChosen | RecordingNotVerified | CustomerLeft | EndedCall:
        match event:
            case a.RecoveryChosen() if can_recover(self.given, self.caller):
                return RecoveryStarted(self.caller)
            case a.RecoveryChosen():
                return replace(self, note=_NO_PAGE, note_code="")
            case a.ProtectiveDisableChosen() if Act.PROTECT in self.given.rules.withheld:
                return replace(self, note=NOT_YOURS, note_code="")
            case a.ProtectiveDisableChosen():
                return ProtectChosen(self.caller)
            case a.CannotVerifyChosen():
                return RecordingNotVerified(self.given, self.caller.person)
            case a.AnotherCustomerChosen():
                return CustomerLeft()
            case a.CallEnded():
                return EndedCall()
            case _:
                raise IllegalEventError(self, event)


def can_recover(given: Given, caller: Caller) -> bool:
    """Whether the caller can be mailed the way to the recovery page: settings have it, PingOne knows an address,
    and nobody has just said that it was not them.

    A front end offers it only then, and the flow takes it nowhere else.
    """
    known = bool(caller.person.email) and not caller.person.only_in_directory
    return given.rules.recovery and known and caller.devices.frozen_until is None


_NO_PAGE = "This caller cannot be mailed the way to a recovery page."


class ProtectedAccount(State, frozen=True):
    """A look-up of a protected account says only that."""

    section = SECTION

    given: Given
    name: str

    def want(self) -> Ask[p.ProtectedPrompt]:
        return Ask(p.ProtectedPrompt(self.name, self.given.rules.protected_words))

    def step(self, event: Event) -> CustomerLeft | EndedCall:
        match event:
            case a.AnotherCustomerChosen():
                return CustomerLeft()
            case a.CallEnded():
                return EndedCall()
            case _:
                raise IllegalEventError(self, event)


class RecordingNotVerified(State, frozen=True):
    """The way "none": nothing is done, and one audit row says so."""

    section = SECTION

    given: Given
    person: Person

    def want(self) -> Do[fx.RecordNotVerified]:
        return Do(fx.RecordNotVerified(person_id=self.person.id))

    def step(self, event: Event) -> SayingNotVerified | CheckFailed:
        match event:
            case r.Noted():
                return SayingNotVerified(self.given, self.person)
            case Failed(problem):
                return CheckFailed(problem, self)
            case _:
                raise IllegalEventError(self, event)


class SayingNotVerified(State, frozen=True):
    section = SECTION

    given: Given
    person: Person

    def want(self) -> Ask[p.CannotVerifyPrompt]:
        return Ask(p.CannotVerifyPrompt(self.person))

    def step(self, event: Event) -> CheckingDevices | CustomerLeft | EndedCall:
        match event:
            case a.BackChosen():
                return CustomerLeft() if self.person.only_in_directory else CheckingDevices(self.given, self.person)
            case a.AnotherCustomerChosen():
                return CustomerLeft()
            case a.CallEnded():
                return EndedCall()
            case _:
                raise IllegalEventError(self, event)


class _End(Terminal, frozen=True):
    section = SECTION

    def want(self) -> Done[DevicesChecked]:
        return Done(DevicesChecked())


class WayChosen(_End, frozen=True):
    """How this caller is to show who they are."""

    caller: Caller
    way: Way


class RecoveryStarted(_End, frozen=True):
    """They choose a new password by themselves."""

    caller: Caller


class ProtectChosen(_End, frozen=True):
    """Somebody has their account."""

    caller: Caller


class CustomerLeft(_End, frozen=True):
    """Somebody else is looked up; or the same person anew, where PingOne could not be asked about them."""


class EndedCall(_End, frozen=True):
    """The agent ended the call."""


class CheckFailed(_End, frozen=True):
    """Nothing can go on here; to try again enters the section once more."""

    problem: Problem
    again: CheckingDevices | RecordingNotVerified


DeviceCheckState = (
    CheckingDevices
    | ChoosingWay
    | NoWayToVerify
    | ProtectedAccount
    | RecordingNotVerified
    | SayingNotVerified
    | WayChosen
    | RecoveryStarted
    | ProtectChosen
    | CustomerLeft
    | EndedCall
    | CheckFailed
)
