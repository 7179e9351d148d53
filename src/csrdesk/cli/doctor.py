"""`csrdesk doctor`: is everything there that a desk needs, and what to do where it is not?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from csrdesk.cli.exits import Exit
from csrdesk.cli.interrupts import run as run_loop
from csrdesk.cli.options import Json
from csrdesk.cli.result import Result, ReturnError, inert
from csrdesk.model.checkup import Finding, Level

_INDENT = " " * 26


def doctor(_json: Json = False) -> Result:
    """Look at everything that a desk needs, and say what to do where something is missing. Changes and sends nothing.

    Settings, PingOne (sign-in, rights, MFA policy, clock), where agents sign in, directory, mail server, customers'
    pages, keys, database and log. Ends with 0 where all is well or only worth knowing, 1 where something is wrong.

    \b
    Examples:
      csrdesk doctor
      csrdesk doctor --json
    """
    from csrdesk.config import default_path
    from csrdesk.wiring.checkup import check_up

    with _progress() as progress:
        return shown(run_loop(check_up(default_path(), progress.told)))


class _Progress:
    """One line on the terminal that tells what is still waited for; nothing where nobody watches."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()

    def told(self, waiting: tuple[str, ...]) -> None:
        """Draw the line anew, or take it away where nothing is waited for."""
        if self._watched:
            words = inert(f"Looking at: {', '.join(waiting)}")[:78] if waiting else ""
            sys.stderr.write(f"\r\x1b[K{words}")
            sys.stderr.flush()


@contextmanager
def _progress() -> Iterator[_Progress]:
    """The line is gone afterwards, also where Ctrl-C ended it."""
    progress = _Progress()
    try:
        yield progress
    finally:
        progress.told(())


def shown(findings: tuple[Finding, ...]) -> Result:
    """A line each, and below it what to do."""
    bad = [finding for finding in findings if finding.level is Level.WRONG]
    lines = [line for finding in findings for line in _lines(finding)]
    result = Result(data=findings, lines=tuple(lines))
    if not bad:
        return result
    words = "One thing is wrong." if len(bad) == 1 else f"{len(bad)} things are wrong."
    details = "; ".join(dict.fromkeys(finding.area for finding in bad))
    error = ReturnError(words, f"areas={details}", "wrong")
    return Result(data=result.data, lines=result.lines, exit_code=Exit.REFUSED, error=error)


def _lines(finding: Finding) -> Iterator[str]:
    yield f"{finding.level:<8}  {finding.area:<14}  {finding.what}"
    if finding.todo:
        yield f"{_INDENT}{finding.todo}"
