"""`csrdesk invite`: mail somebody who has no account yet the way to the registration page, and look on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from csrdesk.cli.desk import at_desk
from csrdesk.cli.options import Json, Ticket
from csrdesk.cli.result import Result

if TYPE_CHECKING:
    from csrdesk.wiring.front import FrontDesk

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The mail address of somebody whom PingOne does not know.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the account is there, or will not be.")]


def invite(email: Email, ticket: Ticket = "", wait: Wait = True, _json: Json = False) -> Result:
    """Mail an address that nobody has the way to the registration page, and say how far they are there.

    The address is looked up first: whoever has it is not invited. The mail holds nothing secret, and verifies nobody;
    the page asks for the code of another mail before it makes anything. Offered where settings have the page
    (`registration.enabled`). It is audited, and counts as a look-up and against limits of its own, which are those of
    links: by address and by agent.

    Ends with 0 where the account is there (with --no-wait: where the mail is on its way), 1 where none was made or
    nothing was mailed, 3 where PingOne or the mail server is down, 6 where a limit is reached. Ctrl-C ends the waiting
    alone: the customer's page goes on. How far they are later: `csrdesk call resume ID`.

    \b
    Examples:
      csrdesk invite new.nurse@mail.example --ticket INC-1042
      csrdesk invite new.nurse@mail.example --no-wait --json
    """

    async def work(desk: FrontDesk) -> Result:
        from csrdesk.cli.inviting import invited

        return await invited(desk.session(desk.agent), email, ticket, wait=wait)

    return at_desk(work, serve_pages=wait)
