"""What PingOne Protect is told of a page's browser: by the browser itself, and by PingOne's own script."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from csrdesk.flows import doors
from csrdesk.model.secret import Secret
from csrdesk.server.visitors import MAX_SIGNALS
from tests.server.customers import CODE, Customers
from tests.server.visitor import Visitor

Visit = Callable[[], Visitor]
AGENT = "python-httpx"


@pytest.mark.parametrize(
    ("posted", "handed_on"),
    [
        ({}, None),
        ({"signals": ""}, None),
        ({"signals": " R/o1.payload== "}, "R/o1.payload=="),
        ({"signals": "x" * MAX_SIGNALS}, "x" * MAX_SIGNALS),
        ({"signals": "x" * (MAX_SIGNALS + 1)}, None),
    ],
)
async def test_what_the_script_found_is_handed_on_within_bounds_and_is_no_answer(
    visit: Visit, customers: Customers, posted: dict[str, str], handed_on: str | None
) -> None:
    visitor = visit()
    await visitor.open()
    page = await visitor.press("CodeGiven", code=CODE, **posted)
    assert page.status_code == 200
    (seen, *_) = customers.visitors
    assert seen.user_agent.startswith(AGENT)
    assert seen.signals == (Secret(handed_on) if handed_on else None)


async def test_a_browsers_name_is_made_harmless_and_cut_short(visit: Visit, customers: Customers) -> None:
    visitor = visit()
    await visitor.open()
    await visitor.post(visitor.form("CodeGiven", code=CODE), **{"User-Agent": "Mozilla\t" + "x" * 2000})
    agent = customers.visitors[0].user_agent
    assert "\t" not in agent
    assert len(agent) <= 512
    assert customers.visitors[0] != doors.NOBODY
