"""The tree of commands. The console is what runs where no command is named."""

from __future__ import annotations

from typing import Annotated

import typer

from csrdesk.cli import audit, call, config, console, demo, sandbox, serve, user
from csrdesk.cli.result import Result

HELP = """A help-desk console: look a caller up, let them prove who they are, then act on the account.

Without a command it opens the console.

\b
Examples:
  csrdesk                                  the console
  csrdesk demo                             try everything, nothing leaves this machine
  csrdesk call start ada@mail.example      verify a caller from the shell
  csrdesk config init                      begin with settings of your own
"""
EPILOG = (
    "Exit codes: 0 done, 1 refused, 2 command line or settings, 3 something outside is down, 4 an answer is missing, "
    "5 our credentials, 6 rules or not verified, 7 audit. With --json errors are JSON, too."
)

app = typer.Typer(help=HELP, epilog=EPILOG, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version.")] = False,
) -> Result | None:
    """The console, where no command is named."""
    if version:
        from csrdesk import __version__

        return Result(lines=(f"csrdesk {__version__}",), data={"version": __version__})
    return console.open_console() if context.invoked_subcommand is None else None


app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
for _name, _group in (
    ("call", call.app), ("user", user.app), ("audit", audit.app), ("config", config.app), ("sandbox", sandbox.app)
):  # fmt: skip
    app.add_typer(_group, name=_name)

GROUPS: dict[str, tuple[str, ...]] = {
    "serve": (),
    "demo": (),
    "call": ("start", "list", "show", "end"),
    "user": ("show", "enable", "disable"),
    "audit": ("list",),
    "config": ("init", "check", "path"),
    "sandbox": ("people",),
}
"""Every command by its group, so that an error from before a command ran can still name it. A test compares."""
