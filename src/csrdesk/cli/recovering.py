"""`recovery start` and `show`: the mail with the way in, and each step of the customer on the public page, once."""

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

_RESULTS: dict[Stage | None, str] = {
    Stage.DONE: "the new password is set",
    Stage.REFUSED: "stopped: a limit, too many tries, or something did not answer",
    Stage.ENDED: "ended without a new password",
}
_STOPPED = "stopped: PingOne Protect advises against it"
_NOT_OFFERED = (
    "Account recovery is not offered for this caller: settings have no page for it (flow.ciam_accountRecoveryEnabled), "
    "or PingOne has no mail address. Nothing was sent."
)
NOT_SET = "not_done"
"""The code of a recovery that ended without a new password."""


async def started(session: Session, identifier: str, ticket: str, *, wait: bool) -> Result:
    """One call from the look-up to the customer's last step on the page, or to the mail alone."""
    walk = await look_up(session, identifier, ticket)
    came = instead_of_card(walk.prompt)
    if came is None:
        came = await _invited(walk)
    if came is not None:
        await walk.leave()
        return came
    if not wait:
        return of_watch(walk)
    try:
        return await watched(walk, p.RecoveryWatchPrompt, _news, of_watch)
    except asyncio.CancelledError:
        say("Interrupted. The mail was sent, and the customer's page goes on where pages are served.")
        say(f"See how far they are: csrdesk recovery show {walk.view.id}")
        raise


async def shown(session: Session, call_id: str) -> Result:
    """How far it is now."""
    walk = await Walk.resume(session, call_id)
    await walk.catch_up()
    if isinstance(walk.prompt, p.RecoveryWatchPrompt):
        return of_watch(walk)
    return refusal("not_found", f"Call {call_id} watches no recovery.", data={"call": call_id})


async def _invited(walk: Walk) -> Result | None:
    """None where the mail is on its way; otherwise why not."""
    if not isinstance(walk.prompt, p.CardPrompt | p.UnverifiableCardPrompt):
        return unexpected(walk.prompt)
    if not walk.prompt.recovery:
        return refusal("conflict", _NOT_OFFERED)
    await walk.answer(a.RecoveryChosen())
    match walk.prompt:
        case p.RecoveryWatchPrompt():
            return None
        case p.CardPrompt(note=note, note_code=code) | p.UnverifiableCardPrompt(note=note, note_code=code):
            return refusal(code or "conflict", note)
        case p.ErrorPrompt() as error:
            return of_prompt(error)
        case other:
            return unexpected(other)


def _news(walk: Walk, prompt: p.RecoveryWatchPrompt) -> list[str]:
    progress = prompt.progress
    lines = [f"Call {walk.view.id}: {prompt.person.name}", f"Mailed to {prompt.to}, {local(prompt.since)}"]
    if prompt.doubt:
        lines.append(f"  warning: {prompt.doubt}")
    if progress.opened_at:
        lines.append(f"  page opened, {local(progress.opened_at)}")
    if progress.risk:
        lines.append(f"  PingOne Protect: {progress.risk.label}")
    if progress.code_at:
        lines.append(f"  code asked for, {local(progress.code_at)}")
    if progress.tries:
        lines.append(f"  code typed, {tries(progress)}")
    return lines


def of_watch(walk: Walk) -> Result:
    """How far it is, in lines and for scripts; a recovery that ended without a new password is refused."""
    prompt = walk.prompt
    if not isinstance(prompt, p.RecoveryWatchPrompt):
        return unexpected(prompt)
    progress = prompt.progress
    result = _STOPPED if progress.stopped_by_protect else _RESULTS.get(progress.stage, "not yet")
    risk = progress.risk
    data = {
        "call": walk.view.id,
        "person": prompt.person,
        "mailedTo": prompt.to,
        "mailedAt": prompt.since,
        "doubt": prompt.doubt,
        "stage": progress.stage,
        "openedAt": progress.opened_at,
        "codeAt": progress.code_at,
        "tries": progress.tries,
        "endedAt": progress.ended_at,
        "risk": risk,
        "riskLabel": risk.label if risk else "",
    }
    if progress.stage in (Stage.REFUSED, Stage.ENDED):
        return refusal(NOT_SET, f"No new password: {result}.", data=data)
    rows = [
        ("Call", walk.view.id),
        ("Name", prompt.person.name),
        ("Mailed to", f"{prompt.to}, {local(prompt.since)}"),
        ("Warning", prompt.doubt),
        ("Page opened", local(progress.opened_at) if progress.opened_at else "not yet"),
        ("PingOne Protect", risk.label if risk else ""),
        ("Code asked for", local(progress.code_at) if progress.code_at else "not yet"),
        ("Code typed", tries(progress) if progress.tries else "none yet"),
        ("Result", result),
    ]
    return Result(data=data, lines=columns([row for row in rows if row[1]]))
