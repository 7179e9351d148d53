"""Disable, the part of User Functions that closes both directories at once and ends what is signed in."""

from __future__ import annotations

from csrdesk.errors import IllegalEventError
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.account_task import ReturnSuccess, Task
from csrdesk.flows.kernel import Do, Event, Failed, Replies, Reply, State, Together
from csrdesk.flows.prompts import ResultLine
from csrdesk.flows.reading_back import FUNCTIONS, ReadingBack
from csrdesk.flows.result_lines import has_changed, result_line, session_lines, was_already
from csrdesk.flows.switches import ALREADY, set_directory, set_pingone
from csrdesk.model.account import Account
from csrdesk.model.proofs import Act


def begin(task: Task, account: Account) -> Disabling | LookingForSessions:
    """Where `disableUser` begins, with the account as just read."""
    # A half that could not be read is written all the same: the reading must not keep the door open.
    in_directory = bool(task.dn) and account.directory_enabled is not False
    in_pingone = account.pingone_enabled is not False and not task.person.only_in_directory
    if in_directory or in_pingone or task.unchecked or task.person.only_in_directory:
        return Disabling(task, in_directory=in_directory, in_pingone=in_pingone)
    return LookingForSessions(task, account)


class LookingForSessions(State, frozen=True):
    """Disabled already: what a try before may have left are sign-ins that live on."""

    section = FUNCTIONS

    task: Task
    account: Account

    def want(self) -> Do[fx.ReadSessions]:
        return Do(fx.ReadSessions(person_id=self.task.person.id))

    def step(self, event: Event) -> EndingSessions | ReturnSuccess:
        already = ResultLine(ALREADY.format("disabled"))
        match event:
            case r.SessionsRead(0):
                return ReturnSuccess(self.task, self.account, (already,))
            case r.SessionsRead():
                return EndingSessions(self.task, (ResultLine("The account was already disabled."),))
            case Failed(problem):
                unread = ResultLine(
                    f"PingOne: whether sign-ins are left could not be read. {problem.message}", ok=False
                )
                return ReturnSuccess(self.task, self.account, (already, unread))
            case _:
                raise IllegalEventError(self, event)


_LATER_IN_PINGONE = ResultLine(
    "PingOne: not disabled, and no session ended, because it cannot be asked. Look the person up again when it "
    "answers, and disable there as well",
    ok=False,
)


class Disabling(State, frozen=True):
    """Both directories at once; neither waits for the other or is stopped by it."""

    section = FUNCTIONS

    task: Task
    in_directory: bool
    in_pingone: bool

    def want(self) -> Do[Together[fx.SetDirectoryEnabled | fx.SetPingOneEnabled]]:
        parts: list[fx.SetDirectoryEnabled | fx.SetPingOneEnabled] = []
        if self.in_directory:
            parts.append(set_directory(self.task, enabled=False))
        if self.in_pingone:
            parts.append(set_pingone(self.task, enabled=False))
        return Do(Together(effects=tuple(parts)))

    def step(self, event: Event) -> EndingSessions | ReadingBack:
        match event:
            case Replies(replies) if len(replies) == self.in_directory + self.in_pingone:
                lines, changed = self._lines(list(replies)), any(map(has_changed, replies))
                if self.task.person.only_in_directory:
                    return ReadingBack(self.task, lines, changed)
                return EndingSessions(self.task, lines, changed)
            case Failed():
                return ReadingBack(self.task, self._lines([event, event]))
            case _:
                raise IllegalEventError(self, event)

    def _lines(self, replies: list[Reply]) -> tuple[ResultLine, ...]:
        lines = []
        if self.in_directory:
            lines.append(result_line("AD", "disabled", replies.pop(0)))
        elif self.task.dn:
            lines.append(was_already("AD", "disabled"))
        elif self.task.unchecked:
            words = f"AD: not disabled, and nobody could check there whom this is. {self.task.unchecked}"
            lines.append(ResultLine(words, ok=False))
        lines.append(self._in_pingone(replies))
        return tuple(lines)

    def _in_pingone(self, replies: list[Reply]) -> ResultLine:
        if self.task.person.only_in_directory:
            return _LATER_IN_PINGONE
        return (
            result_line("PingOne", "disabled", replies.pop(0))
            if self.in_pingone
            else was_already("PingOne", "disabled")
        )


class EndingSessions(State, frozen=True):
    """After a disable, also a half done one: sign-ins that live on would make it worth little."""

    section = FUNCTIONS

    task: Task
    lines: tuple[ResultLine, ...]
    changed: bool = False

    def want(self) -> Do[Together[fx.EndSessions | fx.EndLinks]]:
        task = self.task
        who = task.person.id
        act, unchecked = task.act or Act.DISABLE, bool(task.unchecked)
        sessions = fx.EndSessions(person_id=who, act=act, reason=task.reason, ticket=task.ticket, unchecked=unchecked)
        return Do(Together(effects=(sessions, fx.EndLinks(person_id=who))))

    def step(self, event: Event) -> ReadingBack:
        match event:
            case Replies((sessions, links)):
                return self._then(sessions, links)
            case Failed():
                return self._then(event, event)
            case _:
                raise IllegalEventError(self, event)

    def _then(self, sessions: Reply, links: Reply) -> ReadingBack:
        lines = [*self.lines, *session_lines(sessions)]
        if isinstance(links, Failed):
            lines.append(result_line("csrdesk", "ended", links, of="open links "))
        return ReadingBack(self.task, tuple(lines), self.changed)
