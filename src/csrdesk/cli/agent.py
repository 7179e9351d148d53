"""`csrdesk agent`: who signed in at this desk, and the end of a sign-in; for leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from csrdesk.cli.desk import at_desk
from csrdesk.cli.options import Json
from csrdesk.cli.result import Result, columns, refusal

if TYPE_CHECKING:
    from csrdesk.model.grants import AgentOnRecord
    from csrdesk.wiring.front import FrontDesk

app = typer.Typer(help="Who signed in at this desk, and the end of a sign-in; for leads.", rich_markup_mode=None)

_HEADS = ("AGENT", "NAME", "ROLES", "SIGNED IN", "COUNTS UNTIL", "ENDED BY")
_NOBODY = "Nobody has signed in at this desk: agents of one machine are known by the operating system."


@app.command("list")
def list_agents(_json: Json = False) -> Result:
    """List who signed in at this desk, with their roles and until when the sign-in counts. For leads.

    \b
    Example:
      csrdesk agent list --json
    """

    async def work(desk: FrontDesk) -> Result:
        from csrdesk.cli.looking_up import unexpected
        from csrdesk.cli.walk import Walk
        from csrdesk.flows.agents import Start
        from csrdesk.flows.desk_prompts import AgentsPrompt

        walk = await Walk.begin(desk.session(desk.agent), "agents", Start())
        prompt = walk.prompt
        await walk.leave()
        if not isinstance(prompt, AgentsPrompt):
            return unexpected(prompt)
        if prompt.code:
            return refusal(prompt.code, prompt.note)
        lines = columns([_row(one) for one in prompt.agents], _HEADS) if prompt.agents else ()
        return Result(data=prompt.agents, lines=lines, messages=() if lines else (_NOBODY,))

    return at_desk(work, reach_out=False)


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The agent, as `agent list` prints them.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stands in the audit.")],
    _json: Json = False,
) -> Result:
    """End an agent's sign-in at this desk, at once: what they ask from now on is refused, on every server.

    Their links end, and nobody is verified in their calls any more; the calls stay open for whoever ends them. It is an
    alert. Who may sign in anew is the identity provider's to say: take them out of their groups there as well.

    Ends with 0 where it has ended, 1 where nobody of that name has signed in here, 6 where you are no lead.

    \b
    Example:
      csrdesk agent revoke grace --reason "left the company today"
    """
    if not reason.strip():
        raise typer.BadParameter("say why.", param_hint="--reason")

    async def work(desk: FrontDesk) -> Result:
        from csrdesk.cli.looking_up import unexpected
        from csrdesk.cli.walk import Walk
        from csrdesk.flows.agents import Start
        from csrdesk.flows.desk_answers import SignInEndChosen
        from csrdesk.flows.desk_prompts import AgentsPrompt

        walk = await Walk.begin(desk.session(desk.agent), "agents", Start())
        await walk.answer(SignInEndChosen(name, reason))
        prompt = walk.prompt
        await walk.leave()
        if not isinstance(prompt, AgentsPrompt):
            return unexpected(prompt)
        if prompt.code:
            return refusal(prompt.code, prompt.note)
        return Result(data={"agent": name}, lines=(prompt.note,))

    return at_desk(work, reach_out=False)


def _row(one: AgentOnRecord) -> tuple[str, ...]:
    since = f"{one.signed_in_at.astimezone():%Y-%m-%d %H:%M}" if one.signed_in_at else ""
    return one.id, one.name, " ".join(one.roles), since, f"{one.until.astimezone():%Y-%m-%d %H:%M}", one.ended_by
