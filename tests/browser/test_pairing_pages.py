"""The pages on which a customer registers a device, in Chromium: axe-core, a small screen, the keyboard, no JavaScript.

What answers is a session that shows one page and remembers what it was told; the whole way is played elsewhere.
"""

# ruff: noqa: ARG002 - the signatures are those of PublicSession

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from csrdesk.flows import answers as a
from csrdesk.flows import pairing_answers as pa
from csrdesk.flows import pairing_prompts as pp
from csrdesk.flows.doors import PublicView, View, Visitor
from csrdesk.flows.kernel import Answer
from csrdesk.flows.public_prompts import PublicPrompt
from csrdesk.model.devices import WebAuthn
from csrdesk.model.secret import Secret
from csrdesk.server import pairing_texts as pt
from csrdesk.server.app import make_app
from csrdesk.server.serve import listen, serve
from tests.browser.conftest import KEY, LOOK
from tests.browser.test_accessibility import HEAVIEST, grave, loaded_for
from tests.server.customers import NOW, Customers

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]
NARROW = 320
WIDE = 1280
ALL = ("FIDO2", "TOTP", "SMS", "VOICE", "EMAIL")
URI = (
    "otpauth://totp/Example%20Health%3Anobody%40mail.example?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    "&issuer=Example%20Health&algorithm=SHA1&digits=6&period=30"
)
OPTIONS = (
    '{"rp":{"id":"localhost","name":"Example Health"},"user":{"id":[1,-2,3],"name":"n","displayName":"n"},'
    '"challenge":[9,-8,7,-6,5,4,3,2,1,0,1,2,3,4,5,6],"pubKeyCredParams":[{"type":"public-key","alg":-7}],'
    '"timeout":20000,"authenticatorSelection":{"userVerification":"preferred"},"attestation":"none"}'
)
MASKED, PHONE = "a***a@m***.example", "+44 *** *** 43"
PAGES: dict[str, tuple[PublicPrompt, str]] = {
    "choose": (pp.DeviceTypePrompt(device_types=ALL, email=MASKED), ""),
    "choose more": (
        pp.DeviceTypePrompt("A note.", 2, ("TOTP", "EMAIL"), "", (f"My phone {PHONE}",), cancel_enabled=False),
        "",
    ),
    "choose again": (pp.DeviceTypePrompt("We could not find out.", again=True, password_allowed=False), ""),
    "number": (pp.NumberPrompt(device_type="SMS"), ""),
    "number to call": (pp.NumberPrompt("That number is too short. Look at it once more.", 1, "VOICE", "GB"), ""),
    "passcode": (pp.ActivationPrompt(device_type="SMS", address=PHONE, resends_left=3), ""),
    "wrong passcode": (pp.ActivationPrompt("That passcode is not right.", 1, "EMAIL", MASKED), ""),
    "app": (pp.NewAppPrompt(device_id="dev-1"), URI),
    "app without a key": (pp.NewAppPrompt(device_id="dev-1"), ""),
    "passkey": (pp.NewPasskeyPrompt("No passkey was made.", device_id="dev-1"), OPTIONS),
    "passkey without options": (pp.NewPasskeyPrompt(device_id="dev-1"), ""),
    "name": (pp.NicknamePrompt(device_type="SMS", address=PHONE), ""),
    "not enabled": (pp.MfaNotEnabledPrompt("Your device is registered. Try again."), ""),
}


@dataclass
class Shows:
    """A `PublicSession` with one page that never goes on."""

    prompt: PublicPrompt
    shown: str = ""
    told: list[Answer] = field(default_factory=list)
    origin: str = ""

    def offers(self, flow: str) -> bool:
        return flow == "registration"

    async def begin(self, flow: str, browser: str, answer: Answer, *, source: str, visitor: Visitor) -> Secret:
        raise AssertionError(flow)

    async def resume(self, flow: str, token: str, browser: str, *, source: str) -> Secret:
        raise AssertionError(flow)

    async def open(self, token: str, browser: str) -> PublicView:
        shown = Secret(self.shown) if self.shown else None
        return PublicView(View("flow-1", "registration", 7, self.prompt, shown=shown), self.until)

    async def answer(
        self, token: str, browser: str, answer: Answer, asked: int, *, source: str, visitor: Visitor
    ) -> PublicView:
        self.told.append(answer)
        return await self.open(token, browser)

    @property
    def until(self) -> datetime:
        return NOW + timedelta(minutes=9)

    def set(self, name: str) -> str:
        """Show that page from now on; its address."""
        self.prompt, self.shown = PAGES[name]
        self.told.clear()
        return f"{self.origin}/register/token-of-a-page"


@pytest_asyncio.fixture(loop_scope="session")
async def shows() -> AsyncIterator[Shows]:
    listener = listen()
    session = Shows(*PAGES["choose"])
    session.origin = f"http://localhost:{listener.getsockname()[1]}"
    app = make_app(Customers(), LOOK, key=KEY, public_url=session.origin, now=lambda: NOW, public=session)
    async with serve(app, listener):
        yield session


async def opened(page: Page, shows: Shows, name: str) -> None:
    """That page, in a browser that has the pages' cookie."""
    await page.goto(f"{shows.origin}/register")
    await page.goto(shows.set(name))


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name).click()
    await page.wait_for_load_state()


async def test_on_a_wide_screen_a_page_without_an_agent_stands_in_the_middle_and_its_lists_inside_it(
    browser: Browser, shows: Shows
) -> None:
    context = await browser.new_context(viewport={"width": WIDE, "height": 700})
    page = await context.new_page()
    await opened(page, shows, "choose more")
    card = await page.locator(".card").bounding_box()
    listed = await page.locator(".card > ul:not(.choices) li").first.bounding_box()
    assert card
    assert listed
    assert abs(card["x"] - (WIDE - card["x"] - card["width"])) < 2
    padding = await page.locator(".card").evaluate("card => parseFloat(getComputedStyle(card).paddingInlineStart)")
    assert listed["x"] - card["x"] > padding + 10
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious_and_nothing_is_beside_a_small_screen(
    browser: Browser, shows: Shows, scheme: str
) -> None:
    """Takes some seconds: axe-core looks at each of the pages."""
    context = await browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": NARROW, "height": 700},
        bypass_csp=True,
    )
    page = await context.new_page()
    found: dict[str, object] = {}
    for name in PAGES:
        await opened(page, shows, name)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        if wrong := (await grave(page), wide if wide > NARROW else ""):
            found |= {name: wrong} if any(wrong) else {}
    await context.close()
    assert found == {}


async def test_every_page_works_under_the_policy_of_the_pages_and_is_light(browser: Browser, shows: Shows) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for name in PAGES:
        await page.goto(shows.set(name), wait_until="load")
    await context.close()
    assert said == []
    for name, most in (("app", HEAVIEST), ("passkey", HEAVIEST), ("number", HEAVIEST + 20_000)):
        sizes = await loaded_for(browser, shows.set(name))
        assert sum(sizes.values()) < most, name  # the names of all countries are the 20 kB


async def test_the_picture_of_a_key_is_seen_and_the_key_can_be_typed(browser: Browser, shows: Shows) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await opened(page, shows, "app")
    picture = await page.get_by_role("img", name=pt.APP_PICTURE).bounding_box()
    assert picture
    assert picture["width"] > 200
    assert abs(picture["width"] - picture["height"]) < 2
    assert await page.locator("#key").inner_text() == "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP"
    assert await page.get_by_role("link", name=pt.APP_OPEN).get_attribute("href") == URI
    await page.get_by_label(pt.APP_LABEL).fill("417209")
    await press(page, pt.CONTINUE)
    assert shows.told == [a.PasscodeGiven(Secret("417209"))]
    await context.close()


async def test_a_key_that_is_gone_is_made_anew_by_one_button(browser: Browser, shows: Shows) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await opened(page, shows, "app without a key")
    await expect(page.get_by_label(pt.APP_LABEL)).to_have_count(0)
    await press(page, pt.APP_OTHER_KEY)
    assert shows.told == [a.ResendChosen()]
    await context.close()


@pytest.mark.parametrize("scripts", [True, False])
async def test_what_a_browser_can_do_comes_with_the_choice(browser: Browser, shows: Shows, *, scripts: bool) -> None:
    context = await browser.new_context(java_script_enabled=scripts)
    page = await context.new_page()
    await opened(page, shows, "choose")
    if scripts:
        await expect(page.locator("input[name=webauthn]").first).not_to_have_value("NONE")
    await press(page, pt.KINDS["FIDO2"])
    (answer,) = shows.told
    assert isinstance(answer, pa.DeviceTypeChosen)
    assert answer.device_type == "FIDO2"
    assert (answer.webauthn is WebAuthn.NONE) is not scripts
    await context.close()


async def test_a_number_that_is_none_is_said_on_the_page_with_what_was_typed(browser: Browser, shows: Shows) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await opened(page, shows, "number")
    await page.get_by_label(pt.NUMBER_COUNTRY).select_option("GB")
    await page.get_by_label(pt.NUMBER_LABEL).fill("12")
    await press(page, pt.NUMBER_SEND["SMS"])
    await expect(page.get_by_role("alert")).to_contain_text("too short")
    assert await page.get_by_label(pt.NUMBER_LABEL).input_value() == "12"
    assert await page.get_by_label(pt.NUMBER_COUNTRY).input_value() == "GB"
    assert shows.told == []
    await page.get_by_label(pt.NUMBER_LABEL).fill("07700 900143")
    await press(page, pt.NUMBER_SEND["SMS"])
    assert shows.told == [pa.NumberGiven("GB", Secret("07700 900143"))]
    await context.close()


async def test_every_page_is_answered_by_the_keyboard_alone(browser: Browser, shows: Shows) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    for name, words, expected in (
        ("number", "+44 7700 900143", pa.NumberGiven("", Secret("+44 7700 900143"))),
        ("passcode", "417209", a.PasscodeGiven(Secret("417209"))),
        ("name", "My phone", pa.NicknameGiven("My phone")),
    ):
        await opened(page, shows, name)
        field_of = page.locator("main input:not([type=hidden])").first
        for _ in range(10):
            await page.keyboard.press("Tab")
            if await field_of.evaluate("one => one === document.activeElement"):
                break
        await page.keyboard.type(words)
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        assert shows.told == [expected]
    await context.close()


async def test_a_cancelled_passkey_a_browser_without_any_and_one_that_has_it_each_say_so(
    browser: Browser, shows: Shows
) -> None:
    context = await browser.new_context()
    for reason, script in (
        ("cancelled", "navigator.credentials.create = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"),
        (
            "registered",
            "navigator.credentials.create = () => Promise.reject(new DOMException('no', 'InvalidStateError'))",
        ),
        ("unsupported", "navigator.credentials.create = () => Promise.reject(new DOMException('no', 'SecurityError'))"),
        ("failed", "navigator.credentials.create = () => Promise.reject(new DOMException('no', 'UnknownError'))"),
        ("unsupported", "delete window.PublicKeyCredential"),
    ):
        page = await context.new_page()
        await page.add_init_script(script)
        await opened(page, shows, "passkey")
        async with page.expect_navigation():
            await page.get_by_role("button", name=pt.PASSKEY_MAKE).click()
        (answer,) = shows.told
        assert isinstance(answer, pa.NewPasskeyFailed)
        assert answer.reason == reason
        await page.close()
    await context.close()


async def test_without_javascript_the_passkeys_page_says_what_to_do(browser: Browser, shows: Shows) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await opened(page, shows, "passkey")
    assert pt.PASSKEY_NO_SCRIPT in await page.content()
    await expect(page.get_by_role("button", name=pt.PASSKEY_MAKE)).to_have_count(0)
    await press(page, pt.CHOOSE_OTHER)
    assert shows.told == [a.BackChosen()]
    await context.close()
