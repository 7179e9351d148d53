"""Every security rule that is promised so far has a test bearing its number: `test_r_09_...`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

RULES = (
    1, 2, 3, 4, 5, 6, 7, 8, 9,
    11, 12, 13, 14, 15, 16, 17,
    20, 21, 22, 23,
    30, 31, 32, 33, 34, 42,
    44, 45, 46, 47, 48,
    60, 61, 66, 67,
)  # fmt: skip
"""What a whole call stands on."""
BEYOND = (18, 19, 27, 35, 36, 37, 38, 39, 40, 41, 43, 49, 50, 51, 52, 53, 54, 55, 56, 57, 62, 63, 64, 65, 68, 69, 70)
"""What the rest of a shift stands on, as far as it is proved."""
NUMBERED = re.compile(r"^\s*(?:async )?def test_r_(\d\d)_\w+\(", re.MULTILINE)


@pytest.fixture(scope="module")
def tested() -> set[int]:
    """The numbers that tests bear."""
    return {int(n) for path in TESTS.rglob("test_*.py") for n in NUMBERED.findall(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("rule", RULES + BEYOND, ids="R-{:02}".format)
def test_the_rule_has_a_test_of_its_number(rule: int, tested: set[int]) -> None:
    assert rule in tested, f"no test is named test_r_{rule:02}_..."
