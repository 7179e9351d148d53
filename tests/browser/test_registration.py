"""A customer registers in Chromium, with and without JavaScript, on a small screen; axe-core looks on.

What a passkey takes is in `test_new_passkey`, the other devices' pages in `test_pairing_pages`.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, Page, expect

from csrdesk.sandbox import Options, Sandbox, ids
from csrdesk.server import registration_texts as gt
from csrdesk.server import texts
from csrdesk.wiring import Desk, open_desk
from csrdesk.wiring.trial import settings_for
from tests.browser.test_accessibility import grave

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]
NARROW = 320
ADDRESS = "grace.hopper@mail.example"
PASSWORD = "Winding-7-Lanes"
WAY_BACK = re.compile(r"https?://\S+/register/again/\S+")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "desk"
    made.mkdir(mode=0o700)
    return made


@asynccontextmanager
async def offering(folder: Path) -> AsyncIterator[tuple[Sandbox, Desk]]:
    """A desk on which customers may register, beside a sandbox."""
    async with Sandbox(Options()) as box:
        plain = settings_for(box.settings(), folder)
        settings = replace(
            plain,
            flow=replace(plain.flow, ciam_agreement_enabled=True, agreement_id=ids.AGREEMENT),
            registration=replace(plain.registration, enabled=True),
            limits=replace(plain.limits, recovery_answer_seconds=0.2),
        )
        async with open_desk(settings, serve_pages=True) as desk:
            yield box, desk


async def heading(page: Page, words: str) -> None:
    await expect(page.get_by_role("heading", name=words, level=1)).to_be_visible()


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()


async def code_for(box: Sandbox, page: Page) -> str:
    for _ in range(200):
        if box.world.passcodes:
            return box.world.passcodes[-1].code
        await page.wait_for_timeout(50)
    raise AssertionError("no code was sent")


async def looked_at(page: Page) -> None:
    """Nothing serious, and nothing beside the screen."""
    assert await grave(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW


async def named(page: Page, box: Sandbox, desk: Desk) -> None:
    """As far as the password, by the keyboard."""
    await page.goto(f"{desk.pages_url}/register")
    await page.get_by_label(gt.EMAIL_LABEL).fill(ADDRESS)
    await page.keyboard.press("Enter")
    await heading(page, gt.CODE_TITLE)
    await page.get_by_label(gt.CODE_LABEL).fill(await code_for(box, page))
    await page.keyboard.press("Enter")
    await heading(page, gt.NAMES_TITLE)
    await page.get_by_label(gt.GIVEN_LABEL).fill("Grace")
    await page.get_by_label(gt.FAMILY_LABEL).fill("Hopper")
    await page.keyboard.press("Enter")
    await heading(page, gt.CHOOSE_TITLE)


async def test_a_customer_registers_and_axe_finds_nothing_serious_on_any_page(browser: Browser, folder: Path) -> None:
    async with offering(folder) as (box, desk):
        context = await browser.new_context(
            viewport={"width": NARROW, "height": 640}, bypass_csp=True, user_agent="Mozilla/5.0 known"
        )
        page = await context.new_page()
        await page.goto(f"{desk.pages_url}/register")
        await heading(page, gt.EMAIL_TITLE)
        await looked_at(page)
        await page.get_by_label(gt.EMAIL_LABEL).fill("grace")
        await press(page, gt.EMAIL_SEND)
        await expect(page.locator("#note")).to_contain_text("Type your mail address")
        await looked_at(page)
        await page.get_by_label(gt.EMAIL_LABEL).fill(ADDRESS)
        await page.keyboard.press("Enter")
        await heading(page, gt.CODE_TITLE)
        await looked_at(page)
        await page.get_by_label(gt.CODE_LABEL).fill(await code_for(box, page))
        await page.keyboard.press("Enter")
        await heading(page, gt.NAMES_TITLE)
        await looked_at(page)
        await page.get_by_label(gt.GIVEN_LABEL).fill("Grace")
        await page.get_by_label(gt.FAMILY_LABEL).fill("Hopper")
        await page.keyboard.press("Enter")
        await heading(page, gt.CHOOSE_TITLE)
        await page.get_by_label(texts.CHOOSE_LABEL).fill("short")
        await expect(page.locator("#rules .unmet").first).to_be_visible()
        await looked_at(page)
        await page.get_by_label(texts.CHOOSE_LABEL).fill(PASSWORD)
        await page.get_by_label(texts.CHOOSE_AGAIN).fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("#terms")).to_be_visible()
        await looked_at(page)
        box.faults.add(method="POST", path="/devices$", status=403)
        await page.locator("button[value=AgreementAccepted]").click()
        await heading(page, gt.UNFINISHED_TITLE)
        await looked_at(page)
        box.faults.clear()
        await press(page, gt.UNFINISHED_AGAIN)
        await heading(page, gt.DONE_TITLE)
        await looked_at(page)
        await page.goto(f"{desk.pages_url}/register/nothing")
        await heading(page, gt.OVER_TITLE)
        await looked_at(page)
        await context.close()
    assert box.world.user(ADDRESS).consents


async def test_r_20_the_whole_registration_works_without_javascript_and_a_mail_leads_back_to_it(
    browser: Browser, folder: Path
) -> None:
    async with offering(folder) as (box, desk):
        context = await browser.new_context(java_script_enabled=False, user_agent="Mozilla/5.0 known")
        page = await context.new_page()
        await named(page, box, desk)
        await press(page, gt.CHOOSE_NONE)
        await expect(page.locator("#terms")).to_be_visible()
        await context.close()
        (mail,) = [mail for mail in box.world.mails if mail.subject == "New Account Created"]
        found = WAY_BACK.search(mail.text)
        assert found
        other = await browser.new_context(java_script_enabled=False)
        page = await other.new_page()
        await page.goto(found[0])
        await heading(page, gt.AGAIN_TITLE)
        await press(page, gt.AGAIN_GO)
        await page.locator("button[value=AgreementAccepted]").click()
        await page.locator("button[value=PasswordInsteadChosen]").click()
        await heading(page, gt.CHOOSE_TITLE)
        await page.get_by_label(texts.CHOOSE_LABEL).fill(PASSWORD)
        await page.get_by_label(texts.CHOOSE_AGAIN).fill(PASSWORD)
        await press(page, gt.CHOOSE_INSTEAD_SET)
        await heading(page, gt.DONE_TITLE)
        await other.close()


async def test_the_terms_come_in_the_browsers_language_and_nothing_in_them_runs(browser: Browser, folder: Path) -> None:
    async with offering(folder) as (box, desk):
        context = await browser.new_context(locale="de-AT", user_agent="Mozilla/5.0 known")
        page = await context.new_page()
        said: list[str] = []
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("console", lambda line: said.append(line.text))
        await named(page, box, desk)
        await page.get_by_label(texts.CHOOSE_LABEL).fill(PASSWORD)
        await page.get_by_label(texts.CHOOSE_AGAIN).fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("#terms")).to_have_attribute("lang", "de")
        assert await page.locator("#terms script, #terms iframe, #terms form, #terms [style], #terms img").count() == 0
        assert said == []
        await context.close()
