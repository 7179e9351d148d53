"""Telling the person, the last part of User Functions: the mail goes out beside the read-back, or a little later.

Whoever runs these functions for an agent shows the result at once and lets `TellingLater` go on behind it.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.account_task import ReturnSuccess, Task
from csrdesk.flows.kernel import Ask, Do, Event, Failed, Poll, Reply, State
from csrdesk.flows.prompts import NoticePrompt, ResultLine
from csrdesk.flows.result_lines import told_line
from csrdesk.model.account import Account


class Later(msgspec.Struct, frozen=True):
    """A mail that the mail server has not taken yet."""

    notice_id: str
    message: str
    until: datetime

    @property
    def line(self) -> ResultLine:
        """What is said of it meanwhile."""
        return told_line(r.NoticeQueued(self.notice_id, self.message, self.until))


class Told(msgspec.Struct, frozen=True):
    """What became of a mail so far: what is to be said of it, or that it is still tried."""

    line: ResultLine | None = None
    later: Later | None = None

    @property
    def lines(self) -> tuple[ResultLine, ...]:
        """What is settled."""
        return (self.line,) if self.line else ()


def told_of(reply: Reply) -> Told:
    """Sent, not sent, or queued."""
    match reply:
        case r.NoticeQueued(notice_id, message, until):
            return Told(later=Later(notice_id, message, until))
        case _:
            return Told(told_line(reply))


def prompt_with(prompt: NoticePrompt, later: Later | None) -> Ask[NoticePrompt] | Poll[NoticePrompt, fx.AwaitNotice]:
    """The notice of what was done, with a mail that is still tried as its last line."""
    if later is None:
        return Ask(prompt)
    shown = msgspec.structs.replace(prompt, lines=(*prompt.lines, later.line))
    return Poll(shown, fx.AwaitNotice(person_id=prompt.person.id, notice_id=later.notice_id))


def finish(
    task: Task, account: Account, lines: tuple[ResultLine, ...], told: tuple[Reply, ...]
) -> ReturnSuccess | TellingLater:
    """The end, unless the mail server did not take the mail yet."""
    match told:
        case (r.NoticeQueued(notice_id, message, until),):
            return TellingLater(task, account, lines, Later(notice_id, message, until))
        case _:
            return ReturnSuccess(task, account, (*lines, *map(told_line, told)))


class TellingLater(State, frozen=True):
    """Everything is done; the desk tries again to tell the person."""

    section = "User Functions"

    task: Task
    account: Account
    lines: tuple[ResultLine, ...]
    later: Later

    @property
    def so_far(self) -> ReturnSuccess:
        """The end without what is still tried."""
        return ReturnSuccess(self.task, self.account, self.lines)

    def want(self) -> Do[fx.AwaitNotice]:
        return Do(fx.AwaitNotice(person_id=self.task.person.id, notice_id=self.later.notice_id))

    def step(self, event: Event) -> ReturnSuccess:
        match event:
            case r.CustomerTold() | r.CustomerNotTold() | Failed():
                return ReturnSuccess(self.task, self.account, (*self.lines, told_line(event)))
            case _:
                raise IllegalEventError(self, event)
