"""`csrdesk demo`: everything in one go against invented people; without a terminal it plays by itself."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csrdesk.cli.interrupts import run as run_loop
from csrdesk.cli.result import Result, say

if TYPE_CHECKING:
    from csrdesk.demo.telling import Scene


class Method(StrEnum):
    """Kinds of device that a call can be played with."""

    FIDO2 = "fido2"
    PUSH = "push"
    TOTP = "totp"
    SMS = "sms"
    EMAIL = "email"
    VOICE = "voice"


class WithoutLink(StrEnum):
    """Ways to verify a caller in which no mail is sent and no page takes part."""

    PUSH = "push"
    CALL_BACK = "call-back"


class Pages(StrEnum):
    """What customers do by themselves, without a call."""

    RECOVERY = "recovery"
    REGISTRATION = "registration"


def demo(
    play: Annotated[bool, typer.Option("--play", help="Play by itself.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Play, one JSON object a line.")] = False,
    method: Annotated[
        Method | None,
        typer.Option(help="Play one call in which the caller shows a device of this kind, or registers it: --flow."),
    ] = None,
    way: Annotated[
        WithoutLink | None, typer.Option(help="Play calls in which the caller is verified without a link.")
    ] = None,
    flow: Annotated[Pages | None, typer.Option(help="Play what customers do by themselves on public pages.")] = None,
    protect: Annotated[bool, typer.Option("--protect", help="Play calls that PingOne Protect judges.")] = False,
    team: Annotated[
        bool, typer.Option("--team", help="A team's desk: two servers on one PostgreSQL, and agents who sign in.")
    ] = False,
    record: Annotated[Path | None, typer.Option(metavar="FILE", help="Write API exchanges there, secrets out.")] = None,
) -> Result | int:
    """Try everything: a sandbox, a desk and its console on this machine, with invented people. Leaves nothing behind.

    Without a terminal, or with --play, it plays calls by itself and ends non-zero where something is not as expected.

    \b
    Examples:
      csrdesk demo
      csrdesk demo --play --record exchanges.jsonl
      csrdesk demo --play --method fido2
      csrdesk demo --play --way push
      csrdesk demo --play --flow recovery
      csrdesk demo --play --flow registration
      csrdesk demo --play --flow registration --method fido2
      csrdesk demo --play --protect
      csrdesk demo --team
      csrdesk demo --team --play
    """
    from csrdesk import demo as story

    by_itself = play or as_json or not (sys.stdin.isatty() and sys.stdout.isatty())
    if team:
        if by_itself:
            return run_loop(story.play_team(json=as_json))
        return run_loop(_team_console())
    scenes = _scenes(method, way, flow, protect=protect)
    if scenes is None and not by_itself:
        return run_loop(story.console(record=record))
    ringing, judged = way is WithoutLink.CALL_BACK, protect and not (method or way or flow)
    return run_loop(story.play(json=as_json, record=record, scenes=scenes, call_back=ringing, protect=judged))


def _scenes(
    method: Method | None, way: WithoutLink | None, flow: Pages | None, *, protect: bool
) -> tuple[Scene, ...] | None:
    """What is asked for alone; None for the whole story."""
    if flow is Pages.REGISTRATION:
        from csrdesk.demo import registering

        if method is not None and method not in registering.VARIANTS:
            raise typer.BadParameter("No page registers a device of that kind.", param_hint="--method")
        return (registering.VARIANTS[method],) if method is not None else registering.SCENES
    if method is not None:
        from csrdesk.demo.methods import METHODS

        return (METHODS[method],)
    if way is not None:
        from csrdesk.demo.without_link import WAYS

        return WAYS[way]
    if flow is not None:
        from csrdesk.demo.recovering import SCENES

        return SCENES[flow]
    if protect:
        from csrdesk.demo import judged

        return judged.SCENES
    return None


async def _team_console() -> Result:
    """The console of an agent who signs in at the team's desk."""
    from csrdesk.cli.console_elsewhere import run_elsewhere
    from csrdesk.demo.team import team

    say("Starting a PostgreSQL, a sandbox and two servers of one desk ...")
    async with team() as running:
        await running.sign_in_here()
        return await run_elsewhere(running.client)
