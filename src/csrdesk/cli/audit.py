"""`csrdesk audit`: what was done, by whom, to whom, and why; and whether that is still as it was written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csrdesk.cli.desk import at_desk, at_own_desk, settings_of_own_desk
from csrdesk.cli.exits import Exit
from csrdesk.cli.exporting import Form, export_file, export_out
from csrdesk.cli.options import Json
from csrdesk.cli.result import Result, columns, refusal
from csrdesk.errors import ConfigError

if TYPE_CHECKING:
    from csrdesk.engine.audit import AuditRow, Which
    from csrdesk.engine.verify import Verdict
    from csrdesk.wiring import Desk
    from csrdesk.wiring.front import FrontDesk

app = typer.Typer(help="What was done, by whom, to whom, and why.", rich_markup_mode=None)

_HEADS = ("ROW", "AT (UTC)", "KIND", "ACTION", "RESULT", "AGENT", "PERSON", "CALL", "REASON", "TICKET")
_MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]

Call = Annotated[str, typer.Option(metavar="ID", help="Of this call alone.")]
Person = Annotated[str, typer.Option(metavar="ID", help="About this person alone (PingOne's user id).")]
AgentId = Annotated[str, typer.Option("--agent", metavar="NAME", help="By this agent alone.")]
Since = Annotated[datetime | None, typer.Option(formats=_MOMENTS, metavar="TIME", help="Not before, UTC: 2030-01-31.")]
Until = Annotated[
    datetime | None, typer.Option(formats=_MOMENTS, metavar="TIME", help="Before, UTC: 2030-01-31T12:00.")
]
Number = Annotated[int, typer.Argument(metavar="ROW", min=1, help="The row's number.")]


def _which(call: str, person: str, agent: str, since: datetime | None, until: datetime | None) -> Which:
    from csrdesk.engine.audit import Which

    first, end = (moment.replace(tzinfo=UTC) if moment else None for moment in (since, until))
    return Which(call_id=call, person_id=person, agent=agent, since=first, until=end)


@app.command("list")
def list_rows(
    call: Call = "",
    person: Person = "",
    agent: AgentId = "",
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest.")] = 50,
    unknown: Annotated[bool, typer.Option("--unknown", help="Only acts whose outcome nobody knows.")] = False,
    _json: Json = False,
) -> Result:
    """List audit rows, the oldest first. An act has two: what was meant, and what came of it.

    Each list, look, export and check is a row of its own.

    \b
    Examples:
      csrdesk audit list --limit 10
      csrdesk audit list --call ID --json
    """

    async def work(desk: FrontDesk) -> Result:
        which = _which(call, person, agent, since, until)
        rows = await (desk.reader.unknown() if unknown else desk.reader.list(which, limit))
        lines = columns([_line(row) for row in rows], _HEADS) if rows else ()
        return Result(data=rows, lines=lines, messages=() if rows else ("No rows.",))

    return at_desk(work, reach_out=False)


def _line(row: AuditRow) -> tuple[str, ...]:
    at = f"{row.at:%Y-%m-%d %H:%M:%S}"
    who = (row.agent, row.person_id[:8], row.call_id)
    return (str(row.seq), at, row.kind, row.action, row.result, *who, row.reason, row.ticket)


@app.command()
def show(row: Number, _json: Json = False) -> Result:
    """Show one row whole.

    \b
    Example:
      csrdesk audit show 17
    """

    async def work(desk: FrontDesk) -> Result:
        found = await desk.reader.show(row)
        return Result(data=found, lines=columns(found.told))

    return at_desk(work, reach_out=False)


@app.command()
def verify(
    checkpoints: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, metavar="FILE", help="A copy of the checkpoints.")
    ] = None,
    public_key: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, metavar="FILE", help="The key that they are signed with."),
    ] = None,
    _json: Json = False,
) -> Result:
    """Check that the audit is as it was written: every row against its chain, and the chain against signed checkpoints.

    Ends with 0 where it is, with 7 where not: the first bad row is named, and whether it was altered, removed,
    inserted, reordered, truncated or restamped. Whoever holds this machine holds its key as well: checkpoints and key
    from a copy elsewhere tell more than those beside the database.

    \b
    Examples:
      csrdesk audit verify
      csrdesk audit verify --checkpoints copy.jsonl --public-key desk.pem
    """
    from csrdesk.engine.checkpoints import read_checkpoints, signed_by
    from csrdesk.wiring.checkpoints import checkpoints_of

    settings, _ = settings_of_own_desk()
    file = checkpoints_of(settings)
    path = checkpoints or file.path
    try:
        is_signed = signed_by(public_key.read_text("utf-8") if public_key else file.public_key)
    except (OSError, ValueError):
        raise typer.BadParameter("this is no Ed25519 public key (PEM).", param_hint="--public-key") from None

    async def work(desk: Desk) -> Result:
        try:
            return _told(await desk.reader.verify(read_checkpoints(path), is_signed))
        except OSError as error:
            message = f"The checkpoints in {path} cannot be read: {error.strerror}."
            raise ConfigError(message, key="desk.checkpoint_file") from None

    return at_own_desk(work)


def _told(verdict: Verdict) -> Result:
    notes = [
        (verdict.first > 1, f"Rows before {verdict.first} were purged, and a row says so."),
        (not verdict.covered, "No checkpoint vouches for any row: a tail that was cut off would not be seen."),
        (verdict.unreadable, f"{verdict.unreadable} lines of the checkpoints' file are none."),
    ]
    said = tuple(words for applies, words in notes if applies)
    if verdict.finding:
        flaw, message = verdict.finding.flaw, verdict.finding.message
        words = f"The audit is not as it was written ({flaw}). {message} Rows before that are good."
        result = refusal(
            "audit_broken", words, details=f"row={verdict.finding.seq}", exit_code=Exit.AUDIT, data=verdict
        )
        return Result(data=verdict, exit_code=Exit.AUDIT, error=result.error, messages=said)
    covered = f", up to row {verdict.covered}" if verdict.covered else ""
    agree = "checkpoint agrees" if verdict.checkpoints == 1 else "checkpoints agree"
    line = f"{verdict.rows} rows are as they were written; {verdict.checkpoints} {agree}{covered}."
    return Result(data=verdict, lines=(line,), messages=said)


@app.command()
def export(
    form: Annotated[Form, typer.Option(help="JSON lines, or CSV for a spreadsheet.")] = Form.JSONL,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="A new file; standard output without.")
    ] = None,
    call: Call = "",
    person: Person = "",
    agent: AgentId = "",
    since: Since = None,
    until: Until = None,
    public_key: Annotated[
        bool, typer.Option("--public-key", help="Only the key that checkpoints are signed with.")
    ] = False,
    _json: Json = False,
) -> Result:
    """Write every row, the oldest first, as it is read. With --public-key the key for checking checkpoints elsewhere.

    No cell of the CSV is a formula, and no text holds control characters.

    \b
    Examples:
      csrdesk audit export --since 2030-01-01 | gzip > audit.jsonl.gz
      csrdesk audit export --form csv --output audit.csv
      csrdesk audit export --public-key > desk.pem
    """
    if public_key:
        return _public_key()
    if _json and output is None:
        raise typer.BadParameter(
            "rows and the envelope cannot share standard output; add --output.", param_hint="--json"
        )

    async def work(desk: Desk) -> Result:
        pages = desk.reader.export(_which(call, person, agent, since, until), form.value)
        return await (export_file(output, form, pages) if output else export_out(form, pages))

    return at_own_desk(work)


def _public_key() -> Result:
    from csrdesk.wiring.checkpoints import checkpoints_of

    settings, _ = settings_of_own_desk()
    key = checkpoints_of(settings).public_key
    return Result(data={"publicKey": key}, lines=tuple(key.splitlines()))


@app.command()
def leave(
    row: Number,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="What you found; it stands in the audit.")],
    _json: Json = False,
) -> Result:
    """Write down that you looked after an act whose outcome nobody knows; it is not shown at the next start any more.

    Nothing is done to the account: look at it first (`csrdesk user show`), and put it right where it is not.

    \b
    Examples:
      csrdesk audit list --unknown
      csrdesk audit leave 17 --reason "looked: it is disabled"
    """
    if not reason.strip():
        raise typer.BadParameter("say what you found.", param_hint="--reason")

    async def work(desk: FrontDesk) -> Result:
        intent = await desk.reader.leave(row, reason)
        return Result(data=intent, lines=(f"Row {row} ({intent.action}): left as it is.",))

    return at_desk(work, reach_out=False)
