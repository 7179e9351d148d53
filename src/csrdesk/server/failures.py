"""The web's one broad `except`, and the one place that says which HTTP status an error of ours is.

What goes wrong is logged under a reference that the page shows: kind and place of the error and its redacted details,
never the request's path, form or cookie.
"""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from csrdesk import errors as e

logger = logging.getLogger(__name__)


def status_of(error: Exception) -> int:
    """The HTTP status of an error; 500 for what nobody expected."""
    match error:
        case e.LinkOverError():
            return 410
        case e.FlowError():
            return 409
        case e.OtherVersionError():
            return 400
        case e.NotSignedInError():
            return 401
        case e.LimitReachedError():
            return 429
        case e.PolicyError():
            return 403
        case e.RefusedError():
            return 422
        case e.TimedOutError():
            return 504
        case e.UnexpectedAnswerError():
            return 502
        case e.UnauthorizedError():
            return 500
        case e.ServiceError() | e.StoreUnavailableError():
            return 503
        case _:
            return 500


class Failures:
    """Turns whatever an endpoint raises into what `answer` makes of it and its reference: a page, or JSON."""

    def __init__(self, app: ASGIApp, *, answer: Callable[[Exception, str], ASGIApp]) -> None:
        self.app = app
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - the boundary of the web
            reference = secrets.token_hex(4)
            log(error, reference)
            if not started:
                await self.answer(error, reference)(scope, receive, send)


def log(error: Exception, reference: str) -> None:
    """Kind, place and details. An unexpected error's own message could hold anything, so it stays out."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    where = " < ".join(f"{frame.filename.rpartition('csrdesk')[2]}:{frame.lineno}" for frame in reversed(frames))
    details, correlation = (error.details, error.correlation_id) if isinstance(error, e.CsrdeskError) else ("", "")
    logger.error(
        "A page failed: reference=%s error=%s details=%r correlation=%s at %s",
        reference, type(error).__name__, details, correlation, where,
    )  # fmt: skip
