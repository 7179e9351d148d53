"""The pages over ASGI, with a desk in memory behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from starlette.applications import Starlette

from csrdesk.server.app import make_app
from csrdesk.server.look import Look
from tests.server.customers import NOW, SMS, TOTP, Customers
from tests.server.visitor import Visitor

ORIGIN = "http://localhost:8443"
LOOK = Look(company="Example Health", phone="+1 555 0100")
KEY = bytes(range(32))


@pytest.fixture
def customers() -> Customers:
    return Customers(SMS, TOTP)


@pytest.fixture
def app(customers: Customers) -> Starlette:
    return make_app(customers, LOOK, key=KEY, public_url=ORIGIN, now=lambda: NOW)


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        yield client


@pytest.fixture
def visit(customers: Customers, client: httpx.AsyncClient) -> Callable[[], Visitor]:
    """Somebody who got a new link and has not opened it yet."""
    return lambda: Visitor(client, customers.new_link())
