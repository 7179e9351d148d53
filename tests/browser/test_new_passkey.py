"""A passkey made in Chromium by a virtual authenticator: the sandbox verifies it, and it proves its owner then."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, BrowserContext, CDPSession, Page, expect

from csrdesk.flows.device_inputs import Inputs
from csrdesk.flows.device_pairing import ALREADY
from csrdesk.sandbox import Options, Sandbox
from csrdesk.sandbox.authenticator import decode
from csrdesk.sandbox.model import Passcode, User
from csrdesk.server import pairing_texts as pt
from csrdesk.wiring import Desk, open_desk
from csrdesk.wiring.trial import settings_for

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]
ADDRESS = "grace.hopper@mail.example"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
NEW_ENOUGH = timedelta(days=4)
"""So long ago it is registered that it counts (R-37)."""


async def answer(page: Page, kind: str, **typed: str) -> None:
    """Type, and press the button that gives that answer."""
    for name, value in typed.items():
        await page.locator(f"input[name={name}]:not([type=hidden])").fill(value)
    button = page.locator(f"button[name=type][value={kind}]").first
    async with page.expect_navigation():
        await button.click()


async def newest(box: Sandbox, page: Page) -> Passcode:
    """The passcode that reached the mailbox."""
    for _ in range(200):
        if box.world.passcodes:
            return box.world.passcodes[-1]
        await page.wait_for_timeout(50)
    raise AssertionError("no passcode was sent")


async def choosing(page: Page, box: Sandbox, desk: Desk) -> None:
    """As far as the choice of a device."""
    await page.goto(f"{desk.pages_url}/register")
    await answer(page, "RegisterEmailGiven", email=ADDRESS)
    await page.locator("input[name=passcode]").wait_for()
    await answer(page, "PasscodeGiven", passcode=(await newest(box, page)).code)
    await page.locator("input[name=given_name]").wait_for()
    await answer(page, "NamesGiven", given_name="Grace", family_name="Hopper")
    await page.locator("button[value=WithoutPasswordChosen]").wait_for()
    await answer(page, "WithoutPasswordChosen")
    await expect(page.get_by_role("heading", name=pt.CHOOSE_TITLE)).to_be_visible()
    await expect(page.locator("input[name=webauthn]").first).to_have_value("FULL")


async def make(page: Page) -> None:
    """Choose a passkey, and have the browser make one."""
    await page.get_by_role("button", name=pt.KINDS["FIDO2"]).click()
    await page.get_by_role("button", name=pt.PASSKEY_MAKE).click()


async def with_authenticator(page: Page, **more: bool) -> tuple[CDPSession, str]:
    """A virtual authenticator for that page (Chrome DevTools Protocol, WebAuthn)."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    added = await session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR | more})
    return session, str(added["authenticatorId"])


def made(box: Sandbox) -> User:
    return next(user for user in box.world.users.values() if user.email == ADDRESS)


async def shown_later(desk: Desk, box: Sandbox, context: BrowserContext, page: Page) -> str:
    """What the same browser shows on a page of Device Authentication, some days later."""
    cookie = next(one for one in await context.cookies() if one.get("name") == "csrdesk")
    inputs = Inputs(
        p1_user_id=made(box).id,
        resend_otp_limit=3,
        p1_mfa_policy_id=box.settings().mfa_policy_id,
        allowed_device_types=("FIDO2",),
    )
    opened = await desk.engine.device_pages.open(inputs, account="G*** H***", browser=str(cookie.get("value")))
    await page.goto(f"{desk.pages_url}/v/{opened.token.reveal()}")
    await page.locator("button[value=BrowserChecked]").wait_for()
    await expect(page.locator("input[name=webauthn]").first).to_have_value("FULL")
    await answer(page, "BrowserChecked")
    await page.locator("#use").click()
    for _ in range(200):
        if result := await desk.engine.device_pages.result(opened.challenge_id):
            return f"{result.subflow_result} {result.auth_method}"
        await page.wait_for_timeout(50)
    raise AssertionError("the page did not come to an end")


async def test_a_passkey_that_chromium_makes_is_verified_made_once_and_then_known(
    browser: Browser, tmp_path: Path
) -> None:
    """Takes some seconds: the whole way through a registration, and a page of Device Authentication after it."""
    folder = tmp_path / "desk"
    folder.mkdir(mode=0o700)
    async with Sandbox(Options()) as box:
        box.clock.move(-NEW_ENOUGH)
        plain = settings_for(box.settings(), folder)
        settings = replace(
            plain,
            registration=replace(plain.registration, enabled=True),
            limits=replace(plain.limits, recovery_answer_seconds=0.2),
        )
        async with open_desk(settings, serve_pages=True) as desk:
            context = await browser.new_context(user_agent="Mozilla/5.0 known")
            page = await context.new_page()
            session, authenticator = await with_authenticator(page, isUserVerified=False)
            await choosing(page, box, desk)
            await make(page)
            await expect(page.locator("#note")).to_contain_text("No passkey was made")
            await session.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": True})
            await page.get_by_role("button", name=pt.PASSKEY_MAKE).click()
            await expect(page.get_by_role("heading", name=pt.NAME_TITLE)).to_be_visible()
            lost = box.faults.add(method="PUT", path="/mfaEnabled$", status=404)
            await answer(page, "NicknameGiven", nickname="Laptop")
            await page.locator("button[value=TryAgainChosen]").wait_for()
            box.faults.clear(lost)
            await answer(page, "TryAgainChosen")
            await make(page)
            await expect(page.locator("#note")).to_have_text(ALREADY)
            assert len([one for one in made(box).devices if one.type == "FIDO2"]) == 1
            await answer(page, "RegisteredChosen")
            await expect(page.get_by_role("heading", name="You are registered")).to_be_visible()

            held = await session.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})
            (credential,) = held["credentials"]
            (device,) = (one for one in made(box).devices if one.type == "FIDO2")
            assert device.status == "ACTIVE"
            assert decode(device.credential_id) == base64.b64decode(credential["credentialId"])
            assert made(box).mfa_enabled

            box.clock.move(NEW_ENOUGH)
            assert await shown_later(desk, box, context, page) == "complete fido2"
            await context.close()
