"""`csrdesk recovery`: mail a caller the way to the page of account recovery, and see how far they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from csrdesk.cli.desk import at_desk
from csrdesk.cli.options import Identifier, Json, Ticket
from csrdesk.cli.result import Result

if TYPE_CHECKING:
    from csrdesk.wiring.front import FrontDesk

app = typer.Typer(help="Let a caller recover their account by themselves, and look on.", rich_markup_mode=None)

Id = Annotated[str, typer.Argument(metavar="ID", help="The call's id, as `recovery start` and `call list` print it.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the new password is set, or will not be.")]


@app.command()
def start(identifier: Identifier, ticket: Ticket = "", wait: Wait = True, _json: Json = False) -> Result:
    """Mail a caller the address of the recovery page, and say how far they are there.

    The mail goes to the address that PingOne has, and holds nothing secret. Nobody is verified by it: code and password
    are the customer's alone. It counts as a link does. Offered where settings have the page
    (`ciam_accountRecoveryEnabled`) and PingOne has an address.

    Ends with 0 where the new password is set (with --no-wait: where the mail is on its way), 1 where none was set or
    nothing was mailed, 3 where PingOne or the mail server is down, 4 where several people fit, 6 where a limit is
    reached or the account is protected. Ctrl-C ends the waiting alone: the customer's page goes on.

    \b
    Examples:
      csrdesk recovery start ada@mail.example --ticket INC-1042
      csrdesk recovery start ada --no-wait --json
    """

    async def work(desk: FrontDesk) -> Result:
        from csrdesk.cli.recovering import started

        return await started(desk.session(desk.agent), identifier, ticket, wait=wait)

    return at_desk(work, serve_pages=wait)


@app.command()
def show(call_id: Id, _json: Json = False) -> Result:
    """Show how far a caller is whom you mailed the way in: opened, code asked for, tries, result; nothing they typed.

    Ends with 0 while they are on their way and where the new password is set, 1 where it will not be, and where the
    call watches no recovery.

    \b
    Example:
      csrdesk recovery show 3f9c
    """

    async def work(desk: FrontDesk) -> Result:
        from csrdesk.cli.recovering import shown

        return await shown(desk.session(desk.agent), call_id)

    return at_desk(work)
