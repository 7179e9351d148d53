"""What a page shows and the log keeps when something goes wrong on our side."""

from __future__ import annotations

import logging
import re

import httpx
import pytest
from starlette.applications import Starlette

from csrdesk import errors as e
from csrdesk.server import texts
from csrdesk.server.app import make_app
from csrdesk.server.failures import status_of
from tests.server.conftest import KEY, LOOK, ORIGIN
from tests.server.customers import Customers, HeldLink


class Failing(Customers):
    """A desk that cannot answer."""

    error: Exception = RuntimeError("secret-token in the message")

    def _alive(self, token: str, browser: str) -> HeldLink:  # noqa: ARG002 - every link fails
        raise self.error


async def opened(customers: Customers) -> httpx.Response:
    app: Starlette = make_app(customers, LOOK, key=KEY, public_url=ORIGIN)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        return await client.get("/v/secret-token")


async def test_an_unexpected_error_is_a_page_with_a_reference_that_the_log_knows(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        page = await opened(Failing())
    assert page.status_code == 500
    assert texts.FAILED_TITLE in page.text
    reference = re.findall(r"<code>([0-9a-f]{8})</code>", page.text)[0]
    assert f"reference={reference} error=RuntimeError" in caplog.text
    assert "link.py" in caplog.text, "where it happened"


async def test_r_16_the_log_of_an_error_holds_neither_its_message_nor_the_path(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await opened(Failing())
    assert "secret-token" not in caplog.text
    assert all(record.exc_info is None for record in caplog.records)


async def test_an_error_of_ours_keeps_its_status_details_and_correlation_id(caplog: pytest.LogCaptureFixture) -> None:
    customers = Failing()
    customers.error = e.UnreachableError("PingOne is away.", details="connect refused", correlation_id="c-1")
    page = await opened(customers)
    assert page.status_code == 503
    assert "details='connect refused' correlation=c-1" in caplog.text
    assert "connect refused" not in page.text


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (e.LinkOverError("x"), 410),
        (e.StaleFlowError("x"), 409),
        (e.NoSuchFlowError("x"), 409),
        (e.NotVerifiedError("x"), 403),
        (e.ForbiddenError("x"), 403),
        (e.NotFoundError("x"), 422),
        (e.ConflictError("x"), 422),
        (e.InvalidValueError("x"), 422),
        (e.UnreachableError("x"), 503),
        (e.RateLimitedError("x"), 503),
        (e.UnavailableError("x"), 503),
        (e.TimedOutError("x"), 504),
        (e.UnexpectedAnswerError("x"), 502),
        (e.ReadBackError("x"), 502),
        (e.UnauthorizedError("x"), 500),
        (e.AuditUnavailableError("x"), 503),
        (e.ConfigError("x"), 500),
        (ValueError("x"), 500),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_error_has_its_status(error: Exception, status: int) -> None:
    assert status_of(error) == status
