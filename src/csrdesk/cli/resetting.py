"""`user reset`: start a password reset in a verified call, and wait for the customer, who types on their own page."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from csrdesk.cli.acting import Order, completed, confirmed, shown_line
from csrdesk.cli.exits import Exit
from csrdesk.cli.looking_up import several, unexpected
from csrdesk.cli.result import Result, ReturnError, refusal, say
from csrdesk.cli.tty import Screen
from csrdesk.cli.verifying import Watch, local
from csrdesk.cli.walk import Walk
from csrdesk.errors import NotVerifiedError
from csrdesk.flows import answers as a
from csrdesk.flows import password_prompts as pp
from csrdesk.flows import password_reset as pr
from csrdesk.flows import prompts as p
from csrdesk.model.link import LinkStage

if TYPE_CHECKING:
    from csrdesk.flows.kernel import Outcome
    from csrdesk.wiring.front import FrontDesk

FLOW = "password_reset"


class Asked(msgspec.Struct, frozen=True):
    """What was asked on the command line."""

    identifier: str
    call_id: str
    reason: str
    ticket: str = ""
    own_link: bool = False
    again: bool = False
    wait: bool = True


async def reset(desk: FrontDesk, asked: Asked, *, yes: bool, dry_run: bool) -> Result:
    """Ask what is missing, show whom and what, start it, and wait for the customer. A dry run only says it."""
    if not asked.call_id:
        words = "This needs a verified caller: `csrdesk call start` verifies one, --call ID names the call."
        raise NotVerifiedError(words)
    session = desk.session(desk.agent)
    order = Order("resetPassword", asked.identifier, asked.call_id, asked.reason, asked.ticket)
    order = completed(order, ticket_required=(await desk.about()).ticket_required)
    if not (yes or dry_run):
        stopped = await confirmed(session, order)
        if stopped is not None:
            return stopped
    await (await Walk.resume(session, asked.call_id)).catch_up()
    start = pr.Start(asked.identifier, order.reason, order.ticket)
    if dry_run:
        from csrdesk.cli.rehearsing import shown

        rehearsed = await desk.rehearse(start, asked.call_id)
        return of_outcome(rehearsed.outcome) if isinstance(rehearsed.outcome, pr.Outputs) else shown(rehearsed)
    walk = await Walk.begin(session, FLOW, start, call_id=asked.call_id, tell=say)
    return await watched(walk, asked)


async def watched(walk: Walk, asked: Asked) -> Result:
    """Follow the reset to its end; Ctrl-C leaves it as it is, and names what takes it up again."""
    screen = Screen.opened()
    try:
        return await _follow(walk, asked, screen)
    except asyncio.CancelledError:
        say("Interrupted. Nothing is lost: the customer's page stays open where pages are served.")
        say(f"Wait for it again with: csrdesk call resume {walk.view.id}")
        raise
    finally:
        if screen:
            screen.close()


async def _follow(walk: Walk, asked: Asked, screen: Screen | None) -> Result:
    watch, own_link, sent, said = Watch(screen) if screen else None, asked.own_link, False, ""
    while walk.view.outcome is None:
        match walk.prompt:
            case pp.WaitingForNewPasswordPrompt() if own_link:
                own_link = False
                await walk.answer(a.OwnLinkChosen())
            case pp.WaitingForNewPasswordPrompt() as prompt:
                if (news := _news(prompt)) != said:
                    said = news
                    say(news)
                if not asked.wait:
                    return _not_waited(walk, prompt)
                await walk.news()
            case p.MagicLinkFormPrompt() as form:
                if watch is None or (form.warned and not asked.again) or (sent and not form.warned):
                    return await _no_link(walk, form, seen=watch is not None)
                say(form.note or "A link of its own verifies once more, and its page asks for the new password.")
                sent = True
                await walk.answer(a.SendChosen())
            case p.PollingPrompt() if watch:
                watch.look(walk)
                await watch.news(walk)
            case other:
                return unexpected(other)
    return of_outcome(walk.view.outcome)


def _news(prompt: pp.WaitingForNewPasswordPrompt) -> str:
    link = prompt.link
    if link.stage is LinkStage.SETTING:
        return "The customer has typed a password; it is being set."
    where = ", then ".join(home.value for home in prompt.homes)
    until = f" until {local(link.page_until)}" if link.page_until else ""
    if not link.fetched:
        return f"The customer's page asks for a new password{until}; it will be set in {where}."
    return "The customer's page shows it. Wait until they have typed it; you never see it."


def _not_waited(walk: Walk, prompt: pp.WaitingForNewPasswordPrompt) -> Result:
    data = {"flow": walk.view.id, "subflowResult": "", "pageUntil": prompt.link.page_until}
    line = f"{walk.view.id}  waits for the customer. Wait for it: csrdesk call resume {walk.view.id}"
    return Result(data=data, lines=(line,))


async def _no_link(walk: Walk, form: p.MagicLinkFormPrompt, *, seen: bool) -> Result:
    """No link is open and none is sent: the reset ends, and nothing was changed."""
    await walk.answer(a.Cancelled())
    if not seen:
        words = "The page that verified cannot go on, and there is no terminal to show a new code on. Nothing was sent."
        return refusal("needs_answer", words, details="answer=terminal")
    words = f"{form.note} With --again it is sent." if form.warned else f"Not reset. {form.note}"
    return refusal(form.code or ("needs_answer" if form.warned else "not_verified"), words)


def of_outcome(outcome: Outcome) -> Result:
    """`complete` is done; `cancelled`, `expired` and `notMe` are not, and say what was done all the same."""
    match outcome:
        case pr.Outputs(candidates=people) if people:
            return several(people)
        case pr.Outputs(error_message=words) if words:
            return refusal(outcome.code, words, details=outcome.error_details)
        case pr.Outputs():
            return _returned(outcome)
        case _:
            return unexpected(None)


def _returned(outputs: pr.Outputs) -> Result:
    data = msgspec.to_builtins(outputs)
    data.pop("type", None)
    lines = tuple(map(shown_line, outputs.lines))
    failed = [line.text for line in outputs.lines if not (line.ok or line.aside)]
    if outputs.subflow_result == "complete" and not failed:
        return Result(data=data, lines=lines)
    code = "half_done" if outputs.half_done else "not_done"
    words = "Half done: ask the customer to choose once more." if outputs.half_done else "The password was not reset."
    return Result(data, lines, Exit.REFUSED, ReturnError(words, "; ".join(failed), code))
