"""What came of each account of a list, and of the list as a whole: for the result file, for people and for programs."""

from __future__ import annotations

from pathlib import Path

from csrdesk.cli.bulk_list import Account
from csrdesk.cli.bulk_plan import Plan
from csrdesk.cli.bulk_progress import in_words
from csrdesk.cli.bulk_results import Came, Line
from csrdesk.cli.bulk_run import BulkRun
from csrdesk.cli.exits import Exit, exit_for
from csrdesk.cli.rehearsing import where_and_what
from csrdesk.cli.result import Result, ReturnError
from csrdesk.engine.rehearsal import Rehearsed
from csrdesk.flows import user_functions as uf
from csrdesk.flows.kernel import Outcome

_NOT_FOR_GOOD = (Exit.OUTSIDE, Exit.CREDENTIALS, Exit.AUDIT)
"""Refusals that are none: something was down, and later it may work."""


def line_of(account: Account, outcome: Outcome) -> Line:
    """A flow's end as a line of the result file."""
    match outcome:
        case uf.Outputs() as outputs:
            return _of_outputs(account, outputs)
        case uf.Refusal(message, details, code):
            came = Came.FAILED if exit_for(code) in _NOT_FOR_GOOD else Came.REFUSED
            words = f"{message} ({details})" if code == "forbidden" and details else message
            return Line(account.line, account.identifier, came, words, code)
        case _:
            return Line(account.line, account.identifier, Came.UNKNOWN, "It ended as nobody expected.", "unknown")


def _of_outputs(account: Account, outputs: uf.Outputs) -> Line:
    failed = [line for line in outputs.lines if not (line.ok or line.aside)]
    came = Came.DONE
    if failed:
        unknown = any(line.unknown for line in failed)
        came = Came.HALF_DONE if outputs.half_done else Came.UNKNOWN if unknown else Came.FAILED
    what = "; ".join(line.text for line in outputs.lines)
    code = "" if came is Came.DONE else came.value
    untold = any(line.aside and not line.ok for line in outputs.lines)
    return Line(account.line, account.identifier, came, what, code, outputs.identifier, untold)


def line_of_rehearsal(account: Account, rehearsed: Rehearsed) -> Line:
    """The same for a dry run: what would be written, or why nothing would."""
    if rehearsed.outcome:
        return line_of(account, rehearsed.outcome)
    refusal = next((planned.refusal for planned in rehearsed.planned if planned.refusal), None)
    person_id = rehearsed.person.id if rehearsed.person else ""
    if refusal:
        return Line(account.line, account.identifier, Came.REFUSED, refusal.message, refusal.code, person_id)
    what = "; ".join(": ".join(where_and_what(planned.effect)) for planned in rehearsed.planned)
    return Line(account.line, account.identifier, Came.WOULD, what, "", person_id)


def told(plan: Plan, run: BulkRun, run_id: str, path: Path, trouble: tuple[str, ...]) -> Result:
    """How the run as a whole went, with an exit code that tells all, some and none."""
    done = run.counts[Came.DONE] + run.counts[Came.WOULD]
    counts = {came.value: run.counts[came] for came in Came}
    data = plan.data | counts | {
        "notTold": run.untold,
        "notBegun": plan.left - run.ended,
        "stopped": run.stopped,
        "run": run_id,
        "resultFile": str(path),
        "seconds": round(run.seconds, 1),
        "aSecond": round(run.ended / run.seconds, 2) if run.seconds else 0,
    }  # fmt: skip
    said = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count)
    said += f" ({run.untold:,} not told by mail)" if run.untold else ""
    left = f", {plan.left - run.ended:,} not begun" if run.ended < plan.left else ""
    lines = (f"{said or 'none ended'}{left} of {plan.left:,} accounts in {in_words(run.seconds)}.", f"Results: {path}")
    exit_code = _exit(plan, run, done)
    if exit_code == Exit.OK:
        return Result(data=data, lines=lines, messages=trouble)
    return Result(data=data, lines=lines, exit_code=exit_code, error=_error(run, done), messages=trouble)


def _exit(plan: Plan, run: BulkRun, done: int) -> int:
    if run.interrupted and run.ended < plan.left:
        return Exit.INTERRUPTED
    if done == plan.left:
        return Exit.OK
    if done:
        return Exit.PARTLY
    return exit_for(run.code) if run.code else Exit.REFUSED


def _error(run: BulkRun, done: int) -> ReturnError:
    again = "The same command with --resume goes on, and tries again what failed."
    if run.stopped:
        code = "interrupted" if run.interrupted else "stopped"
        return ReturnError(f"{run.stopped.removesuffix('.')}. {again}", "", code)
    if run.ended == done + run.counts[Came.REFUSED]:
        again = "Trying again would say the same."
    words = "Some accounts were not done" if done else "No account was done"
    return ReturnError(f"{words}: the result file says why. {again}", "", "partly" if done else "none_done")
