"""What became of one part of a change, in one line for the agent: done, not needed, failed, or unknown.

And whether the person was told of it by mail, which is no part of the change: it makes nothing half done.
"""

from __future__ import annotations

from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Failed, Reply
from csrdesk.flows.prompts import ResultLine


def result_line(where: str, done: str, reply: Reply, *, of: str = "") -> ResultLine:
    """What became of one part: `AD: disabled`, `PingOne: sessions not ended. ...`."""
    match reply:
        case r.PingOneEnabledSet(changed=False) | r.DirectoryEnabledSet(changed=False) | r.Unlocked(changed=False):
            return was_already(where, done)
        case r.DirectoryChanged(changed=False):
            return was_already(where, done)
        case r.DirectoryEnabledSet(server=server) | r.Unlocked(server=server) | r.DirectoryChanged(server=server) if (
            server
        ):
            return ResultLine(f"{where}: {of}{done} at {server}; other sites follow")
        case r.PingOneEnabledSet() | r.DirectoryEnabledSet() | r.Unlocked() | r.DirectoryChanged():
            return ResultLine(f"{where}: {of}{done}")
        case Failed(problem) if problem.code not in ("unknown", "timed_out", "unreachable"):
            return ResultLine(f"{where}: {of}not {done}. {problem.message}", ok=False)
        case _:
            why = f" {reply.problem.message}" if isinstance(reply, Failed) else ""
            return ResultLine(f"{where}: unknown whether {of}{done}.{why}", ok=False, unknown=True)


def was_already(where: str, state: str) -> ResultLine:
    """A part that needed nothing: then it was not the desk that did it."""
    return ResultLine(f"{where}: was {state} already, nothing written")


def session_lines(reply: Reply) -> tuple[ResultLine, ...]:
    """How many sign-ins were ended, and what lives on all the same."""
    match reply:
        case r.SessionsEnded(count, lives_on):
            ended = ResultLine("PingOne: 1 session ended" if count == 1 else f"PingOne: {count} sessions ended")
            return (ended, ResultLine(f"What lives on: {lives_on}", aside=True)) if lives_on else (ended,)
        case _:
            return (result_line("PingOne", "ended", reply, of="sessions "),)


def has_changed(reply: Reply) -> bool:
    """Whether something is other than before, for sure."""
    match reply:
        case (
            r.PingOneEnabledSet(changed=changed)
            | r.DirectoryEnabledSet(changed=changed)
            | r.Unlocked(changed=changed)
            | r.DirectoryChanged(changed=changed)
        ):
            return changed
        case _:
            return False


def told_line(reply: Reply) -> ResultLine:
    """Whether the person knows of the change: `Customer: told by mail`."""
    match reply:
        case r.CustomerTold(doubt=""):
            return ResultLine("Customer: told by mail", aside=True)
        case r.CustomerTold(doubt):
            return ResultLine(f"Customer: told by mail. {doubt}", aside=True)
        case r.CustomerNotTold(message):
            return ResultLine(f"Customer: not told. {message} {_YOURSELF}", ok=False, aside=True)
        case r.NoticeQueued(message=message, until=until):
            words = f"Customer: not told yet. {message} csrdesk tries again until {until:%H:%M:%S} UTC."
            return ResultLine(words, ok=False, unknown=True, aside=True)
        case Failed(problem) if problem.code not in _NOBODY_KNOWS:
            return ResultLine(f"Customer: not told. {problem.message} {_YOURSELF}", ok=False, aside=True)
        case Failed(problem):
            return ResultLine(f"Customer: maybe not told. {problem.message}", ok=False, unknown=True, aside=True)
        case _:
            return ResultLine(f"Customer: not told. {_YOURSELF}", ok=False, aside=True)


_YOURSELF = "Tell them yourself."
_NOBODY_KNOWS = frozenset({"unknown", "timed_out", "unreachable", "may_have_been_sent"})
