"""From an empty page to a verified call: a real Chromium makes a passkey, the sandbox verifies it, and it signs in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, Page, expect

from csrdesk.demo.agent import Call
from csrdesk.flows import prompts as p
from csrdesk.sandbox import Options, Sandbox, ids
from csrdesk.server import pairing_texts as pt
from csrdesk.server import registration_texts as gt
from csrdesk.server import texts
from csrdesk.wiring import Desk, open_desk
from csrdesk.wiring.trial import settings_for
from tests.e2e.customer import AtBrowser

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]
ADDRESS = "nour.lind@mail.example"
ENOUGH = timedelta(hours=73)
"""A device counts after 72 hours."""


@asynccontextmanager
async def offering(tmp_path: Path) -> AsyncIterator[tuple[Sandbox, Desk]]:
    """A desk where customers register, with terms to accept."""
    folder = tmp_path / "desk"
    folder.mkdir(mode=0o700)
    async with Sandbox(Options()) as box:
        plain = settings_for(box.settings(), folder)
        settings = replace(
            plain,
            flow=replace(plain.flow, ciam_agreement_enabled=True, agreement_id=ids.AGREEMENT),
            registration=replace(plain.registration, enabled=True),
            limits=replace(plain.limits, recovery_answer_seconds=0.1),
        )
        async with open_desk(settings, serve_pages=True) as desk:
            yield box, desk


async def add_authenticator(page: Page) -> None:
    """An authenticator within this machine, empty, that is touched at once."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name).first.click()


async def passcode(customer: AtBrowser, box: Sandbox) -> str:
    """What came by mail; the page that asks for it is shown after a fixed time, and on a busy machine before that."""
    await customer.heading(gt.CODE_TITLE)
    async with asyncio.timeout(30):
        while not (sent := [one.code for one in box.world.passcodes if one.to == ADDRESS]):  # noqa: ASYNC110 - a mailbox
            await asyncio.sleep(0.05)
    return sent[-1]


async def register(customer: AtBrowser, box: Sandbox, address: str) -> None:
    """Without a password, up to the page that asks which device."""
    page = customer.page
    await page.goto(address)
    await page.get_by_label(gt.EMAIL_LABEL).fill(ADDRESS)
    await press(page, gt.EMAIL_SEND)
    await page.get_by_label(gt.CODE_LABEL).fill(await passcode(customer, box))
    await press(page, gt.CODE_CHECK)
    await customer.heading(gt.NAMES_TITLE)
    await page.get_by_label(gt.GIVEN_LABEL).fill("Nour")
    await page.get_by_label(gt.FAMILY_LABEL).fill("Lind")
    await press(page, gt.NAMES_NEXT)
    await customer.heading(gt.CHOOSE_TITLE)
    await press(page, gt.CHOOSE_NONE)
    await expect(page.locator("#terms")).to_be_visible()
    await page.locator("button[value=AgreementAccepted]").click()
    await customer.heading(pt.CHOOSE_TITLE)


async def test_a_passkey_that_chromium_made_is_registered_counts_after_three_days_and_verifies(
    tmp_path: Path, browser: Browser
) -> None:
    """Takes some seconds: it is the one place where every link of the chain is the real one."""
    async with (
        offering(tmp_path) as (box, desk),
        AtBrowser(browser, box.settings().mailbox_url, ADDRESS) as nour,
    ):
        await add_authenticator(nour.page)
        await register(nour, box, f"{desk.pages_url}/register")
        await press(nour.page, pt.KINDS["FIDO2"])
        await nour.heading(pt.PASSKEY_TITLE)
        await press(nour.page, pt.PASSKEY_MAKE)
        await nour.heading(f"{pt.NAME_TITLE}: {pt.KINDS['FIDO2']}")
        await nour.page.get_by_label(pt.NAME_LABEL).fill("My laptop")
        await press(nour.page, pt.CONTINUE)
        await nour.heading(gt.DONE_TITLE)
        user = box.world.user(ADDRESS)
        (device,) = [one for one in user.devices if one.type == "FIDO2"]
        assert (device.status, device.nickname, user.mfa_enabled) == ("ACTIVE", "My laptop", True)

        made = device.sign_count

        call = await Call.begin(desk.session(desk.agent))
        await call.look_up(ADDRESS)
        assert "recently" in str(call.view.prompt), call.view.prompt
        user.created_at -= ENOUGH
        device.created_at -= ENOUGH
        call = await Call.begin(desk.session(desk.agent))
        await call.look_up(ADDRESS)
        code = await call.send_link()
        await nour.follow_link()
        await nour.type_code(code)
        await nour.heading(texts.PASSKEY_TITLE)
        await press(nour.page, texts.PASSKEY_USE)
        await nour.heading(texts.DONE_TITLE)
        await call.waits_for(p.AccountPrompt)
        assert device.sign_count > made
