"""The page for a new password in a real Chromium: what it says while somebody types, and how it can be used."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, Page, expect

from csrdesk.model.link import LinkStage
from csrdesk.model.passwords import Requirement
from csrdesk.model.secret import Secret
from csrdesk.server import texts
from tests.browser.conftest import Desk
from tests.browser.samples import PAGES
from tests.browser.test_link_page import SCRIPTS, heading, opened
from tests.server.customers import ABOUT, ASKED, USED, HeldLink

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]
GOOD = "Winding-7-Lanes"
TRIED = (
    "", "a", "aaa", "aaaaaaaaaa", "abcdefghij", "ABCDEFGHIJ", "Abcdefghi1", "Winding-7-Lanes", "   Winding   7   ",
    "Aa1Aa1Aa1Aa1", "漢字かな交じり文ABCd", "漢字-7-Ab", "ÄÖÜäöü١٢٣", "🌊🌊🌊🌊🌊🌊🌊🌊🌊🌊", "🌊Wave7👩‍👩‍👧",
    "e\u0301e\u0301e\u0301", "ﬁǅⅣ²½_", "\u00a0\u2003Ab1", "Ab1-" * 64,
)  # fmt: skip
"""Passwords that break one rule or another, and letters that do not fit everybody's idea of a letter."""


def asking(desk: Desk, *, taken_over: bool = False) -> tuple[str, HeldLink]:
    """The address of a page that asks for a new password, and what the desk knows of it."""
    token = desk.customers.new_password_page(taken_over=taken_over)
    return f"{desk.origin}/v/{token}", desk.customers.links[token]


async def types(page: Page, password: str, again: str | None = None) -> None:
    await page.get_by_label(texts.CHOOSE_LABEL).fill(password)
    await page.get_by_label(texts.CHOOSE_AGAIN).fill(password if again is None else again)


async def sends(page: Page) -> None:
    await page.get_by_role("button", name=texts.CHOOSE_SET).click()


@SCRIPTS
async def test_a_new_password_is_chosen_by_keyboard_alone(browser: Browser, desk: Desk, scripts: bool) -> None:
    address, link = asking(desk)
    async with opened(browser, address, scripts=scripts) as page:
        keys = page.keyboard
        await keys.press("Tab")
        await keys.type(USED)
        await keys.press("Tab")
        await keys.type(USED)
        await keys.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("You have used it before")
        await expect(page.get_by_label(texts.CHOOSE_LABEL)).to_be_focused()
        await expect(page.get_by_label(texts.CHOOSE_LABEL)).to_have_value("")
        await keys.type(GOOD)
        await keys.press("Tab")
        await keys.type(GOOD)
        await keys.press("Enter")
        await heading(page, texts.CHANGED_TITLE)
    assert link.passwords == [GOOD]
    assert link.signed_out
    assert link.stage is LinkStage.APPROVED


def face(asked: Requirement, password: str) -> str:
    """What the page should make of a rule."""
    if asked.kind == "said":
        return "said"
    return ("met" if asked.is_met_by(Secret(password)) else "unmet") if password else ""


async def test_the_page_judges_as_the_server_does_while_somebody_types(browser: Browser, desk: Desk) -> None:
    address, _ = asking(desk)
    async with opened(browser, address) as page:
        for password in TRIED:
            await page.get_by_label(texts.CHOOSE_LABEL).fill(password)
            shown = await page.locator("#rules li").evaluate_all(
                "found => found.map(one => one.className || (one.dataset.kind === 'said' ? 'said' : ''))"
            )
            assert shown == [face(asked, password) for asked in ASKED], password


async def test_what_is_missing_keeps_the_form_here_and_is_said(browser: Browser, desk: Desk) -> None:
    address, link = asking(desk)
    async with opened(browser, address) as page:
        password, again = page.get_by_label(texts.CHOOSE_LABEL), page.get_by_label(texts.CHOOSE_AGAIN)
        message = "field => field.validationMessage"
        await types(page, "harbour-tide")
        await sends(page)
        assert "capital letter" in await password.evaluate(message)
        assert "digit" in await password.evaluate(message)
        await types(page, GOOD, GOOD.lower())
        await sends(page)
        assert await password.evaluate(message) == ""
        assert await again.evaluate(message) == texts.CHOOSE_DIFFER
        await expect(page.locator("#again-state")).to_have_text(texts.CHOOSE_DIFFER)
        await expect(page.locator("#password-state")).to_have_text(texts.CHOOSE_ALL_MET)
        assert link.events == []
        await types(page, f" {GOOD}")
        await expect(page.locator("#again-state")).to_have_text(texts.CHOOSE_SAME)
        await expect(page.locator("#password-state")).to_contain_text(texts.CHOOSE_BLANKS)
        await sends(page)
        await heading(page, texts.CHANGED_TITLE)
    assert link.passwords == [f" {GOOD}"]


async def test_without_scripts_the_server_says_what_is_missing(browser: Browser, desk: Desk) -> None:
    address, link = asking(desk)
    async with opened(browser, address, scripts=False) as page:
        await expect(page.get_by_label(texts.CHOOSE_SHOW)).to_be_hidden()
        await types(page, "harbour-tide")
        await sends(page)
        await expect(page.get_by_role("alert").get_by_role("listitem")).to_have_count(3)
        assert (await page.title()).startswith(texts.CHOOSE_REFUSED)
        await types(page, GOOD, "another")
        await sends(page)
        await expect(page.get_by_role("alert")).to_contain_text("The two are not the same")
        await types(page, GOOD)
        await sends(page)
        await heading(page, texts.CHANGED_TITLE)
    assert link.passwords == [GOOD]


async def test_what_is_typed_can_be_shown_and_hides_again(browser: Browser, desk: Desk) -> None:
    address, link = asking(desk)
    async with opened(browser, address) as page:
        await types(page, GOOD)
        fields = page.locator("input.secret")
        kinds = "found => found.map(one => one.type)"
        assert await fields.evaluate_all(kinds) == ["password", "password"]
        await page.get_by_label(texts.CHOOSE_SHOW).check()
        assert await fields.evaluate_all(kinds) == ["text", "text"]
        await page.get_by_label(texts.CHOOSE_SHOW).uncheck()
        assert await fields.evaluate_all(kinds) == ["password", "password"]
        await page.get_by_label(texts.CHOOSE_SHOW).check()
        async with page.expect_request(lambda request: request.method == "POST") as sent:
            await sends(page)
        assert "=on" not in ((await sent.value).post_data or "")
        await heading(page, texts.CHANGED_TITLE)
    assert link.passwords == [GOOD]


async def test_a_password_can_be_pasted(browser: Browser, desk: Desk) -> None:
    address, link = asking(desk)
    async with opened(browser, address) as page:
        await page.get_by_label(texts.CHOOSE_SHOW).check()
        await page.get_by_label(texts.CHOOSE_LABEL).fill(GOOD)
        await page.keyboard.press("Control+A")
        await page.keyboard.press("Control+C")
        await page.get_by_label(texts.CHOOSE_SHOW).uncheck()
        await page.get_by_label(texts.CHOOSE_AGAIN).focus()
        await page.keyboard.press("Control+V")
        await sends(page)
        await heading(page, texts.CHANGED_TITLE)
    assert link.passwords == [GOOD]


async def test_ten_thousand_pasted_characters_are_told_the_limit(browser: Browser, desk: Desk) -> None:
    for scripts in (True, False):
        address, link = asking(desk)
        async with opened(browser, address, scripts=scripts) as page:
            await types(page, "Abc1-" * 2000)
            await sends(page)
            if scripts:
                await expect(page.locator("#rules .unmet")).to_have_text("At most 255 characters")
            else:
                await expect(page.get_by_role("alert")).to_contain_text("At most 255 characters")
        assert link.passwords == []


@pytest.mark.parametrize("ticked", [True, False])
@SCRIPTS
async def test_signing_out_elsewhere_is_ticked_and_the_customers_choice(
    browser: Browser, desk: Desk, ticked: bool, scripts: bool
) -> None:
    address, link = asking(desk)
    async with opened(browser, address, scripts=scripts) as page:
        box = page.get_by_label(texts.SIGN_OUT)
        await expect(box).to_be_checked()
        await box.set_checked(ticked)
        await types(page, GOOD)
        await sends(page)
        await heading(page, texts.CHANGED_TITLE)
    assert link.signed_out is ticked


async def test_where_the_account_was_taken_over_it_is_said_and_no_choice(browser: Browser, desk: Desk) -> None:
    address, link = asking(desk, taken_over=True)
    async with opened(browser, address) as page:
        await expect(page.get_by_text(texts.SIGN_OUT_FIXED)).to_be_visible()
        assert await page.locator("input[type=checkbox][name]").count() == 0
        await types(page, GOOD)
        await sends(page)
        await heading(page, texts.CHANGED_TITLE)
    assert link.signed_out


@SCRIPTS
async def test_who_keeps_the_old_password_needs_to_type_nothing(browser: Browser, desk: Desk, scripts: bool) -> None:
    address, link = asking(desk)
    async with opened(browser, address, scripts=scripts) as page:
        await page.get_by_role("button", name=texts.CHOOSE_KEEP).click()
        await heading(page, texts.KEPT_TITLE)
    assert (link.passwords, link.stage) == ([], LinkStage.CANCELLED)


async def test_two_tabs_that_send_at_once_set_one_password(browser: Browser, desk: Desk) -> None:
    address, link = asking(desk)
    async with opened(browser, address) as one:
        other = await one.context.new_page()
        await other.goto(address)
        await types(one, GOOD)
        await types(other, "Another-8-Lanes")
        await asyncio.gather(sends(one), sends(other))
        await heading(one, texts.CHANGED_TITLE)
        await heading(other, texts.CHANGED_TITLE)
    assert len(link.passwords) == 1


async def test_a_double_click_sets_one_password(browser: Browser, desk: Desk) -> None:
    address, link = asking(desk)
    async with opened(browser, address) as page:
        await types(page, GOOD)
        await page.get_by_role("button", name=texts.CHOOSE_SET).dblclick()
        await heading(page, texts.CHANGED_TITLE)
    assert link.passwords == [GOOD]


@SCRIPTS
async def test_r_16_the_password_is_not_there_any_more_when_one_goes_back(
    browser: Browser, desk: Desk, scripts: bool
) -> None:
    address, _ = asking(desk)
    async with opened(browser, address, scripts=scripts) as page:
        await types(page, USED)
        await sends(page)
        await expect(page.get_by_role("alert")).to_be_visible()
        await types(page, GOOD)
        await sends(page)
        await heading(page, texts.CHANGED_TITLE)
        await page.go_back()
        values = await page.locator("input.secret").evaluate_all("found => found.map(one => one.value)")
        assert set(values) <= {""}
        assert GOOD not in await page.content()


async def test_the_clock_runs_and_more_time_can_be_had(browser: Browser, desk: Desk) -> None:
    address, link = asking(desk)
    async with opened(browser, address) as page:
        await expect(page.get_by_role("timer")).to_contain_text("9:")
        await page.get_by_role("button", name=texts.MORE_TIME).click()
        await expect(page.get_by_role("button", name=texts.MORE_TIME)).to_have_count(0)
        await heading(page, texts.CHOOSE_TITLE)
    assert link.passwords == []


@SCRIPTS
async def test_the_page_that_verified_goes_on_by_itself_with_the_question(
    browser: Browser, desk: Desk, scripts: bool
) -> None:
    address = desk.link(PAGES["done"])
    link = desk.held(address)
    link.goes_on = True
    async with opened(browser, address, scripts=scripts) as page:
        await heading(page, texts.DONE_TITLE)
        _, asks = asking(desk)
        link.state, link.rev = asks.state, link.rev + 1
        await expect(page.get_by_role("heading", level=1)).to_have_text(texts.CHOOSE_TITLE, timeout=30_000)
        await types(page, GOOD)
        await sends(page)
        await heading(page, texts.CHANGED_TITLE)
    assert link.passwords == [GOOD]


async def test_a_password_manager_finds_two_new_passwords_and_an_account(browser: Browser, desk: Desk) -> None:
    address, _ = asking(desk)
    async with opened(browser, address) as page:
        form = page.locator("#new-password")
        assert await form.get_attribute("autocomplete") is None
        kinds = await form.locator("input[autocomplete]:not([type=checkbox])").evaluate_all(
            "found => found.map(one => [one.type, one.autocomplete, one.value])"
        )
        assert kinds == [["text", "username", ABOUT.account], *[["password", "new-password", ""]] * 2]


async def test_a_screen_reader_hears_which_rules_are_met(browser: Browser, desk: Desk) -> None:
    address, _ = asking(desk)
    async with opened(browser, address) as page:
        field = page.get_by_label(texts.CHOOSE_LABEL)
        for part in (await field.get_attribute("aria-describedby") or "").split():
            assert await page.locator(f"#{part}").count() == 1
        await field.fill(GOOD)
        first = page.locator("#rules li").first
        assert (await first.text_content() or "").strip() == f"{ASKED[0].words} ({texts.CHOOSE_MET})"
        await expect(page.locator("#password-state")).to_have_text(texts.CHOOSE_ALL_MET)
        assert await page.locator("#password-state").get_attribute("role") == "status"
