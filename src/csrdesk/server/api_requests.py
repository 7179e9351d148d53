"""What every request of the desk API passes through: who asks, how much they may send, and how an error is told.

Its own file so that these rules can be read together, as `security` has the pages' own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from csrdesk import errors as e
from csrdesk.model.sign_in import SignedIn
from csrdesk.server.agent_rates import AgentRates
from csrdesk.server.failures import status_of
from csrdesk.server.gate import Gate
from csrdesk.wire.values import Wrong
from csrdesk.wire.version import WIRE_HEADER, check_client, spoken
from csrdesk.wire.wrong import to_wire

logger = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[Request, SignedIn], Awaitable[Response]]

MAX_BODY: Final = 64 * 1024
"""Bytes: an answer is a name, a reason, a passcode."""
MAX_TEXT: Final = 1000
"""Characters of each text in what a flow starts with."""
BODY_SECONDS: Final = 10.0
"""How long the whole of a body may take to come."""
NO_BROWSER: Final = "This is for csrdesk, not for web pages. Nothing was done."


class Gated:
    """Makes endpoints: each is reached by somebody who is signed in, or not at all."""

    def __init__(self, gate: Gate, rates: AgentRates) -> None:
        self._gate = gate
        self._rates = rates

    def __call__(self, work: Work) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that answers what `work` does, or the error that it meets, as JSON."""

        async def endpoint(request: Request) -> Response:
            try:
                _refuse_browsers(request)
                check_client(request.headers.get(WIRE_HEADER, ""))
                signed = await self._gate.signed_in(bearer(request))
                self._rates.count(signed.agent.id)
                return await work(request, signed)
            except e.CsrdeskError as error:
                logger.info("The desk API said no: %s %s", error.code, error.details)
                return told(error)

        return endpoint


def bearer(request: Request) -> str:
    """The token (RFC 6750, section 2.1: in the header alone). Raises `NotSignedInError`."""
    given = request.headers.getlist("authorization")
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip() or not token.isascii():
        raise e.NotSignedInError("You are not signed in. Run: csrdesk login", details="no bearer token")
    return token.strip()


def _refuse_browsers(request: Request) -> None:
    """A page's script has nothing to do here: browsers send `Origin` with whatever a page may not do by itself."""
    if "origin" in request.headers or "sec-fetch-site" in request.headers or "cookie" in request.headers:
        raise e.ForbiddenError(NO_BROWSER, details="a browser asked")


async def body_of(request: Request, kind: type[T], seconds: float) -> T:
    """The body as that class. Raises `HTTPException` where it is too much, too slow or no JSON, `InvalidValueError`."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415)
    content = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                content += chunk
                if len(content) > MAX_BODY:
                    raise HTTPException(413)
    except TimeoutError:
        raise HTTPException(408) from None
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_taken(error) from None


def not_taken(error: Exception) -> e.InvalidValueError:
    """What was sent is not what is asked for; where it differs is said, and not what it held."""
    what, _, where = str(error).partition(" - at `")
    path = where.strip("`") or "$"
    kind = "not as asked for" if isinstance(error, msgspec.ValidationError) else "no JSON"
    fields = {path[:200]: what[:200]} if isinstance(error, msgspec.ValidationError) else {}
    return e.InvalidValueError(f"What was sent is {kind}. Nothing was done.", fields=fields, system="csrdesk")


def check_texts(value: msgspec.Struct) -> None:
    """Raises `InvalidValueError` for a text that is longer than anybody types."""
    for name in value.__struct_fields__:
        held = getattr(value, name)
        if isinstance(held, str) and len(held) > MAX_TEXT:
            words = f"{name} is too long: {MAX_TEXT} characters at most. Nothing was done."
            raise e.InvalidValueError(words, fields={name: "too long"}, system="csrdesk")


def number_of(request: Request, name: str, default: int, *, most: int) -> int:
    """A number of the query, from 0 up to `most`. Raises `InvalidValueError`."""
    given = request.query_params.get(name, str(default))
    if not (given.isascii() and given.isdecimal() and len(given) < 20 and int(given) <= most):
        words = f"{name} must be a number from 0 to {most}. Nothing was done."
        raise e.InvalidValueError(words, fields={name: "no such number"}, system="csrdesk")
    return int(given)


def as_json(value: object) -> Response:
    """A value as the body of an answer."""
    return raw_json(msgspec.json.encode(value))


def raw_json(content: bytes, status: int = 200) -> Response:
    """JSON that is encoded already."""
    return Response(content, status, media_type="application/json")


def told(error: e.CsrdeskError) -> Response:
    """An error that was expected."""
    wrong = to_wire(error)
    if isinstance(error, e.StoreUnavailableError):
        wrong = replace(wrong, details="")  # names the database's server and user: for the desk's own log
    response = raw_json(msgspec.json.encode(wrong), status_of(error))
    if isinstance(error, e.NotSignedInError):
        response.headers["WWW-Authenticate"] = "Bearer"
    if after := getattr(error, "after", 0.0):
        response.headers["Retry-After"] = str(max(1, round(after)))
    return response


_REFUSED = {
    404: ("not_found", "There is nothing at this address."),
    405: ("not_found", "This address does not take that method."),
    408: ("timed_out", "What was sent came too slowly. Nothing was done."),
    413: ("invalid_value", f"This is more than {MAX_BODY} bytes. Nothing was done."),
    415: ("invalid_value", "This must be JSON: Content-Type: application/json. Nothing was done."),
}


def refused(_request: Request, error: Exception) -> Response:
    """An error of the protocol."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code, words = _REFUSED.get(status, ("failed", "This was not taken."))
    response = raw_json(msgspec.json.encode(Wrong(code, words)), status)
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    if status in (408, 413):  # the rest of the body is not read
        response.headers["Connection"] = "close"
    return response


def crashed(error: Exception, reference: str) -> Response:
    """An error that nobody expected."""
    words = "Something went wrong at the desk. Look at what was done before you try again."
    return raw_json(msgspec.json.encode(Wrong("crash", words, correlation_id=reference)), status_of(error))


def always() -> dict[str, str]:
    """What every answer says of itself."""
    return {
        WIRE_HEADER: spoken(),
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
