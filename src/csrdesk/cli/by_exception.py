"""`call start --way exception`: a lead is asked to let some acts be done for a caller who can show nothing."""

from __future__ import annotations

import asyncio

from csrdesk.cli.looking_up import instead_of_card, look_up, of_prompt, unexpected
from csrdesk.cli.result import Result, refusal, say
from csrdesk.cli.verifying import local, not_verified, verified_result
from csrdesk.cli.walk import Walk
from csrdesk.cli.why_not import closed
from csrdesk.errors import NeedsAnswerError
from csrdesk.flows import answers as a
from csrdesk.flows import exception_prompts as xp
from csrdesk.flows import prompts as p
from csrdesk.flows.doors import Session
from csrdesk.model.proofs import names
from csrdesk.model.ways import Way


async def by_exception(session: Session, identifier: str, ticket: str, reason: str, *, wait: bool) -> Result:
    """One call up to a lead's answer. Raises `NeedsAnswerError` where there is nothing for a lead to read."""
    for option, value in (("--reason", reason), ("--ticket", ticket)):
        if not value.strip():
            raise NeedsAnswerError(f"A lead reads it: give {option}. Nobody was asked.", prompt=option)
    walk = await look_up(session, identifier, ticket)
    if stopped := instead_of_card(walk.prompt):
        await walk.leave()
        return stopped
    if why := closed(walk.prompt, Way.EXCEPTION):
        await walk.leave()
        return not_verified(walk, why)
    try:
        return await _ask(walk, reason, ticket, wait=wait)
    except asyncio.CancelledError:
        say(f"Interrupted. Call {walk.view.id} stays open, and so does what a lead was asked.")
        say(f"End both with: csrdesk call end {walk.view.id}")
        raise


async def _ask(walk: Walk, reason: str, ticket: str, *, wait: bool) -> Result:
    await walk.answer(a.ExceptionChosen())
    if isinstance(walk.prompt, xp.ExceptionPrompt):
        await walk.answer(a.ExceptionAsked(reason, ticket))
    if isinstance(walk.prompt, xp.AwaitingLeadPrompt):
        asked = walk.prompt.approval
        say(f"Call {walk.view.id}: {asked.person.name}. Leads are asked for: {names(asked.gives)}")
        say(f"  waiting for one, until {local(asked.until)}")
    while isinstance(walk.prompt, xp.AwaitingLeadPrompt):
        if not wait:
            return waiting(walk, walk.prompt)
        await walk.news()
    return await _ended(walk)


def waiting(walk: Walk, prompt: xp.AwaitingLeadPrompt) -> Result:
    """A lead is asked, and nobody waits for the answer here."""
    data = {"call": walk.view.id, "person": prompt.person, "verified": False, "request": prompt.approval.id}
    line = f"{walk.view.id}  {prompt.person.name}: a lead is asked, nothing is open yet"
    return Result(data=data, lines=(line,), messages=(f"See how it goes: csrdesk call show {walk.view.id}",))


async def _ended(walk: Walk) -> Result:
    match walk.prompt:
        case p.AccountPrompt():
            return verified_result(walk, walk.prompt)
        case xp.ExceptionPrompt(note=note, code=code) if code:
            came = refusal(code, f"Not verified. {note}", data={"call": walk.view.id, "verified": False})
        case xp.ExceptionPrompt(note=note) | p.CardPrompt(note=note) | p.UnverifiableCardPrompt(note=note):
            came = not_verified(walk, note)
        case p.ErrorPrompt():
            came = of_prompt(walk.prompt)
        case _:
            came = instead_of_card(walk.prompt) or unexpected(walk.prompt)
    await walk.leave()
    return came
