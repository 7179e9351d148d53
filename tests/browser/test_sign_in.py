"""An agent's sign-in as a real browser makes it: from the sandbox's page over a redirect to a page of this machine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from csrdesk.config import DeskSettings, PingOneSettings, Settings, SignInSettings
from csrdesk.sandbox import Options, Sandbox
from csrdesk.services.sign_in.browser import by_browser
from csrdesk.services.sign_in.current import opened
from csrdesk.services.sign_in.keeping import Kept
from tests.browser.test_accessibility import grave

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]


async def test_a_browser_follows_the_sign_in_to_a_page_that_can_be_closed(browser: Browser, tmp_path: Path) -> None:
    context = await browser.new_context(viewport={"width": 320, "height": 600})
    page = await context.new_page()
    async with Sandbox(Options()) as box:
        at = box.settings().sign_in
        settings = Settings(
            pingone=PingOneSettings("e", "c"),
            desk=DeskSettings(data_dir=str(tmp_path)),
            sign_in=SignInSettings(issuer=at.issuer, client_id=at.client_id, audience=at.audience),
        )
        kept = await _signed_in(settings, page)
        assert kept.username == "petra"
        assert await page.get_by_role("heading").inner_text() == "Signed in"
        assert "You can close this page." in await page.locator("main").inner_text()
        assert page.url.startswith("http://127.0.0.1:")
    await context.close()


async def _signed_in(settings: Settings, page: Page) -> Kept:
    """The page of the sandbox is looked at, too: nobody is kept out of it."""
    going: list[asyncio.Task[None]] = []

    async def go(url: str) -> None:
        await page.goto(url)
        assert await grave(page) == []
        await page.get_by_role("button", name="Petra Kowalska").click()

    async with opened(settings) as provider:
        kept = await by_browser(provider, lambda url: going.append(asyncio.create_task(go(url))))
    await going[0]
    await page.get_by_role("heading", name="Signed in").wait_for()
    assert await grave(page) == []
    return kept
