"""PingOne's Signals script on the pages, in Chromium: loaded by its hash from another origin, and refused otherwise."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from csrdesk.model.secret import Secret
from csrdesk.server import texts
from csrdesk.server.app import make_app
from csrdesk.server.serve import listen, serve
from csrdesk.server.signals import Signals
from tests.browser.conftest import KEY, LOOK, Desk
from tests.server.customers import CODE, NOW, SMS, TOTP, Customers

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]
SDK = """
window._pingOneSignals = {
  asked: 0,
  init: async (options) => { window._pingOneSignals.environment = options.envId; },
  getData: async () => `payload of ${window._pingOneSignals.environment}, ${++window._pingOneSignals.asked}`,
};
window._pingOneSignalsReady = true;
document.dispatchEvent(new CustomEvent("PingOneSignalsReadyEvent"));
"""
"""What stands in for PingOne's own: the same three names, and a payload that says how often it was asked for."""
LATE = SDK.replace("window._pingOneSignalsReady = true;\ndocument", "setTimeout(() => document").replace(
    'Event"));', 'Event")), 300);'
)
"""As above, ready some time after it was loaded."""
ENVIRONMENT = "00000000-0000-0000-0000-000000000001"


def integrity(script: str) -> str:
    return f"sha384-{base64.b64encode(hashlib.sha384(script.encode()).digest()).decode()}"


@asynccontextmanager
async def desk_with(script: str, *, named: str = "") -> AsyncIterator[Desk]:
    """A desk whose pages load `script` from another origin; `named`: the script that the settings' hash is of."""

    async def sdk(_request: Request) -> Response:
        return Response(script, media_type="text/javascript", headers={"Access-Control-Allow-Origin": "*"})

    elsewhere, listener = listen(), listen()
    url = f"http://localhost:{elsewhere.getsockname()[1]}/signals-sdk.js"
    look = replace(LOOK, signals=Signals(url, integrity(named or script), ENVIRONMENT))
    customers, origin = Customers(SMS, TOTP), f"http://localhost:{listener.getsockname()[1]}"
    app = make_app(customers, look, key=KEY, public_url=origin, now=lambda: NOW)
    async with serve(Starlette(routes=[Route("/signals-sdk.js", sdk)]), elsewhere), serve(app, listener):
        yield Desk(customers, origin)


@asynccontextmanager
async def opened(browser: Browser, address: str, *, scripts: bool = True) -> AsyncIterator[Page]:
    context = await browser.new_context(java_script_enabled=scripts)
    page = await context.new_page()
    await page.goto(address)
    yield page
    await context.close()


async def type_code(page: Page) -> None:
    await page.get_by_label(texts.CODE_LABEL).fill(CODE)
    await page.get_by_role("button", name=texts.CONTINUE).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(texts.DEVICE_TITLE)


@pytest.mark.parametrize("script", [SDK, LATE], ids=["at once", "later"])
async def test_what_the_script_finds_goes_with_the_form_and_is_as_new_as_what_was_typed(
    browser: Browser, script: str
) -> None:
    async with desk_with(script) as desk, opened(browser, desk.link()) as page:
        field = page.locator("input[name=signals]").first
        await expect(field).to_have_value(f"payload of {ENVIRONMENT}, 1")
        await page.get_by_label(texts.CODE_LABEL).fill("2")
        await expect(field).to_have_value(f"payload of {ENVIRONMENT}, 2")
        await type_code(page)
        visitor = desk.customers.visitors[0]
        assert visitor.signals is not None
        assert visitor.signals.reveal().startswith(f"payload of {ENVIRONMENT}, ")
        assert "Chrome" in visitor.user_agent


async def test_r_15_a_script_whose_hash_is_another_one_is_not_run_and_the_page_works_all_the_same(
    browser: Browser,
) -> None:
    async with desk_with(f"{SDK}// changed", named=SDK) as desk, opened(browser, desk.link()) as page:
        await type_code(page)
        assert await page.evaluate("typeof window._pingOneSignals") == "undefined"
        assert desk.customers.visitors[0].signals is None


@pytest.mark.parametrize("script", ["throw new Error('broken');", SDK.replace("getData: async", "got: async")])
async def test_a_script_that_breaks_takes_nothing_from_the_page(browser: Browser, script: str) -> None:
    async with desk_with(script) as desk, opened(browser, desk.link()) as page:
        await type_code(page)
        assert desk.customers.visitors[0].signals is None


async def test_a_payload_that_is_too_long_is_left_out(browser: Browser) -> None:
    async with desk_with(SDK.replace("payload of", "x".ljust(200_000, "x"))) as desk:
        async with opened(browser, desk.link()) as page:
            await type_code(page)
        assert desk.customers.visitors[0].signals is None


async def test_without_javascript_address_and_browser_have_to_do(browser: Browser) -> None:
    async with desk_with(SDK) as desk, opened(browser, desk.link(), scripts=False) as page:
        await type_code(page)
        (visitor, *_) = desk.customers.visitors
        assert visitor.signals in (None, Secret(""))
        assert "Chrome" in visitor.user_agent
