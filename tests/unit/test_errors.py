"""One tree of errors: leaves have a stable code, abstract nodes refuse to be raised."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from csrdesk import errors
from csrdesk.errors import CsrdeskError, IllegalEventError, ServiceError


def below(kind: type[CsrdeskError]) -> Iterator[type[CsrdeskError]]:
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from below(child)


TREE = list(below(CsrdeskError))
LEAVES = [kind for kind in TREE if "code" in kind.__dict__]
ABSTRACT = [CsrdeskError, *(kind for kind in TREE if "code" not in kind.__dict__)]


def made(kind: type[CsrdeskError]) -> CsrdeskError:
    """An error of that kind, with what only some of them need."""
    if issubclass(kind, IllegalEventError):
        return kind("state", "event")
    if issubclass(kind, errors.NeedsAnswerError):
        return kind("Something is missing.", prompt="confirm")
    return kind("It did not work.")


def test_codes_are_different_words() -> None:
    codes = [kind.code for kind in LEAVES]
    assert len(codes) == len(set(codes))
    assert all(code.replace("_", "").isalpha() and code.islower() for code in codes)


@pytest.mark.parametrize("kind", ABSTRACT)
def test_an_abstract_error_cannot_be_raised(kind: type[CsrdeskError]) -> None:
    with pytest.raises(TypeError, match="is abstract"):
        kind("It did not work.")


@pytest.mark.parametrize("kind", LEAVES)
def test_every_leaf_has_words_for_people_apart_from_details(kind: type[CsrdeskError]) -> None:
    error = made(kind)
    assert str(error) == error.message
    assert error.message.endswith(".")
    assert error.details not in error.message or not error.details


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    names = {kind.__name__ for kind in TREE} | {"CsrdeskError"}
    drawn = [line.split()[0] for line in (errors.__doc__ or "").splitlines() if line]
    assert sorted(word for word in drawn if word.endswith("Error")) == sorted(names)


def test_only_what_may_pass_by_itself_is_worth_a_retry() -> None:
    retryable = {kind.code for kind in LEAVES if issubclass(kind, ServiceError) and kind.retryable}
    assert retryable == {"unreachable", "timed_out", "rate_limited", "unavailable"}


def test_errors_carry_what_their_handlers_need() -> None:
    config = errors.ConfigError("Give a number.", file="csrdesk.toml", key="desk.port")
    assert (config.file, config.key) == ("csrdesk.toml", "desk.port")
    assert errors.RateLimitedError("Slow down.", after=7).after == 7
    assert errors.InvalidValueError("No.", fields={"email": "INVALID"}).fields == {"email": "INVALID"}
    assert errors.InvalidValueError("No.").fields == {}
    assert errors.ConflictError("No.", correlation_id="corr-1").correlation_id == "corr-1"
    assert errors.NeedsAnswerError("Say why.", prompt="confirm").prompt == "confirm"
    assert errors.NeedsAnswerError("Say why.", prompt="confirm").details == "prompt=confirm"


def test_an_illegal_event_names_classes_and_no_contents() -> None:
    error = IllegalEventError(("state",), {"passcode": "123456"})
    assert error.details == "Event dict cannot be sent in state tuple"
    assert "123456" not in error.message + error.details
