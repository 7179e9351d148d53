"""The link's page in a real Chromium: what it does by itself, what it lets others do, and how it can be used."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from csrdesk.flows import answers as a
from csrdesk.model.devices import WebAuthn
from csrdesk.model.link import LinkStage
from csrdesk.server import texts
from csrdesk.server.serve import listen, serve
from tests.browser.conftest import Desk
from tests.browser.samples import ASKING, PAGES
from tests.server.customers import CODE, PASSCODE

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


@asynccontextmanager
async def opened(browser: Browser, address: str, *, scripts: bool = True, width: int = 1280) -> AsyncIterator[Page]:
    """The page at `address` in a browser that has never been there."""
    context = await browser.new_context(java_script_enabled=scripts, viewport={"width": width, "height": 800})
    page = await context.new_page()
    await page.goto(address)
    yield page
    await context.close()


async def heading(page: Page, words: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text(words)


async def type_code(page: Page) -> None:
    await page.get_by_label(texts.CODE_LABEL).fill(CODE)
    await page.get_by_role("button", name=texts.CONTINUE).click()
    await heading(page, texts.DEVICE_TITLE)


async def play(page: Page) -> None:
    """The customer's whole part, from the code on."""
    await type_code(page)
    await page.get_by_role("button", name="Text message").click()
    await page.get_by_label(texts.PASSCODE_LABEL).fill(PASSCODE)
    await page.get_by_role("button", name=texts.CONTINUE).click()
    await heading(page, texts.DONE_TITLE)


@SCRIPTS
async def test_r_20_the_whole_call_works_in_a_browser(browser: Browser, desk: Desk, scripts: bool) -> None:
    address = desk.link()
    async with opened(browser, address, scripts=scripts) as page:
        await play(page)
    link = desk.held(address)
    assert link.stage is LinkStage.APPROVED
    found = WebAuthn.SECURITY_KEY_ONLY if scripts else WebAuthn.NONE
    assert a.BrowserChecked(found) in link.events


@SCRIPTS
async def test_r_20_the_whole_call_works_over_https(https_desk: tuple[Desk, Browser], scripts: bool) -> None:
    desk, browser = https_desk
    address = desk.link()
    async with opened(browser, address, scripts=scripts) as page:
        await play(page)
        cookies = await page.context.cookies()
    assert [(c["name"], c["secure"], c["httpOnly"], c["sameSite"]) for c in cookies] == [
        ("__Host-csrdesk", True, True, "Strict")
    ]
    assert desk.held(address).stage is LinkStage.APPROVED


@asynccontextmanager
async def somebody_else(target: str, fields: dict[str, str]) -> AsyncIterator[int]:
    """Another site, which leads to `target`, or posts `fields` to it."""
    inputs = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in fields.items())
    html = f'<a href="{target}">Open</a><form method="post" action="{target}">{inputs}<button>Win</button></form>'

    async def page(_request: Request) -> HTMLResponse:
        return HTMLResponse(html)

    async with serve(Starlette(routes=[Route("/", page)]), listen()) as port:
        yield port


@SCRIPTS
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"], ids=["another-site", "same-site-other-port"])
async def test_r_20_a_form_on_somebody_elses_page_is_refused(
    browser: Browser, desk: Desk, host: str, scripts: bool
) -> None:
    address = desk.link()
    async with opened(browser, address, scripts=scripts) as page:
        # Even with the right form token, which nobody else can know.
        token = await page.locator("input[name=form]").first.get_attribute("value")
        fields = {"form": token or "", "type": "CodeGiven", "code": CODE, "webauthn": "NONE"}
        async with somebody_else(address, fields) as port:
            await page.goto(f"http://{host}:{port}/")
            async with page.expect_response(lambda answer: answer.request.method == "POST") as posted:
                await page.get_by_role("button", name="Win").click()
            assert (await posted.value).status == 403
            await heading(page, texts.FOREIGN_TITLE)
    assert desk.held(address).events == []


@SCRIPTS
async def test_r_23_after_the_right_code_the_link_opens_nothing_in_another_browser(
    browser: Browser, desk: Desk, scripts: bool
) -> None:
    address = desk.link()
    async with opened(browser, address, scripts=scripts) as first:
        await type_code(first)
        async with opened(browser, address, scripts=scripts) as second:
            await heading(second, texts.OVER_TITLE)
            assert await second.locator("form").count() == 0
        assert desk.held(address).elsewhere == 1
        await first.reload()
        await heading(first, texts.DEVICE_TITLE)


@SCRIPTS
async def test_r_23_opening_the_link_once_more_from_web_mail_keeps_the_page(
    browser: Browser, desk: Desk, scripts: bool
) -> None:
    address = desk.link()
    async with opened(browser, address, scripts=scripts) as page, somebody_else(address, {}) as port:
        mail = f"http://127.0.0.1:{port}/"
        for _ in range(2):
            await page.goto(mail)
            await page.get_by_role("link", name="Open").click()
            await heading(page, texts.CODE_TITLE)
        await type_code(page)
        await page.goto(mail)
        await page.get_by_role("link", name="Open").click()
        await heading(page, texts.DEVICE_TITLE)
    link = desk.held(address)
    assert link.elsewhere == 0
    assert len(link.fetched) == 1, "one browser, one fetch"


CODE_WAS_RIGHT = "magic link again"
"""The page of whoever has typed the right code already, where it could not be written down: its button tries again."""


@SCRIPTS
@pytest.mark.parametrize("name", ASKING)
async def test_r_08_no_page_submits_itself_and_each_form_as_served_neither_approves_nor_refuses(
    browser: Browser, desk: Desk, name: str, scripts: bool
) -> None:
    address = desk.link(ASKING[name])
    statuses: list[int] = []
    async with opened(browser, address, scripts=scripts) as page:
        page.on("response", lambda answer: statuses.append(answer.status) if answer.request.method == "POST" else None)
        if name in ("code", "browser"):
            await asyncio.sleep(2)  # longer than the browser's check may take
        buttons = page.locator("button:not([type=button])")  # the passkey's own sends nothing but what was signed
        count = await buttons.count()
        assert count
        assert statuses == []
        for number in range(count):
            desk.held(address).state = ASKING[name]
            await page.goto(address)
            assert await page.locator("input:checked:not([name=sign_out_elsewhere])").count() == 0
            await buttons.nth(number).evaluate("button => { button.form.noValidate = true }")
            async with page.expect_event("load"):
                await buttons.nth(number).click()
        assert len(statuses) == count
        assert set(statuses) <= {303, 422}
    link = desk.held(address)
    decided = {LinkStage.APPROVED} if name == CODE_WAS_RIGHT else set()
    assert {link.stage} & {LinkStage.APPROVED, LinkStage.NOT_ME} == decided
    assert link.tries == 5


async def test_r_08_a_form_sent_by_a_script_without_any_button_does_nothing(browser: Browser, desk: Desk) -> None:
    for state in ASKING.values():
        address = desk.link(state)
        async with opened(browser, address) as page:
            for number in range(await page.locator("form").count()):
                await page.goto(address)
                async with page.expect_event("load"):
                    await page.locator("form").nth(number).evaluate("form => form.submit()")
                await expect(page.get_by_role("alert")).to_be_visible()
        assert desk.held(address).events == []


@SCRIPTS
async def test_r_21_this_was_not_me_is_a_page_whose_choice_is_not_pre_set(
    browser: Browser, desk: Desk, scripts: bool
) -> None:
    address = desk.link()
    async with opened(browser, address, scripts=scripts) as page:
        await page.get_by_role("button", name=texts.NOT_ME).click()
        await heading(page, texts.NOT_ME_TITLE)
        assert await page.locator("input[type=radio]:checked").count() == 0
        assert desk.held(address).stage is LinkStage.SENT, "nothing is over yet"
        await page.get_by_label(texts.NOT_ME_YES).check()
        await page.get_by_role("button", name=texts.CONTINUE).click()
        await heading(page, texts.CODE_TITLE)
        await page.get_by_role("button", name=texts.NOT_ME).click()
        await page.get_by_label(texts.NOT_ME_NO).check()
        await page.get_by_role("button", name=texts.CONTINUE).click()
        await heading(page, texts.REFUSED_TITLE)
    assert desk.held(address).stage is LinkStage.NOT_ME


SAID_BY_AN_AGENT = (
    "Robin Field", "verify that it is you on the phone",
    "You should be on the phone with us because you called +1 555 0100.",
)  # fmt: skip
SAID_ALONE = ("onfirm that it is you", "Nobody who works here will ever ask for your password")
BY_ITSELF = [name for name in ASKING if "itself" in name or "link" in name]
"""Pages without an agent on the other side."""


async def test_r_21_each_page_says_who_asks_why_and_what_to_do_if_one_did_not_call(
    browser: Browser, desk: Desk
) -> None:
    async with opened(browser, desk.link()) as page:
        for name, state in ASKING.items():
            await page.goto(desk.link(state))
            words = " ".join((await page.locator("body").inner_text()).split())
            for part in ("Example Health", *(SAID_ALONE if name in BY_ITSELF else SAID_BY_AN_AGENT), texts.NOT_ME):
                assert part in words, f"{name}: {part}"
            assert any(reference in words for reference in ("K7Q-2M9", "P4R-7TX")), name
            assert re.search("If somebody called you|was not you|did not (ask|begin|call)", words), name


async def test_r_22_no_page_shows_more_of_the_person_than_masked_parts(browser: Browser, desk: Desk) -> None:
    async with opened(browser, desk.link()) as page:
        for name, state in PAGES.items():
            await page.goto(desk.link(state))
            html = await page.content()
            assert not [hidden for hidden in ("person-1", "challenge-1") if hidden in html], name
            assert ("A*** L***, ending 41" in html) == (name in ASKING), name
            shown = set(re.findall(r"\S*(?:@|\*\*\*)\S*", await page.locator("body").inner_text()))
            assert {part.rstrip(".,") for part in shown} <= {
                "A***",
                "L***",
                "***",
                "a***@e***.org",
                "a***a@e***.org",
            }, name


async def test_r_15_the_browser_finds_nothing_that_its_policy_forbids_and_asks_nobody_else(
    browser: Browser, desk: Desk
) -> None:
    said: list[str] = []
    asked: set[str] = set()
    context = await browser.new_context()
    page = await context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(error.message))
    page.on("request", lambda request: asked.add(request.url.removeprefix(desk.origin).split("/")[1]))
    await page.goto(desk.link())
    await play(page)
    await context.close()
    assert said == []
    assert asked <= {"v", "static"}
