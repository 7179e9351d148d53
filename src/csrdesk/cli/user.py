"""`csrdesk user`: show or change one account, for scripts and agents who prefer the shell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from csrdesk.cli.bulk_order import ListOrder
from csrdesk.cli.desk import at_desk
from csrdesk.cli.options import (
    CallId,
    Column,
    DryRun,
    Identifier,
    Json,
    ListFile,
    NoNotify,
    OneOf,
    Parallel,
    Reason,
    ResultFile,
    Resume,
    Ticket,
    Yes,
)
from csrdesk.cli.result import Result

if TYPE_CHECKING:
    from csrdesk.cli.acting import Order
    from csrdesk.wiring.front import FrontDesk

app = typer.Typer(help="Show or change an account, or act on a list.", rich_markup_mode=None)


@app.command()
def show(identifier: Identifier, call_id: CallId = "", ticket: Ticket = "", _json: Json = False) -> Result:
    """Show who somebody is and how they can be verified; with a verified call, the account in both directories.

    \b
    Examples:
      csrdesk user show ada@mail.example
      csrdesk user show ada --call ID --json
    """

    async def work(desk: FrontDesk) -> Result:
        session = desk.session(desk.agent)
        if call_id:
            from csrdesk.cli.acting import account_of

            return await account_of(session, identifier, call_id)
        from csrdesk.cli.looking_up import card_of

        return await card_of(session, identifier, ticket)

    return at_desk(work)


@app.command()
def enable(
    identifier: OneOf = "",
    *,
    call_id: CallId = "",
    reason: Reason = "",
    ticket: Ticket = "",
    source: ListFile = "",
    column: Column = "",
    result: ResultFile = "",
    resume: Resume = False,
    parallel: Parallel = 8,
    no_notify: NoNotify = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    _json: Json = False,
) -> Result:
    """Enable an account in both directories. Needs a verified call, and that the desk disabled the account.

    Without --call it is only for accounts that desk.script_identities names, with --reason and --ticket.

    With --from it enables a list, where settings allow it; so it is with the other acts (docs/how-to/act-on-a-list.md).

    \b
    Examples:
      csrdesk user enable ada --call ID --reason "laptop found" --ticket INC-1042
      csrdesk user enable --from back.csv --reason "disabled by mistake" --ticket HR-8
    """
    from csrdesk.cli.acting import Order

    order = Order("enableUser", identifier, call_id, reason, ticket)
    return _carry_out(
        order, _many(ListOrder(source, column, result, resume, parallel, no_notify)), yes=yes, dry_run=dry_run
    )


@app.command()
def disable(
    identifier: OneOf = "",
    *,
    call_id: CallId = "",
    reason: Reason = "",
    ticket: Ticket = "",
    protective: Annotated[
        bool, typer.Option("--protective", help='"Somebody has their account": without proof, limited, marked.')
    ] = False,
    source: ListFile = "",
    column: Column = "",
    result: ResultFile = "",
    resume: Resume = False,
    parallel: Parallel = 8,
    no_notify: NoNotify = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    _json: Json = False,
) -> Result:
    """Disable an account in both directories and end its sessions. Needs a verified call, or --protective.

    Without either it is only for accounts that desk.script_identities names, with --reason and --ticket; for a list
    (--from) those of desk.bulk_identities as well. A list ends with 0 where all were done, 8 some, 1 none.

    \b
    Examples:
      csrdesk user disable ada --call ID --reason "laptop stolen" --ticket INC-1042
      csrdesk user disable ada --protective --reason "account taken over" --ticket INC-1043
      csrdesk user disable ada --call ID --reason "laptop stolen" --ticket INC-1042 --dry-run
      csrdesk user disable --from leavers.csv --reason "contract ended" --ticket HR-7
      csrdesk user disable --from leavers.csv --reason "contract ended" --ticket HR-7 --resume
    """
    from csrdesk.cli.acting import Order

    order = Order("disableUser", identifier, call_id, reason, ticket, protective)
    return _carry_out(
        order, _many(ListOrder(source, column, result, resume, parallel, no_notify)), yes=yes, dry_run=dry_run
    )


@app.command()
def unlock(
    identifier: OneOf = "",
    *,
    call_id: CallId = "",
    reason: Reason = "",
    ticket: Ticket = "",
    source: ListFile = "",
    column: Column = "",
    result: ResultFile = "",
    resume: Resume = False,
    parallel: Parallel = 8,
    no_notify: NoNotify = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    _json: Json = False,
) -> Result:
    """End the locks of an account: AD's, PingOne's, the PingOne password's; never a device's. Needs a verified call.

    \b
    Examples:
      csrdesk user unlock ada --call ID --reason "typed it wrong five times"
      csrdesk user unlock --from ward.csv --reason "old password on a ward's tablets" --ticket INC-9
    """
    from csrdesk.cli.acting import Order

    order = Order("unlockUser", identifier, call_id, reason, ticket)
    return _carry_out(
        order, _many(ListOrder(source, column, result, resume, parallel, no_notify)), yes=yes, dry_run=dry_run
    )


@app.command()
def expire(
    identifier: Identifier,
    *,
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="The account's last day: 2026-12-24.")] = "",
    never: Annotated[bool, typer.Option("--never", help="Take the last day away that this desk has set.")] = False,
    call_id: CallId = "",
    reason: Reason = "",
    ticket: Ticket = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    _json: Json = False,
) -> Result:
    """Set the last day of an account in AD: earlier, never later. Needs a verified call, with a registered device.

    The account ends with that day where this machine is, as AD's own tools say it. What the desk itself set in the last
    30 days (limits.enable_within_days) can be taken back; an expired account is extended by nobody here.

    \b
    Examples:
      csrdesk user expire ada --on 2026-12-24 --call ID --reason "leaves at Christmas" --ticket HR-7
      csrdesk user expire ada --never --call ID --reason "typed the wrong name" --ticket HR-7
      csrdesk user expire ada --on 2026-12-24 --call ID --reason "leaves at Christmas" --dry-run
    """
    from csrdesk.cli.acting import Order
    from csrdesk.model.days import NEVER, ends_of

    if bool(on) is never:
        raise typer.BadParameter("give one of --on DATE and --never.", param_hint="--on")
    try:
        ends = NEVER if never else ends_of(on)
    except ValueError:
        raise typer.BadParameter(f"{on!r} is no day: write 2026-12-24.", param_hint="--on") from None
    order = Order("setExpiry", identifier, call_id, reason, ticket, ends=ends)
    return _carry_out(order, None, yes=yes, dry_run=dry_run)


@app.command("must-change")
def must_change(
    identifier: Identifier,
    *,
    call_id: CallId = "",
    reason: Reason = "",
    ticket: Ticket = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    _json: Json = False,
) -> Result:
    """Let AD ask for another password at the next sign-in. Needs a verified call, with a registered device.

    The old password is good for that sign-in: where somebody else may know it, `csrdesk user reset` is what helps.
    Refused where the account could not choose one: disabled, smart card, password that never expires or may not be
    changed.

    \b
    Examples:
      csrdesk user must-change ada --call ID --reason "found on a note" --ticket INC-1042
      csrdesk user must-change ada --call ID --reason "found on a note" --dry-run
    """
    from csrdesk.cli.acting import Order

    return _carry_out(
        Order("demandPasswordChange", identifier, call_id, reason, ticket), None, yes=yes, dry_run=dry_run
    )


@app.command()
def reset(
    identifier: Identifier,
    *,
    call_id: CallId = "",
    reason: Reason = "",
    ticket: Ticket = "",
    own_link: Annotated[
        bool, typer.Option("--own-link", help="The customer's page is closed: send a link that asks for the password.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Send although this person was tried often today.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for what the customer does.")] = True,
    dry_run: DryRun = False,
    yes: Yes = False,
    _json: Json = False,
) -> Result:
    """Let a verified caller choose a new password on their own page. Nobody at the desk types, sees or gets it.

    The page that verified goes on, where it is open; otherwise a link of its own verifies once more. Ctrl-C loses
    nothing. Ends with 0 where the password is set, 1 where it is not or only half, 6 where the caller is not verified.

    \b
    Examples:
      csrdesk user reset ada --call ID --reason "forgot it" --ticket INC-1042
      csrdesk user reset ada --call ID --reason "forgot it" --dry-run
    """

    async def work(desk: FrontDesk) -> Result:
        from csrdesk.cli.resetting import Asked
        from csrdesk.cli.resetting import reset as carry_out_reset

        asked = Asked(identifier, call_id, reason, ticket, own_link, again, wait)
        return await carry_out_reset(desk, asked, yes=yes, dry_run=dry_run)

    return at_desk(work, serve_pages=wait and not dry_run)


def _many(named: ListOrder) -> ListOrder | None:
    """The list that was named, if one was."""
    if named.source:
        return named
    if named.column or named.result or named.resume or named.no_notify:
        options = "--column, --result, --resume, --no-notify"
        raise typer.BadParameter("belongs to a list: give --from FILE.", param_hint=options)
    return None


def _carry_out(order: Order, many: ListOrder | None, *, yes: bool, dry_run: bool) -> Result:
    """One account or a list of them."""
    if many is None:
        if not order.identifier:
            raise typer.BadParameter("say whom, or give --from FILE.", param_hint="IDENTIFIER")
        from csrdesk.cli.acting import carry_out

        return at_desk(lambda desk: carry_out(desk, order, yes=yes, dry_run=dry_run))
    if order.identifier or order.call_id or order.protective:
        raise typer.BadParameter("a list takes no IDENTIFIER, no --call and no --protective.", param_hint="--from")
    from csrdesk.cli.bulk import act_on_list

    return act_on_list(order, many, yes=yes, dry_run=dry_run)
