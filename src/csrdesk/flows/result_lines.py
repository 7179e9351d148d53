"""What became of one part of a change, in one line for the agent: done, not needed, failed, or unknown."""

from __future__ import annotations

from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Failed, Reply
from csrdesk.flows.prompts import ResultLine


def result_line(where: str, done: str, reply: Reply, *, of: str = "") -> ResultLine:
    """What became of one part: `AD: disabled`, `PingOne: sessions not ended. ...`."""
    match reply:
        case r.PingOneEnabledSet(changed=False) | r.DirectoryEnabledSet(changed=False) | r.Unlocked(changed=False):
            return was_already(where, done)
        case r.PingOneEnabledSet() | r.DirectoryEnabledSet() | r.Unlocked():
            return ResultLine(f"{where}: {of}{done}")
        case Failed(problem) if problem.code not in ("unknown", "timed_out", "unreachable"):
            return ResultLine(f"{where}: {of}not {done}. {problem.message}", ok=False)
        case _:
            why = f" {reply.problem.message}" if isinstance(reply, Failed) else ""
            return ResultLine(f"{where}: unknown whether {of}{done}.{why}", ok=False, unknown=True)


def was_already(where: str, state: str) -> ResultLine:
    """A part that needed nothing: then it was not the desk that did it."""
    return ResultLine(f"{where}: was {state} already, nothing written")
