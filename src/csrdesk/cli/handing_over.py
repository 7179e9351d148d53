"""`call hand-over`, `call offers`, `call accept` and `call decline`: a call goes to another agent, by command.

A command holds no call itself: the call stays open at the desk, for whoever has it.
"""

from __future__ import annotations

import asyncio

from csrdesk.cli.looking_up import unexpected
from csrdesk.cli.result import Result, columns, refusal, say
from csrdesk.cli.verifying import local
from csrdesk.cli.walk import Walk
from csrdesk.flows import approvals, hand_over
from csrdesk.flows.desk_prompts import ApprovalsPrompt
from csrdesk.flows.doors import Session
from csrdesk.flows.hand_over_answers import CallAccepted, CallDeclined, CallOffered
from csrdesk.flows.hand_over_prompts import HandOverPrompt, OfferedPrompt
from csrdesk.model.hand_overs import HandOver

_HEADS = ("CALL", "CUSTOMER", "STAGE", "VERIFIED UNTIL", "OFFERED BY", "ANSWER UNTIL", "NOTE")


async def offered_to(session: Session, call_id: str, to: str, note: str) -> Result:
    """Offer a call, and wait for the answer, two minutes at the most."""
    walk = await Walk.begin(session, "hand_over", hand_over.Start(call_id))
    prompt = walk.prompt
    if isinstance(prompt, HandOverPrompt) and prompt.code:
        await walk.leave()
        return refusal(prompt.code, prompt.note)
    if not isinstance(prompt, HandOverPrompt):
        return unexpected(prompt)
    known = next((one for one in prompt.colleagues if to.casefold() in (one.id.casefold(), one.name.casefold())), None)
    if known is None:
        await walk.leave()
        may = ", ".join(one.id for one in prompt.colleagues) or "nobody"
        words = f"{to} cannot take this call: not signed in, or not for this caller. Who can: {may}."
        return refusal("not_found", f"{words} Nothing was offered.", data={"colleagues": prompt.colleagues})
    await walk.answer(CallOffered(known.id, note))
    try:
        return await _waited(walk)
    except asyncio.CancelledError:
        say("Interrupted. The offer lapses by itself; until then it can be accepted.")
        raise


async def _waited(walk: Walk) -> Result:
    if isinstance(walk.prompt, OfferedPrompt):
        offer = walk.prompt.hand_over
        say(f"Call {offer.call_id} is offered to {offer.to_name}, until {local(offer.until)}.")
    while isinstance(walk.prompt, OfferedPrompt):
        await walk.news()
    outcome, prompt = walk.view.outcome, walk.prompt
    if isinstance(outcome, hand_over.HandedOver):
        one = outcome.hand_over
        data = {"call": one.call_id, "to": one.to, "handed_over": True}
        return Result(data=data, lines=(f"Handed over to {one.to_name}. Call {one.call_id} is theirs now.",))
    await walk.leave()
    if not isinstance(prompt, HandOverPrompt):
        return unexpected(prompt)
    return refusal(prompt.code, prompt.note, data={"call": prompt.call_id, "handed_over": False})


async def offers(session: Session) -> Result:
    """The calls that are offered to this agent now."""
    walk = await Walk.begin(session, "approvals", approvals.Start())
    prompt = walk.prompt
    await walk.leave()
    if not isinstance(prompt, ApprovalsPrompt):
        return unexpected(prompt)
    if prompt.code:
        return refusal(prompt.code, prompt.note)
    lines = columns([_row(one) for one in prompt.offers], _HEADS) if prompt.offers else ()
    return Result(data=prompt.offers, lines=lines, messages=() if lines else ("No call is offered to you.",))


async def answered(session: Session, call_id: str, *, why_not: str = "") -> Result:
    """Accept an offered call, or decline it with a word."""
    walk = await Walk.begin(session, "approvals", approvals.Start())
    waiting = walk.prompt.offers if isinstance(walk.prompt, ApprovalsPrompt) else ()
    one = next((offer for offer in waiting if offer.call_id == call_id), None)
    if one is None:
        await walk.leave()
        return refusal("not_found", "No such call is offered to you, or not any more. Nothing was answered.")
    await walk.answer(CallDeclined(one.id, why_not) if why_not else CallAccepted(one.id))
    if isinstance(walk.view.outcome, approvals.TookOver):
        until = f" The caller is verified until {local(one.verified_until)}." if one.verified_until else ""
        line = f"Call {one.call_id} with {one.person.name} is yours.{until}"
        return Result(data={"call": one.call_id, "person": one.person, "accepted": True}, lines=(line,))
    after = walk.prompt
    await walk.leave()
    if not isinstance(after, ApprovalsPrompt):
        return unexpected(after)
    if after.code:
        return refusal(after.code, after.note)
    return Result(data={"call": one.call_id, "accepted": False}, lines=(after.note,))


def _row(one: HandOver) -> tuple[str, ...]:
    until = local(one.verified_until) if one.verified_until else ""
    return one.call_id, one.person.name, one.stage, until, one.agent_name, local(one.until), one.note
