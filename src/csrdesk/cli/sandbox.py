"""`csrdesk sandbox`: a PingOne, a directory, a mailbox and phones on this machine, for whoever wants to try things."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csrdesk.cli.interrupts import run as run_loop
from csrdesk.cli.options import Json
from csrdesk.cli.result import Result, columns, say
from csrdesk.errors import ConfigError

if TYPE_CHECKING:
    from csrdesk.sandbox import Options

app = typer.Typer(rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def sandbox(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the API; 0 takes a free one.")] = 0,
    latency: Annotated[int, typer.Option(min=0, max=60_000, help="Milliseconds added to each call.")] = 0,
    fail: Annotated[str, typer.Option(metavar="STATUS:RATE", help="Let that share of calls fail: 503:0.2.")] = "",
    record: Annotated[Path | None, typer.Option(metavar="FILE", help="Write API exchanges there, secrets out.")] = None,
) -> Result | None:
    """Serve a PingOne, a directory, a mail server and a mailbox with invented people, on this machine alone.

    It writes settings for a desk beside it and says how to use them. Ctrl-C ends it; it leaves nothing behind. While it
    runs, /control/faults makes it slow, wrong or deaf, call by call, and /control/clock moves its clock:
    docs/how-to/try-things-in-the-sandbox.md.

    \b
    Examples:
      csrdesk sandbox
      csrdesk sandbox --latency 200 --fail 503:0.1
      csrdesk sandbox people
    """
    if context.invoked_subcommand is not None:
        return None

    from csrdesk.sandbox import Options

    options = Options(port=port, latency_ms=latency, fail=fail or None, record=record)
    return run_loop(_serve(options))


async def _serve(options: Options) -> Result:
    from csrdesk.cli.waiting import until_stopped
    from csrdesk.sandbox import Sandbox
    from csrdesk.sandbox.folder import own_folder, remove_dead
    from csrdesk.wiring.trial import write_settings

    try:
        box = Sandbox(options)
    except ValueError as error:
        message = f"The sandbox cannot start: {error}"
        raise ConfigError(message) from None
    if dead := remove_dead():
        say(f"{dead} folder{'s' if dead > 1 else ''} of an earlier run that was killed: removed.")
    with own_folder("desk") as folder:
        async with box:
            connection = box.settings()
            settings = write_settings(connection, folder)
            say(f"PingOne     {connection.api_url}")
            say(f"Directory   {connection.directory_url}")
            say(f"Mailbox     {connection.mailbox_url}  (mails, and the codes that phones got)")
            control = f"{connection.auth_url}/control"
            say(f"Faults      {control}/faults, {control}/clock")
            say(f"People      {_program()} sandbox people")
            say(f"Use it      CSRDESK_CONFIG={settings} {_program()}")
            say(f"Sign in     CSRDESK_CONFIG={settings} {_program()} login")
            async with until_stopped():
                say("Ctrl-C ends it.")
    return Result()


def _program() -> str:
    """How csrdesk can be typed here: its name where the shell finds this one, otherwise where it lies."""
    import os
    import shutil
    import sys

    here = Path(sys.executable).with_name("csrdesk")
    if not here.exists() or shutil.which("csrdesk") == str(here):
        return "csrdesk"
    near = os.path.relpath(here)
    return str(here) if near.startswith(os.pardir) else near


@app.command()
def people(_json: Json = False) -> Result:
    """List the invented people worth trying, one for each situation.

    \b
    Example:
      csrdesk sandbox people
    """
    from csrdesk.sandbox.people import worth_trying

    found = worth_trying()
    rows = [(p.username, p.email, p.customer_number, p.situation, p.expect) for p in found]
    heads = ("USERNAME", "EMAIL", "NUMBER", "SITUATION", "WHAT TO EXPECT")
    return Result(data=found, lines=columns(rows, heads))
