"""Enable, the part of User Functions that opens AD first, and PingOne only where AD succeeded."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.account_task import ReturnError, ReturnSuccess, Task
from csrdesk.flows.kernel import Do, Event, Failed, Problem, State
from csrdesk.flows.prompts import ResultLine
from csrdesk.flows.reading_back import FUNCTIONS, ReadingBack
from csrdesk.flows.result_lines import has_changed, result_line, was_already
from csrdesk.flows.switches import ALREADY, set_directory, set_pingone
from csrdesk.model.account import Account


def begin(task: Task, account: Account) -> EnablingInDirectory | EnablingInPingOne | ReturnSuccess | ReturnError:
    """Where `enableUser` begins, with the account as just read."""
    if account.directory_problem:
        words = f"AD could not be read, so nothing was enabled. {account.directory_problem}"
        return ReturnError(Problem(words, code="unavailable"))
    in_pingone = account.pingone_enabled is not True
    since = account.pingone.changed_at if account.pingone else None
    if account.directory and account.directory.disabled:
        return EnablingInDirectory(task, in_pingone, account.directory.changed_at, since)
    if in_pingone:
        lines = (was_already("AD", "enabled"),) if account.directory else ()
        return EnablingInPingOne(task, lines, since=since)
    return ReturnSuccess(task, account, (ResultLine(ALREADY.format("enabled")),))


class EnablingInDirectory(State, frozen=True):
    """AD first; PingOne only where AD succeeded."""

    section = FUNCTIONS

    task: Task
    then_pingone: bool
    since: datetime | None = None
    """Since when it is disabled in AD, at the latest."""
    since_in_pingone: datetime | None = None

    def want(self) -> Do[fx.SetDirectoryEnabled]:
        return Do(replace(set_directory(self.task, enabled=True), since=self.since))

    def step(self, event: Event) -> EnablingInPingOne | ReadingBack:
        match event:
            case r.DirectoryEnabledSet():
                return self._then((result_line("AD", "enabled", event),), changed=has_changed(event))
            case Failed():
                left = (ResultLine("PingOne: not touched, because AD failed", ok=False),) if self.then_pingone else ()
                return ReadingBack(self.task, (result_line("AD", "enabled", event), *left))
            case _:
                raise IllegalEventError(self, event)

    def _then(self, lines: tuple[ResultLine, ...], *, changed: bool) -> EnablingInPingOne | ReadingBack:
        if self.then_pingone:
            return EnablingInPingOne(self.task, lines, changed, self.since_in_pingone)
        return ReadingBack(self.task, lines, changed)


class EnablingInPingOne(State, frozen=True):
    section = FUNCTIONS

    task: Task
    lines: tuple[ResultLine, ...]
    changed: bool = False
    """Whether AD has changed already."""
    since: datetime | None = None
    """Since when it is disabled in PingOne, at the latest."""

    def want(self) -> Do[fx.SetPingOneEnabled]:
        return Do(replace(set_pingone(self.task, enabled=True), since=self.since))

    def step(self, event: Event) -> ReadingBack:
        match event:
            case r.PingOneEnabledSet() | Failed():
                lines = (*self.lines, result_line("PingOne", "enabled", event))
                return ReadingBack(self.task, lines, self.changed or has_changed(event))
            case _:
                raise IllegalEventError(self, event)
