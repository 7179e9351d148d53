"""`csrdesk device`: list the MFA devices of a caller who is verified, and change one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from csrdesk.cli.desk import at_desk
from csrdesk.cli.options import DryRun, Json, Reason, Ticket, Yes
from csrdesk.cli.result import Result

if TYPE_CHECKING:
    from csrdesk.wiring.front import FrontDesk

app = typer.Typer(help="List a verified caller's MFA devices, and change one of them.", rich_markup_mode=None)

OfCall = Annotated[str, typer.Option("--call", metavar="ID", help="The call in which the caller is verified.")]
Which = Annotated[str, typer.Argument(metavar="DEVICE", help="Its number in the list, its id, or its name.")]


@app.command("list")
def list_(call_id: OfCall, *, _json: Json = False) -> Result:
    """List the devices of the caller, masked, in the order in which PingOne asks them.

    \b
    Examples:
      csrdesk device list --call ID
      csrdesk device list --call ID --json
    """

    async def work(desk: FrontDesk) -> Result:
        from csrdesk.cli.devices import listed

        return await listed(desk, call_id)

    return at_desk(work)


@app.command()
def block(
    device: Which, call_id: OfCall, *, reason: Reason = "", ticket: Ticket = "", dry_run: DryRun = False,
    yes: Yes = False, _json: Json = False,
) -> Result:  # fmt: skip
    """Block a device: it cannot be used until it is unblocked. Needs another strong device, shown in this call.

    \b
    Examples:
      csrdesk device block 2 --call ID --reason "phone stolen" --ticket INC-7
    """
    return _change("block", device, call_id, reason, ticket, dry_run=dry_run, yes=yes)


@app.command()
def unblock(
    device: Which, call_id: OfCall, *, reason: Reason = "", ticket: Ticket = "", dry_run: DryRun = False,
    yes: Yes = False, _json: Json = False,
) -> Result:  # fmt: skip
    """Unblock a device. Needs another strong device, shown in this call.

    \b
    Examples:
      csrdesk device unblock 2 --call ID --reason "phone found" --ticket INC-7
    """
    return _change("unblock", device, call_id, reason, ticket, dry_run=dry_run, yes=yes)


@app.command()
def unlock(
    device: Which, call_id: OfCall, *, reason: Reason = "", ticket: Ticket = "", dry_run: DryRun = False,
    yes: Yes = False, _json: Json = False,
) -> Result:  # fmt: skip
    """End the pause after wrong tries. Needs another strong device, shown in this call.

    \b
    Examples:
      csrdesk device unlock "Ada's phone" --call ID --reason "typed it wrong" --ticket INC-7
    """
    return _change("unlock", device, call_id, reason, ticket, dry_run=dry_run, yes=yes)


@app.command()
def rename(
    device: Which, name: Annotated[str, typer.Argument(metavar="NAME", help="The new name.")], call_id: OfCall, *,
    reason: Reason = "", ticket: Ticket = "", dry_run: DryRun = False, yes: Yes = False, _json: Json = False,
) -> Result:  # fmt: skip
    """Give a device another name. Needs another strong device, shown in this call.

    \b
    Examples:
      csrdesk device rename 2 "Red phone" --call ID --reason "asked for it"
    """
    return _change("rename", device, call_id, reason, ticket, name=name, dry_run=dry_run, yes=yes)


@app.command()
def default(
    device: Which, call_id: OfCall, *, reason: Reason = "", ticket: Ticket = "", dry_run: DryRun = False,
    yes: Yes = False, _json: Json = False,
) -> Result:  # fmt: skip
    """Put a device first: PingOne asks it before the others. Needs another strong device, shown in this call.

    \b
    Examples:
      csrdesk device default 3 --call ID --reason "asked for it"
    """
    return _change("default", device, call_id, reason, ticket, dry_run=dry_run, yes=yes)


@app.command()
def remove(
    device: Which, call_id: OfCall, *, reason: Reason = "", ticket: Ticket = "", dry_run: DryRun = False,
    yes: Yes = False, _json: Json = False,
) -> Result:  # fmt: skip
    """Remove a device for good. Needs another strong device, shown in this call.

    \b
    Examples:
      csrdesk device remove 2 --call ID --reason "phone lost" --ticket INC-7
    """
    return _change("remove", device, call_id, reason, ticket, dry_run=dry_run, yes=yes)


def _change(
    change: str, device: str, call_id: str, reason: str, ticket: str, *, dry_run: bool, yes: bool, name: str = ""
) -> Result:
    async def work(desk: FrontDesk) -> Result:
        from csrdesk.cli.devices import Order, carried_out

        order = Order(change, device, call_id, reason, ticket, name)
        return await carried_out(desk, order, yes=yes, dry_run=dry_run)

    return at_desk(work)
