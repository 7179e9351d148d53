"""`csrdesk data`: what the desk keeps, and for how long."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csrdesk.cli.desk import at_own_desk
from csrdesk.cli.options import Json
from csrdesk.cli.result import Result

if TYPE_CHECKING:
    from csrdesk.engine.purge import Purged
    from csrdesk.wiring import Desk

app = typer.Typer(help="What the desk keeps, and for how long.", rich_markup_mode=None)


@app.callback()
def data() -> None:
    """What the desk keeps, and for how long."""


@app.command()
def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be taken away.")] = False,
    _json: Json = False,
) -> Result:
    """Take away what was kept long enough: calls 24 hours after their end, audit rows after `limits.audit_years`.

    An open console or `csrdesk serve` sees to the calls every hour. What was taken away stands in the audit, whose
    chain goes on.

    \b
    Examples:
      csrdesk data purge --dry-run
      csrdesk data purge
    """

    async def work(desk: Desk) -> Result:
        return _told(await desk.engine.purge(desk.agent, dry_run=dry_run), dry_run=dry_run)

    return at_own_desk(work)


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="A new folder, made with mode 0700.", show_default=False)],
    _json: Json = False,
) -> Result:
    """Copy database, keys and checkpoints as of one moment, also while the desk works; the audit says that it was done.

    The copy is as secret as the desk. Where the database is PostgreSQL, keys and checkpoints are copied, and pg_dump
    copies the rest. To go back, put the files into the data folder of a desk that is stopped.

    \b
    Exit codes: 0 copied, 1 the folder is there already, 7 the database cannot be read or written.
    \b
    Example:
      csrdesk data backup /backup/csrdesk-monday
    """

    async def work(desk: Desk) -> Result:
        from csrdesk.wiring.backup import back_up

        came = await back_up(desk, folder)
        what = f"{came.rows} rows of the audit" if came.rows else "without the database, which is PostgreSQL's: pg_dump"
        return Result(data=came, lines=(f"{came.folder}: {', '.join(came.files)}; {what}.",))

    return at_own_desk(work)


def _told(came: Purged, *, dry_run: bool) -> Result:
    done = "would go" if dry_run else "taken away"
    lines = [f"Calls that ended more than 24 hours ago: {came.calls} {done}."]
    upto = f", up to row {came.upto}" if came.upto else ""
    lines.append(f"Audit rows that are old enough: {came.audit_rows} {done}{upto}.")
    if came.never_ended:
        lines.append(
            f"{came.never_ended} of the calls were never ended: after 25 hours untouched they end by themselves."
        )
    left = f"{came.unknown} old calls stay: an act in them has no known outcome. See `csrdesk audit list --unknown`."
    return Result(data=came, lines=tuple(lines), messages=(left,) if came.unknown else ())
