"""Managing the caller's devices, from the account page: choose one and what to do, confirm, change, read back.

Not in Ping's documentation. A device never vouches for itself: what is changed needs another strong one, which the
engine's policy checks again, whatever stands here.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import device_effects as dx
from csrdesk.flows import device_prompts as dp
from csrdesk.flows import device_replies as dr
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows import second_agent as sa
from csrdesk.flows.act_words import SECOND_AGENT
from csrdesk.flows.kernel import (
    Do,
    Done,
    Event,
    Failed,
    Outcome,
    Poll,
    Problem,
    Replies,
    Reply,
    State,
    Terminal,
    Together,
    Want,
)
from csrdesk.flows.result_lines import told_line
from csrdesk.flows.rules import Rules
from csrdesk.flows.telling import Later
from csrdesk.model.devices import Device, DeviceChange
from csrdesk.model.notices import Change
from csrdesk.model.people import Person
from csrdesk.model.proofs import Act, Evidence

SECTION = "User Account management"
_CHANGES: dict[type[Event], DeviceChange] = {
    a.BlockDeviceChosen: DeviceChange.BLOCK,
    a.UnblockDeviceChosen: DeviceChange.UNBLOCK,
    a.UnlockDeviceChosen: DeviceChange.UNLOCK,
    a.RenameDeviceChosen: DeviceChange.RENAME,
    a.DefaultDeviceChosen: DeviceChange.DEFAULT,
    a.RemoveDeviceChosen: DeviceChange.REMOVE,
}
_DONE = {
    DeviceChange.BLOCK: "blocked",
    DeviceChange.UNBLOCK: "unblocked",
    DeviceChange.UNLOCK: "unlocked",
    DeviceChange.RENAME: "renamed",
    DeviceChange.DEFAULT: "put first",
    DeviceChange.REMOVE: "removed",
}


class Given(msgspec.Struct, frozen=True):
    """Who is verified, by what, and until when."""

    person: Person
    evidence: Evidence
    until: datetime
    ticket: str = ""
    ticket_required: bool = False
    dn: str = ""
    rules: Rules = Rules()

    @property
    def alone(self) -> bool:
        """Whether settings let one agent change a device."""
        return Act.DEVICES not in self.rules.second_agent_for

    @property
    def wait(self) -> fx.WaitUntil:
        return fx.WaitUntil(person_id=self.person.id, moment=self.until)


class Wanted(msgspec.Struct, frozen=True):
    """One change of one device."""

    device: Device
    change: DeviceChange
    nickname: str = ""


class Over(Outcome, frozen=True):
    """The account page goes on."""


class ReadingDevices(State, frozen=True):
    """Only for a caller who is verified now: before that no device is shown beyond its kind."""

    section = SECTION

    given: Given
    note: str = ""

    def want(self) -> Do[Together[fx.RequireProof | fx.ReadDevices]]:
        who = self.given.person.id
        return Do(Together(effects=(fx.RequireProof(person_id=who), fx.ReadDevices(person_id=who))))

    def step(self, event: Event) -> ManagingDevices | WindowEnded | Unread:
        match event:
            case Replies((Failed(problem), *_)) if problem.code == "not_verified":
                return WindowEnded()
            case Replies((r.Noted(), r.DevicesRead(found))):
                return ManagingDevices(self.given, found.devices, self.note)
            case Replies((*_, Failed(problem))) | Replies((Failed(problem), *_)) | Failed(problem):
                return Unread(problem)
            case _:
                raise IllegalEventError(self, event)


class ManagingDevices(State, frozen=True):
    section = SECTION

    given: Given
    devices: tuple[Device, ...]
    note: str = ""

    def want(self) -> Poll[dp.DevicesPrompt, fx.WaitUntil]:
        given = self.given
        prompt = dp.DevicesPrompt(given.person, self.devices, given.evidence, given.until, self.note)
        return Poll(prompt, given.wait)

    def step(
        self, event: Event
    ) -> ConfirmingChange | ManagingDevices | ReadingDevices | LeftDevices | Ended | WindowEnded:
        match event:
            case (
                a.BlockDeviceChosen(device_id)
                | a.UnblockDeviceChosen(device_id)
                | a.UnlockDeviceChosen(device_id)
                | a.RenameDeviceChosen(device_id)
                | a.DefaultDeviceChosen(device_id)
                | a.RemoveDeviceChosen(device_id)
            ):
                nickname = event.nickname.strip() if isinstance(event, a.RenameDeviceChosen) else ""
                return self._chosen(device_id, _CHANGES[type(event)], nickname)
            case a.RefreshChosen():
                return ReadingDevices(self.given)
            case a.BackChosen():
                return LeftDevices()
            case a.CallEnded():
                return Ended()
            case r.TimeCame():
                return WindowEnded()
            case Failed(problem):
                return self._saying(problem.message)
            case _:
                raise IllegalEventError(self, event)

    def _chosen(self, device_id: str, change: DeviceChange, nickname: str) -> ConfirmingChange | ManagingDevices:
        device = next((d for d in self.devices if d.id == device_id), None)
        if device is None:
            return self._saying("Choose one of the devices.")
        if change is DeviceChange.RENAME and not nickname:
            return self._saying("Type the new name first.")
        if missing := self.given.evidence.missing_for_device(device_id):
            return self._saying(missing)
        return ConfirmingChange(self.given, Wanted(device, change, nickname), self.devices, self.given.ticket)

    def _saying(self, note: str) -> ManagingDevices:
        return ManagingDevices(self.given, self.devices, note)


class ConfirmingChange(State, frozen=True):
    """Which device and what in full; nothing happens without a reason."""

    section = SECTION

    given: Given
    wanted: Wanted
    devices: tuple[Device, ...]
    ticket: str = ""
    note: str = ""

    def want(self) -> Poll[p.ConfirmPrompt, fx.WaitUntil]:
        given = self.given
        prompt = p.ConfirmPrompt(
            given.person,
            Act.DEVICES,
            (*(() if given.alone else SECOND_AGENT), *words(self.wanted)),
            self.ticket,
            ticket_required=given.ticket_required,
            verified_until=given.until,
            note=self.note,
        )
        return Poll(prompt, given.wait)

    def step(
        self, event: Event
    ) -> ChangingDevice | AwaitingApproval | ConfirmingChange | ManagingDevices | WindowEnded:
        match event:
            case a.Confirmed(reason, ticket) if not reason.strip():
                return self._saying("A reason is needed: one line for the audit.", ticket)
            case a.Confirmed(_, ticket) if self.given.ticket_required and not ticket.strip():
                return self._saying("A ticket number is needed.", ticket)
            case a.Confirmed(reason, ticket):
                change = ChangingDevice(self.given, self.wanted, reason.strip(), ticket.strip())
                return change if self.given.alone else AwaitingApproval(change, self.devices, sa.begin(_order(change)))
            case a.Declined():
                return ManagingDevices(self.given, self.devices)
            case r.TimeCame():
                return WindowEnded()
            case Failed(problem):
                return ManagingDevices(self.given, self.devices, problem.message)
            case _:
                raise IllegalEventError(self, event)

    def _saying(self, note: str, ticket: str) -> ConfirmingChange:
        return msgspec.structs.replace(self, note=note, ticket=ticket.strip())


def _order(change: ChangingDevice) -> sa.Order:
    """What another agent reads of it: the change itself, beside what the caller has shown."""
    given, what = change.given, words(change.wanted)[0]
    shown = f"{given.evidence.label}. {what}"
    return sa.Order(given.person, given.dn, Act.DEVICES, change.reason, change.ticket, shown, given.until)


class AwaitingApproval(State, frozen=True):
    """Where settings let nobody change a device alone, it waits here for another agent."""

    section = SECTION

    change: ChangingDevice
    devices: tuple[Device, ...]
    sub: sa.SecondAgentState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> AwaitingApproval | ChangingDevice | ManagingDevices | Ended:
        match self.sub.step(event):
            case sa.Approved():
                return self.change
            case sa.NotApproved(note):
                return ManagingDevices(self.change.given, self.devices, note)
            case sa.EndedCall():
                return Ended()
            case sub:
                return msgspec.structs.replace(self, sub=sub)


class ChangingDevice(State, frozen=True):
    section = SECTION

    given: Given
    wanted: Wanted
    reason: str
    ticket: str

    def want(self) -> Do[dx.ChangeDevice]:
        return Do(
            dx.ChangeDevice(
                person_id=self.given.person.id,
                device_id=self.wanted.device.id,
                change=self.wanted.change,
                nickname=self.wanted.nickname,
                act=Act.DEVICES,
                reason=self.reason,
                ticket=self.ticket,
            )
        )

    def step(self, event: Event) -> TellingCustomer | DeviceDone:
        match event:
            case dr.DeviceChanged(changed=False) | Failed():
                return DeviceDone((result_line(self.wanted, event),))
            case dr.DeviceChanged():
                return TellingCustomer(self.given, result_line(self.wanted, event))
            case _:
                raise IllegalEventError(self, event)


class TellingCustomer(State, frozen=True):
    """The person reads by mail that a device of theirs was changed."""

    section = SECTION

    given: Given
    line: p.ResultLine

    def want(self) -> Do[fx.TellCustomer]:
        return Do(fx.TellCustomer(person_id=self.given.person.id, change=Change.DEVICES))

    def step(self, event: Event) -> DeviceDone:
        match event:
            case r.NoticeQueued(notice_id, message, until):
                return DeviceDone((self.line,), Later(notice_id, message, until))
            case r.CustomerTold() | r.CustomerNotTold() | Failed():
                return DeviceDone((self.line, told_line(event)))
            case _:
                raise IllegalEventError(self, event)


class _End(Terminal, frozen=True):
    section = SECTION

    def want(self) -> Done[Over]:
        return Done(Over())


class DeviceDone(_End, frozen=True):
    """What was done, or why not."""

    lines: tuple[p.ResultLine, ...]
    later: Later | None = None


class LeftDevices(_End, frozen=True):
    """Back to the account."""


class Ended(_End, frozen=True):
    """The agent ended the call."""


class WindowEnded(_End, frozen=True):
    """Nobody is verified any more."""


class Unread(_End, frozen=True):
    """The devices could not be read."""

    problem: Problem


DeviceManagementState = (
    ReadingDevices
    | ManagingDevices
    | ConfirmingChange
    | AwaitingApproval
    | ChangingDevice
    | TellingCustomer
    | DeviceDone
    | LeftDevices
    | Ended
    | WindowEnded
    | Unread
)


def words(wanted: Wanted) -> tuple[str, ...]:
    """What the change does, a line each."""
    label = wanted.device.label
    match wanted.change:
        case DeviceChange.BLOCK:
            return (f"Block {label}: it cannot be used until it is unblocked.",)
        case DeviceChange.UNBLOCK:
            return (f"Unblock {label}: it can be used again.",)
        case DeviceChange.UNLOCK:
            return (f"Unlock {label}: the pause after wrong tries ends.",)
        case DeviceChange.RENAME:
            return (f"Rename {label} to {wanted.nickname}.",)
        case DeviceChange.DEFAULT:
            return (f"Put {label} first: PingOne asks it before the others.",)
        case _:
            return (f"Remove {label} for good.", "The customer has to register it again to use it.")


def result_line(wanted: Wanted, reply: Reply) -> p.ResultLine:
    """What became of it."""
    done, label = _DONE[wanted.change], wanted.device.label
    match reply:
        case dr.DeviceChanged(changed=True):
            return p.ResultLine(f"{label}: {done}")
        case dr.DeviceChanged():
            return p.ResultLine(f"{label}: was {done} already, nothing written")
        case Failed(problem) if problem.code not in ("unknown", "timed_out", "unreachable"):
            return p.ResultLine(f"{label}: not {done}. {problem.message}", ok=False)
        case _:
            why = f" {reply.problem.message}" if isinstance(reply, Failed) else ""
            return p.ResultLine(f"{label}: unknown whether {done}.{why}", ok=False, unknown=True)
