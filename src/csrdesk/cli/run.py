"""From words to an exit code: parse, run the command, render what came of it. Here is its one broad `except`.

Errors from before a command runs take the same way, so a script that asked for JSON always reads JSON. Without words
there is nothing to parse: the console is opened and the parser with its tree of commands is never loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from csrdesk.cli import result
from csrdesk.cli.exits import Exit
from csrdesk.cli.result import Result
from csrdesk.errors import CsrdeskError

if TYPE_CHECKING:
    import typer


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code. Never raises."""
    words = [word.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for word in arguments]
    command, as_json = name_of(words), "--json" in words
    try:
        came = _parsed(words) if words else _console()
    except CsrdeskError as error:
        came = result.of_error(error)
    except KeyboardInterrupt:
        came = Result(exit_code=Exit.INTERRUPTED)
    except BrokenPipeError:
        return _closed()
    except Exception as error:  # noqa: BLE001 - the boundary of the command line: a crash is one line with a reference
        came = _crash(error, command)
    if not isinstance(came, Result):  # help was printed: Typer hands back the exit code
        return came if isinstance(came, int) else Exit.OK
    try:
        return result.render(came, command, as_json=as_json)
    except BrokenPipeError:
        return _closed()


def name_of(words: Sequence[str]) -> str:
    """The command's name as the envelope says it: `call start`. Empty for the console."""
    if not words:
        return ""
    from csrdesk.cli.commands import GROUPS

    first = words[0]
    if first not in GROUPS:
        return ""
    second = words[1] if len(words) > 1 else ""
    return f"{first} {second}" if second in GROUPS[first] else first


def _parsed(words: list[str]) -> object:
    """What the command that `words` name handed back; what was wrong with them becomes a result as well."""
    import typer

    from csrdesk.cli.commands import tree

    try:
        return tree(words)(args=words, prog_name="csrdesk", standalone_mode=False)
    except typer.TyperException as error:
        return _usage(error)
    except typer.Abort:
        return Result(exit_code=Exit.INTERRUPTED)


def _console() -> object:
    from csrdesk.cli.console import open_console

    return open_console()


def _usage(error: typer.TyperException) -> Result:
    usage = getattr(getattr(error, "ctx", None), "get_usage", None)
    return Result(
        exit_code=Exit.USAGE,
        error=result.ReturnError(error.format_message(), "", "usage"),
        messages=tuple(usage().splitlines()) if usage else (),
    )


def _crash(error: Exception, command: str) -> Result:
    from csrdesk.wiring.log import log_crash

    reference, path = log_crash(error, command or "console")
    where = f"The details are in {path}." if path else "The details could not be written to the log file."
    message = f"Something went wrong inside csrdesk. Look at what was done before you try again. {where}"
    return result.refusal("crash", message, reference=reference, exit_code=Exit.CRASH)


def _closed() -> int:
    """Whoever read our output has gone (`csrdesk audit list | head`): that is no error, and there is nobody to tell."""
    import os
    import sys

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.OK
