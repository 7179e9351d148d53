"""The page of a link over HTTP: what opening it does, what a form does, and what a link that is over shows."""

from __future__ import annotations

import logging
from collections.abc import Callable

import httpx
import pytest
from starlette.applications import Starlette

from csrdesk.flows import answers as a
from csrdesk.flows import challenge_acceptance as ca
from csrdesk.flows.rules import Rules
from csrdesk.model.devices import WebAuthn
from csrdesk.model.link import LinkStage
from csrdesk.server import texts
from csrdesk.server.serve import listen, serve
from tests.server.conftest import ORIGIN
from tests.server.customers import ABOUT, CODE, PASSCODE, SMS, Customers
from tests.server.visitor import Visitor

Visit = Callable[[], Visitor]


def token_of(visitor: Visitor) -> str:
    return visitor.path.rpartition("/")[2]


async def test_code_device_and_passcode_lead_to_the_end_and_loading_again_repeats_nothing(
    visit: Visit, customers: Customers
) -> None:
    visitor = visit()
    await visitor.open()
    assert texts.DEVICE_TITLE in (await visitor.press("CodeGiven", code=CODE)).text
    assert texts.PASSCODE_TITLE in (await visitor.press("DeviceChosen")).text
    assert texts.DONE_TEXT in (await visitor.press("PasscodeGiven", passcode=PASSCODE)).text
    link = customers.links[token_of(visitor)]
    events = list(link.events)
    for _ in range(3):
        assert texts.DONE_TEXT in (await visitor.open()).text
    assert link.stage is LinkStage.APPROVED
    assert link.events == events


async def test_r_07_a_hundred_get_and_head_change_nothing_and_the_link_still_works(
    visit: Visit, customers: Customers, app: Starlette
) -> None:
    visitor = visit()
    link = customers.links[token_of(visitor)]
    before = (link.state, link.rev, link.tries, link.stage, link.browser)
    for method in ("GET", "HEAD"):
        for _ in range(100):
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as scanner:
                answer = await scanner.request(method, visitor.path, headers={"User-Agent": "scanner/1"})
                assert answer.status_code == 200
    assert (link.state, link.rev, link.tries, link.stage, link.browser) == before
    assert link.events == []
    assert link.sent == 0
    assert link.fetched == ["scanner/1"] * 200
    await visitor.open()
    assert texts.DEVICE_TITLE in (await visitor.press("CodeGiven", code=CODE)).text


async def test_what_the_own_page_loads_is_no_fetch(visit: Visit, customers: Customers) -> None:
    visitor = visit()
    await visitor.open()
    await visitor.press("CodeGiven", code=CODE)
    await visitor.open(**{"Sec-Fetch-Site": "same-origin"})
    assert len(customers.links[token_of(visitor)].fetched) == 1


@pytest.mark.parametrize("typed", ["271828", "271 828", " 27-18-28 ", "２７１８２８", "٢٧١٨٢٨", "271\u2011828"])
async def test_r_09_the_code_is_taken_with_blanks_hyphens_and_any_digits(visit: Visit, typed: str) -> None:
    visitor = visit()
    await visitor.open()
    assert texts.DEVICE_TITLE in (await visitor.press("CodeGiven", code=typed)).text


async def test_r_09_a_wrong_code_is_refused_and_said(visit: Visit, customers: Customers) -> None:
    visitor = visit()
    await visitor.open()
    page = await visitor.press("CodeGiven", code="111111")
    assert "Tries left: 4" in page.text
    assert customers.links[token_of(visitor)].tries == 4


@pytest.mark.parametrize("typed", ["", "   ", "\u3000", "-- -", "12ab", "12345", "1234567", "²²²²²²"])
async def test_r_09_what_is_no_code_is_asked_for_again_and_takes_no_try(
    visit: Visit, customers: Customers, typed: str
) -> None:
    visitor = visit()
    await visitor.open()
    page = await visitor.press("CodeGiven", code=typed)
    assert page.status_code == 422
    assert texts.CODE_MISSING in page.text
    assert customers.links[token_of(visitor)].tries == 5


@pytest.mark.parametrize(
    "forged",
    [
        {"type": "PasscodeGiven", "passcode": PASSCODE},
        {"type": "SendChosen"},
        {"type": "Confirmed", "reason": "because"},
        {"type": "ChallengeApproved"},
        {"type": "DeviceChosen", "device_id": "sms-1"},
        {"type": ""},
        {"type": "CodeGiven"},
        {},
    ],
    ids=lambda form: form.get("type", "none") or "empty",
)
async def test_a_form_can_answer_only_what_the_page_asks(
    visit: Visit, customers: Customers, forged: dict[str, str]
) -> None:
    visitor = visit()
    await visitor.open()
    served = visitor.form("CodeGiven")
    page = await visitor.post({"form": served["form"], "rev": served["rev"], **forged})
    assert page.status_code == 422
    assert texts.CODE_TITLE in page.text
    assert customers.links[token_of(visitor)].events == []


async def test_a_form_of_an_earlier_page_leads_to_where_things_stand(visit: Visit, customers: Customers) -> None:
    visitor = visit()
    await visitor.open()
    early = visitor.form("CodeGiven", code="111111")
    await visitor.post(early)
    page = await visitor.post(early)
    assert page.status_code == 200
    assert customers.links[token_of(visitor)].tries == 4, "pressed twice, counted once"


async def test_while_the_flow_works_the_page_loads_itself_and_takes_no_form(visit: Visit, customers: Customers) -> None:
    visitor = visit()
    await visitor.open()
    code = visitor.form("CodeGiven", code=CODE)
    link = customers.links[token_of(visitor)]
    link.working = "Reading your devices"
    await visitor.post(code)
    assert texts.WORKING_TITLE in visitor.page.text
    assert "Reading your devices" in visitor.page.text
    assert '<meta http-equiv="refresh" content="2">' in visitor.page.text
    page = await visitor.post(code)
    assert texts.WORKING_TITLE in page.text
    assert len(link.events) == 1


async def test_the_code_form_carries_the_browsers_check_along(customers: Customers, client: httpx.AsyncClient) -> None:
    for carried, found in {"FULL": WebAuthn.FULL, "": WebAuthn.NONE, "<script>": WebAuthn.NONE}.items():
        visitor = Visitor(client, customers.new_link())
        await visitor.open()
        await visitor.press("CodeGiven", code=CODE, webauthn=carried)
        assert a.BrowserChecked(found) in customers.links[token_of(visitor)].events


async def test_a_browsers_check_that_was_lost_is_a_page_with_a_button(visit: Visit, customers: Customers) -> None:
    visitor = visit()
    await visitor.open()
    form = visitor.form("CodeGiven", code=CODE)
    del form["webauthn"]
    assert texts.BROWSER_TITLE in (await visitor.post(form)).text
    assert texts.DEVICE_TITLE in (await visitor.press("BrowserChecked")).text


async def test_after_a_cancelled_factor_the_customer_may_try_again(visit: Visit, customers: Customers) -> None:
    visitor = visit()
    await visitor.open()
    await visitor.press("CodeGiven", code=CODE)
    assert texts.AGAIN_TITLE in (await visitor.press("FactorCancelled")).text
    assert texts.DEVICE_TITLE in (await visitor.press("TryAgainChosen")).text
    assert customers.links[token_of(visitor)].stage is LinkStage.CODE_RIGHT


async def test_r_21_whoever_says_that_it_was_not_them_reads_what_to_do_though_the_link_is_over(visit: Visit) -> None:
    visitor = visit()
    await visitor.open()
    await visitor.press("NotMeChosen")
    page = await visitor.press("NotMeAnswered", choice="not_me")
    assert page.status_code == 200
    assert texts.REFUSED_TEXT in page.text
    assert "+1 555 0100" in page.text
    assert (await visitor.open()).status_code == 410


async def test_the_last_wrong_code_ends_the_page_in_words(visit: Visit) -> None:
    visitor = visit()
    await visitor.open()
    for _ in range(6):
        await visitor.press("CodeGiven", code="111111")
    assert texts.TOO_MANY_CODES_TEXT in visitor.page.text
    assert (await visitor.open()).status_code == 410


async def test_more_time_is_offered_once(visit: Visit) -> None:
    visitor = visit()
    await visitor.open()
    await visitor.press("CodeGiven", code=CODE)
    assert "12:10 UTC" in visitor.page.text
    assert "10 minutes left" in visitor.page.text
    await visitor.press("MoreTimeChosen")
    assert "12:20 UTC" in visitor.page.text
    assert texts.MORE_TIME not in visitor.page.text


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (ca.Refused(ABOUT), texts.REFUSED_TEXT),
        (ca.Refused(ABOUT, on_phone=True), texts.DENIED_ON_PHONE),
        (ca.NoFactor(ABOUT), texts.NO_FACTOR_TEXT),
        (ca.PageClosed(LinkStage.EXPIRED), texts.ENDED_TEXT),
        (ca.PageClosed(LinkStage.TOO_MANY_CODES), texts.TOO_MANY_CODES_TEXT),
        (ca.AskAgain(ca.Given(ABOUT, "person-1", Rules()), "The mail server is away."), "The mail server is away."),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
async def test_each_end_says_what_it_is(
    customers: Customers, client: httpx.AsyncClient, state: ca.ChallengeAcceptanceState, words: str
) -> None:
    page = await Visitor(client, customers.new_link(state)).open()
    assert page.status_code == 200
    assert words in page.text


async def test_r_23_the_same_link_in_another_browser_shows_what_an_unknown_one_does(
    visit: Visit, customers: Customers, app: Starlette
) -> None:
    visitor = visit()
    await visitor.open()
    await visitor.press("CodeGiven", code=CODE)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as elsewhere:
        second = await elsewhere.get(visitor.path)
        unknown = await elsewhere.get("/v/unknown")
        posted = await elsewhere.post(visitor.path, data=visitor.form("DeviceChosen"))
    assert (second.status_code, second.text, second.headers) == (410, unknown.text, unknown.headers)
    assert posted.status_code == 403
    link = customers.links[token_of(visitor)]
    assert link.elsewhere == 1
    assert link.sent == 0
    assert texts.DEVICE_TITLE in (await visitor.open()).text, "the first browser goes on"


async def test_r_23_web_mail_that_leads_back_to_the_page_does_not_take_the_browser_its_link(
    visit: Visit, customers: Customers, app: Starlette
) -> None:
    visitor = visit()
    await visitor.open()
    await visitor.press("CodeGiven", code=CODE)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as without_cookie:
        page = await without_cookie.get(visitor.path, headers={"Sec-Fetch-Site": "cross-site"})
        unknown = await without_cookie.get("/v/unknown", headers={"Sec-Fetch-Site": "cross-site"})
    assert page.text == unknown.text
    assert 'content="0; url=?o=1"' in page.text
    assert "set-cookie" not in page.headers
    assert customers.links[token_of(visitor)].elsewhere == 0


async def test_r_17_only_the_browser_that_entered_the_code_reads_that_the_time_is_up(
    visit: Visit, customers: Customers, app: Starlette
) -> None:
    visitor = visit()
    await visitor.open()
    await visitor.press("CodeGiven", code=CODE)
    customers.links[token_of(visitor)].time_up = True
    assert texts.TIME_UP_TITLE in (await visitor.open()).text
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as elsewhere:
        assert texts.TIME_UP_TITLE not in (await elsewhere.get(visitor.path)).text


async def test_r_16_no_token_code_passcode_or_cookie_is_logged(
    visit: Visit, app: Starlette, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = visit()
    secrets = [token_of(visitor), CODE, PASSCODE]
    with caplog.at_level(logging.NOTSET):
        listener = listen()
        async with (
            serve(app, listener) as port,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
        ):
            visitor.client = client
            await visitor.open()
            secrets += [visitor.form("CodeGiven")["form"], *client.cookies.values()]
            await visitor.press("CodeGiven", code=CODE)
            await visitor.press("DeviceChosen")
            await visitor.press("PasscodeGiven", passcode=PASSCODE)
            assert texts.DONE_TEXT in visitor.page.text
            await visitor.post({"form": "forged", "type": "CodeGiven", "code": CODE})
            await client.get(f"/v/{token_of(visitor)}x")
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert any("not taken" in record.getMessage() for record in ours)
    for record in ours:
        text = f"{record.getMessage()} {record.args} {record.exc_text}"
        assert not [secret for secret in secrets if secret in text], record


async def test_a_token_is_nowhere_in_the_page(visit: Visit) -> None:
    visitor = visit()
    page = await visitor.open()
    assert token_of(visitor) not in page.text


async def test_hostile_names_are_shown_as_text(customers: Customers, client: httpx.AsyncClient) -> None:
    visitor = Visitor(client, customers.new_link())
    await visitor.open()
    await visitor.press("CodeGiven", code=CODE)
    assert "Ada&#39;s &lt;b&gt;phone&lt;/b&gt;" in visitor.page.text
    assert "<b>" not in visitor.page.text


async def test_one_device_is_asked_at_once(client: httpx.AsyncClient, customers: Customers) -> None:
    customers.devices = (SMS,)
    visitor = Visitor(client, customers.new_link())
    await visitor.open()
    page = await visitor.press("CodeGiven", code=CODE)
    assert texts.PASSCODE_TITLE in page.text
    assert "+1 *** *** 43" in page.text
