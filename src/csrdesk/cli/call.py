"""`csrdesk call`: verify a caller from the shell, and look after the calls that are open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from csrdesk.cli.desk import at_desk
from csrdesk.cli.options import ByWay, Identifier, Json, Ticket
from csrdesk.cli.result import Result, columns

if TYPE_CHECKING:
    from csrdesk.flows.doors import CallSummary, View
    from csrdesk.wiring.front import FrontDesk

app = typer.Typer(help="Verify a caller from the shell, and look after open calls.", rich_markup_mode=None)

Id = Annotated[str, typer.Argument(metavar="ID", help="The call's id, as `call start` and `call list` print it.")]

OfferedId = Annotated[str, typer.Argument(metavar="ID", help="The call's id, as `call offers` prints it.")]


@app.command()
def start(
    identifier: Identifier,
    ticket: Ticket = "",
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the caller is verified or is not.")] = True,
    again: Annotated[bool, typer.Option("--again", help="Send although this person was tried often today.")] = False,
    way: Annotated[ByWay, typer.Option(help="How the caller shows who they are.")] = ByWay.LINK,
    phone: Annotated[int, typer.Option(min=0, help="Which phone gets the push, where there are several.")] = 0,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="For an exception: why; a lead reads it.")
    ] = "",
    _json: Json = False,
) -> Result:
    """Look a caller up, send a magic link, show the code to say, and wait.

    For callers whom no mail reaches: --way spoken-address shows an address and nine digits to say, and the caller shows
    a passkey or an authenticator app there, in any browser; --way push sends a request to their app and shows the
    number to say; --way call-back, where settings allow it, has PingOne ring the number on record and asks for the
    passcode heard there. For callers who can show nothing at all, --way exception, where settings allow it, asks the
    leads, with --reason and --ticket, to let some acts be done all the same, and waits for one's answer.

    The code is shown on the terminal alone, never in a pipe or in JSON. Ends with 0 where the caller is verified (the
    call's id is printed), 6 where not, 4 where an answer is missing: several people fit, or there is no terminal. With
    --no-wait 0 means only that it was sent: `verified` is false, and `csrdesk call show ID` says how it goes.

    \b
    Example:
      csrdesk call start ada@mail.example --ticket INC-1042
      csrdesk call start kwame --way push
      csrdesk call start saoirse --way spoken-address
      csrdesk call start lucia --way exception --reason "phone stolen, known to her ward" --ticket INC-1044
    """
    if way is ByWay.EXCEPTION:
        return at_desk(lambda desk: _by_exception(desk, identifier, ticket, reason, wait=wait))
    if way is ByWay.CALL_BACK and not wait:
        raise typer.BadParameter("leave it out: a call-back waits for what the caller hears.", param_hint="--no-wait")

    async def work(desk: FrontDesk) -> Result:
        from csrdesk.cli.verifying import verify
        from csrdesk.model.ways import Way

        session = desk.session(desk.agent)
        return await verify(session, identifier, ticket, wait=wait, again=again, way=Way(way.value), phone=phone)

    return at_desk(work, serve_pages=wait)


async def _by_exception(desk: FrontDesk, identifier: str, ticket: str, reason: str, *, wait: bool) -> Result:
    from csrdesk.cli.by_exception import by_exception

    return await by_exception(desk.session(desk.agent), identifier, ticket, reason, wait=wait)


@app.command("list")
def list_calls(
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    _json: Json = False,
) -> Result:
    """List your own calls, newest first.

    \b
    Example:
      csrdesk call list --all
    """

    async def work(desk: FrontDesk) -> Result:
        calls = await desk.session(desk.agent).calls(all_of_them=everything)
        lines = columns([_row(call) for call in calls], _HEADS) if calls else ()
        return Result(data=calls, lines=lines, messages=() if calls else ("No calls.",))

    return at_desk(work, reach_out=False)


_HEADS = ("CALL", "STARTED", "CUSTOMER", "STAGE", "TICKET")


def _row(call: CallSummary) -> tuple[str, ...]:
    stage = f"{call.stage} (call {call.call_id})" if call.call_id else call.stage
    unknown = f"; {call.unknown} unknown" if call.unknown else ""
    return call.id, f"{call.started_at.astimezone():%Y-%m-%d %H:%M}", call.customer, f"{stage}{unknown}", call.ticket


@app.command()
def show(call_id: Id, _json: Json = False) -> Result:
    """Show one of your calls: how far it is, until when the caller is verified, the code to say where one is open.

    \b
    Example:
      csrdesk call show 3f9c
    """

    async def work(desk: FrontDesk) -> Result:
        from csrdesk.cli.by_address import show as show_address
        from csrdesk.cli.by_phone import tell
        from csrdesk.cli.tty import Screen
        from csrdesk.cli.verifying import Watch
        from csrdesk.cli.walk import Walk

        session = desk.session(desk.agent)
        walk = await Walk.resume(session, call_id)
        await walk.catch_up()
        screen = Screen.opened()
        if screen:
            Watch(screen).look(walk)
            tell(walk, screen)
            show_address(walk, screen)
            screen.close()
        found = next((call for call in await session.calls(all_of_them=True) if call.id == walk.view.id), None)
        return _shown(found, walk.view)

    return at_desk(work)


def _shown(call: CallSummary | None, view: View) -> Result:
    asks = type(view.prompt).__name__ if view.prompt else ""
    if call is None:
        return Result(data={"call": view.id, "asks": asks}, lines=(view.id,))
    until = f"{call.verified_until.astimezone():%H:%M:%S}" if call.verified_until else ""
    rows = [
        ("Call", call.id),
        ("Started", f"{call.started_at.astimezone():%Y-%m-%d %H:%M}"),
        ("Customer", call.customer),
        ("Ticket", call.ticket),
        ("Stage", call.stage),
        ("Verified until", until),
    ]
    return Result(data={"call": call, "asks": asks}, lines=columns([row for row in rows if row[1]]))


@app.command()
def resume(
    call_id: Id,
    retry: Annotated[bool, typer.Option("--retry", help="Do what was left undone.")] = False,
    leave: Annotated[bool, typer.Option("--leave", help="Leave what was left undone.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Send a new link where the caller is not verified.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="With --send: wait for the caller.")] = True,
    _json: Json = False,
) -> Result:
    """Take up a call, or a single act, whose console or command is gone: killed, or its machine went down.

    A verified caller stays verified until the window ends. An open link ends. What may have been sent is not sent
    again; what may have been done is read back, and what was not done is done with --retry.

    Ends with 0 where the caller is verified or the act is done, 6 where not verified, 1 where something stayed undone,
    4 where an answer is missing.

    \b
    Examples:
      csrdesk call list
      csrdesk call resume 3f9c
      csrdesk call resume 3f9c --retry
    """
    if retry and leave:
        raise typer.BadParameter("choose one.", param_hint="--retry, --leave")

    async def work(desk: FrontDesk) -> Result:
        from csrdesk.cli.resuming import Wishes, take_up

        return await take_up(desk.session(desk.agent), call_id, Wishes(retry, leave, send, wait))

    return at_desk(work, serve_pages=wait)


@app.command("hand-over")
def hand_over(
    call_id: Id,
    to: Annotated[str, typer.Option("--to", metavar="AGENT", help="Who is to take it: their id or name.")],
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="A short note, which they read first.")],
    _json: Json = False,
) -> Result:
    """Offer one of your calls to another agent, with the caller on the line, and wait for their answer.

    They have two minutes. Once they accept, the call is theirs with its links and its verified time, which runs on as
    it is, and you can do nothing more in it. Until then it is yours, and stays so where they decline or do not answer.

    Ends with 0 where they accepted, 1 where not (the call stays with you) or where they cannot take it, 6 where it is
    no open call of yours, or an act of it is under way.

    \b
    Example:
      csrdesk call hand-over 3f9c --to hal --note "my shift ends; wants the account closed"
    """
    if not note.strip():
        raise typer.BadParameter("say what they should know.", param_hint="--note")

    async def work(desk: FrontDesk) -> Result:
        from csrdesk.cli.handing_over import offered_to

        return await offered_to(desk.session(desk.agent), call_id, to, note)

    return at_desk(work, reach_out=False)


@app.command()
def offers(_json: Json = False) -> Result:
    """List the calls that other agents offer you now, each with the caller on the line.

    \b
    Example:
      csrdesk call offers
    """

    async def work(desk: FrontDesk) -> Result:
        from csrdesk.cli.handing_over import offers

        return await offers(desk.session(desk.agent))

    return at_desk(work, reach_out=False)


@app.command()
def accept(call_id: OfferedId, _json: Json = False) -> Result:
    """Take over a call that another agent offers you: the caller, the links and the verified time are yours.

    Ends with 0 where it is yours, 1 where no such call is offered to you any more, 6 where a rule says no: your role
    does not cover it, you have as many verified calls as allowed, or an act of it is under way.

    \b
    Example:
      csrdesk call accept 3f9c
    """

    async def work(desk: FrontDesk) -> Result:
        from csrdesk.cli.handing_over import answered

        return await answered(desk.session(desk.agent), call_id)

    return at_desk(work, reach_out=False)


@app.command()
def decline(
    call_id: OfferedId,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why not; the other agent reads it.")],
    _json: Json = False,
) -> Result:
    """Decline a call that another agent offers you: it stays with them.

    Ends with 0 where you declined, 1 where no such call is offered to you any more.

    \b
    Example:
      csrdesk call decline 3f9c --reason "in another call"
    """
    if not reason.strip():
        raise typer.BadParameter("say why not.", param_hint="--reason")

    async def work(desk: FrontDesk) -> Result:
        from csrdesk.cli.handing_over import answered

        return await answered(desk.session(desk.agent), call_id, why_not=reason)

    return at_desk(work, reach_out=False)


@app.command()
def end(call_id: Id, _json: Json = False) -> Result:
    """End one of your calls: its links and its verification end with it.

    \b
    Example:
      csrdesk call end 3f9c
    """

    async def work(desk: FrontDesk) -> Result:
        from csrdesk.cli.walk import Walk

        walk = await Walk.resume(desk.session(desk.agent), call_id)
        await walk.leave()
        over = walk.prompt is None
        words = f"Call {call_id} is over." if over else f"Call {call_id} could not be ended. Use the console."
        return Result(data={"call": call_id, "over": over}, lines=(words,), exit_code=0 if over else 1)

    return at_desk(work)
