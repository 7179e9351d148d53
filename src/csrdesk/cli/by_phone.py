"""`call start --way push` and `call-back`: a number to say, or a passcode to type, until the caller is verified."""

from __future__ import annotations

from csrdesk.cli.exits import Exit
from csrdesk.cli.looking_up import of_prompt, unexpected
from csrdesk.cli.result import Result, ReturnError, columns, refusal, say
from csrdesk.cli.tty import Screen, ask, in_words
from csrdesk.cli.verifying import local, not_verified, verified_result
from csrdesk.cli.walk import Walk
from csrdesk.cli.why_not import closed
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows import try_prompts as tp
from csrdesk.flows.ways import BY_ANSWER
from csrdesk.model.secret import Secret
from csrdesk.model.ways import Way


async def by_phone(walk: Walk, screen: Screen, way: Way, *, wait: bool, again: bool, phone: int) -> Result:
    """From the caller's card on; `phone`: which of several, 0 where the command names none."""
    came = await _reach(walk, way, again=again, phone=phone)
    if came is None:
        came = await _watch(walk, screen, wait=wait)
    if not isinstance(walk.prompt, p.AccountPrompt | tp.AgentPushPrompt):
        await walk.leave()
    return came


async def _reach(walk: Walk, way: Way, *, again: bool, phone: int) -> Result | None:
    """Choose way and phone; what speaks against it, else None."""
    if why := closed(walk.prompt, way):
        return not_verified(walk, why)
    await walk.answer(next(answer for answer, known in BY_ANSWER.items() if known is way)())
    phones = walk.prompt.phones if isinstance(walk.prompt, tp.PhonesPrompt) else ()
    if len(phones) > 1 and not 0 < phone <= len(phones):
        words = "Several phones can be reached. Say which one with --phone."
        rows = [(str(number), one.label) for number, one in enumerate(phones, start=1)]
        error = ReturnError(words, "answer=--phone", "needs_answer")
        return Result(data={"phones": phones}, lines=columns(rows), exit_code=Exit.ANSWER, error=error)
    chosen = a.DeviceChosen(phones[max(phone, 1) - 1].id)
    await walk.answer(chosen)
    if isinstance(walk.prompt, tp.PhonesPrompt) and walk.prompt.warned:
        say(walk.prompt.note if again else f"{walk.prompt.note} With --again it goes on.")
        if again:
            await walk.answer(chosen)
    return None


async def _watch(walk: Walk, screen: Screen, *, wait: bool) -> Result:
    if isinstance(walk.prompt, tp.AgentPushPrompt | tp.HeardPrompt):
        say(f"Call {walk.view.id}: {walk.prompt.person.name}")
    tell(walk, screen)
    while isinstance(walk.prompt, tp.AgentPushPrompt):
        if not wait:
            return pending(walk, walk.prompt)
        await walk.news()
    while isinstance(walk.prompt, tp.HeardPrompt):
        await _ask_heard(walk, walk.prompt)
    return _ended(walk)


def pending(walk: Walk, prompt: tp.AgentPushPrompt | tp.HeardPrompt) -> Result:
    """The phone was reached, and nobody waits for it here."""
    data = {"call": walk.view.id, "person": prompt.person, "verified": False, "reference": prompt.link.reference}
    done = "request sent" if isinstance(prompt, tp.AgentPushPrompt) else "the phone was rung"
    line = f"{walk.view.id}  {prompt.person.name}: {done}, not verified yet"
    return Result(data=data, lines=(line,), messages=(f"See how it goes: csrdesk call show {walk.view.id}",))


def tell(walk: Walk, screen: Screen) -> None:
    """What is reached; the number to say goes to the screen alone."""
    prompt = walk.prompt
    if not isinstance(prompt, tp.AgentPushPrompt | tp.HeardPrompt):
        return
    ends_at = prompt.ends_at if isinstance(prompt, tp.AgentPushPrompt) else prompt.link.expires_at
    until = f", until {local(ends_at)}" if ends_at else ""
    if isinstance(prompt, tp.AgentPushPrompt):
        say(f"Request sent to {prompt.device.label}, reference {prompt.link.reference}{until}")
        screen.show(f"Say the number: {prompt.number}  ({in_words(prompt.number)})")
    else:
        say(f"PingOne rings {prompt.link.to}, reference {prompt.link.reference}{until}. Never read the number out.")


async def _ask_heard(walk: Walk, prompt: tp.HeardPrompt) -> None:
    if prompt.note:
        say(f"  {prompt.note}")
    heard = ask("The passcode that the caller hears (nothing to give up):", missing="what the caller hears")
    await walk.answer(a.PasscodeHeard(Secret(heard)) if heard else a.Cancelled())


def _ended(walk: Walk) -> Result:
    match walk.prompt:
        case p.AccountPrompt() as prompt:
            return verified_result(walk, prompt)
        case tp.PhonesPrompt(note=note, code=code) if code:
            return refusal(code, f"Not verified. {note}", data={"call": walk.view.id, "verified": False})
        case tp.PhonesPrompt(note=note) | p.CardPrompt(note=note) | p.UnverifiableCardPrompt(note=note):
            return not_verified(walk, note)
        case p.ErrorPrompt() as error:
            return of_prompt(error)
        case other:
            return unexpected(other)
