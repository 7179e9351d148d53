"""A page of Device Authentication by itself in a real Chromium: a magic link across two browsers, a passkey, time."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, Page, expect

from csrdesk.config import LimitSettings
from csrdesk.demo.agent import Call
from csrdesk.flows import prompts as p
from csrdesk.flows.device_authentication import Outputs
from csrdesk.flows.device_inputs import Inputs
from csrdesk.model.devices import ORDER
from csrdesk.sandbox import Sandbox, people
from csrdesk.sandbox.authenticator import sign
from csrdesk.server import texts
from csrdesk.wiring import Desk, open_desk
from csrdesk.wiring.trial import settings_for
from tests.e2e.customer import AtBrowser
from tests.e2e.test_device_refusals import HAND_OVER, judged
from tests.e2e.test_devices import passkey_of, put_key

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]
ELIF, CHIARA = people.NO_DEVICE, people.ONLY_PASSKEY


@asynccontextmanager
async def desk_beside(box: Sandbox, folder: Path, *, page_seconds: int = 600) -> AsyncIterator[Desk]:
    """A desk that serves its pages, in this process, so that its clocks can be shorter than settings allow."""
    folder.mkdir(mode=0o700)  # noqa: ASYNC240 - nothing else runs yet
    settings = settings_for(box.settings(), folder)
    async with open_desk(replace(settings, limits=LimitSettings(page_seconds=page_seconds)), serve_pages=True) as desk:
        yield desk


@asynccontextmanager
async def at_page(
    desk: Desk, box: Sandbox, browser: Browser, who: str, *, scripts: bool = True, magic_link: bool = False
) -> AsyncIterator[tuple[Page, str]]:
    """A browser at the page that was made for it, and the page's id."""
    cookie = secrets.token_urlsafe(32)
    inputs = Inputs(box.world.user(who).id, 3, allowed_device_types=ORDER, magic_link_enabled=magic_link)
    made = await desk.engine.device_pages.open(inputs, account="E*** K***, ending 45", browser=cookie)
    context = await browser.new_context(java_script_enabled=scripts, viewport={"width": 320, "height": 800})
    await context.add_cookies([{"name": "csrdesk", "value": cookie, "url": desk.pages_url}])
    page = await context.new_page()
    await page.goto(f"{desk.pages_url}/v/{made.token.reveal()}")
    await expect(page.get_by_role("heading", level=1)).to_have_text(texts.BROWSER_TITLE)
    await page.get_by_role("button", name=texts.CONTINUE).click()
    yield page, made.challenge_id
    await context.close()


async def heading(page: Page, words: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text(words, timeout=30_000)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
async def test_a_code_typed_behind_the_mailed_link_lets_the_waiting_page_go_on_by_itself(
    browser: Browser, box: Sandbox, tmp_path: Path, scripts: bool
) -> None:
    async with (
        desk_beside(box, tmp_path / "desk") as desk,
        at_page(desk, box, browser, ELIF, scripts=scripts, magic_link=True) as (page, challenge_id),
        AtBrowser(browser, box.settings().mailbox_url, people.person(ELIF).email, scripts=scripts) as mailbox,
    ):
        await heading(page, texts.OFFER_TITLE)
        await page.get_by_role("button", name=texts.OFFER_SEND).click()
        await heading(page, texts.LINK_SENT_TITLE)
        code = await page.locator(".number").inner_text()
        await mailbox.page.goto(f"{box.settings().mailbox_url}?to={people.person(ELIF).email}")
        await mailbox.page.locator("article a").first.click()
        await mailbox.heading(texts.LINK_CODE_TITLE)
        await mailbox.type_code("000 000" if code != "000 000" else "111 111")
        await expect(mailbox.page.locator("#note")).to_contain_text("Look at the other page again.")
        await mailbox.type_code(code)
        await mailbox.heading(texts.DONE_TITLE)
        await heading(page, texts.DONE_TITLE)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
        assert await desk.engine.device_pages.result(challenge_id) == Outputs("complete", "ml")


async def test_this_was_not_me_behind_the_link_stops_the_page_that_asked(
    browser: Browser, box: Sandbox, tmp_path: Path
) -> None:
    async with (
        desk_beside(box, tmp_path / "desk") as desk,
        at_page(desk, box, browser, ELIF, magic_link=True) as (page, challenge_id),
        AtBrowser(browser, box.settings().mailbox_url, people.person(ELIF).email) as mailbox,
    ):
        await page.get_by_role("button", name=texts.OFFER_SEND).click()
        await heading(page, texts.LINK_SENT_TITLE)
        await mailbox.page.goto(f"{box.settings().mailbox_url}?to={people.person(ELIF).email}")
        await mailbox.page.locator("article a").first.click()
        await mailbox.page.get_by_role("button", name=texts.NOT_ME).click()
        await mailbox.page.get_by_label(texts.NOT_ME_NO_ALONE).check()
        await mailbox.page.get_by_role("button", name=texts.CONTINUE).click()
        await mailbox.heading(texts.REFUSED_TITLE)
        await heading(page, texts.DENIED_TITLE)
        outputs = await desk.engine.device_pages.result(challenge_id)
        assert outputs is not None
        assert outputs.subflow_result == "notMe"


async def test_a_passkey_on_a_page_of_its_own(browser: Browser, box: Sandbox, tmp_path: Path) -> None:
    async with (
        desk_beside(box, tmp_path / "desk") as desk,
        at_page(desk, box, browser, CHIARA, magic_link=True) as (page, challenge_id),
    ):
        await put_key(page, passkey_of(box, CHIARA))
        await heading(page, texts.DEVICE_TITLE)
        await expect(page.get_by_role("button", name=texts.MAGIC_LINK)).to_be_visible()
        await page.get_by_role("button", name=texts.DEVICE_WORDS["FIDO2"]).click()
        await page.get_by_role("button", name=texts.PASSKEY_USE).click()
        await heading(page, texts.DONE_TITLE)
        assert await desk.engine.device_pages.result(challenge_id) == Outputs("complete", "fido2")


async def test_a_link_whose_time_ended_while_the_key_was_touched_approves_nothing(
    browser: Browser, box: Sandbox, tmp_path: Path
) -> None:
    async with desk_beside(box, tmp_path / "desk", page_seconds=6) as desk:
        call = await Call.begin(desk.session(desk.agent))
        await call.look_up(CHIARA)
        code = await call.send_link()
        async with AtBrowser(browser, box.settings().mailbox_url, people.person(CHIARA).email) as chiara:
            await chiara.follow_link()
            await chiara.type_code(code)
            await chiara.heading(texts.PASSKEY_TITLE)
            parts = urlsplit(chiara.page.url)
            options = await chiara.page.locator("#passkey").get_attribute("data-options") or ""
            signed = sign(passkey_of(box, CHIARA), options, f"{parts.scheme}://{parts.netloc}")
            # The page's own clock would load it again; a customer whose browser is busy with a key sees no reload.
            await chiara.page.evaluate("for (let id = 1; id < 1000; id++) { clearTimeout(id); clearInterval(id); }")
            await chiara.page.evaluate(HAND_OVER, {**json.loads(signed), "waits": True})
            await chiara.page.get_by_role("button", name=texts.PASSKEY_USE).click()
            await expect(chiara.page.locator("#passkey-state")).to_have_text(texts.PASSKEY_WAITING)
            await asyncio.sleep(6.5)
            await chiara.page.evaluate("window.touch()")
            await chiara.heading(texts.TIME_UP_TITLE)
        form = await call.waits_for(p.MagicLinkFormPrompt)
    assert "Time ran out before the caller was verified. Nothing was approved." in form.note
    assert box.world.user(CHIARA).devices[0].sign_count == 0
    assert judged(tmp_path) == 0
