"""Calls of the story in which no mail reaches the caller: a push that the agent leads, and a call-back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final

from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.demo.stage import Stage
from csrdesk.demo.telling import Scene, Step, expect, expect_that
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows import try_prompts as tp
from csrdesk.model.proofs import Act
from csrdesk.model.secret import Secret
from csrdesk.sandbox import people


async def _begun(on_stage: Stage, who: str) -> Call:
    call = await Call.begin(on_stage.desk.session(on_stage.desk.agent))
    await call.look_up(who)
    return call


async def _chosen(call: Call) -> None:
    """The first phone; once more where the agent is warned of earlier tries."""
    await call.say(a.DeviceChosen(call.sees(tp.PhonesPrompt).phones[0].id))
    if isinstance(call.view.prompt, tp.PhonesPrompt) and call.view.prompt.warned:
        await call.say(a.DeviceChosen(call.view.prompt.phones[0].id))


async def led_push(on_stage: Stage) -> AsyncIterator[Step]:
    """No mail address: the agent sends a push, and says the number to find."""
    who = people.NO_EMAIL_APP
    call = await _begun(on_stage, who)
    ways = call.sees(p.CardPrompt).ways
    yield Step("agent", "sees: " + "; ".join(f"{offer.way.label}: {offer.words}" for offer in ways))
    await call.say(a.PushChosen())
    await _chosen(call)
    number = call.sees(tp.AgentPushPrompt).number
    expect_that(len(number) == 2, "the screen shows a number")
    yield Step("agent", f"sends a push to the app, and says the number {number}")
    async with Customer(who, on_stage.mailbox_url) as caller:
        await caller.choose_on_phone("approve", number)
    yield Step("customer", "finds that number in the app, and chooses it")
    account = await call.waits_for(p.AccountPrompt)
    expect(account.evidence.auth_method, "mobile", "what was shown")
    yield Step("agent", f"sees {account.evidence.label}")
    expect_that(bool(account.evidence.missing_for(Act.DEVICES)), "no device is changed on a device's word alone")
    await call.end()


async def denied_push(on_stage: Stage) -> AsyncIterator[Step]:
    """Whoever holds the phone did not call, and says so there: frozen."""
    who = people.NO_EMAIL_APP
    call = await _begun(on_stage, who)
    await call.say(a.PushChosen())
    await _chosen(call)
    call.sees(tp.AgentPushPrompt)
    async with Customer(who, on_stage.mailbox_url) as owner:
        await owner.choose_on_phone("deny")
    yield Step("customer", "did not call, and presses Deny in the app")
    card = await call.waits_for(p.UnverifiableCardPrompt)
    yield Step("agent", f"is warned: {card.note}")
    await call.end()
    again = await _begun(on_stage, who)
    yield Step("desk", f"sends no other push: {again.sees(p.UnverifiableCardPrompt).why}")
    await again.end()


async def called_back(on_stage: Stage) -> AsyncIterator[Step]:
    """Nothing but a phone number on record: PingOne rings it, and that is not enough for everything."""
    who = people.NO_EMAIL_PHONE
    call = await _begun(on_stage, who)
    await call.say(a.CallBackChosen())
    await _chosen(call)
    ringing = call.sees(tp.HeardPrompt)
    yield Step("agent", f"has PingOne ring {ringing.link.to}, and never reads the number out")
    async with Customer(who, on_stage.mailbox_url) as caller:
        heard = await caller.newest_passcode()
        await call.say(a.PasscodeHeard(Secret(wrong(heard))))
        expect_that("not right" in call.sees(tp.HeardPrompt).note, "the wrong passcode is refused")
        yield Step("agent", f"mistypes it: {call.sees(tp.HeardPrompt).note}")
        await call.say(a.PasscodeHeard(Secret(heard)))
    account = await call.waits_for(p.AccountPrompt)
    yield Step("agent", f"types the passcode that the caller heard: {account.evidence.label}")
    expect_that(bool(account.why_no_reset or account.evidence.missing_for(Act.RESET)), "no new password")
    await call.end()


WAYS: Final[Mapping[str, tuple[Scene, ...]]] = {"push": (led_push, denied_push), "call-back": (called_back,)}
"""By the word that chooses it."""


def wrong(code: str) -> str:
    """Another passcode of the same length."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"
