"""A customer recovers their account in Chromium, with and without JavaScript, on a small screen; axe-core looks on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, Page, Response, expect

from csrdesk.sandbox import Options, Sandbox, people
from csrdesk.server import recovery_texts as rt
from csrdesk.server import texts
from csrdesk.wiring import Desk, open_desk
from csrdesk.wiring.trial import settings_for
from tests.browser.test_accessibility import HEAVIEST, grave

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]
NARROW = 320
NEW = "Winding-7-Lanes"
SIGN_ON = "https://signin.example.com/"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "desk"
    made.mkdir(mode=0o700)
    return made


@asynccontextmanager
async def offering(folder: Path) -> AsyncIterator[tuple[Sandbox, Desk]]:
    """A desk that offers recovery, beside a sandbox."""
    async with Sandbox(Options()) as box:
        plain = settings_for(box.settings(), folder)
        settings = replace(
            plain,
            flow=replace(plain.flow, ciam_account_recovery_enabled=True),
            limits=replace(plain.limits, recovery_answer_seconds=0.2),
            recovery=replace(plain.recovery, sign_on_url=SIGN_ON),
        )
        async with open_desk(settings, serve_pages=True) as desk:
            yield box, desk


async def code_for(box: Sandbox, username: str) -> str:
    for _ in range(200):
        if recovery := box.world.user(username).recovery:
            return recovery.code
        await asyncio.sleep(0.05)
    raise AssertionError("no code was sent")


async def heading(page: Page, words: str) -> None:
    await expect(page.get_by_role("heading", name=words, level=1)).to_be_visible()


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()


async def types(page: Page, code: str, password: str = NEW, again: str = NEW) -> None:
    await page.get_by_label(rt.CODE_LABEL).fill(code)
    await page.get_by_label(texts.CHOOSE_LABEL).fill(password)
    await page.get_by_label(texts.CHOOSE_AGAIN).fill(again)
    await press(page, rt.CODE_SET)


async def looked_at(page: Page) -> None:
    """Nothing serious, and nothing beside the screen."""
    assert await grave(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW


async def test_a_customer_recovers_their_account_and_axe_finds_nothing_serious_on_any_page(
    browser: Browser, folder: Path
) -> None:
    async with offering(folder) as (box, desk):
        user = box.world.user(people.ONLY_PINGONE)
        context = await browser.new_context(
            viewport={"width": NARROW, "height": 640}, bypass_csp=True, user_agent="Mozilla/5.0 known"
        )
        page = await context.new_page()
        await page.goto(f"{desk.pages_url}/recover")
        await heading(page, rt.FORGOT_TITLE)
        await looked_at(page)
        await page.get_by_label(rt.FORGOT_LABEL).fill(user.email)
        await page.keyboard.press("Enter")
        await heading(page, rt.CODE_TITLE)
        await looked_at(page)
        await press(page, rt.CODE_RESEND)
        await heading(page, rt.RESEND_TITLE)
        await looked_at(page)
        await press(page, rt.RESEND_NO)
        code = await code_for(box, people.ONLY_PINGONE)
        await page.get_by_label(texts.CHOOSE_LABEL).fill("short")
        await expect(page.locator("#rules .unmet").first).to_be_visible()
        await types(page, "AAAA2222")
        await expect(page.locator("#note")).to_contain_text("That code is not right")
        await looked_at(page)
        await types(page, code, f"{people.ONLY_PINGONE.title()}-7-Lanes", f"{people.ONLY_PINGONE.title()}-7-Lanes")
        await types(page, code)
        await heading(page, rt.DONE_TITLE)
        await looked_at(page)
        assert await page.get_by_role("link", name=rt.SIGN_ON).get_attribute("href") == SIGN_ON
        await page.reload()
        await heading(page, rt.DONE_TITLE)
        await page.goto(f"{desk.pages_url}/recover/nothing")
        await heading(page, rt.OVER_TITLE)
        await looked_at(page)
        await page.get_by_role("link", name=rt.AGAIN).click()
        await heading(page, rt.FORGOT_TITLE)
        await context.close()


async def test_r_20_the_whole_recovery_works_without_javascript_and_in_that_browser_alone(
    browser: Browser, folder: Path
) -> None:
    async with offering(folder) as (box, desk):
        user = box.world.user(people.NO_DEVICE_PINGONE)
        context = await browser.new_context(java_script_enabled=False, user_agent="Mozilla/5.0 known")
        page = await context.new_page()
        await page.goto(f"{desk.pages_url}/recover")
        await page.get_by_label(rt.FORGOT_LABEL).fill(user.email)
        await press(page, rt.FORGOT_SEND)
        await heading(page, rt.CODE_TITLE)
        other = await browser.new_context()
        stranger = await other.new_page()
        answer = await stranger.goto(page.url)
        assert answer
        assert answer.status == 410
        await heading(stranger, rt.OVER_TITLE)
        await other.close()
        await types(page, await code_for(box, people.NO_DEVICE_PINGONE), NEW, "Another-9-Lanes")
        await expect(page.get_by_role("alert")).to_contain_text("The two passwords are not the same")
        await types(page, await code_for(box, people.NO_DEVICE_PINGONE))
        await heading(page, rt.DONE_TITLE)
        await context.close()


async def test_two_tabs_of_one_page_are_one_recovery(browser: Browser, folder: Path) -> None:
    async with offering(folder) as (box, desk):
        user = box.world.user(people.ONLY_PINGONE)
        context = await browser.new_context(user_agent="Mozilla/5.0 known")
        first = await context.new_page()
        await first.goto(f"{desk.pages_url}/recover")
        await first.get_by_label(rt.FORGOT_LABEL).fill(user.email)
        await press(first, rt.FORGOT_SEND)
        await heading(first, rt.CODE_TITLE)
        second = await context.new_page()
        await second.goto(first.url)
        await types(first, "AAAA2222")
        await expect(first.get_by_text("4 more times")).to_be_visible()
        await types(second, await code_for(box, people.ONLY_PINGONE))
        await expect(second.get_by_text("4 more times")).to_be_visible()
        assert user.recovery
        assert user.recovery.failures == 1
        await context.close()


async def test_the_pages_load_nothing_from_elsewhere_and_weigh_little(browser: Browser, folder: Path) -> None:
    async with offering(folder) as (_, desk):
        context = await browser.new_context(user_agent="Mozilla/5.0 known")
        page = await context.new_page()
        answers: list[Response] = []

        def keep(answer: Response) -> None:
            answers.append(answer)

        await page.goto(f"{desk.pages_url}/recover", wait_until="load")
        await page.get_by_label(rt.FORGOT_LABEL).fill("nobody@mail.example")
        await press(page, rt.FORGOT_SEND)
        await heading(page, rt.CODE_TITLE)
        fresh = await context.new_page()
        fresh.on("response", keep)
        await fresh.goto(page.url, wait_until="load")
        sizes = {answer.url: len(await answer.body()) for answer in answers}
        await context.close()
    assert len(sizes) >= 4
    assert {address.split("/")[2].split(":")[0] for address in sizes} == {"localhost"}
    assert sum(sizes.values()) < HEAVIEST
