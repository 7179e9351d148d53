"""The page of the spoken address in a real Chromium: used by keyboard, small, and readable by anybody."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from csrdesk.server import texts
from tests.browser.conftest import Desk
from tests.browser.test_accessibility import HEAVIEST, grave, loaded_for
from tests.browser.test_link_page import heading, opened
from tests.server.customers import CALL_CODE, PASSCODE

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
async def test_r_20_a_caller_types_address_and_code_and_shows_a_device(
    browser: Browser, desk: Desk, scripts: bool
) -> None:
    async with opened(browser, f"{desk.origin}/c", scripts=scripts) as page:
        await page.get_by_label(texts.CALL_CODE_LABEL).fill("000 000 000")
        await page.get_by_role("button", name=texts.CONTINUE).click()
        await page.get_by_text(texts.CALL_CODE_WRONG).wait_for()
        await expect(page.get_by_label(texts.CALL_CODE_LABEL)).to_be_focused()
        await page.get_by_label(texts.CALL_CODE_LABEL).fill(f"{CALL_CODE[:3]} {CALL_CODE[3:6]} {CALL_CODE[6:]}")
        await page.keyboard.press("Enter")
        await heading(page, texts.PASSCODE_TITLE)
        await page.get_by_label(texts.PASSCODE_LABEL).fill(PASSCODE)
        await page.keyboard.press("Enter")
        await heading(page, texts.DONE_TITLE)


async def test_r_08_the_browser_submits_nothing_by_itself_and_the_form_as_served_opens_nothing(
    browser: Browser, desk: Desk
) -> None:
    async with opened(browser, f"{desk.origin}/c") as page:
        await page.evaluate("document.querySelectorAll('form').forEach(form => form.submit())")
        await page.get_by_text(texts.CALL_CODE_MISSING).wait_for()
    assert not desk.customers.links


async def test_the_page_of_the_address_is_reached_by_tab_alone(browser: Browser, desk: Desk) -> None:
    async with opened(browser, f"{desk.origin}/c") as page:
        await page.keyboard.press("Tab")
        await page.keyboard.type(CALL_CODE)
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await heading(page, texts.PASSCODE_TITLE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious_at_the_address(browser: Browser, desk: Desk, scheme: str) -> None:
    context = await browser.new_context(color_scheme="dark" if scheme == "dark" else "light", bypass_csp=True)
    page = await context.new_page()
    await page.goto(f"{desk.origin}/c")
    assert await grave(page) == []
    await page.get_by_label(texts.CALL_CODE_LABEL).fill("000000000")
    await page.get_by_role("button", name=texts.CONTINUE).click()
    await page.get_by_text(texts.CALL_CODE_WRONG).wait_for()
    assert await grave(page) == []
    await context.close()


async def test_the_page_of_the_address_is_light_and_all_of_it_is_ours(browser: Browser, desk: Desk) -> None:
    sizes = await loaded_for(browser, f"{desk.origin}/c")
    assert all(address.startswith(desk.origin) for address in sizes)
    assert sum(sizes.values()) < HEAVIEST


async def test_on_a_narrow_phone_nothing_is_cut_off(browser: Browser, desk: Desk) -> None:
    async with opened(browser, f"{desk.origin}/c", width=320) as page:
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 320
