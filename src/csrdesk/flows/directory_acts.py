"""The parts of User Functions that change AD alone: the account's last day, and a password to be changed.

Which day may be set is policy's to say: it knows what day it is, and what the desk itself did before.
"""

from __future__ import annotations

from datetime import datetime

from csrdesk.errors import IllegalEventError
from csrdesk.flows import directory_effects as de
from csrdesk.flows import replies as r
from csrdesk.flows.account_task import ReturnError, ReturnSuccess, Task
from csrdesk.flows.kernel import Do, Event, Failed, Problem, Reply, State
from csrdesk.flows.prompts import ResultLine
from csrdesk.flows.reading_back import FUNCTIONS, ReadingBack
from csrdesk.flows.result_lines import has_changed, result_line
from csrdesk.model.account import Account
from csrdesk.model.days import last_day, moment_of
from csrdesk.model.proofs import Act

WRONG_DAY = "Say the account's last day as YYYY-MM-DD, or never."
_CHANGE = "set to be changed at the next sign-in"


def wrong_end(ends: str) -> str:
    """What is wrong with an end as it was given (`Confirmed.ends`), in words; empty where nothing is."""
    try:
        moment_of(ends)
    except ValueError:
        return WRONG_DAY
    return ""


def set_expiry(task: Task, account: Account) -> SettingExpiry | ReturnSuccess | ReturnError:
    """Where `setExpiry` begins, with the account as just read."""
    directory = account.directory
    if directory is None:
        return _nothing_there(account)
    if directory.expires_at == task.ends_at:
        return ReturnSuccess(task, account, (ResultLine(f"AD: was {_until(task)} already. Nothing was written."),))
    return SettingExpiry(task, directory.expires_at)


def demand_change(task: Task, account: Account) -> DemandingChange | ReturnSuccess | ReturnError:
    """Where `demandPasswordChange` begins, with the account as just read."""
    directory = account.directory
    if directory is None:
        return _nothing_there(account)
    if directory.must_change_password:
        words = "AD asks for another password at the next sign-in already. Nothing was written."
        return ReturnSuccess(task, account, (ResultLine(words),))
    if why := directory.why_no_must_change:
        return ReturnError(Problem(f"{why} Nothing was changed.", code="invalid_value"))
    return DemandingChange(task)


def _nothing_there(account: Account) -> ReturnError:
    if account.directory_problem:
        return ReturnError(Problem(f"AD could not be read. {account.directory_problem}", code="unavailable"))
    return ReturnError(Problem("There is no AD account, and PingOne keeps nothing of the kind.", code="not_found"))


class SettingExpiry(State, frozen=True):
    """Only AD keeps a last day."""

    section = FUNCTIONS

    task: Task
    was: datetime | None

    def want(self) -> Do[de.SetDirectoryExpiry]:
        task = self.task
        return Do(
            de.SetDirectoryExpiry(
                person_id=task.person.id,
                dn=task.dn,
                ends_at=task.ends_at,
                was=self.was,
                act=Act.EXPIRE,
                reason=task.reason,
                ticket=task.ticket,
            )
        )

    def step(self, event: Event) -> ReadingBack:
        match event:
            case r.DirectoryChanged() | Failed():
                return _back(self.task, _until(self.task), event, _IN_PINGONE)
            case _:
                raise IllegalEventError(self, event)


class DemandingChange(State, frozen=True):
    """The old password is good for one more sign-in, which asks for another."""

    section = FUNCTIONS

    task: Task

    def want(self) -> Do[de.DemandPasswordChange]:
        task = self.task
        return Do(
            de.DemandPasswordChange(
                person_id=task.person.id, dn=task.dn, act=Act.MUST_CHANGE, reason=task.reason, ticket=task.ticket
            )
        )

    def step(self, event: Event) -> ReadingBack:
        match event:
            case r.DirectoryChanged() | Failed():
                return _back(self.task, _CHANGE, event, "")
            case _:
                raise IllegalEventError(self, event)


_IN_PINGONE = "PingOne: not touched. It keeps no last day: sign-ins there go on, unless they stand on AD"


def _back(task: Task, done: str, reply: Reply, beside: str) -> ReadingBack:
    line = result_line("AD", done, reply, of="password " if task.act is Act.MUST_CHANGE else "")
    aside = (ResultLine(beside, aside=True),) if beside and has_changed(reply) else ()
    return ReadingBack(task, (line, *aside), has_changed(reply))


def _until(task: Task) -> str:
    return f"set to end with {last_day(task.ends_at)}" if task.ends_at else "set never to end"
