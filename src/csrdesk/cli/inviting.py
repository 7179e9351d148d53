"""`csrdesk invite`: the mail with the way in, and each step of the customer on the public page, once."""

from __future__ import annotations

import asyncio

from csrdesk.cli.looking_up import instead_of_card, look_up, of_prompt, unexpected
from csrdesk.cli.result import Result, columns, refusal, say
from csrdesk.cli.verifying import local
from csrdesk.cli.walk import Walk
from csrdesk.cli.watching import tries, watched
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows.doors import Session
from csrdesk.model.recovery import Stage
from csrdesk.model.registration import is_address

_STEPS = {
    Stage.OPENED: "page opened",
    Stage.ANALYSED: "page opened",
    Stage.CODE_SENT: "a code was asked for",
    Stage.VERIFIED: "the code was right",
    Stage.CREATED: "the account is made, and not everything is done yet",
    Stage.DONE: "the account is there",
    Stage.REFUSED: "stopped: a limit, too many tries, or PingOne Protect",
    Stage.ENDED: "ended before it was done",
}
_NO_PAGE = "Nobody has this address, but settings have no page to register (registration.enabled). Nothing was sent."
_KNOWN = "Somebody has this address already: look them up by it. Nothing was sent."
NOT_MADE = "not_done"
"""The code of a registration that ended without an account."""


async def invited(session: Session, email: str, ticket: str, *, wait: bool) -> Result:
    """One call from the look-up to the customer's last step on the page, or to the mail alone."""
    if not is_address(email.strip()):
        return refusal("invalid_value", "This is no mail address. Nothing was sent.")
    walk = await look_up(session, email, ticket)
    came = await _mailed(walk)
    if came is not None:
        await walk.leave()
        return came
    if not wait:
        return of_watch(walk)
    try:
        return await watched(walk, p.RegistrationWatchPrompt, _news, of_watch)
    except asyncio.CancelledError:
        say("Interrupted. The mail was sent, and the customer's page goes on where pages are served.")
        say(f"See how far they are: csrdesk call resume {walk.view.id}")
        raise


async def _mailed(walk: Walk) -> Result | None:
    """None where the mail is on its way; otherwise why not."""
    match walk.prompt:
        case p.UsernamePrompt(invitable=True):
            await walk.answer(a.InviteChosen())
        case p.UsernamePrompt(code="not_found"):
            return refusal("conflict", _NO_PAGE)
        case p.UsernamePrompt() | p.ErrorPrompt() as other:
            return instead_of_card(other)
        case p.CardPrompt() | p.UnverifiableCardPrompt() | p.ProtectedPrompt() | p.SeveralFoundPrompt():
            return refusal("conflict", _KNOWN)
        case other:
            return unexpected(other)
    match walk.prompt:
        case p.RegistrationWatchPrompt():
            return None
        case p.UsernamePrompt(note=note, code=code):
            return refusal(code or "conflict", note)
        case p.ErrorPrompt() as error:
            return of_prompt(error)
        case other:
            return unexpected(other)


def _news(walk: Walk, prompt: p.RegistrationWatchPrompt) -> list[str]:
    progress = prompt.progress
    lines = [f"Call {walk.view.id}: mailed to {prompt.to}, {local(prompt.since)}"]
    if progress.stage and progress.stage.open:
        lines.append(f"  {_STEPS[progress.stage]}")
    if progress.tries:
        lines.append(f"  code typed, {tries(progress)}")
    return lines


def of_watch(walk: Walk) -> Result:
    """How far it is, in lines and for scripts; a registration that ended without an account is refused."""
    prompt = walk.prompt
    if not isinstance(prompt, p.RegistrationWatchPrompt):
        return unexpected(prompt)
    progress = prompt.progress
    data = {
        "call": walk.view.id,
        "mailedTo": prompt.to,
        "mailedAt": prompt.since,
        "stage": progress.stage,
        "openedAt": progress.opened_at,
        "codeAt": progress.code_at,
        "tries": progress.tries,
        "endedAt": progress.ended_at,
    }
    if progress.stage in (Stage.REFUSED, Stage.ENDED):
        return refusal(NOT_MADE, f"No account is ready: {_STEPS[progress.stage]}.", data=data)
    rows = [
        ("Call", walk.view.id),
        ("Mailed to", f"{prompt.to}, {local(prompt.since)}"),
        ("Code typed", tries(progress) if progress.tries else "none yet"),
        ("How far", _STEPS[progress.stage] if progress.stage else "not opened yet"),
    ]
    return Result(data=data, lines=columns(rows))
