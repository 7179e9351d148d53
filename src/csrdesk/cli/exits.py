"""What the exit codes mean, and which error ends with which: one place, because scripts build on these numbers.

docs/reference/exit-codes.md is written from here.
"""

from __future__ import annotations

from enum import IntEnum

from csrdesk import errors
from csrdesk.errors import CsrdeskError


class Exit(IntEnum):
    """How a command ended."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    OUTSIDE = 3
    ANSWER = 4
    CREDENTIALS = 5
    POLICY = 6
    AUDIT = 7
    PARTLY = 8
    CRASH = 70
    INTERRUPTED = 130


MEANING: dict[Exit, str] = {
    Exit.OK: "Done. `call start`: the caller is verified; with `--no-wait`: what verifies them was sent.",
    Exit.REFUSED: "Understood, and refused: nobody found, a value that was not taken, a conflict, or only half done. "
    "`doctor`: something is wrong.",
    Exit.USAGE: "The command line or the settings are wrong; the message names option, or file and key. "
    "Or csrdesk here and at the desk are versions that do not understand each other.",
    Exit.OUTSIDE: "PingOne, the directory or the mail server is unreachable, slow, overloaded or not as expected.",
    Exit.ANSWER: "An answer is missing and nobody can be asked: several people fit, no `--reason`, no `--yes`.",
    Exit.CREDENTIALS: "csrdesk's own credentials or rights outside (PingOne, directory, mail server) are not enough. "
    "Or you are not signed in at the desk.",
    Exit.POLICY: "csrdesk's own rules say no: caller not verified, account protected, a limit reached.",
    Exit.AUDIT: "The desk's database or audit cannot be written; nothing was done. "
    "`audit verify`: the audit is not as it was written.",
    Exit.PARTLY: "Of a list of accounts some were done, and some were not; the result file says which. None: 1.",
    Exit.CRASH: "A defect in csrdesk; the message has a reference, and the log file the details.",
    Exit.INTERRUPTED: "Interrupted with Ctrl-C, by SIGTERM or a closed window; what stays open was said.",
}
"""One sentence for each code."""

ERRORS: dict[type[CsrdeskError], Exit] = {
    errors.ConfigError: Exit.USAGE,
    errors.UnreachableError: Exit.OUTSIDE,
    errors.TimedOutError: Exit.OUTSIDE,
    errors.RateLimitedError: Exit.OUTSIDE,
    errors.UnavailableError: Exit.OUTSIDE,
    errors.UnexpectedAnswerError: Exit.OUTSIDE,
    errors.ReadBackError: Exit.OUTSIDE,
    errors.UnauthorizedError: Exit.CREDENTIALS,
    errors.NotFoundError: Exit.REFUSED,
    errors.ConflictError: Exit.REFUSED,
    errors.InvalidValueError: Exit.REFUSED,
    errors.NotSignedInError: Exit.CREDENTIALS,
    errors.NotVerifiedError: Exit.POLICY,
    errors.ForbiddenError: Exit.POLICY,
    errors.LimitReachedError: Exit.POLICY,
    errors.OtherVersionError: Exit.USAGE,
    errors.StoreUnavailableError: Exit.AUDIT,
    errors.AuditUnavailableError: Exit.AUDIT,
    errors.IllegalEventError: Exit.REFUSED,
    errors.StaleFlowError: Exit.REFUSED,
    errors.NoSuchFlowError: Exit.REFUSED,
    errors.HandedOverError: Exit.REFUSED,
    errors.NeedsAnswerError: Exit.ANSWER,
    errors.LinkOverError: Exit.REFUSED,
}
"""Every leaf of the tree in `csrdesk.errors`; a test compares the two."""

_BY_CODE = {kind.code: exit_code for kind, exit_code in ERRORS.items()}


def exit_for(code: str) -> Exit:
    """The exit code for an error's `code`. One that no error bears (`may_have_been_sent`) counts as refused."""
    return _BY_CODE.get(code, Exit.REFUSED)
