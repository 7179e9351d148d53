"""What PingOne's password policies ask, and which of it a password does not meet. PingOne API, "Password policies".

Values and pure functions; the names of what is not met are the members of a policy, as PingOne's refusals have them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import groupby

import msgspec

from csrdesk.sandbox import ids
from csrdesk.sandbox.person import PATIENTS

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOWER = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
_COMMON = frozenset(
    {
        "password123", "password1234", "passw0rd1234", "password123!", "qwerty12345", "qwertyuiop1", "letmein1234",
        "welcome1234", "welcome2026", "iloveyou123", "sunshine123", "summer2026!", "winter2026!", "football123",
        "1234567890", "12345678910", "administrator1", "trustno1trustno1", "correct horse battery staple",
    }
)  # fmt: skip
_SHORTEST_PROFILE_VALUE = 4
_SIMILAR = 3
"""Edits up to which a password counts as similar to the one before it."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of passwords; 0 and empty mean that nothing is."""

    id: str
    name: str
    description: str
    default: bool
    min_length: int
    max_length: int = 255
    min_characters: Mapping[str, int] = {}
    min_unique: int = 0
    max_repeated: int = 0
    """The same character in a row."""
    history: int = 0
    """Of how many passwords, the present one among them, none may come again."""
    retention: timedelta = timedelta(days=365)
    """How long those are remembered."""
    max_age: timedelta
    lockout_failures: int = 5
    lockout_time: timedelta = timedelta(minutes=15)


STANDARD = Policy(
    id=ids.PASSWORD_POLICY,
    name="Standard",
    description="What is asked of passwords that PingOne keeps",
    default=True,
    min_length=10,
    min_characters={UPPER: 1, LOWER: 1, DIGITS: 1},
    min_unique=5,
    max_repeated=2,
    history=6,
    max_age=timedelta(days=182),
)
PASSPHRASE = Policy(
    id=ids.PASSPHRASE_POLICY,
    name="Passphrase",
    description="Long, and otherwise as people like it",
    default=False,
    min_length=15,
    min_unique=7,
    history=3,
    max_age=timedelta(days=730),
)
POLICIES = (STANDARD, PASSPHRASE)


def policy_of_population(population_id: str) -> Policy:
    """The policy of those in that population."""
    return PASSPHRASE if population_id == ids.stable("population", PATIENTS) else STANDARD


def _is_in_profile(value: str, profile: Iterable[str]) -> bool:
    folded = value.casefold()
    return any(len(part) >= _SHORTEST_PROFILE_VALUE and part.casefold() in folded for part in profile)


def _longest_run(value: str) -> int:
    return max((sum(1 for _ in run) for _, run in groupby(value)), default=0)


def _distance(first: str, second: str) -> int:
    """Levenshtein's: the fewest insertions, deletions and replacements that turn one into the other."""
    above = list(range(len(second) + 1))
    for row, left in enumerate(first, 1):
        line = [row]
        for column, right in enumerate(second, 1):
            line.append(min(above[column] + 1, line[-1] + 1, above[column - 1] + (left != right)))
        above = line
    return above[-1]


def profile_of(texts: Iterable[str]) -> list[str]:
    """The values that a password must not contain: each text, and the parts of addresses and phone numbers."""
    found: list[str] = []
    for text in texts:
        found += [text, text.partition("@")[0], re.sub(r"\D", "", text)]
    return found


def unsatisfied(
    policy: Policy, value: str, *, profile: Iterable[str], used_before: bool, current: str | None = None
) -> list[str]:
    """Names of what the password does not meet. `current` is known only where somebody typed it."""
    within = policy.min_length <= len(value) <= policy.max_length
    short = any(sum(value.count(one) for one in kind) < least for kind, least in policy.min_characters.items())
    judged = {
        "length": not within,
        "minCharacters": short,
        "minUniqueCharacters": len(set(value)) < policy.min_unique,
        "maxRepeatedCharacters": 0 < policy.max_repeated < _longest_run(value),
        "excludesCommonlyUsed": value.casefold() in _COMMON,
        "excludesProfileData": _is_in_profile(value, profile),
        "history": used_before,
        "notSimilarToCurrent": within and current is not None and _distance(current, value) <= _SIMILAR,
    }
    return [name for name, broken in judged.items() if broken]
