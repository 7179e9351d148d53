"""Calls of the story by the spoken address: no mail reaches the caller, and a strong device must follow the code."""

from __future__ import annotations

from collections.abc import AsyncIterator

from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.demo.stage import Stage
from csrdesk.demo.telling import Step, expect, expect_that
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows import spoken_prompts as sp
from csrdesk.model.link import LinkStage
from csrdesk.model.proofs import Act
from csrdesk.sandbox import people


async def spoken_address(on_stage: Stage) -> AsyncIterator[Step]:
    """No mail address: an address and nine digits by voice, and a passkey in any browser."""
    call = await Call.begin(on_stage.desk.session(on_stage.desk.agent))
    await call.look_up(people.NO_EMAIL_PASSKEY)
    link, spoken, *_ = call.sees(p.CardPrompt).ways
    yield Step("agent", f"sees: {link.way.label}: {link.words} {spoken.way.label}: {spoken.words}")
    await call.say(a.SpokenAddressChosen())
    said, code = call.sees(sp.SpokenAddressPrompt).link, call.code()
    yield Step("agent", f"says the address {said.to} and the code {code[:3]} {code[3:6]} {code[6:]}")
    async with Customer(people.NO_EMAIL_PASSKEY, on_stage.mailbox_url, webauthn="FULL") as caller:
        await caller.open(on_stage.desk.pages.url + "/c")
        caller.reads("nine-digit code")
        expect_that("asks you" not in caller.text, "nothing of anybody is shown before the code is right")
        await caller.answer("CodeGiven", code=f"{(int(code) + 1) % 10**9:09}")
        caller.reads("opens nothing")
        yield Step("customer", "mistypes the code: it opens nothing, and nothing more is said")
        await caller.answer("CodeGiven", code=code)
        await call.waits_for_stage(LinkStage.CODE_RIGHT)
        caller.reads("use your passkey")
        yield Step("customer", "types it again; the page says who asks, and asks for the passkey at once")
        await caller.use_passkey()
        caller.reads("keep this page open")
        yield Step("customer", "uses the passkey: signed, and verified by PingOne")
    account = await call.waits_for(p.AccountPrompt)
    expect(account.evidence.auth_method, "fido2", "what was shown")
    expect_that(not account.evidence.missing_for(Act.UNLOCK), "the account can be helped")
    expect_that(bool(account.evidence.missing_for(Act.DEVICES)), "no device is changed without link and code")
    yield Step("agent", f"sees {account.evidence.label}")
    await call.end()


async def only_weak_devices(on_stage: Stage) -> AsyncIterator[Step]:
    """No mail address and no strong device: the card says why no way is open."""
    call = await Call.begin(on_stage.desk.session(on_stage.desk.agent))
    await call.look_up(people.NO_EMAIL)
    card = call.sees(p.UnverifiableCardPrompt)
    yield Step("agent", f"reads: {card.why} {'; '.join(f'{one.way.label}: {one.words}' for one in card.ways)}")
    expect_that(len(card.ways) > 0, "each way is named with why it is not open")
    await call.say(a.CannotVerifyChosen())
    await call.end()
