from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

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
from csrdesk.services.directory import errors as directory
from csrdesk.services.pingone.errors import error_of, retry_after

NOW = datetime(2026, 3, 4, 5, 6, 0, tzinfo=UTC)


def body(code: str, *details: dict[str, str]) -> bytes:
    return json.dumps({"id": "i-1", "code": code, "message": "secret words", "details": details}).encode()


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "INVALID_DATA", InvalidValueError),
        (400, "INVALID_REQUEST", InvalidValueError),
        (400, "REQUEST_FAILED", ConflictError),
        (401, "ACCESS_FAILED", UnauthorizedError),
        (403, "ACCESS_FAILED", UnauthorizedError),
        (404, "NOT_FOUND", NotFoundError),
        (405, "METHOD_NOT_ALLOWED", UnexpectedAnswerError),
        (429, "REQUEST_LIMITED", RateLimitedError),
        (500, "UNEXPECTED_ERROR", UnavailableError),
        (503, "SOMETHING_NEW", UnavailableError),
        (403, "INVALID_DATA", InvalidValueError),
        (400, "ACCESS_FAILED", UnauthorizedError),
    ],
)
def test_pingones_code_decides_before_the_status(status: int, code: str, expected: type[ServiceError]) -> None:
    assert type(error_of(status, body(code))) is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (302, UnexpectedAnswerError),
        (400, InvalidValueError),
        (401, UnauthorizedError),
        (403, UnauthorizedError),
        (404, NotFoundError),
        (408, TimedOutError),
        (409, ConflictError),
        (410, NotFoundError),
        (418, UnexpectedAnswerError),
        (429, RateLimitedError),
        (502, UnavailableError),
        (504, UnavailableError),
    ],
)
@pytest.mark.parametrize("content", [b"", b"<html>", b"[1]", b'{"code": 7}', b"\xff"])
def test_without_a_code_the_class_of_the_status_decides(
    status: int, expected: type[ServiceError], content: bytes
) -> None:
    assert type(error_of(status, content)) is expected


def test_a_value_in_use_is_a_conflict() -> None:
    detail = {"code": "UNIQUENESS_VIOLATION", "target": "username"}
    assert type(error_of(400, body("INVALID_DATA", detail))) is ConflictError


def test_refused_fields_are_named_with_pingones_code() -> None:
    error = error_of(400, body("INVALID_DATA", {"code": "INVALID_OTP", "target": "otp", "message": "x"}))
    assert isinstance(error, InvalidValueError)
    assert error.fields == {"otp": "INVALID_OTP"}


def test_the_logs_line_holds_codes_and_no_messages() -> None:
    detail = {"code": "INVALID_VALUE", "target": "email", "message": "ada@mail.example is no address"}
    error = error_of(400, body("INVALID_DATA", detail), correlation_id="c-1")
    assert error.details == "status=400 code=INVALID_DATA details=INVALID_VALUE:email id=i-1"
    assert error.correlation_id == "c-1"
    assert "words" not in error.message


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Wed, 04 Mar 2026 05:06:30 GMT", 30.0),
        ("Wed, 04 Mar 2026 05:00:00 GMT", 0.0),
        ("", 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
        ("٧", 0.0),
    ],
)
def test_a_pause_is_read_as_seconds_or_as_a_date(header: str, seconds: float) -> None:
    assert retry_after(header, NOW) == seconds


@pytest.mark.parametrize(
    ("result", "diagnostic", "expected"),
    [
        (19, "0000052D: AtrErr: DSID-0", InvalidValueError),
        (53, "0000052D: SvcErr: DSID-0", InvalidValueError),
        (53, "00002098: SecErr: DSID-0", UnauthorizedError),
        (49, "80090308: LdapErr: data 52e", UnauthorizedError),
        (1, "00002030: NameErr", NotFoundError),
        (16, "00002085: AtrErr", ConflictError),
        (68, "00002071: UpdErr", ConflictError),
        (19, "00000056: AtrErr", InvalidValueError),
        (16, "", ConflictError),
        (20, "", ConflictError),
        (32, "", NotFoundError),
        (50, "", UnauthorizedError),
        (51, "busy", UnavailableError),
        (53, "0000207C: SvcErr", InvalidValueError),
        (80, "", UnavailableError),
    ],
)
def test_the_directorys_own_code_decides_before_ldaps(
    result: int, diagnostic: str, expected: type[ServiceError]
) -> None:
    error = directory.error_of(result, diagnostic + "\x00")
    assert type(error) is expected
    assert "DSID" not in error.details


@pytest.mark.parametrize(
    ("inner", "rules"),
    [
        ({"unsatisfiedRequirements": ["length", "history"]}, ("length", "history")),
        ({"unsatisfiedRequirements": ["\x1b[31mlength"]}, ("\N{REPLACEMENT CHARACTER}[31mlength",)),
        ({"unsatisfiedRequirements": {"length": 8}}, ()),
        ({"allowedPattern": ".*"}, ()),
        ("secret words", ()),
        ([1, 2], ()),
        (None, ()),
    ],
)
def test_the_rules_that_a_password_breaks_are_kept_and_an_unknown_inner_error_takes_nothing_with_it(
    inner: object, rules: tuple[str, ...]
) -> None:
    details = [{"code": "INVALID_VALUE", "target": "value", "innerError": inner}]
    error = error_of(400, json.dumps({"code": "INVALID_DATA", "details": details}).encode())
    assert isinstance(error, InvalidValueError)
    assert (error.rules, error.fields) == (rules, {"value": "INVALID_VALUE"})
    assert "secret" not in error.details + error.message


@pytest.mark.parametrize(
    ("diagnostic", "rules"),
    [
        ("0000052D: Constraint violation - check_password_restrictions: the password is too short.", ("minPwdLength",)),
        ("0000052D: ... the password does not meet the complexity criteria!", ("pwdProperties",)),
        ("0000052D: ... the password was already used (in history)!", ("pwdHistoryLength",)),
        ("0000052D: SvcErr: DSID-031A126C, problem 5003 (WILL_NOT_PERFORM), data 0\n\x00", ()),
    ],
)
def test_what_the_directory_has_against_a_password_is_named_where_it_says_so(
    diagnostic: str, rules: tuple[str, ...]
) -> None:
    for result_code in (19, 53):
        error = directory.error_of(result_code, diagnostic)
        assert isinstance(error, InvalidValueError)
        assert error.rules == rules
