"""The spoken address, from what the agent says to the verified call: a real Chromium, and a passkey that signs."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

from csrdesk.sandbox import Sandbox, people
from csrdesk.server import texts
from tests.cli.terminal import Terminal
from tests.cli.test_by_address import address, code
from tests.e2e.conftest import serving
from tests.e2e.customer import AtBrowser
from tests.e2e.test_devices import passkey_of, put_key

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]
WHO = people.NO_EMAIL_PASSKEY
WAY = ("--way", "spoken-address", "--json")


async def type_call_code(caller: AtBrowser, url: str, typed: str) -> None:
    await caller.page.goto(url)
    await caller.heading(texts.CODE_TITLE)
    await caller.page.get_by_label(texts.CALL_CODE_LABEL).fill(typed)
    await caller.page.get_by_role("button", name=texts.CONTINUE).click()


async def test_a_caller_without_a_mail_address_is_verified_by_a_passkey_in_a_real_browser(
    settings: Path, browser: Browser, box: Sandbox
) -> None:
    async with serving(settings), Terminal(settings, "call", "start", WHO, *WAY, talk_here=True) as agent:
        shown, url = await code(agent), await address(agent)
        async with AtBrowser(browser, box.settings().mailbox_url, WHO) as caller:
            await put_key(caller.page, passkey_of(box, WHO))
            await type_call_code(caller, url, shown)
            await caller.heading(texts.PASSKEY_TITLE)
            assert texts.REFERENCE_HINT not in await caller.page.content()
            await caller.page.get_by_role("button", name=texts.PASSKEY_USE).click()
            await caller.heading(texts.DONE_TITLE)
            elsewhere = await browser.new_context()
            other = await elsewhere.new_page()
            gone = await other.goto(caller.page.url)
            assert gone
            assert gone.status == 410
            await elsewhere.close()
        ran = await agent.ended()
    assert (ran.code, ran.data["verified"], ran.data["authMethod"]) == (0, True, "fido2"), ran


async def test_r_21_who_did_not_call_says_so_after_the_code_and_the_agent_is_told(
    settings: Path, browser: Browser, box: Sandbox
) -> None:
    async with serving(settings), Terminal(settings, "call", "start", WHO, *WAY, talk_here=True) as agent:
        shown, url = await code(agent), await address(agent)
        async with AtBrowser(browser, box.settings().mailbox_url, WHO) as caller:
            await type_call_code(caller, url, shown)
            await caller.heading(texts.PASSKEY_TITLE)
            await caller.was_not_me()
        ran = await agent.ended()
    assert (ran.code, ran.error["code"]) == (6, "not_verified"), ran
    assert "frozen" in ran.error["errorMessage"]
