"""The customer's page of a call that another agent has taken over: the new name, and one sentence that says so."""

from __future__ import annotations

import html

import httpx
import pytest
from msgspec.structs import replace

from csrdesk.flows import challenge_acceptance as ca
from csrdesk.flows.rules import Rules
from csrdesk.server import texts
from tests.server.customers import ABOUT, CODE, PASSCODE, Customers
from tests.server.visitor import Visitor

NAMES = ["Hal Incandenza", "<b>Hal</b> & Co"]


@pytest.mark.parametrize("name", NAMES)
async def test_each_page_says_to_whom_the_customer_talks_now(
    customers: Customers, client: httpx.AsyncClient, name: str
) -> None:
    about = replace(ABOUT, agent_name=name, handed_over=True)
    visitor = Visitor(client, customers.new_link(ca.begin(ca.Start(about, "person-1", Rules()))))
    said = html.escape(texts.NOW_WITH.format(agent=name))
    page = (await visitor.open()).text
    assert said in page
    assert html.escape(texts.ASKS.format(agent=name, company="Example Health", purpose=about.purpose)) in page
    assert ABOUT.agent_name not in page
    assert said in (await visitor.press("CodeGiven", code=CODE)).text
    assert said in (await visitor.press("DeviceChosen")).text
    done = (await visitor.press("PasscodeGiven", passcode=PASSCODE)).text
    assert texts.DONE_TEXT in done
    assert said in done


async def test_where_nobody_took_over_no_page_speaks_of_it(customers: Customers, client: httpx.AsyncClient) -> None:
    visitor = Visitor(client, customers.new_link())
    for page in (await visitor.open(), await visitor.press("CodeGiven", code=CODE)):
        assert "taken over" not in page.text
