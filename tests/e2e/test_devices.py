"""A passkey and the app on a phone, from the mailed link to the verified call: a real Chromium signs for real."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from csrdesk.sandbox import Sandbox, people
from csrdesk.sandbox.authenticator import Passkey, decode
from csrdesk.server import texts
from tests.cli.terminal import Terminal
from tests.e2e.conftest import serving
from tests.e2e.customer import AtBrowser

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]


def passkey_of(box: Sandbox, username: str) -> Passkey:
    return next(key for key in box.world.passkeys if key.username == username)


def customer(browser: Browser, box: Sandbox, username: str) -> AtBrowser:
    return AtBrowser(browser, box.settings().mailbox_url, people.person(username).email)


async def put_key(page: Page, key: Passkey, *, verifies: bool = True) -> None:
    """An authenticator within this machine that holds that key and is touched at once."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": verifies,
        "automaticPresenceSimulation": True,
    }
    made = await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    credential = {
        "credentialId": _base64(key.credential_id),
        "isResidentCredential": True,
        "rpId": key.rp_id,
        "privateKey": _base64(key.private_key),
        "userHandle": _base64(key.user_handle),
        "signCount": key.sign_count,
    }
    await session.send("WebAuthn.addCredential", {"authenticatorId": made["authenticatorId"], "credential": credential})


def _base64(text: str) -> str:
    return base64.b64encode(decode(text)).decode()


async def test_a_passkey_in_a_real_browser_verifies_the_call(settings: Path, browser: Browser, box: Sandbox) -> None:
    async with serving(settings), Terminal(settings, "call", "start", people.ONLY_PASSKEY, "--wait", "--json") as agent:
        code = await agent.code()
        async with customer(browser, box, people.ONLY_PASSKEY) as chiara:
            await put_key(chiara.page, passkey_of(box, people.ONLY_PASSKEY))
            await chiara.follow_link()
            await chiara.type_code(code)
            await chiara.heading(texts.PASSKEY_TITLE)
            await chiara.page.get_by_role("button", name=texts.PASSKEY_USE).click()
            await chiara.heading(texts.DONE_TITLE)
        ran = await agent.ended()
    assert (ran.code, ran.data["verified"]) == (0, True), ran
    assert box.world.user(people.ONLY_PASSKEY).devices[0].sign_count == 1
    assert "strong" in ran.out


async def test_another_key_is_refused_and_the_right_one_still_counts(
    settings: Path, browser: Browser, box: Sandbox
) -> None:
    async with serving(settings), Terminal(settings, "call", "start", people.ONLY_PASSKEY, "--wait", "--json") as agent:
        code = await agent.code()
        async with customer(browser, box, people.ONLY_PASSKEY) as chiara:
            right = passkey_of(box, people.ONLY_PASSKEY)
            device = box.world.user(people.ONLY_PASSKEY).devices[0]
            known, device.public_key = device.public_key, passkey_public(box)
            await put_key(chiara.page, right)
            await chiara.follow_link()
            await chiara.type_code(code)
            use = chiara.page.get_by_role("button", name=texts.PASSKEY_USE)
            await use.click()
            await chiara.page.get_by_text("That passkey was not accepted.").wait_for()
            device.public_key = known
            await use.click()
            await chiara.heading(texts.DONE_TITLE)
        ran = await agent.ended()
    assert ran.code == 0, ran


def passkey_public(box: Sandbox) -> str:
    """Another person's public key."""
    return next(d.public_key for d in box.world.user(people.PASSKEY_AND_PHONE).devices if d.type == "FIDO2")


async def test_a_browser_that_has_no_such_key_says_so_and_another_way_stays_open(
    settings: Path, browser: Browser, box: Sandbox
) -> None:
    who = people.PASSKEY_AND_PHONE
    async with serving(settings), Terminal(settings, "call", "start", who, "--wait", "--json") as agent:
        code = await agent.code()
        async with customer(browser, box, who) as amara:
            await put_key(amara.page, passkey_of(box, people.ONLY_PASSKEY))
            await amara.follow_link()
            await amara.type_code(code)
            await amara.heading(texts.DEVICE_TITLE)
            await amara.page.get_by_role("button", name=texts.DEVICE_WORDS["FIDO2"]).click()
            await amara.page.get_by_role("button", name=texts.PASSKEY_USE).click()
            await amara.page.get_by_text("it was cancelled, or it took too long").wait_for(timeout=30_000)
            await amara.page.get_by_role("button", name=texts.OTHER_DEVICE).click()
            await amara.heading(texts.DEVICE_TITLE)
            await amara.page.get_by_role("button", name=texts.DEVICE_WORDS["SMS"]).click()
            await amara.type_passcode()
        ran = await agent.ended()
    assert ran.code == 0, ran


async def test_the_number_on_the_page_chosen_on_the_phone_verifies_the_call(
    settings: Path, browser: Browser, box: Sandbox
) -> None:
    who = people.ONLY_APP
    async with serving(settings), Terminal(settings, "call", "start", who, "--wait", "--json") as agent:
        code = await agent.code()
        async with customer(browser, box, who) as dmitri:
            await dmitri.follow_link()
            await dmitri.type_code(code)
            await dmitri.heading(texts.PUSH_TITLE)
            number = await dmitri.page.locator(".number").inner_text()
            phone = await dmitri.page.context.new_page()
            await phone.goto(f"{box.settings().mailbox_url}?to={people.ONLY_APP}")
            await phone.get_by_label(number, exact=True).check()
            await phone.get_by_role("button", name="Approve").click()
            await dmitri.heading(texts.DONE_TITLE, seconds=10)
        ran = await agent.ended()
    assert ran.code == 0, ran


async def test_a_second_deny_on_the_phone_ends_the_link_as_not_me(
    settings: Path, browser: Browser, box: Sandbox
) -> None:
    who = people.ONLY_APP
    async with serving(settings), Terminal(settings, "call", "start", who, "--wait", "--json") as agent:
        code = await agent.code()
        async with customer(browser, box, who) as dmitri:
            await dmitri.follow_link()
            await dmitri.type_code(code)
            for again in (True, False):
                await dmitri.heading(texts.PUSH_TITLE)
                phone = await dmitri.page.context.new_page()
                await phone.goto(f"{box.settings().mailbox_url}?to={people.ONLY_APP}")
                await phone.get_by_role("button", name="Deny").click()
                await expect(phone.get_by_role("button", name="Deny")).to_have_count(0)
                if again:
                    await dmitri.heading(texts.DEVICE_TITLE, seconds=10)
                    await dmitri.page.get_by_text("The request was denied on the phone.").wait_for()
                    await dmitri.page.get_by_role("button", name=texts.DEVICE_WORDS["MOBILE"]).click()
            await dmitri.heading(texts.DENIED_TITLE, seconds=10)
        ran = await agent.ended()
    assert (ran.code, ran.error["code"]) == (6, "not_verified"), ran
