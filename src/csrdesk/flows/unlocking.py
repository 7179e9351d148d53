"""Unlock, the part of User Functions that ends locks: AD's, PingOne's account's and its password's, each by itself.

Only what is locked is written, so that no act says more in the audit than was done. Devices are never unlocked here;
those that stay locked are said, because the caller will meet them next.
"""

from __future__ import annotations

from csrdesk.errors import IllegalEventError
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.account_task import ReturnSuccess, Task, tell, unread
from csrdesk.flows.kernel import Do, Event, Failed, Replies, Reply, State, Together
from csrdesk.flows.prompts import ResultLine
from csrdesk.flows.result_lines import has_changed, result_line
from csrdesk.flows.telling import TellingLater, finish
from csrdesk.model.account import Account, Lock
from csrdesk.model.devices import Device
from csrdesk.model.proofs import Act

SECTION = "User Functions"

Unlock = fx.UnlockDirectory | fx.UnlockPingOne | fx.UnlockPassword


def begin(task: Task, account: Account) -> Unlocking | ReadingLocks:
    """Where `unlockUser` begins, with the account as just read."""
    unread = tuple(
        ResultLine(f"{where}: could not be read, so nothing was unlocked there. {problem}", ok=False)
        for where, problem in (("AD", account.directory_problem), ("PingOne", account.pingone_problem))
        if problem
    )
    if account.locks:
        return Unlocking(task, account.locks, unread)
    return ReadingLocks(task, unread or (ResultLine("Nothing of the account was locked. Nothing was written."),))


class Unlocking(State, frozen=True):
    """Every lock at once; none waits for another or is stopped by it."""

    section = SECTION

    task: Task
    locks: tuple[Lock, ...]
    unread: tuple[ResultLine, ...] = ()
    """What could not be looked at."""

    def want(self) -> Do[Together[fx.UnlockDirectory | fx.UnlockPingOne | fx.UnlockPassword]]:
        return Do(Together(effects=tuple(_unlock(self.task, lock) for lock in self.locks)))

    def step(self, event: Event) -> ReadingLocks:
        match event:
            case Replies(replies) if len(replies) == len(self.locks):
                return self._then(replies)
            case Failed():
                return self._then((event,) * len(self.locks))
            case _:
                raise IllegalEventError(self, event)

    def _then(self, replies: tuple[Reply, ...]) -> ReadingLocks:
        pairs = zip(self.locks, replies, strict=True)
        lines = tuple(result_line(lock.value, "unlocked", reply) for lock, reply in pairs)
        return ReadingLocks(self.task, (*lines, *self.unread), any(map(has_changed, replies)))


class ReadingLocks(State, frozen=True):
    """Show what is, not what was meant; and which devices are locked, which no unlock of an account changes.

    Beside it the person is told, where something was unlocked.
    """

    section = SECTION

    task: Task
    lines: tuple[ResultLine, ...]
    changed: bool = False

    def want(self) -> Do[Together[fx.ReadAccount | fx.ReadDevices | fx.TellCustomer]]:
        who = self.task.person.id
        reads = (fx.ReadAccount(person_id=who, dn=self.task.dn), fx.ReadDevices(person_id=who))
        return Do(Together(effects=(*reads, *tell(self.task)) if self.changed else reads))

    def step(self, event: Event) -> ReturnSuccess | TellingLater:
        match event:
            case Replies((account, devices, *told)) if len(told) == self.changed:
                return self._then(account, devices, tuple(told))
            case Failed():
                return self._then(event, event, (event,) * self.changed)
            case _:
                raise IllegalEventError(self, event)

    def _then(self, account: Reply, devices: Reply, told: tuple[Reply, ...]) -> ReturnSuccess | TellingLater:
        lines = [*self.lines]
        match devices:
            case r.DevicesRead(found):
                lines += [_stays(device) for device in found.devices if device.locked or device.blocked]
            case _:
                lines.append(ResultLine("Whether a device is locked could not be read.", aside=True))
        match account:
            case r.AccountRead(read):
                return finish(self.task, read, tuple(lines), told)
            case _:
                return finish(self.task, Account(), (*lines, unread(account)), told)


def _unlock(task: Task, lock: Lock) -> Unlock:
    who, reason, ticket, unchecked = task.person.id, task.reason, task.ticket, bool(task.unchecked)
    if lock is Lock.DIRECTORY:
        return fx.UnlockDirectory(person_id=who, dn=task.dn, act=Act.UNLOCK, reason=reason, ticket=ticket)
    if lock is Lock.PINGONE:
        return fx.UnlockPingOne(person_id=who, act=Act.UNLOCK, reason=reason, ticket=ticket, unchecked=unchecked)
    return fx.UnlockPassword(person_id=who, act=Act.UNLOCK, reason=reason, ticket=ticket, unchecked=unchecked)


def _stays(device: Device) -> ResultLine:
    state = "blocked" if device.blocked else "locked"
    return ResultLine(f"Device {device.label}: still {state}; unlocking an account changes no device", aside=True)
