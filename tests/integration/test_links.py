"""Links that scanners fetch, that two browsers open, that are old or over, and codes that are wrong to the limit."""

from __future__ import annotations

import pytest

from csrdesk.demo.agent import Call
from csrdesk.demo.calls import wrong
from csrdesk.demo.customer import Customer
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.model.link import LinkStage
from csrdesk.sandbox import people
from tests.integration.conftest import World, words_of

OVER = "This link opens nothing"
WHO = people.ONE_DEVICE


async def type_code(caller: Customer, code: str) -> None:
    await caller.answer("CodeGiven", code=code)


async def finish(caller: Customer, code: str) -> None:
    await type_code(caller, code)
    await caller.answer("PasscodeGiven", passcode=await caller.newest_passcode())


async def test_r_07_scanners_spend_nothing_and_the_agent_sees_who_fetched(world: World) -> None:
    call, code = await world.sent(WHO)
    async with world.customer(WHO) as caller:
        url = await caller.newest_link()
        for _ in range(10):
            for method in ("GET", "HEAD"):
                assert await caller.fetch(url, method=method, user_agent="MailScanner/1.0") == 200
        # Each fetch is a news of its own; the screen may still be on its way to the last one.
        while call.sees(p.PollingPrompt).link.fetched < 20:
            call.view = await world.desk.session(world.desk.agent).changed(call.view.id, call.view.rev)
        link = call.sees(p.PollingPrompt).link
        assert (link.stage, link.fetched_by, link.codes_left) == (LinkStage.SENT, "MailScanner/1.0", 5)
        assert world.box.world.passcodes == []
        await caller.open(url)
        await finish(caller, code)
        caller.reads("You are confirmed")
    await call.waits_for(p.AccountPrompt)


async def test_r_23_a_link_in_a_second_browser_opens_nothing_and_the_agent_is_told(world: World) -> None:
    call, code = await world.sent(WHO)
    async with world.customer(WHO) as caller, world.customer(WHO) as other:
        url = await caller.newest_link()
        await other.open(url)
        other.reads("Type the code")
        await caller.open(url)
        await type_code(caller, code)
        await other.open(url)
        other.reads(OVER)
        other.reads("ask the agent for a new one")
        assert other.status == 410
        while not call.sees(p.PollingPrompt).link.second_browser:
            call.view = await world.desk.session(world.desk.agent).changed(call.view.id, call.view.rev)


async def test_r_06_a_newer_link_ends_the_one_in_the_old_mail(world: World) -> None:
    call, old_code = await world.sent(WHO)
    async with world.customer(WHO) as caller, world.customer(WHO) as old:
        first = await caller.newest_link()
        await old.open(first)
        old.reads("Type the code")
        await call.say(a.ResendChosen())
        second = await caller.newest_link(besides=first)
        await type_code(old, old_code)
        assert (old.status, old.offers("PasscodeGiven")) == (410, False)
        await old.open(first)
        old.reads(OVER)
        old.reads("ask the agent for a new one")
        await caller.open(second)
        await finish(caller, call.code())
        caller.reads("You are confirmed")
    await call.waits_for(p.AccountPrompt)


@pytest.mark.parametrize("how", ["the agent cancels", "another call looks the person up and sends"])
async def test_r_06_a_link_is_over_when_its_call_has_gone_on_without_it(world: World, how: str) -> None:
    call, code = await world.sent(WHO)
    async with world.customer(WHO) as caller:
        url = await caller.newest_link()
        await caller.open(url)
        if how == "the agent cancels":
            await call.say(a.Cancelled())
        else:
            await world.sent(WHO)
        await type_code(caller, code)
        caller.reads(OVER)
        await caller.open(url)
        caller.reads(OVER)
    assert world.box.world.passcodes == []


async def test_r_06_after_the_end_of_the_call_neither_link_nor_open_page_does_anything(world: World) -> None:
    call, code = await world.sent(WHO)
    async with world.customer(WHO) as caller:
        await caller.open(await caller.newest_link())
        await type_code(caller, code)
        passcode = await caller.newest_passcode()
        await call.say(a.Cancelled())
        await call.end()
        await caller.answer("PasscodeGiven", passcode=passcode)
        caller.reads(OVER)
    statuses = {one.status for one in world.box.world.authentications.values()}
    assert "COMPLETED" not in statuses
    assert call.view.outcome is not None


async def five_wrong(world: World, call: Call, code: str) -> None:
    """The limit of a link, from the customer's side: each try says how many are left."""
    async with world.customer(WHO) as caller:
        await caller.open(await caller.newest_link())
        for left in (4, 3, 2, 1):
            await type_code(caller, wrong(code))
            caller.reads(f"That code is not right. Ask for it again. Tries left: {left}.")
        await type_code(caller, wrong(code))
        assert not caller.offers("CodeGiven")
        await caller.open(await caller.newest_link())
        caller.reads(OVER)
    form = await call.waits_for(p.MagicLinkFormPrompt)
    assert form.note == "Too many wrong codes. That link opens nothing any more."


async def test_r_11_five_wrong_codes_end_a_link_and_ten_a_day_end_all(world: World) -> None:
    call, code = await world.sent(WHO)
    await five_wrong(world, call, code)
    await call.say(a.SendChosen())
    await five_wrong(world, call, call.code())

    await call.say(a.SendChosen())
    refused = "Too many codes were tried for this person in 24 hours. Nothing was sent."
    assert call.sees(p.MagicLinkFormPrompt).note == refused
    elsewhere = await world.looked_up(WHO)
    await elsewhere.say(a.MagicLinkChosen())
    await elsewhere.say(a.SendChosen())
    assert words_of(elsewhere) == refused
    assert len([mail for mail in world.box.world.mails if mail.to == "ada@mail.example"]) == 2
    # Wrong codes take nobody's account away, and another person is not touched by them.
    assert world.box.world.user(WHO).enabled
    assert (await world.sent(people.TOTP))[1]


async def test_wrong_passcodes_lock_the_device_and_the_page_says_what_can_be_done(world: World) -> None:
    call, code = await world.sent(WHO)
    async with world.customer(WHO) as caller:
        await caller.open(await caller.newest_link())
        await type_code(caller, code)
        for _ in range(10):
            if not caller.offers("PasscodeGiven"):
                break
            await caller.answer("PasscodeGiven", passcode=wrong(await caller.newest_passcode()))
        caller.reads("that device is locked now. No other device of yours can be used here.")
        assert not caller.offers("PasscodeGiven")
        await caller.answer("CannotUseAnyChosen")
        caller.reads("Please tell the agent")
    note = (await call.waits_for(p.UnverifiableCardPrompt)).note
    assert note == "The caller cannot use any of their devices. Nothing was approved."


@pytest.mark.parametrize("typed", ["", "   ", "abc", "12345", "1234567", "x" * 10_000, "１２３ - ４５６ ７"])
async def test_r_09_what_is_no_code_is_refused_in_words(world: World, typed: str) -> None:
    call, _ = await world.sent(WHO)
    async with world.customer(WHO) as caller:
        await caller.open(await caller.newest_link())
        await type_code(caller, typed)
        if caller.offers("CodeGiven"):
            assert "Type the six digits that the agent says." in caller.text or "not right" in caller.text
        else:
            assert caller.status in (400, 413, 422)
    assert call.sees(p.PollingPrompt).link.stage is LinkStage.SENT
