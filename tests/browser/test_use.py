"""How the pages can be used: by keyboard, small, large, in the dark, with and without a script, by a screen reader."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from csrdesk.flows import answers as a
from csrdesk.model.devices import WebAuthn
from csrdesk.model.link import LinkStage
from csrdesk.server import texts
from tests.browser.conftest import Desk
from tests.browser.samples import ASKING, PAGES
from tests.browser.test_link_page import SCRIPTS, heading, opened, type_code
from tests.server.customers import CODE, PASSCODE

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


@SCRIPTS
async def test_a_whole_call_by_keyboard_alone(browser: Browser, desk: Desk, scripts: bool) -> None:
    address = desk.link()
    async with opened(browser, address, scripts=scripts) as page:
        keys = page.keyboard
        await keys.press("Tab")
        await keys.type(CODE[:3] + " " + CODE[3:])
        await keys.press("Enter")
        await heading(page, texts.DEVICE_TITLE)
        await keys.press("Tab")
        await keys.press("Enter")
        await heading(page, texts.PASSCODE_TITLE)
        await keys.press("Tab")
        await keys.type("000000")
        await keys.press("Enter")
        await expect(page.get_by_label(texts.PASSCODE_LABEL)).to_be_focused()
        await keys.type(PASSCODE)
        await keys.press("Enter")
        await heading(page, texts.DONE_TITLE)
    assert desk.held(address).stage is LinkStage.APPROVED


REACHED = """() => {
  const one = document.activeElement;
  const seen = one.matches(":focus-visible") && getComputedStyle(one).outlineStyle !== "none";
  return one === document.body || seen ? one.textContent.trim() || one.name : "a focus that nobody sees";
}"""


async def test_the_tab_key_reaches_every_button_and_field_in_sight(browser: Browser, desk: Desk) -> None:
    async with opened(browser, desk.link()) as page:
        for name, state in ASKING.items():
            await page.goto(desk.link(state))
            wanted = await page.locator("button:visible, input:not([tabindex]):visible").evaluate_all(
                "found => found.map(one => one.textContent.trim() || one.name)"
            )
            assert wanted, name
            reached = set()
            for _ in range(len(wanted) + 1):
                await page.keyboard.press("Tab")
                reached.add(await page.evaluate(REACHED))
            assert set(wanted) <= reached, name
            assert "a focus that nobody sees" not in reached, name


@pytest.mark.parametrize("width", [320, 640], ids=["narrow", "1280-at-200-percent"])
async def test_nothing_is_cut_off_where_the_page_is_narrow(browser: Browser, desk: Desk, width: int) -> None:
    async with opened(browser, desk.link(), width=width) as page:
        for name, state in PAGES.items():
            await page.goto(desk.link(state))
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, name
            boxes = await page.locator("button").evaluate_all(
                "found => found.map(one => one.getBoundingClientRect().toJSON())"
            )
            for box in boxes:
                assert box["height"] >= 44, name
                assert 0 <= box["left"] < box["right"] <= width, name


async def test_a_screen_reader_finds_names_headings_and_language(browser: Browser, desk: Desk) -> None:
    async with opened(browser, desk.link()) as page:
        for name, state in PAGES.items():
            await page.goto(desk.link(state))
            assert await page.locator("html").get_attribute("lang") == "en"
            assert await page.get_by_role("main").count() == 1
            levels = await page.locator("h1, h2, h3").evaluate_all("found => found.map(one => one.tagName)")
            assert levels == (["H1", "H2"] if name in ASKING else ["H1"]), name
            for field in await page.locator("input:not([type=hidden])").all():
                assert await field.evaluate("field => field.labels.length") == 1, name
                for part in (await field.get_attribute("aria-describedby") or "").split():
                    assert await page.locator(f"#{part}").count() == 1, name
            for button in await page.locator("button").all():
                assert (await button.inner_text()).strip(), name


@pytest.mark.parametrize("name", ["wrong code", "wrong passcode"])
async def test_what_was_wrong_stands_in_title_note_and_description_and_the_field_has_the_focus(
    browser: Browser, desk: Desk, name: str
) -> None:
    async with opened(browser, desk.link(ASKING[name])) as page:
        assert (await page.title()).startswith("That ")
        await expect(page.get_by_role("status")).to_contain_text("is not right")
        await expect(page.locator("input.code")).to_be_focused()
        assert "note" in (await page.locator("input.code").get_attribute("aria-describedby") or "")


@pytest.mark.parametrize("name", ["code", "passcode"])
async def test_phones_offer_digits_and_the_code_that_came(browser: Browser, desk: Desk, name: str) -> None:
    async with opened(browser, desk.link(ASKING[name])) as page:
        field = page.locator("input.code")
        assert await field.get_attribute("inputmode") == "numeric"
        assert await field.get_attribute("autocomplete") == "one-time-code"


async def test_the_clock_runs_where_there_are_scripts_and_is_said_in_words_where_not(
    browser: Browser, desk: Desk
) -> None:
    address = desk.link(ASKING["device"])
    async with opened(browser, address, scripts=False) as page:
        await expect(page.get_by_role("timer")).to_have_text("10 minutes left")
        await expect(page.locator("time")).to_have_text("12:09 UTC")
    context = await browser.new_context(timezone_id="Europe/Berlin", locale="de-DE")
    page = await context.new_page()
    await page.clock.install(time="2031-01-01T00:00:00Z")  # the customer's clock is wrong
    await page.goto(address)
    await expect(page.locator("time")).to_have_text("14:09")
    timer = page.get_by_role("timer")
    await expect(timer).to_have_text(re.compile(r"^9:(20|19|18) left$"))
    await page.clock.run_for(60_000)
    await expect(timer).to_have_text(re.compile(r"^8:(20|19|18) left$"))
    await context.close()


async def test_a_double_click_is_one_answer(browser: Browser, desk: Desk) -> None:
    address = desk.link()
    async with opened(browser, address) as page:
        await page.get_by_label(texts.CODE_LABEL).fill("111111")
        await page.get_by_role("button", name=texts.CONTINUE).dblclick()
        await expect(page.get_by_role("status")).to_contain_text("Tries left: 4")
    assert desk.held(address).tries == 4


async def test_a_platform_authenticator_is_found(browser: Browser, desk: Desk) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    cdp = await context.new_cdp_session(page)
    await cdp.send("WebAuthn.enable")
    await cdp.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    address = desk.link()
    await page.goto(address)
    await expect(page.locator("input[name=webauthn]")).to_have_value("FULL")
    await type_code(page)
    await context.close()
    assert a.BrowserChecked(WebAuthn.FULL) in desk.held(address).events


ANSWERS = "PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable = () => "


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (f"{ANSWERS}new Promise(() => {{}})", "SECURITY_KEY_ONLY"),
        (f"{ANSWERS}new Promise((resolve) => setTimeout(resolve, 1800, true))", "SECURITY_KEY_ONLY"),
        (f"{ANSWERS}new Promise((resolve) => setTimeout(resolve, 1000, true))", "FULL"),
        (f"{ANSWERS}Promise.reject(new Error('no'))", "SECURITY_KEY_ONLY"),
        (f"{ANSWERS}Promise.resolve(false)", "SECURITY_KEY_ONLY"),
        ("delete window.PublicKeyCredential", "NONE"),
    ],
    ids=["never", "late", "in-time", "refused", "no", "unknown"],
)
async def test_the_browsers_check_is_cut_off_after_1500_ms(
    browser: Browser, desk: Desk, answer: str, found: str
) -> None:
    context = await browser.new_context()
    await context.add_init_script(answer)
    page = await context.new_page()
    await page.goto(desk.link())
    await page.wait_for_timeout(2200)
    await expect(page.locator("input[name=webauthn]")).to_have_value(found)
    await context.close()
