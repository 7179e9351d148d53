"""The tree of commands. Only the branch that was asked for is built: a one-shot command pays for no other.

The console is what runs where no command is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer

from csrdesk.cli.result import Result

HELP = """A help-desk console: look a caller up, let them prove who they are, then act on the account.

Without a command it opens the console.

\b
Examples:
  csrdesk                                  the console
  csrdesk demo                             try everything, nothing leaves this machine
  csrdesk call start ada@mail.example      verify a caller from the shell
  csrdesk config init                      begin with settings of your own
  csrdesk doctor                           is everything there that a desk needs?
"""
EPILOG = (
    "Exit codes: 0 done, 1 refused, 2 command line or settings, 3 something outside is down, 4 an answer is missing, "
    "5 our credentials, 6 rules or not verified, 7 audit, 8 some of a list. With --json errors are JSON, too."
)

GROUPS: dict[str, tuple[str, ...]] = {
    "serve": (),
    "demo": (),
    "call": ("start", "list", "show", "resume", "hand-over", "offers", "accept", "decline", "end"),
    "invite": (),
    "recovery": ("start", "show"),
    "user": ("show", "enable", "disable", "unlock", "expire", "must-change", "reset"),
    "device": ("list", "block", "unblock", "unlock", "rename", "default", "remove"),
    "approval": ("list", "approve", "refuse"),
    "agent": ("list", "revoke"),
    "audit": ("list", "show", "verify", "export", "leave"),
    "data": ("purge", "backup"),
    "login": (),
    "logout": (),
    "whoami": (),
    "doctor": (),
    "config": ("init", "check", "path"),
    "completion": (),
    "sandbox": ("people",),
}
"""Every command by its group; a group's module bears its name. A test compares."""


def tree(words: Sequence[str] = ()) -> typer.Typer:
    """The commands that `words` can mean: all of them, unless the first word names one group."""
    app = typer.Typer(
        help=HELP, epilog=EPILOG, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False
    )
    app.callback(invoke_without_command=True)(start)
    first = next(iter(words), "")
    for name in (first,) if first in GROUPS else GROUPS:
        module = import_module(f"csrdesk.cli.{name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, name))
    return app


def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version.")] = False,
) -> Result | None:
    """The console, where no command is named."""
    if version:
        from csrdesk import __version__

        return Result(lines=(f"csrdesk {__version__}",), data={"version": __version__})
    if context.invoked_subcommand is not None:
        return None
    from csrdesk.cli.console import open_console

    return open_console()
