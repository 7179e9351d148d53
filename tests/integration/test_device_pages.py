"""Device Authentication by itself, over HTTP against the sandbox: each way ends as it should, and inputs change it."""

from __future__ import annotations

import asyncio
import secrets

import pytest

from csrdesk.flows import prompts as p
from csrdesk.flows.device_authentication import Outputs
from csrdesk.model.link import LinkStage
from csrdesk.sandbox import people
from tests.integration.conftest import World
from tests.integration.device_visits import AtPage, visit

MAIL = "mail@elsewhere.example"


async def test_a_magic_link_in_place_of_a_device_confirms_who_has_the_mailbox(world: World) -> None:
    async with await visit(world, people.NO_DEVICE, magic_link=True) as elif_:
        await elif_.begin()
        assert not elif_.at.offers("OtherDeviceChosen")
        code = await elif_.send_link()
        elif_.mailbox.reads("Type it only if you see it yourself")
        await elif_.mailbox.answer("CodeGiven", code=code)
        elif_.mailbox.reads("Go back to the page where you asked for this link.")
        await elif_.at.open(elif_.address)
        elif_.at.reads("You are confirmed")
        assert await elif_.result() == Outputs("complete", "ml")


async def test_without_the_input_nobody_is_offered_a_magic_link(world: World) -> None:
    async with await visit(world, people.NO_DEVICE) as elif_:
        await elif_.begin()
        elif_.at.reads("No device can be asked for this account.")
        assert world.box.world.mails == []


async def test_one_device_beside_a_magic_link_is_chosen_and_nothing_is_sent_before(world: World) -> None:
    async with await visit(world, people.ONE_DEVICE, magic_link=True) as ada:
        await ada.begin()
        assert ada.at.offers("DeviceChosen")
        assert ada.at.offers("MagicLinkChosen")
        assert world.box.world.passcodes == []
        await ada.at.answer("DeviceChosen")
        await ada.at.answer("PasscodeGiven", passcode=await ada.at.newest_passcode())
        assert await ada.result() == Outputs("complete", "sms")


async def test_one_device_without_a_magic_link_is_that_one(world: World) -> None:
    async with await visit(world, people.ONE_DEVICE) as ada:
        await ada.begin()
        await ada.at.answer("PasscodeGiven", passcode=await ada.at.newest_passcode())
        assert await ada.result() == Outputs("complete", "sms")


@pytest.mark.parametrize(("username", "method"), [(people.ONLY_PASSKEY, "fido2"), (people.ONLY_APP, "mobile")])
async def test_passkey_and_push_are_named_by_their_method(world: World, username: str, method: str) -> None:
    async with await visit(world, username) as who:
        await who.begin()
        if method == "fido2":
            await who.at.use_passkey()
        else:
            await who.at.answer_push("approve")
            for _ in range(100):
                if await who.result():
                    break
                await asyncio.sleep(0.05)
                await who.at.open(who.address)
        assert await who.result() == Outputs("complete", method)


async def test_r_34_the_mailbox_that_opened_the_page_is_no_device_and_gets_no_link(world: World) -> None:
    user = world.box.world.user(people.SAME_MAILBOX)
    async with await visit(world, user.username, magic_link=True, email=user.email.upper()) as farah:
        await farah.begin()
        farah.at.reads("No device can be asked for this account.")
        assert world.box.world.passcodes == []
    async with await visit(world, user.username, magic_link=True, email=MAIL) as farah:
        await farah.begin()
        assert farah.at.offers("MagicLinkChosen")
        assert farah.at.offers("DeviceChosen")
    async with await visit(world, user.username) as farah:
        await farah.begin()
        await farah.at.answer("PasscodeGiven", passcode=await farah.at.newest_passcode())
        assert await farah.result() == Outputs("complete", "email")


async def test_a_device_beside_the_magic_link_can_be_gone_back_to(world: World) -> None:
    async with await visit(world, people.TOTP, magic_link=True) as who:
        await who.begin()
        await who.at.answer("MagicLinkChosen")
        await who.send_link()
        await who.at.answer("OtherDeviceChosen")
        await who.mailbox.open(who.mailbox.url)
        who.mailbox.reads("This link opens nothing")
        await who.at.answer("DeviceChosen")
        await who.at.answer("PasscodeGiven", passcode=await who.at.app_passcode())
        assert await who.result() == Outputs("complete", "totp")


async def test_r_23_nobody_else_sees_the_page_or_its_code(world: World) -> None:
    async with await visit(world, people.NO_DEVICE, magic_link=True) as elif_:
        await elif_.begin()
        code = await elif_.send_link()
        await elif_.mailbox.open(elif_.address)
        elif_.mailbox.reads("This link opens nothing")
        assert code not in elif_.mailbox.text.replace(" ", "")
        (mail,) = world.box.world.mails
        assert all(code not in part for part in (mail.text, mail.html, mail.subject))


async def test_r_06_an_address_that_changed_meanwhile_ends_the_link_before_its_code_counts(world: World) -> None:
    async with await visit(world, people.NO_DEVICE, magic_link=True) as elif_:
        await elif_.begin()
        code = await elif_.send_link()
        elif_.user.email = "new@elsewhere.example"
        await elif_.mailbox.answer("CodeGiven", code=code)
        elif_.mailbox.reads("Nothing more can be done here.")
        assert await elif_.result() is None
        await elif_.at.waits_for("SendChosen")
        elif_.at.reads("That link was ended.")


async def test_r_27_a_callers_page_offers_no_magic_link_and_sends_none_by_a_hand_made_form(world: World) -> None:
    call, code = await world.sent(people.SEVERAL_DEVICES)
    user, at = world.box.world.user(people.SEVERAL_DEVICES), world.box.settings()
    async with AtPage(user.email, at.mailbox_url, secrets.token_urlsafe(32), webauthn="NONE") as bruno:
        await bruno.open(await bruno.newest_link())
        await bruno.answer("CodeGiven", code=code)
        assert bruno.offers("DeviceChosen")
        assert not bruno.offers("MagicLinkChosen")
        await bruno.post("MagicLinkChosen")
        bruno.reads("Choose one of the devices below.")
        assert len(world.box.world.mails) == 1
        call.view = await world.desk.session(world.desk.agent).settled(call.view.id)
        assert call.sees(p.PollingPrompt).link.stage is LinkStage.CODE_RIGHT
