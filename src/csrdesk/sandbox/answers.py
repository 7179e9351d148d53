"""Answers in PingOne's form: media type, links, pages, and error bodies by status.

Errors are raised as `Refusal` wherever a rule is broken and become a response in one place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from starlette.responses import Response

from csrdesk.sandbox import ids

HAL = "application/hal+json;charset=UTF-8"
_NO_CACHE = {
    "cache-control": "no-cache, no-store, max-age=0, must-revalidate",
    "pragma": "no-cache",
    "expires": "0",
}
INVALID_DATA = "The request could not be completed. One or more validation errors were in the request."
INVALID_REQUEST = "The request could not be completed. The request was malformed or invalid."
REQUEST_FAILED = "The request could not be completed. There was an issue processing the request."
NO_ACCESS = "The request could not be completed. You do not have access to this resource."
NOT_FOUND = "The request could not be completed. The requested resource was not found."

Json = Mapping[str, object]


def hal(body: Json, status: int = 200, *, location: str = "") -> Response:
    """A resource or page."""
    headers = dict(_NO_CACHE)
    if location:
        headers["location"] = location
    return Response(msgspec.json.encode(body), status, headers, HAL)


def gone() -> Response:
    """The answer to a deletion."""
    return Response(status_code=204, headers=_NO_CACHE)


def link(href: str) -> Json:
    """One of `_links`; always absolute."""
    return {"href": href}


def page(name: str, items: Sequence[Json], self_href: str, *, count: int | None = None, next_href: str = "") -> Json:
    """A collection: `size` is of this page, `count` of all."""
    links: dict[str, Json] = {"self": link(self_href)}
    if next_href:
        links["next"] = link(next_href)
    return {
        "_links": links,
        "_embedded": {name: items},
        "count": len(items) if count is None else count,
        "size": len(items),
    }


class Refusal(Exception):  # noqa: N818 - it is an answer, not a defect
    """A request that is answered with an error body."""

    def __init__(self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.details: list[Json] = []

    def detail(self, code: str, message: str, *, target: str = "", inner: Json | None = None) -> Refusal:
        """Adds one of `details`, and gives itself back."""
        entry: dict[str, object] = {"code": code, "message": message}
        if target:
            entry["target"] = target
        if inner:
            entry["innerError"] = inner
        self.details.append(entry)
        return self

    def response(self) -> Response:
        """As the API writes it."""
        body: dict[str, object] = {"id": ids.fresh(), "code": self.code, "message": self.message}
        if self.details:
            body["details"] = self.details
        return Response(msgspec.json.encode(body), self.status, {**_NO_CACHE, **self.headers}, HAL)


def not_found() -> Refusal:
    """No such resource, or none that the caller may see."""
    return Refusal(404, "NOT_FOUND", NOT_FOUND)


def invalid(target: str, message: str = "Invalid value for attribute.", *, code: str = "INVALID_VALUE") -> Refusal:
    """A value in the request's body is not allowed."""
    return Refusal(400, "INVALID_DATA", INVALID_DATA).detail(code, message, target=target)


def malformed(message: str, *, code: str = "INVALID_PARAMETER", target: str = "", inner: Json | None = None) -> Refusal:
    """The request cannot be understood."""
    return Refusal(400, "INVALID_REQUEST", INVALID_REQUEST).detail(code, message, target=target, inner=inner)


def failed(code: str, message: str, *, target: str = "") -> Refusal:
    """The request is well formed, but the state of things does not allow it."""
    return Refusal(400, "REQUEST_FAILED", REQUEST_FAILED).detail(code, message, target=target)


def wrong_media() -> Refusal:
    """The content type names nothing that this path does."""
    return Refusal(415, "INVALID_REQUEST", INVALID_REQUEST)


def by_status(status: int) -> Refusal:
    """The body that belongs to a status, for those that come from outside the rules (injected, routing)."""
    codes = {
        400: ("INVALID_REQUEST", INVALID_REQUEST),
        401: ("ACCESS_FAILED", NO_ACCESS),
        403: ("ACCESS_FAILED", NO_ACCESS),
        404: ("NOT_FOUND", NOT_FOUND),
        405: ("METHOD_NOT_ALLOWED", "The request could not be completed. The method is not supported."),
        415: ("INVALID_REQUEST", INVALID_REQUEST),
        429: ("REQUEST_LIMITED", "The request could not be completed. There are too many requests."),
        500: ("UNEXPECTED_ERROR", "The request could not be completed. There was an unexpected error."),
    }
    code, message = codes.get(status, ("SERVICE_UNAVAILABLE", "The service is not available."))
    return Refusal(status, code, message)
