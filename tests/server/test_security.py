"""What holds for every request: headers, origins, cookies, tokens, source addresses, sizes."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from csrdesk.config import DeskSettings, PingOneSettings, Settings, check
from csrdesk.errors import ConfigError
from csrdesk.server import texts
from csrdesk.server.app import make_app
from csrdesk.server.forms import MAX_BODY, MAX_FIELDS
from csrdesk.server.look import Logo, Look
from csrdesk.server.security import make_guard
from tests.server.conftest import KEY, LOOK, ORIGIN
from tests.server.customers import CODE, NOW, Customers
from tests.server.visitor import Visitor

Visit = Callable[[], Visitor]
HTTPS = "https://verify.example.com"


def over(app: Starlette, origin: str, address: str = "203.0.113.9") -> httpx.AsyncClient:
    """A client that the app sees at `address`."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(address, 50000)), base_url=origin)


@pytest.fixture
async def https_client(customers: Customers) -> AsyncIterator[httpx.AsyncClient]:
    app = make_app(customers, LOOK, key=KEY, public_url=HTTPS, now=lambda: NOW)
    async with over(app, HTTPS) as client:
        yield client


#
async def test_r_13_host_and_forwarded_headers_reach_nothing_that_is_sent(visit: Visit) -> None:
    visitor = visit()
    lies = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "gopher",
        "Forwarded": "host=evil.example",
    }
    await visitor.open(**lies)
    answer = await visitor.client.post(visitor.path, data=visitor.form("CodeGiven", code=CODE), headers=lies)
    assert answer.headers["location"] == visitor.path
    slash = await visitor.client.get(f"{visitor.path}/", headers=lies)
    for page in (visitor.page, answer, slash):
        assert "evil" not in page.text + str(page.headers)
    assert slash.status_code == 404


@pytest.mark.parametrize(
    ("peer", "forwarded", "source"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.9", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.9", ["192.0.2.66, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.9", ["192.0.2.66", "198.51.100.1, 10.0.0.7"], "198.51.100.1"),
        ("10.0.0.9", ["192.0.2.66, nonsense"], "10.0.0.9"),
        ("10.0.0.9", ["10.0.0.8"], "10.0.0.8"),
        ("10.0.0.9", [], "10.0.0.9"),
        ("fd00::1", ["2001:db8::5"], "2001:db8::5"),
    ],
)
def test_r_13_the_source_address_is_taken_from_trusted_proxies_alone(
    peer: str, forwarded: list[str], source: str
) -> None:
    guard = make_guard(KEY, HTTPS, ("10.0.0.0/8", "fd00::1"))
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    assert guard.source(Request({"type": "http", "headers": headers, "client": (peer, 1)})) == source


async def test_r_13_a_refused_form_is_logged_with_its_source(
    customers: Customers, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(customers, LOOK, key=KEY, public_url=HTTPS, trusted_proxies=("10.0.0.9",))
    async with over(app, HTTPS, "10.0.0.9") as client:
        with caplog.at_level(logging.WARNING):
            await client.post("/v/x", data={"a": "b"}, headers={"X-Forwarded-For": "198.51.100.1"})
    assert "source=198.51.100.1" in caplog.text


async def test_r_18_after_too_much_that_was_wrong_a_form_is_answered_429_with_when_to_come_back(
    customers: Customers, visit: Visit
) -> None:
    visitor = visit()
    await visitor.open()
    form = visitor.form("CodeGiven", code=CODE)
    customers.flooding.add("127.0.0.1")
    answer = await visitor.client.post(visitor.path, data=form)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "120")
    assert texts.TOO_MANY_TITLE in answer.text
    assert (await visitor.client.get(visitor.path)).status_code == 200
    customers.flooding.clear()
    assert (await visitor.client.post(visitor.path, data=form)).status_code == 303
    assert set(customers.sources) == {"127.0.0.1"}


#
@pytest.mark.parametrize(
    "url", ["http://verify.example.com", "http://192.0.2.1", "ftp://localhost", "verify.example.com"]
)
def test_r_14_a_public_url_without_https_is_refused_outside_this_machine(url: str, customers: Customers) -> None:
    settings = Settings(pingone=PingOneSettings("e", "c"), desk=DeskSettings(public_url=url))
    with pytest.raises(ConfigError, match="https"):
        check(settings)
    with pytest.raises(ConfigError, match="https"):
        make_app(customers, LOOK, key=KEY, public_url=url)


@pytest.mark.parametrize(
    "url", ["https://verify.example.com/help", "https://verify.example.com?x=1", "https://a@b.example", ""]
)
def test_a_public_url_is_an_origin(url: str) -> None:
    with pytest.raises(ConfigError):
        make_guard(KEY, url)


def test_a_trusted_proxy_is_an_address() -> None:
    with pytest.raises(ConfigError, match="trusted_proxies"):
        make_guard(KEY, HTTPS, ("proxy.example",))


async def test_r_14_https_answers_carry_hsts_for_a_year(
    https_client: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    for path in ("/v/unknown", "/healthz", "/nothing"):
        assert (await https_client.get(path)).headers["strict-transport-security"] == "max-age=31536000"
        assert "strict-transport-security" not in (await client.get(path)).headers


#
async def test_r_15_every_answer_carries_the_headers_errors_too(visit: Visit, customers: Customers) -> None:
    visitor = visit()
    page = await visitor.open()
    client = visitor.client
    refused = await client.post(visitor.path, data={"x": "y"})
    redirect = await client.post(visitor.path, data=visitor.form("CodeGiven", code=CODE))
    answers = [page, refused, redirect, await client.get("/v/unknown"), await client.get("/nothing")]
    answers += [
        await client.request("PUT", visitor.path),
        await client.head(visitor.path),
        await client.get("/healthz"),
    ]
    customers.links[visitor.path.rpartition("/")[2]].state = None  # type: ignore[assignment]
    answers.append(await visitor.open())
    assert [a.status_code for a in answers] == [200, 403, 303, 410, 404, 404, 200, 200, 500]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} <= set(
            policy.split("; ")
        )
        assert "unsafe" not in policy
        assert answer.headers["referrer-policy"] == "strict-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_r_15_no_page_has_inline_script_or_style_or_loads_from_elsewhere(visit: Visit) -> None:
    visitor = visit()
    pages = [await visitor.open(), await visitor.press("NotMeChosen"), await visitor.client.get("/v/unknown")]
    for page in pages:
        assert not re.search(r"<style|style=|\son\w+=|javascript:", page.text, re.IGNORECASE)
        assert re.findall(r"<script[^>]*>(.*?)</script>", page.text, re.DOTALL) == [""]
        for address in re.findall(r'(?:src|href|action)="([^"]*)"', page.text):
            assert address.startswith(("/static/", "/logo/"))


async def test_r_15_files_and_logo_are_served_by_hash_alone(customers: Customers) -> None:
    logo = Logo(b"\x89PNG\r\n\x1a\n...", "image/png")
    app = make_app(customers, Look(logo=logo), key=KEY, public_url=ORIGIN)
    async with over(app, ORIGIN) as client:
        page = (await client.get(f"/v/{customers.new_link()}")).text
        addresses = re.findall(r'(?:src|href)="(/(?:static|logo)/[^"]*)"', page)
        assert len(addresses) == 4
        for address in addresses:
            file = await client.get(address)
            assert file.status_code == 200
            assert "immutable" in file.headers["cache-control"]
            assert (await client.get(address.replace(address.split("/")[2], "0" * 32))).status_code == 404
        assert (await client.get(f"/logo/{logo.hash}")).headers["content-type"] == "image/png"
        assert (await client.get("/static/..%2f..%2fapp.py")).status_code == 404


#
SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN}, False),
        ({"Origin": ORIGIN}, True),
        ({"Origin": "null"}, False),
        ({"Origin": "http://localhost:9"}, False),
        ({"Origin": "https://localhost:8443"}, False),
        ({}, True),
    ],
)
async def test_r_20_a_post_is_taken_from_our_own_pages_alone(
    visit: Visit, headers: dict[str, str], taken: bool
) -> None:
    visitor = visit()
    await visitor.open()
    answer = await visitor.client.post(visitor.path, data=visitor.form("CodeGiven", code=CODE), headers=headers)
    assert answer.status_code == (303 if taken else 403)


async def test_r_20_a_post_needs_cookie_and_form_token_of_this_browser_and_link(
    visit: Visit, customers: Customers, app: Starlette
) -> None:
    visitor, other = visit(), visit()
    await visitor.open()
    form = visitor.form("CodeGiven", code=CODE)
    await other.open()
    async with over(app, ORIGIN) as stranger:
        assert (await stranger.post(visitor.path, data=form)).status_code == 403, "no cookie"
        await stranger.get(visitor.path)
        assert (await stranger.post(visitor.path, data=form)).status_code == 403, "another browser's token"
        for cookie in ("", "short", "é" * 43, "a" * 44):
            raw = {b"Cookie": f"csrdesk={cookie}".encode("latin-1")}
            assert (await stranger.post(visitor.path, data=form, headers=raw)).status_code == 403
    for token in ("", "0" * 64, other.form("CodeGiven")["form"], "é"):
        assert (await visitor.client.post(visitor.path, data=form | {"form": token})).status_code == 403
    missing = {name: value for name, value in form.items() if name != "form"}
    assert (await visitor.client.post(visitor.path, data=missing)).status_code == 403
    assert customers.links[visitor.path.rpartition("/")[2]].events == []
    assert (await visitor.client.post(visitor.path, data=form)).status_code == 303


async def test_r_20_the_cookie_is_strict_http_only_and_bound_to_the_host_on_https(
    customers: Customers, https_client: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    path = f"/v/{customers.new_link()}"
    name, _, rest = (await https_client.get(path)).headers["set-cookie"].partition("=")
    value, *attributes = rest.lower().split("; ")
    assert name == "__Host-csrdesk"
    assert set(attributes) == {"path=/", "secure", "httponly", "samesite=strict"}
    assert len(value) == 43
    name, _, rest = (await client.get(path)).headers["set-cookie"].partition("=")
    assert name == "csrdesk"
    assert set(rest.lower().split("; ")[1:]) == {"path=/", "httponly", "samesite=strict"}


async def test_a_browser_keeps_its_cookie(visit: Visit) -> None:
    visitor = visit()
    assert "set-cookie" in (await visitor.open()).headers
    assert "set-cookie" not in (await visitor.open()).headers


# Sizes and shapes
@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"code=" + b"1" * MAX_BODY, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"f%d=1" % n for n in range(MAX_FIELDS + 1)), "application/x-www-form-urlencoded", 400),
        (b"code=%ff", "application/x-www-form-urlencoded", 400),
        (b"code=\xff", "application/x-www-form-urlencoded", 400),
        (b"type=CodeGiven&code=1&type=NotMeChosen", "application/x-www-form-urlencoded", 422),
        (b"code=" + b"1" * 1001, "application/x-www-form-urlencoded", 422),
        (b'{"code": "271828"}', "application/json", 415),
        (b"--x\r\n", "multipart/form-data; boundary=x", 415),
        (b"", "application/x-www-form-urlencoded", 403),
    ],
    ids=["size", "fields", "utf-8", "ascii", "twice", "value", "json", "multipart", "empty"],
)
async def test_forms_out_of_bounds_are_refused(
    visit: Visit, customers: Customers, body: bytes, kind: str, status: int
) -> None:
    visitor = visit()
    await visitor.open()
    answer = await visitor.client.post(visitor.path, content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert texts.FOREIGN_TITLE in answer.text
    assert customers.links[visitor.path.rpartition("/")[2]].events == []


async def test_a_body_that_never_ends_is_cut_at_the_bound(visit: Visit) -> None:
    visitor = visit()
    await visitor.open()
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 4096
            assert sent < 100 * MAX_BODY
            yield b"a" * 4096

    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    request = visitor.client.build_request("POST", visitor.path, content=endless(), headers=kind)
    assert (await visitor.client.send(request)).status_code == 413
    assert sent <= 2 * MAX_BODY
