"""`csrdesk approval`: what other agents wait for, and a second agent's yes or no."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from csrdesk.cli.desk import at_desk
from csrdesk.cli.options import Json
from csrdesk.cli.result import Result, columns, refusal

if TYPE_CHECKING:
    from csrdesk.flows.kernel import Answer
    from csrdesk.model.approvals import Approval
    from csrdesk.wiring.front import FrontDesk

app = typer.Typer(help="What other agents wait for: a second agent's yes or no.", rich_markup_mode=None)

Id = Annotated[str, typer.Argument(metavar="ID", help="The request's id, as `approval list` prints it.")]

_HEADS = ("REQUEST", "ACT", "FOR", "ASKED BY", "UNTIL", "SHOWN", "REASON", "TICKET")


@app.command("list")
def list_approvals(_json: Json = False) -> Result:
    """List what you may approve or refuse now: acts of other agents that settings let nobody do alone.

    Your own requests are not among them, nor those for people or acts that are not yours.

    \b
    Example:
      csrdesk approval list
    """

    async def work(desk: FrontDesk) -> Result:
        found = await _asked(desk)
        if isinstance(found, Result):
            return found
        lines = columns([_row(one) for one in found], _HEADS) if found else ()
        return Result(data=found, lines=lines, messages=() if found else ("Nobody waits for you.",))

    return at_desk(work, reach_out=False)


@app.command()
def approve(
    request: Id,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; an exception needs it.")] = "",
    _json: Json = False,
) -> Result:
    """Approve one request: the other agent's act is then done, and the audit names you both.

    An exception opens what `approval list` says of it for a caller who proved nothing. Leads alone approve one, with
    --reason.

    Ends with 0 where you approved, 4 where --reason is missing, 6 where the request is not yours to answer, or not open
    any more.

    \b
    Example:
      csrdesk approval approve 3f9c
      csrdesk approval approve 3f9c --reason "I know the voice, and rang the ward"
    """

    async def work(desk: FrontDesk) -> Result:
        from csrdesk.flows.desk_answers import ApprovalGiven

        return await _answered(desk, request, ApprovalGiven(request, reason))

    return at_desk(work, reach_out=False)


@app.command()
def refuse(
    request: Id,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why not; the other agent reads it.")],
    _json: Json = False,
) -> Result:
    """Refuse one request: nothing is done, and the other agent reads why.

    Ends with 0 where you refused, 6 where the request is not yours to answer, or not open any more.

    \b
    Example:
      csrdesk approval refuse 3f9c --reason "call them back on the number on record first"
    """
    if not reason.strip():
        raise typer.BadParameter("say why not.", param_hint="--reason")

    async def work(desk: FrontDesk) -> Result:
        from csrdesk.flows.desk_answers import ApprovalDenied

        return await _answered(desk, request, ApprovalDenied(request, reason))

    return at_desk(work, reach_out=False)


async def _asked(desk: FrontDesk) -> tuple[Approval, ...] | Result:
    """What waits for this agent; a result where that cannot be read."""
    from csrdesk.cli.looking_up import unexpected
    from csrdesk.cli.walk import Walk
    from csrdesk.flows.approvals import Start
    from csrdesk.flows.desk_prompts import ApprovalsPrompt

    walk = await Walk.begin(desk.session(desk.agent), "approvals", Start())
    prompt = walk.prompt
    await walk.leave()
    if not isinstance(prompt, ApprovalsPrompt):
        return unexpected(prompt)
    return refusal(prompt.code, prompt.note) if prompt.code else prompt.approvals


async def _answered(desk: FrontDesk, request: str, answer: Answer) -> Result:
    from csrdesk.cli.looking_up import unexpected
    from csrdesk.cli.walk import Walk
    from csrdesk.flows.approvals import Start
    from csrdesk.flows.desk_prompts import ApprovalsPrompt

    walk = await Walk.begin(desk.session(desk.agent), "approvals", Start())
    await walk.answer(answer)
    prompt = walk.prompt
    await walk.leave()
    if not isinstance(prompt, ApprovalsPrompt):
        return unexpected(prompt)
    if prompt.code:
        return refusal(prompt.code, prompt.note)
    return Result(data={"request": request, "answer": type(answer).__name__}, lines=(prompt.note,))


def _row(one: Approval) -> tuple[str, ...]:
    from csrdesk.model.proofs import names

    until = f"{one.until.astimezone():%H:%M:%S}"
    act = f"{one.act.value}: {names(one.gives)}" if one.is_exception else one.act.value
    return one.id, act, one.person.name, one.agent, until, one.shown, one.reason, one.ticket
