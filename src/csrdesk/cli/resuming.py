"""`call resume`: take up what a process left that is gone, say what was found, and go on from there."""

from __future__ import annotations

import asyncio

import msgspec

from csrdesk.cli import tty
from csrdesk.cli.acting import came_of, shown_line
from csrdesk.cli.by_address import waited as address_waited
from csrdesk.cli.by_exception import waiting as lead_waited
from csrdesk.cli.by_phone import pending
from csrdesk.cli.exits import Exit
from csrdesk.cli.inviting import of_watch as of_invited
from csrdesk.cli.looking_up import of_prompt, unexpected
from csrdesk.cli.recovering import of_watch
from csrdesk.cli.resetting import FLOW, Asked, of_outcome, watched
from csrdesk.cli.result import Result, ReturnError, refusal, say
from csrdesk.cli.verifying import send_again, verified_result, waited
from csrdesk.cli.walk import Walk
from csrdesk.flows import answers as a
from csrdesk.flows import exception_prompts as xp
from csrdesk.flows import prompts as p
from csrdesk.flows import spoken_prompts as sp
from csrdesk.flows import try_prompts as tp
from csrdesk.flows.doors import Session
from csrdesk.flows.password_reset import Outputs


class Wishes(msgspec.Struct, frozen=True):
    """What the options say to the questions that may come."""

    retry: bool = False
    leave: bool = False
    send: bool = False
    wait: bool = True


async def take_up(session: Session, flow_id: str, wishes: Wishes) -> Result:
    """Take up a call or a single act, with whatever single acts belong to the call."""
    walk = await _taken_up(session, flow_id)
    for other in await session.calls():
        if other.call_id == flow_id and other.left:
            act = await _taken_up(session, other.id)
            for line in came_of(act).lines:
                say(f"  {line}")
    return await _go_on(walk, wishes)


async def _taken_up(session: Session, flow_id: str) -> Walk:
    resumed = await session.resume(flow_id)
    if resumed.links_ended:
        links = "The open link was" if resumed.links_ended == 1 else f"{resumed.links_ended} open links were"
        say(f"{links} ended, because the process that showed its code is gone. Nothing was approved by it.")
    walk = await Walk(session, resumed.view).settle()
    await walk.catch_up()
    return walk


async def _go_on(walk: Walk, wishes: Wishes) -> Result:
    if isinstance(walk.view.outcome, Outputs):
        return of_outcome(walk.view.outcome)
    if walk.view.outcome is not None:
        return came_of(walk)
    while isinstance(walk.prompt, p.NoticePrompt):
        stopped = await _read_notice(walk, walk.prompt, wishes)
        if stopped:
            return stopped
        wishes = msgspec.structs.replace(wishes, retry=False, leave=True)
    if walk.view.flow == FLOW:
        return await watched(walk, Asked("", "", "", again=wishes.retry, wait=wishes.wait))
    match walk.prompt:
        case p.AccountPrompt():
            return verified_result(walk, walk.prompt)
        case p.CardPrompt() | p.MagicLinkFormPrompt() if wishes.send:
            return await send_again(walk, wait=wishes.wait)
        case p.CardPrompt(note=note) | p.MagicLinkFormPrompt(note=note):
            words = f"Not verified. {note} A new link: csrdesk call resume {walk.view.id} --send".replace("  ", " ")
            return refusal("not_verified", words, data={"call": walk.view.id, "verified": False})
        case sp.AddressFormPrompt(note=note) | tp.PhonesPrompt(note=note) | xp.ExceptionPrompt(note=note):
            words = f"Not verified. {note} The call is open: end it, or go on in the console."
            return refusal("not_verified", words, data={"call": walk.view.id, "verified": False})
        case p.ErrorPrompt():
            return of_prompt(walk.prompt)
        case _:
            return _waiting(walk)


def _waiting(walk: Walk) -> Result:
    """The caller is waited for, by whichever way."""
    match walk.prompt:
        case sp.SpokenAddressPrompt():
            return address_waited(walk, walk.prompt)
        case tp.AgentPushPrompt() | tp.HeardPrompt():
            return pending(walk, walk.prompt)
        case xp.AwaitingLeadPrompt():
            return lead_waited(walk, walk.prompt)
        case p.PollingPrompt():
            return waited(walk, walk.prompt)
        case p.RecoveryWatchPrompt():
            return of_watch(walk)
        case p.RegistrationWatchPrompt():
            return of_invited(walk)
        case _:
            return unexpected(walk.prompt)


async def _read_notice(walk: Walk, notice: p.NoticePrompt, wishes: Wishes) -> Result | None:
    """Say what was done and what was not, and do about it what was chosen; a result where nobody chooses."""
    lines = tuple(shown_line(line) for line in notice.lines)
    for line in lines:
        say(f"  {line}")
    if not notice.again:
        await walk.answer(a.NoticeRead())
        return None
    retry = wishes.retry
    if not (wishes.retry or wishes.leave):
        if not tty.can_ask():
            words = "Something was left undone. Say what to do about it: --retry or --leave. Nothing was done now."
            told = "; ".join(line.text for line in notice.lines if not line.ok)
            error = ReturnError(words, told, "needs_answer")
            return Result(data={"call": walk.view.id, "lines": notice.lines}, exit_code=Exit.ANSWER, error=error)
        retry = (await asyncio.to_thread(tty.ask, "Try again? [y/N]", missing="--retry")).casefold() in ("y", "yes")
    await walk.answer(a.TryAgainChosen() if retry else a.NoticeRead())
    return None
