"""The end of every act of User Functions but an unlock: read what is, and beside it tell the person.

Apart from the acts, because each of them leads here.
"""

from __future__ import annotations

from csrdesk.errors import IllegalEventError
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.account_task import ReturnSuccess, Task, tell, unread
from csrdesk.flows.kernel import Do, Event, Failed, Replies, Reply, State, Together
from csrdesk.flows.prompts import ResultLine
from csrdesk.flows.telling import TellingLater, finish
from csrdesk.model.account import Account
from csrdesk.model.proofs import Act

FUNCTIONS = "User Functions"


class ReadingBack(State, frozen=True):
    """Show what is, not what was meant; and, beside it, tell the person whose account was changed."""

    section = FUNCTIONS

    task: Task
    lines: tuple[ResultLine, ...]
    changed: bool = False
    """Whether there is something to tell them."""

    def want(self) -> Do[Together[fx.ReadAccount | fx.TellCustomer]]:
        read = fx.ReadAccount(person_id=self.task.person.id, dn=self.task.dn)
        return Do(Together(effects=(read, *tell(self.task)) if self.changed else (read,)))

    def step(self, event: Event) -> ReturnSuccess | TellingLater:
        match event:
            case Replies((account, *told)) if len(told) == self.changed:
                return self._then(account, tuple(told))
            case Failed():
                return self._then(event, (event,) * self.changed)
            case _:
                raise IllegalEventError(self, event)

    def _then(self, account: Reply, told: tuple[Reply, ...]) -> ReturnSuccess | TellingLater:
        match account:
            case r.AccountRead(read):
                return finish(self.task, read, (*self.lines, *_expired(self.task, read)), told)
            case _:
                return finish(self.task, Account(), (*self.lines, unread(account)), told)


def _expired(task: Task, account: Account) -> tuple[ResultLine, ...]:
    """An account that is enabled and yet of no use: to extend it is nobody's at the desk."""
    directory = account.directory
    if task.act is not Act.ENABLE or directory is None or not directory.expired or directory.expires_at is None:
        return ()
    at = directory.expires_at
    words = f"AD: expired on {at.day} {at:%B %Y}, so nobody can sign in with it. csrdesk extends no account"
    return (ResultLine(words, aside=True),)
