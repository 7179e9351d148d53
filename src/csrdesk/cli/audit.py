"""`csrdesk audit`: what was done, by whom, to whom, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from csrdesk.cli.desk import at_desk
from csrdesk.cli.options import Json
from csrdesk.cli.result import Result, columns

if TYPE_CHECKING:
    from csrdesk.wiring import Desk

app = typer.Typer(help="What was done, by whom, to whom, and why.", rich_markup_mode=None)

_HEADS = ("AT (UTC)", "KIND", "ACTION", "RESULT", "AGENT", "PERSON", "CALL", "REASON", "TICKET")


@app.callback()
def audit() -> None:
    """What was done, by whom, to whom, and why."""


@app.command("list")
def list_rows(
    call: Annotated[str, typer.Option(metavar="ID", help="Of this call alone.")] = "",
    person: Annotated[str, typer.Option(metavar="ID", help="About this person alone (PingOne's user id).")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest.")] = 50,
    _json: Json = False,
) -> Result:
    """List audit rows, the oldest first. An act has two: what was meant, and what came of it.

    \b
    Examples:
      csrdesk audit list --limit 10
      csrdesk audit list --call ID --json
    """

    async def work(desk: Desk) -> Result:
        rows = await desk.audit.list(call_id=call, person_id=person, limit=limit)
        shown = [
            (
                f"{r.at:%Y-%m-%d %H:%M:%S}",
                r.kind,
                r.action,
                r.result,
                r.agent,
                r.person_id[:8],
                r.call_id,
                r.reason,
                r.ticket,
            )
            for r in rows
        ]
        lines = columns(shown, _HEADS) if shown else ()
        return Result(data=rows, lines=lines, messages=() if shown else ("No rows.",))

    return at_desk(work, reach_out=False)
