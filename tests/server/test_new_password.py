"""The page for a new password over HTTP: what it takes, what it refuses in words, and what it never shows again."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

import httpx
import pytest

from csrdesk.flows import challenge_acceptance as ca
from csrdesk.flows import new_password as np
from csrdesk.flows.kernel import State
from csrdesk.model.link import LinkStage
from csrdesk.server import texts
from csrdesk.server.forms import MAX_BODY
from tests.server.customers import ABOUT, USED, Customers, HeldLink
from tests.server.visitor import Visitor

GOOD = "Winding-7-Lanes"


@dataclass
class Chooser:
    """Somebody whose page asks for a new password."""

    visitor: Visitor
    link: HeldLink

    async def types(self, password: str, again: str | None = None, **fields: str) -> httpx.Response:
        """Types it twice and sends the form."""
        return await self.visitor.press(
            "NewPasswordTyped", password=password, again=password if again is None else again, **fields
        )


@pytest.fixture
async def chooser(customers: Customers, client: httpx.AsyncClient) -> Chooser:
    token = customers.new_password_page()
    visitor = Visitor(client, token)
    await visitor.open()
    return Chooser(visitor, customers.links[token])


@pytest.mark.parametrize(
    "password", [GOOD, "  Winding 7 Lanes  ", 'A "quoted" & <7>', "Grüße-7-🌊-Wellen", "x%41+b=Z&y9"]
)
async def test_a_password_arrives_as_it_was_typed_with_blanks_quotes_and_emoji(chooser: Chooser, password: str) -> None:
    page = await chooser.types(password)
    assert texts.CHANGED_TITLE in page.text
    assert chooser.link.passwords == [password]
    assert chooser.link.stage is LinkStage.APPROVED


async def test_the_page_says_what_is_asked_and_who_asks(chooser: Chooser) -> None:
    text = chooser.visitor.page.text
    assert "At least 10 characters" in text
    assert "None of your last 6 passwords" in text
    assert ABOUT.reference in text
    assert ABOUT.agent_name in text


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("Short-7", "At least 10 characters"),
        ("no-capital-7-here", "At least 1 capital letter (A to Z)"),
        ("No-digit-in-here", "At least 1 digit (0 to 9)"),
        ("Aa1Aa1Aa1Aa1", "At least 5 different characters"),
        ("", "Type the new password"),
        (USED, "You have used it before"),
    ],
)
async def test_each_rule_that_is_broken_is_said_in_words_and_another_is_asked_for(
    chooser: Chooser, password: str, words: str
) -> None:
    page = await chooser.types(password)
    assert page.status_code == 200
    assert texts.CHOOSE_REFUSED in page.text
    assert words in page.text
    assert chooser.link.passwords == []
    assert texts.CHANGED_TITLE in (await chooser.types(GOOD)).text
    assert chooser.link.passwords == [GOOD]


async def test_two_that_differ_set_nothing(chooser: Chooser) -> None:
    for again in (GOOD + " ", GOOD.lower(), ""):
        page = await chooser.types(GOOD, again)
        assert "The two are not the same" in page.text
    assert chooser.link.passwords == []


async def test_two_spellings_of_one_letter_are_not_the_same_password(chooser: Chooser) -> None:
    composed, apart = "Caf\u00e9-7-Harbour", "Cafe\u0301-7-Harbour"
    assert "The two are not the same" in (await chooser.types(composed, apart)).text


@pytest.mark.parametrize("one", ["a", "🌊", " "], ids=["letters", "emoji", "blanks"])
async def test_ten_thousand_characters_are_told_the_limit_on_the_page(chooser: Chooser, one: str) -> None:
    page = await chooser.types(one * 10_000)
    assert page.status_code == 200
    assert "At most 255 characters" in page.text
    assert chooser.link.passwords == []


async def test_more_than_a_body_may_be_is_turned_away_and_the_page_is_still_there(chooser: Chooser) -> None:
    page = await chooser.types("a" * MAX_BODY)
    assert page.status_code == 413
    await chooser.visitor.open()
    assert texts.CHANGED_TITLE in (await chooser.types(GOOD)).text


@pytest.mark.parametrize("field", ["code", "device_id", "account", "webauthn"])
async def test_no_other_field_may_be_that_long(chooser: Chooser, field: str) -> None:
    assert (await chooser.types(GOOD, **{field: "a" * 1001})).status_code == 422
    assert chooser.link.passwords == []


@pytest.mark.parametrize("forged", ["yes", "no", "", "perhaps"])
async def test_signed_out_elsewhere_is_ticked_and_can_be_left_out(
    chooser: Chooser, forged: str, customers: Customers
) -> None:
    assert 'value="yes" autocomplete="off" checked' in chooser.visitor.page.text
    form = chooser.visitor.form("NewPasswordTyped", password=GOOD, again=GOOD)
    assert form.pop("sign_out_elsewhere") == "yes"
    page = await chooser.visitor.post(form | {"sign_out_elsewhere": forged})
    assert page.status_code == (200 if forged in ("yes", "no") else 422)
    assert chooser.link.signed_out is (forged == "yes")
    assert (texts.CHANGED_SIGNED_OUT in page.text) is (forged == "yes")


async def test_without_the_tick_sign_ins_elsewhere_stay(chooser: Chooser) -> None:
    form = chooser.visitor.form("NewPasswordTyped", password=GOOD, again=GOOD)
    del form["sign_out_elsewhere"]
    assert texts.CHANGED_TITLE in (await chooser.visitor.post(form)).text
    assert not chooser.link.signed_out


async def test_where_the_account_was_taken_over_nobody_can_leave_the_tick_out(
    customers: Customers, client: httpx.AsyncClient
) -> None:
    token = customers.new_password_page(taken_over=True)
    visitor = Visitor(client, token)
    assert texts.SIGN_OUT_FIXED in (await visitor.open()).text
    form = visitor.form("NewPasswordTyped", password=GOOD, again=GOOD)
    await visitor.post(form | {"sign_out_elsewhere": "no"})
    assert customers.links[token].signed_out


async def test_who_keeps_the_old_password_is_told_that_it_stays(chooser: Chooser) -> None:
    page = await chooser.visitor.press("Cancelled")
    assert texts.KEPT_TITLE in page.text
    assert chooser.link.passwords == []
    assert chooser.link.stage is LinkStage.CANCELLED


@pytest.mark.parametrize("half_done", [False, True])
async def test_a_half_changed_password_is_not_called_unchanged(
    customers: Customers, client: httpx.AsyncClient, half_done: bool
) -> None:
    visitor = Visitor(client, customers.new_link(np.Kept(ABOUT, half_done)))
    text = (await visitor.open()).text
    assert (texts.KEPT_HALF_TITLE in text, texts.KEPT_TITLE in text) == (half_done, not half_done)


async def test_more_time_can_be_had_while_choosing(chooser: Chooser) -> None:
    page = await chooser.visitor.press("MoreTimeChosen")
    assert texts.CHOOSE_TITLE in page.text


async def test_what_did_not_answer_can_be_tried_again(customers: Customers, client: httpx.AsyncClient) -> None:
    waiting = await _state(customers)
    visitor = Visitor(
        client,
        customers.new_link(np.AskAgain(waiting.given, "Not now.", np.ReadingRequirements(waiting.given, np.Tried()))),
    )
    page = await visitor.open()
    assert "Not now." in page.text
    assert texts.CHOOSE_TITLE in (await visitor.press("TryAgainChosen")).text


async def _state(customers: Customers) -> np.AskNewPassword:
    state = customers.links[customers.new_password_page()].state
    assert isinstance(state, np.AskNewPassword)
    return state


async def test_two_tabs_that_send_at_once_set_one_password(chooser: Chooser) -> None:
    visitor = chooser.visitor
    forms = [visitor.form("NewPasswordTyped", password=one, again=one) for one in (GOOD, "Another-8-Lanes")]
    both = await asyncio.gather(*(visitor.client.post(visitor.path, data=form) for form in forms))
    assert {answer.status_code for answer in both} == {303}
    assert len(chooser.link.passwords) == 1
    assert texts.CHANGED_TITLE in (await visitor.open()).text


async def test_a_form_of_the_page_before_sets_nothing(chooser: Chooser) -> None:
    old = chooser.visitor.form("NewPasswordTyped", password=GOOD, again=GOOD)
    await chooser.types("Short-7")
    await chooser.visitor.post(old)
    assert chooser.link.passwords == []


async def test_a_page_that_asks_for_a_code_takes_no_password(customers: Customers, client: httpx.AsyncClient) -> None:
    token = customers.new_link()
    visitor = Visitor(client, token)
    await visitor.open()
    served = visitor.form("CodeGiven")
    forged = {"form": served["form"], "rev": served["rev"], "type": "NewPasswordTyped"}
    page = await visitor.post(forged | {"password": GOOD, "again": GOOD})
    assert page.status_code == 422
    assert customers.links[token].events == []


async def test_r_23_the_same_address_elsewhere_shows_no_form_for_a_password(
    customers: Customers, client: httpx.AsyncClient, chooser: Chooser
) -> None:
    chooser.link.browser = chooser.visitor.client.cookies["csrdesk"]
    assert texts.CHOOSE_TITLE in (await chooser.visitor.open()).text
    client.cookies.clear()
    page = await chooser.visitor.open()
    assert page.status_code == 410
    assert "password" not in page.text.lower().replace(texts.FOOTER.lower(), "")


async def test_r_16_what_was_typed_is_on_no_page_and_in_no_log(
    chooser: Chooser, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    pages = [
        await chooser.types("Kraken-7"),
        await chooser.types("Kraken-7-Harbour", "Kraken-8-Harbour"),
        await chooser.types("Kraken" * 2000),
        await chooser.types("Kraken" * MAX_BODY),
    ]
    await chooser.visitor.open()
    pages += [
        await chooser.types("Kraken-7-Harbour", device_id="a" * 2000),
    ]
    await chooser.visitor.open()
    chooser.link.events.clear()
    pages.append(await chooser.types("Kraken-7-Harbour"))
    assert chooser.link.passwords == ["Kraken-7-Harbour"]
    assert "Kraken" not in repr(chooser.link.events)
    said = caplog.text + "".join(capfd.readouterr()) + "".join(page.text + str(page.headers) for page in pages)
    assert "Kraken" not in said


async def test_password_managers_and_phones_know_the_fields_for_what_they_are(chooser: Chooser) -> None:
    text = chooser.visitor.page.text
    assert text.count('type="password" autocomplete="new-password" autocapitalize="off"') == 2
    assert 'autocomplete="username"' in text
    assert "onpaste" not in text


async def test_a_verified_callers_page_looks_again_whether_there_is_another_question(
    customers: Customers, client: httpx.AsyncClient
) -> None:
    token = customers.new_link(ca.Approved(ABOUT))
    visitor = Visitor(client, token)
    assert 'http-equiv="refresh"' not in (await visitor.open()).text
    customers.links[token].goes_on = True
    assert 'http-equiv="refresh"' in (await visitor.open()).text
    state: State = await _state(customers)
    customers.links[token].state = state
    page = await visitor.open()
    assert texts.CHOOSE_TITLE in page.text
    assert 'http-equiv="refresh"' not in page.text


@pytest.mark.parametrize("verified", [True, False])
async def test_when_the_time_is_up_a_verified_caller_is_not_told_that_nothing_was_approved(
    chooser: Chooser, verified: bool
) -> None:
    chooser.link.time_up, chooser.link.goes_on = True, verified
    page = await chooser.visitor.open()
    assert page.status_code == 410
    assert (texts.TIME_UP_VERIFIED in page.text, texts.TIME_UP_TEXT in page.text) == (verified, not verified)
    assert ('http-equiv="refresh"' in page.text) is verified
