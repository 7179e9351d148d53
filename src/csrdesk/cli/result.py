"""What a command hands back, and the one place that prints it, for people or as JSON: the output is a contract.

stdout is the data, stderr the talk. Whatever a name or a comment holds is inert here: no markup, no control characters.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence
from typing import TextIO

import msgspec

from csrdesk.cli.exits import Exit, exit_for
from csrdesk.errors import ConfigError, CsrdeskError
from csrdesk.model.text import clean

SCHEMA = "csrdesk/1"
"""The envelope's version: it changes where a key goes or means something else, not where one is added."""

_LINE = 4000
_OBEYED = {"Cc", "Cf", "Co", "Cn", "Zl", "Zp"}
"""Unicode's general categories of characters that show nothing themselves."""


class ReturnError(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a command did not do what was asked."""

    error_message: str = msgspec.field(name="errorMessage")
    error_details: str = msgspec.field(name="errorDetails")
    code: str
    reference: str = ""
    """To quote: PingOne's correlation id, or a crash's place in the log file."""


class Result(msgspec.Struct, frozen=True):
    """What came of a command. Handlers make one and print nothing of it themselves."""

    data: object = None
    """For programs: anything that msgspec can encode."""
    lines: tuple[str, ...] = ()
    """The same for people."""
    exit_code: int = Exit.OK
    error: ReturnError | None = None
    messages: tuple[str, ...] = ()
    """What is worth knowing beside it."""


class Envelope(msgspec.Struct, frozen=True):
    """What `--json` prints, whatever happened."""

    schema: str
    command: str
    ok: bool
    exit_code: int
    data: object
    error: ReturnError | None
    messages: tuple[str, ...]


def refusal(
    code: str,
    message: str,
    *,
    details: str = "",
    reference: str = "",
    exit_code: int | None = None,
    data: object = None,
) -> Result:
    """A result that says why not; the exit code follows from `code` unless it is given."""
    error = ReturnError(message, details, code, reference)
    return Result(data=data, exit_code=exit_for(code) if exit_code is None else exit_code, error=error)


def of_error(error: CsrdeskError) -> Result:
    """The result for an error that a command met."""
    message = error.message
    if isinstance(error, ConfigError) and error.key and not error.file:
        # Found when the settings had been read already: which file they came from is known here alone.
        from csrdesk.config import default_path

        message = f"{default_path()}: {error.key}: {message}"
    return refusal(error.code, message, details=error.details, reference=error.correlation_id)


def render(result: Result, command: str, *, as_json: bool) -> int:
    """Print a result and return its exit code."""
    if as_json:
        envelope = Envelope(
            SCHEMA, command, result.exit_code == Exit.OK, result.exit_code, result.data, result.error, result.messages
        )
        _write(sys.stdout, escaped(msgspec.json.encode(envelope).decode()))
        return result.exit_code
    for line in result.lines:
        _write(sys.stdout, inert(line))
    for message in result.messages:
        say(message)
    if result.error:
        reference = f" (reference {result.error.reference})" if result.error.reference else ""
        say(f"csrdesk: {result.error.error_message}{reference}")
    return result.exit_code


def say(message: str) -> None:
    """One line of talk, on standard error, at once."""
    _write(sys.stderr, inert(message))


def out(text: str) -> None:
    """Data that is too much to hold, on standard output as it comes; it must be inert already."""
    _write(sys.stdout, text)


def inert(line: str) -> str:
    """A line that no terminal takes for more than text."""
    indent = len(line) - len(line.lstrip(" "))
    return " " * indent + clean(line, _LINE)


def escaped(json: str) -> str:
    """JSON that means the same, with what a terminal might obey written as escapes: C1 controls, bidi controls."""
    return "".join(c if unicodedata.category(c) not in _OBEYED else _escape(c) for c in json)


def _escape(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def columns(rows: Sequence[Sequence[str]], heads: Sequence[str] = ()) -> tuple[str, ...]:
    """Rows as left-aligned columns two blanks apart; wide letters count as two cells."""
    table = [[clean(cell, _LINE) for cell in row] for row in ([heads, *rows] if heads else rows)]
    widths = [max(_cells(cell) for cell in column) for column in zip(*table, strict=True)]
    return tuple(
        "  ".join(cell + " " * (width - _cells(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    )


def _cells(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def _write(stream: TextIO, line: str) -> None:
    """Letters that the terminal's encoding lacks are shown as escapes instead of ending the command."""
    encoding = stream.encoding or "utf-8"
    print(line.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)
