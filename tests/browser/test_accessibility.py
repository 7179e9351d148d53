"""What axe-core finds on each page, light and dark, and what a page weighs: a phone on a bad line opens them, too."""

from __future__ import annotations

from importlib.resources import files

import pytest
from msgspec import Struct, convert
from playwright.async_api import Browser, Page, Response

from csrdesk.flows import challenge_acceptance as ca
from csrdesk.flows import device_authentication as da
from csrdesk.flows.kernel import State
from tests.browser.conftest import Desk
from tests.browser.samples import ASKING, CHOICE, DEVICE_GIVEN, GIVEN, PAGES

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
GRAVE = frozenset({"serious", "critical"})
WORKING: State = ca.Authenticating(GIVEN, da.SelectingDevice(DEVICE_GIVEN, CHOICE, "sms-1"))
HEAVIEST = 40_000
"""Bytes of one page with script, style and picture, as they are before any compression."""


class Found(Struct, frozen=True):
    """One rule of axe-core that a page breaks."""

    id: str
    impact: str | None
    help: str


class Report(Struct, frozen=True):
    violations: list[Found]
    passes: int


async def grave(page: Page) -> list[Found]:
    """What is serious on this page; axe must have had something to look at."""
    await page.evaluate(AXE)
    found = await page.evaluate(
        "axe.run().then(({ violations, passes }) => ({ violations, passes: passes.length }))",
    )
    report = convert(found, Report)
    assert report.passes > 5
    return [one for one in report.violations if one.impact in GRAVE]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious_on_any_page(browser: Browser, desk: Desk, scheme: str) -> None:
    context = await browser.new_context(color_scheme="dark" if scheme == "dark" else "light", bypass_csp=True)
    page = await context.new_page()
    addresses = {name: desk.link(state) for name, state in PAGES.items()}
    addresses |= {"working": desk.link(WORKING), "over": f"{desk.origin}/v/unknown", "nothing": f"{desk.origin}/else"}
    found = {}
    for name, address in addresses.items():
        await page.goto(address)
        if grave_here := await grave(page):
            found[name] = grave_here
    await context.close()
    assert found == {}


async def test_axe_does_find_what_is_wrong(browser: Browser, desk: Desk) -> None:
    """The check itself: a picture without words and a grey that nobody can read."""
    context = await browser.new_context(bypass_csp=True)
    page = await context.new_page()
    await page.goto(desk.link())
    await page.evaluate(
        """() => {
            document.querySelector("h1").style.color = "#eee";
            document.querySelector(".card").append(document.createElement("img"));
        }"""
    )
    found = {one.id for one in await grave(page)}
    await context.close()
    assert {"color-contrast", "image-alt"} <= found


async def loaded_for(browser: Browser, address: str) -> dict[str, int]:
    """Everything that a browser loads which has never been there: its size by its address."""
    context = await browser.new_context()
    page = await context.new_page()
    answers: list[Response] = []

    def keep(answer: Response) -> None:
        answers.append(answer)

    page.on("response", keep)
    await page.goto(address, wait_until="load")
    sizes = {answer.url: len(await answer.body()) for answer in answers}
    await context.close()
    return sizes


async def test_no_page_weighs_more_than_40_kb_and_all_of_it_is_ours(browser: Browser, desk: Desk) -> None:
    for name, state in PAGES.items():
        sizes = await loaded_for(browser, desk.link(state))
        assert len(sizes) >= 3, name
        assert all(address.startswith(desk.origin) for address in sizes), name
        assert sum(sizes.values()) < HEAVIEST, name


async def test_a_page_that_waits_keeps_the_focus_and_goes_on_when_there_is_news(browser: Browser, desk: Desk) -> None:
    address = desk.link(ASKING["push"])
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(address)
    await page.evaluate("document.documentElement.dataset.kept = 'yes'")
    button = page.get_by_role("button", name="Use another way")
    await button.focus()
    async with page.expect_response(address):
        pass
    async with page.expect_response(address):
        assert await button.evaluate("one => one === document.activeElement")
        assert await page.locator("html").get_attribute("data-kept") == "yes"
    held = desk.held(address)
    held.state, held.rev = ASKING["device"], held.rev + 1
    await page.get_by_role("heading", level=1, name="How do you want to confirm?").wait_for()
    await context.close()
