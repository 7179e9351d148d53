"""A desk whose pages a real browser opens: served on loopback, over http and over https with a CA of the test's own."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Browser, async_playwright

from csrdesk.flows.kernel import State
from csrdesk.server.app import make_app
from csrdesk.server.look import Look
from csrdesk.server.serve import listen, serve
from tests.conftest import chromium
from tests.server.customers import NOW, SMS, TOTP, Customers, HeldLink

LOOK = Look(company="Example Health", phone="+1 555 0100")
KEY = bytes(range(32))


@dataclass
class Desk:
    """Links, and where their pages are."""

    customers: Customers
    origin: str

    def link(self, state: State | None = None) -> str:
        """The address of a new link."""
        return f"{self.origin}/v/{self.customers.new_link(state)}"

    def held(self, address: str) -> HeldLink:
        """What the desk knows of a link."""
        return self.customers.links[address.rpartition("/")[2]]


@pytest_asyncio.fixture(loop_scope="session")
async def desk() -> AsyncIterator[Desk]:
    """Over plain http on this machine, as the demo serves it."""
    customers, listener = Customers(SMS, TOTP), listen()
    origin = f"http://localhost:{listener.getsockname()[1]}"
    app = make_app(customers, LOOK, key=KEY, public_url=origin, now=lambda: NOW)
    async with serve(app, listener):
        yield Desk(customers, origin)


@pytest_asyncio.fixture(loop_scope="session")
async def https_desk() -> AsyncIterator[tuple[Desk, Browser]]:
    """Behind something that ends TLS, as in earnest, and a browser that takes this one certificate."""
    certificate = trustme.CA().issue_cert("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    customers, listener, outside = Customers(SMS, TOTP), listen(), listen()
    origin = f"https://localhost:{outside.getsockname()[1]}"
    app = make_app(customers, LOOK, key=KEY, public_url=origin, now=lambda: NOW)
    async with serve(app, listener) as port, async_playwright() as playwright:

        async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            inner, to_inner = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(copy(reader, to_inner), copy(inner, writer))

        front = await asyncio.start_server(hand_on, sock=outside, ssl=context)
        arguments = [
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
            f"--ignore-certificate-errors-spki-list={fingerprint(certificate)}",
            "--no-sandbox",
        ]
        browser = await playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield Desk(customers, origin), browser
        await browser.close()
        front.close()


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand bytes on until either end hangs up."""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        writer.close()


def fingerprint(certificate: trustme.LeafCert) -> str:
    """SHA-256 of the certificate's public key, as Chromium wants it."""
    key = x509.load_pem_x509_certificate(certificate.cert_chain_pems[0].bytes()).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(der).digest()).decode()
