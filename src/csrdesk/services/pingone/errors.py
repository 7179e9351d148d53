"""What PingOne's refusals mean here, in one function: its own codes first, because cases move between statuses.

Sources: PingOne API, "Error codes" (top-level and detail codes), and RFC 9110 for `Retry-After`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypedDict

import msgspec

from csrdesk.errors import (
    ConflictError,
    InvalidValueError,
    NotFoundError,
    RateLimitedError,
    ServiceError,
    TimedOutError,
    UnauthorizedError,
    UnavailableError,
    UnexpectedAnswerError,
)
from csrdesk.model.text import clean

SYSTEM = "PingOne"


class Inner(msgspec.Struct, frozen=True, rename="camel"):
    """`innerError`, as far as it says which rules of a password policy are not met."""

    unsatisfied_requirements: tuple[str, ...] = ()


class Detail(msgspec.Struct, frozen=True, rename="camel"):
    """One of `details`."""

    code: str = ""
    target: str = ""
    inner_error: msgspec.Raw = msgspec.Raw(b"null")
    """Of a shape for each code; one that is not known here takes nothing from the rest."""

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules of a password policy that are not met, where it is about such."""
        try:
            inner = msgspec.json.decode(self.inner_error, type=Inner | None)
        except msgspec.DecodeError:
            return ()
        return inner.unsatisfied_requirements if inner else ()


class ErrorBody(msgspec.Struct, frozen=True):
    """An error's body. Its messages are not kept: they may quote what people typed."""

    id: str = ""
    code: str = ""
    details: tuple[Detail, ...] = ()


class About(TypedDict):
    """What every error of a service carries."""

    system: str
    details: str
    correlation_id: str


def error_of(status: int, body: bytes, *, correlation_id: str = "", after: float = 0.0) -> ServiceError:
    """The error for an answer of `status` 300 and above. `after`: seconds that PingOne asks to wait."""
    read = _read(body)
    about = About(system=SYSTEM, details=_line(status, read), correlation_id=correlation_id)
    codes = {d.code for d in read.details}
    named = {clean(d.target, 64): clean(d.code, 64) for d in read.details}
    match read.code if read.code in _KNOWN else _code_for(status):
        case "INVALID_DATA" | "INVALID_REQUEST" if "UNIQUENESS_VIOLATION" in codes:
            return ConflictError("PingOne has another account with this value.", fields=named, **about)
        case "INVALID_DATA" | "INVALID_REQUEST":
            fields = {target: code for target, code in named.items() if target}
            rules = tuple(clean(rule, 64) for d in read.details for rule in d.rules)
            return InvalidValueError("PingOne did not take a value.", fields=fields, rules=rules, **about)
        case "REQUEST_FAILED" if "ACCOUNT_NOT_USABLE" in codes:
            return ConflictError(
                "PingOne refuses this for an account that is disabled or locked.", fields=named, **about
            )
        case "REQUEST_FAILED":
            return ConflictError("PingOne cannot do this while the account is as it is.", fields=named, **about)
        case "ACCESS_FAILED":
            words = "PingOne did not take csrdesk's own credentials, or they lack a right. Ask an administrator."
            return UnauthorizedError(words, **about)
        case "NOT_FOUND":
            return NotFoundError("PingOne knows nothing by that.", **about)
        case "REQUEST_LIMITED":
            return RateLimitedError("PingOne asks for a pause. Try again in a moment.", after=after, **about)
        case "REQUEST_TIMEOUT":
            return TimedOutError("PingOne did not answer in time. Try again in a moment.", **about)
        case "UNEXPECTED_ERROR":
            return UnavailableError("PingOne has a problem of its own. Try again in a moment.", after=after, **about)
        case _:
            words = "PingOne gave an answer that csrdesk does not know. Ask an administrator."
            return UnexpectedAnswerError(words, **about)


def retry_after(header: str, now: datetime) -> float:
    """Seconds from a `Retry-After` header: a number, or a date (RFC 9110 section 10.2.3); 0 where it says nothing."""
    if header.strip().isascii() and header.strip().isdigit():
        return float(header)
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return 0.0
    return max((moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds(), 0.0)


def _read(body: bytes) -> ErrorBody:
    try:
        return msgspec.json.decode(body, type=ErrorBody)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ErrorBody()


_KNOWN = frozenset(
    {
        "ACCESS_FAILED", "INVALID_DATA", "INVALID_REQUEST", "NOT_FOUND", "REQUEST_FAILED", "REQUEST_LIMITED",
        "UNEXPECTED_ERROR",
    }
)  # fmt: skip


def _code_for(status: int) -> str:
    """The class of a status, for answers without a code, or with one that nobody knows."""
    exact = {
        400: "INVALID_REQUEST",
        401: "ACCESS_FAILED",
        403: "ACCESS_FAILED",
        404: "NOT_FOUND",
        408: "REQUEST_TIMEOUT",
        409: "REQUEST_FAILED",
        410: "NOT_FOUND",
        422: "INVALID_DATA",
        429: "REQUEST_LIMITED",
    }
    return exact.get(status, "UNEXPECTED_ERROR" if status >= 500 else "")


def _line(status: int, body: ErrorBody) -> str:
    """One line for the log: codes and targets, never messages or values."""
    details = ",".join(f"{d.code}:{d.target}" if d.target else d.code for d in body.details)
    parts = {"status": str(status), "code": body.code, "details": details, "id": body.id}
    return clean(" ".join(f"{name}={value}" for name, value in parts.items() if value))
