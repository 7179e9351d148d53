"""Whether to try a call again, as a pure decision: no clock, no chance, no network, so that it can be read and tested.

Only calls that are safe to repeat are brought here: reads, and writes that say the whole new state.
"""

from __future__ import annotations

import msgspec

from csrdesk.errors import ServiceError, TimedOutError

TRIES = 3
"""Tries in all."""
SLOW_TRIES = 2
"""Tries where no answer came in time: each has cost a caller's patience already."""
LONGEST_WAIT = 5.0
"""Seconds that a person at the desk can be kept waiting between two tries."""
_FIRST_WAIT = 0.2


class RetryDecision(msgspec.Struct, frozen=True):
    """Try again after that many seconds, or not at all."""

    again: bool
    after: float = 0.0


STOP = RetryDecision(again=False)


def decide(outcome: ServiceError, tries: int, *, jitter: float) -> RetryDecision:
    """What to do when try number `tries` (from 1) ended with `outcome`. `jitter`: 0 to 1, by chance.

    A pause that the service asked for (`Retry-After`, RFC 9110 section 10.2.3) is kept to; one longer than a person can
    wait ends the trying, because coming back sooner would be rude.
    """
    allowed = SLOW_TRIES if isinstance(outcome, TimedOutError) else TRIES
    if not outcome.retryable or tries >= allowed:
        return STOP
    own = _FIRST_WAIT * 2 ** (tries - 1) * (0.5 + jitter / 2)
    if outcome.after > LONGEST_WAIT:
        return STOP
    return RetryDecision(again=True, after=max(outcome.after, own))
