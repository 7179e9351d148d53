"""Finds out what was done to an audit whose chain is broken. Apart from `verify`, because it runs at most once.

It may read the whole table, which the walk over a million good rows must not.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from csrdesk.engine.audit import Columns
from csrdesk.engine.store import Reading, Value

_PREV, _HASH = 15, 16
_SEARCHED: Final = 10_000
"""Rows that may have been removed and the rest numbered anew, for that to be recognised."""


class Flaw(StrEnum):
    """What is wrong."""

    ALTERED = "altered"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    """The end was cut off."""
    RESTAMPED = "restamped"
    """Rows were written anew, with a chain that fits."""
    FORGED = "forged"
    """A checkpoint is not ours."""
    UNCOVERED = "uncovered"
    """Checkpoints are missing."""


class Finding(msgspec.Struct, frozen=True):
    """The first thing that is wrong."""

    flaw: Flaw
    seq: int
    """The row that it begins with."""
    message: str


class Good(NamedTuple):
    """The last row that was as it should be; number 0 before the first."""

    seq: int
    prev: str
    hash: str


async def diagnose(reading: Reading, good: Good, row: tuple[Value, ...]) -> Finding:
    """What was done, given the last good row and the one that does not follow from it."""
    wanted, seq, prev = good.seq + 1, int(str(row[0])), row[_PREV]
    following = await _rows_after(reading, good.hash)
    if seq > wanted:
        if prev == good.hash:
            return Finding(Flaw.ALTERED, seq, f"Row {seq} bears another number than it was given: {wanted}.")
        return _moved(wanted) if following else _removed(wanted, seq - 1)
    if prev == good.hash:
        return _inserted(wanted) if following > 1 else _altered(wanted)
    if good.seq and prev == good.prev:
        return _inserted(good.seq)  # its own hash was made to fit, but the rows after it do not know it
    if _hash(row, seq) == row[_HASH]:
        return _altered(max(good.seq, 1))  # this row stands where it was written, and knows the one before as another
    if following:
        is_one_of_ours = await reading.one("SELECT 1 FROM audit WHERE hash = ?", prev)
        return _moved(wanted) if is_one_of_ours and await _rows_after(reading, prev) == 1 else _inserted(wanted)
    # Nothing follows the good row: is this one of the next, numbered anew?
    numbers = range(wanted + 1, wanted + 1 + _SEARCHED)
    given = next((number for number in numbers if _hash(row, number) == row[_HASH]), None)
    return _removed(wanted, given - 1) if given else _altered(wanted)


async def _rows_after(reading: Reading, prev: Value) -> int:
    return len(await reading.all("SELECT 1 FROM audit WHERE prev = ? LIMIT 2", prev))


def _hash(row: tuple[Value, ...], seq: int) -> str:
    """What the row's hash would be had it been written as number `seq`."""
    return Columns(seq, *row[1:_HASH]).hash  # type: ignore[arg-type]


def _altered(seq: int) -> Finding:
    return Finding(Flaw.ALTERED, seq, f"Row {seq} was altered after it was written.")


def _inserted(seq: int) -> Finding:
    return Finding(Flaw.INSERTED, seq, f"Row {seq} was put between two others later.")


def _moved(seq: int) -> Finding:
    return Finding(Flaw.REORDERED, seq, f"The rows from {seq} on do not stand in the order in which they were written.")


def _removed(first: int, last: int) -> Finding:
    which = f"Row {first} was" if first == last else f"The rows {first} to {last} were"
    return Finding(Flaw.REMOVED, first, f"{which} removed.")
