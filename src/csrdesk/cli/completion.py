"""`csrdesk completion`: a script that completes words in a shell. Written from the tree of commands, and then static.

So a press of Tab starts no Python, and cannot reach a desk.
"""

from __future__ import annotations

from typing import Annotated

import typer

from csrdesk.cli.options import Json, Shell
from csrdesk.cli.result import Result


def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")], _json: Json = False
) -> Result:
    """Print a script that lets a shell complete commands and options: bash, zsh or fish.

    \b
    Examples:
      source <(csrdesk completion bash)
      source <(csrdesk completion zsh)
      csrdesk completion fish > ~/.config/fish/completions/csrdesk.fish
    """
    from csrdesk.cli import completing

    script = completing.WRITERS[shell](completing.places())
    return Result(data={"shell": shell, "script": script}, lines=tuple(script.splitlines()))
