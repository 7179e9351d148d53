"""The whole desk behind something that ends TLS, with a certificate of the test's own, and a real Chromium."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
import trustme
from playwright.async_api import Browser, async_playwright

from csrdesk.sandbox import Sandbox, people
from csrdesk.server.serve import listen
from csrdesk.wiring.trial import write_settings
from tests.browser.conftest import copy, fingerprint
from tests.cli.terminal import Customer, Terminal
from tests.conftest import chromium
from tests.e2e.conftest import serving
from tests.e2e.customer import AtBrowser

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]


@dataclass(frozen=True)
class Front:
    """What customers reach, and where it hands on to."""

    origin: str
    inner_port: int
    browser: Browser
    """Takes this one certificate, and no other that is not signed by somebody known."""


@pytest_asyncio.fixture(loop_scope="session")
async def front() -> AsyncIterator[Front]:
    certificate = trustme.CA().issue_cert("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    outside, free = listen(), listen()
    inner_port = free.getsockname()[1]
    free.close()

    async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, to_inner = await asyncio.open_connection("127.0.0.1", inner_port)
        await asyncio.gather(copy(reader, to_inner), copy(inner, writer))

    origin = f"https://localhost:{outside.getsockname()[1]}"
    server = await asyncio.start_server(hand_on, sock=outside, ssl=context)
    arguments = [
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
        f"--ignore-certificate-errors-spki-list={fingerprint(certificate)}",
        "--no-sandbox",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield Front(origin, inner_port, browser)
        await browser.close()
    server.close()


async def test_r_14_r_20_a_whole_call_over_https_keeps_its_cookie_to_this_host_and_is_remembered_as_https(
    front: Front, box: Sandbox, tmp_path: Path
) -> None:
    folder = tmp_path / "desk"
    folder.mkdir(mode=0o700)
    settings = write_settings(box.settings(), folder, public_url=front.origin, listen_port=front.inner_port)
    async with (
        serving(settings, at=front.origin),
        Terminal(settings, "call", "start", people.ONE_DEVICE, "--json") as agent,
    ):
        code = await agent.code()
        link = await Customer(box, "ada@mail.example").link()
        assert str(link).startswith(f"{front.origin}/v/")
        async with AtBrowser(front.browser, box.settings().mailbox_url, "ada@mail.example") as ada:
            await ada.follow_link()
            assert ada.page.url.startswith(front.origin)
            served = await ada.page.reload()
            assert served
            headers = await served.all_headers()
            assert headers["strict-transport-security"] == "max-age=31536000"
            await ada.type_code(code)
            await ada.type_passcode()
            cookies = [one for one in await ada.page.context.cookies() if one.get("name", "").startswith("__Host-")]
            assert [(one.get("secure"), one.get("httpOnly"), one.get("sameSite")) for one in cookies] == [
                (True, True, "Strict")
            ]
        ran = await agent.ended()
    assert (ran.code, ran.data["verified"], ran.data["authMethod"]) == (0, True, "ml sms"), ran
