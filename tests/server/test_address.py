"""The page of the spoken address over HTTP: it says nothing of anybody, and a right code leads to one call's page."""

from __future__ import annotations

import re

import httpx
import pytest
from starlette.applications import Starlette

from csrdesk.flows.doors import Visitor as Browser
from csrdesk.server.app import make_app
from tests.server.conftest import KEY, LOOK, ORIGIN
from tests.server.customers import ABOUT, CALL_CODE, NOW, Customers
from tests.server.visitor import Visitor


@pytest.fixture
def caller(client: httpx.AsyncClient) -> Visitor:
    """Somebody who was told the address."""
    visitor = Visitor(client, "")
    visitor.path = "/c"
    return visitor


def bare(page: httpx.Response) -> str:
    """A page without what belongs to one form."""
    return re.sub(r'name="form" value="[0-9a-f]+"', "", page.text)


async def test_r_07_get_and_head_of_the_address_change_nothing_and_are_noted(
    caller: Visitor, customers: Customers, client: httpx.AsyncClient
) -> None:
    page = await caller.open(**{"User-Agent": "Firefox"})
    assert page.status_code == 200
    assert "Nine-digit code" in page.text
    for _ in range(10):
        await client.head("/c")
    assert (len(customers.address_opened), customers.address_opened[0]) == (11, "Firefox")
    assert not customers.links
    await caller.open(**{"Sec-Fetch-Site": "same-origin"})
    assert len(customers.address_opened) == 11, "a page of ours that leads back is no visit"


@pytest.mark.parametrize("path", ["/c", "/c/", "/C", "/C/"])
async def test_the_address_is_taken_as_people_type_it(caller: Visitor, path: str) -> None:
    caller.path = path
    await caller.open()
    page = await caller.press("CodeGiven", code=f" {CALL_CODE[:3]} {CALL_CODE[3:6]}-{CALL_CODE[6:]} ")
    assert page.status_code == 200
    assert "authenticator app" in page.text


async def test_r_22_the_page_shows_nothing_of_anybody_before_the_code_is_right(caller: Visitor) -> None:
    page = await caller.open()
    for word in (ABOUT.agent_name, ABOUT.account, ABOUT.reference, "This wasn't me"):
        assert word not in page.text
    assert LOOK.phone in page.text
    right = await caller.press("CodeGiven", code=CALL_CODE)
    for word in (ABOUT.agent_name, ABOUT.account, ABOUT.reference):
        assert word in right.text
    assert "subject of our mail" not in right.text, "nobody was mailed"


async def test_r_17_every_code_that_opens_nothing_is_answered_alike(caller: Visitor) -> None:
    pages = []
    for code in ("000000000", "12", CALL_CODE[:8], "x" * 40, CALL_CODE + "1"):
        await caller.open()
        pages.append(await caller.press("CodeGiven", code=code))
    assert {page.status_code for page in pages} == {422}
    assert len({bare(page) for page in pages}) == 1
    assert "That code opens nothing" in pages[0].text


async def test_an_empty_code_is_asked_for_again_and_compared_with_nothing(
    caller: Visitor, customers: Customers
) -> None:
    await caller.open()
    page = await caller.press("CodeGiven", code=" - ")
    assert (page.status_code, "Type the nine digits" in page.text) == (422, True)
    assert not customers.sources


async def test_r_08_the_form_as_served_opens_nothing(caller: Visitor, customers: Customers) -> None:
    await caller.open()
    page = await caller.press("CodeGiven")
    assert page.status_code == 422
    assert not customers.links


async def test_r_20_a_form_needs_its_token_its_cookie_and_our_origin(
    caller: Visitor, client: httpx.AsyncClient, customers: Customers
) -> None:
    await caller.open()
    right = caller.form("CodeGiven", code=CALL_CODE)
    for form, headers in (
        (right | {"form": ""}, {}),
        (right | {"form": "0" * 64}, {}),
        (right, {"Sec-Fetch-Site": "cross-site"}),
        (right, {"Origin": "https://evil.example"}),
    ):
        assert (await caller.post(form, **headers)).status_code == 403
    link = Visitor(client, customers.new_link())
    await link.open()
    assert (await caller.post(right | {"form": link.form("CodeGiven")["form"]})).status_code == 403, "a link's token"
    client.cookies.clear()
    assert (await caller.post(right)).status_code == 403
    assert (await client.post("/c", json={"code": CALL_CODE})).status_code == 415
    assert not customers.sources


async def test_r_18_too_many_wrong_codes_are_answered_429_with_when(caller: Visitor, customers: Customers) -> None:
    await caller.open()
    form = caller.form("CodeGiven", code=CALL_CODE)
    customers.flooding.add("127.0.0.1")
    page = await caller.post(form)
    assert (page.status_code, page.headers["Retry-After"]) == (429, "120")


async def test_r_15_the_address_has_the_headers_of_every_page(caller: Visitor) -> None:
    page = await caller.open()
    assert page.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "<script>" not in page.text


async def test_r_23_the_page_that_the_code_opens_belongs_to_that_browser(
    caller: Visitor, customers: Customers, client: httpx.AsyncClient
) -> None:
    await caller.open()
    await caller.press("CodeGiven", code=CALL_CODE)
    (token,) = customers.links
    client.cookies.clear()
    elsewhere = await Visitor(client, token).open()
    assert elsewhere.status_code == 410


async def test_what_the_browser_says_of_passkeys_is_carried_along_with_the_code(
    caller: Visitor, customers: Customers
) -> None:
    await caller.open()
    assert caller.form("CodeGiven")["webauthn"] == "NONE", "our script fills it in"
    page = await caller.press("CodeGiven", code=CALL_CODE, webauthn="FULL")
    assert page.status_code == 200
    assert "One more step" not in page.text
    assert isinstance(customers.visitors[0], Browser)


async def test_led_here_by_another_site_a_browser_comes_again_from_a_page_of_ours(
    caller: Visitor, customers: Customers
) -> None:
    page = await caller.open(**{"Sec-Fetch-Site": "cross-site"})
    assert 'content="0; url=?o=1"' in page.text
    assert not customers.address_opened
    assert "set-cookie" not in page.headers
    caller.path += "?o=1"
    await caller.open(**{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"})
    assert len(customers.address_opened) == 1


async def test_without_the_setting_there_is_nothing_at_the_address(customers: Customers) -> None:
    app: Starlette = make_app(customers, LOOK, key=KEY, public_url=ORIGIN, spoken_address=False, now=lambda: NOW)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        for path in ("/c", "/C/"):
            assert (await client.get(path)).status_code == 404
            assert (await client.post(path, data={"code": CALL_CODE})).status_code in (404, 405)


async def test_where_no_device_suffices_the_code_leads_to_the_page_that_says_so(
    client: httpx.AsyncClient, customers: Customers
) -> None:
    customers.devices = ()
    caller = Visitor(client, "")
    caller.path = "/c"
    await caller.open()
    page = await caller.press("CodeGiven", code=CALL_CODE)
    assert "Please tell the agent" in page.text
