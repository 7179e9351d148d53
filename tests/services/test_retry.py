from __future__ import annotations

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
    UnreachableError,
)
from csrdesk.services.retry import LONGEST_WAIT, SLOW_TRIES, TRIES, RetryDecision, decide

STOP = RetryDecision(again=False)


@pytest.mark.parametrize(
    "error",
    [ConflictError, InvalidValueError, NotFoundError, UnauthorizedError, UnexpectedAnswerError],
)
def test_what_would_be_refused_again_is_not_tried_again(error: type[ServiceError]) -> None:
    assert decide(error("no"), 1, jitter=0.5) == STOP


@pytest.mark.parametrize("error", [RateLimitedError, UnavailableError, UnreachableError])
def test_trying_ends_after_three_tries(error: type[ServiceError]) -> None:
    decisions = [decide(error("not now"), tries, jitter=0.5).again for tries in range(1, TRIES + 2)]
    assert decisions == [True, True, False, False]


def test_a_call_that_took_too_long_is_tried_once_more_only() -> None:
    decisions = [decide(TimedOutError("late"), tries, jitter=0.5).again for tries in range(1, SLOW_TRIES + 1)]
    assert decisions == [True, False]


def test_pauses_grow_and_differ_by_chance() -> None:
    error = UnavailableError("not now")
    assert decide(error, 2, jitter=1.0).after == 2 * decide(error, 1, jitter=1.0).after
    assert 0 < decide(error, 1, jitter=0.0).after < decide(error, 1, jitter=1.0).after


def test_the_pause_that_the_service_asks_for_is_kept_to() -> None:
    assert decide(RateLimitedError("slow down", after=3), 1, jitter=0.0) == RetryDecision(again=True, after=3)


def test_a_pause_longer_than_a_person_can_wait_ends_the_trying() -> None:
    assert decide(RateLimitedError("slow down", after=LONGEST_WAIT + 1), 1, jitter=0.0) == STOP
    assert decide(UnavailableError("later", after=3600), 1, jitter=0.0) == STOP
