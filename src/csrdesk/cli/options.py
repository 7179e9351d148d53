"""The options that several commands share, so that each means the same everywhere."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, also for errors.")]
"""Read by the one place that renders; a command takes it as `_json` and need not look."""

Identifier = Annotated[
    str, typer.Argument(metavar="IDENTIFIER", help="User name, mail address, customer number or phone.")
]
OneOf = Annotated[
    str, typer.Argument(metavar="[IDENTIFIER]", help="User name, mail address, customer number or phone.")
]
"""The same where a list can stand in its place."""
CallId = Annotated[str, typer.Option("--call", metavar="ID", help="The verified call this belongs to.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stands in the audit.")]
Ticket = Annotated[str, typer.Option("--ticket", metavar="TEXT", help="The ticket's number.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be written where, and write nothing.")]
ListFile = Annotated[
    str, typer.Option("--from", metavar="FILE", help="A list of accounts: CSV, a line each; - for standard input.")
]
Column = Annotated[str, typer.Option("--column", metavar="NAME", help="The list's column that names the accounts.")]
ResultFile = Annotated[
    str, typer.Option("--result", metavar="FILE", help="What came of each account; FILE.result.csv without it.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the result file of a run that was stopped.")]
Parallel = Annotated[int, typer.Option("--parallel", min=1, max=32, help="Accounts of a list at the same time.")]
NoNotify = Annotated[bool, typer.Option("--no-notify", help="Mail nobody on the list; only where settings allow it.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for scripts.")]


class ByWay(StrEnum):
    """How a caller is verified; the words are those of `csrdesk.model.ways`, which a command loads when it runs."""

    LINK = "link"
    SPOKEN_ADDRESS = "spoken-address"
    PUSH = "push"
    CALL_BACK = "call-back"
    EXCEPTION = "exception"


class Shell(StrEnum):
    """Whose words are completed."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
