"""Reads the whole audit and says whether it is as it was written: every hash anew, against the chain and checkpoints.

Rows are read in pages, so a million of them need no more memory than a thousand. Where something is wrong, `flaws`
finds out what was done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

import msgspec

from csrdesk.engine.audit import CHECKPOINT_EVERY, PURGED, START, Columns, Detail
from csrdesk.engine.checkpoints import Checkpoint, Signed
from csrdesk.engine.clock import stamp
from csrdesk.engine.flaws import Finding, Flaw, Good, diagnose
from csrdesk.engine.store import Reading, Row, Value

PAGE: Final = 2000
UNCOVERED: Final = 10 * CHECKPOINT_EVERY
"""Rows after the newest checkpoint that no desk leaves, whatever stopped it."""
_PREV, _HASH = 15, 16


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    rows: int
    """How many rows were looked at, up to the finding where there is one."""
    first: int
    """The first row's number: above 1 where older ones were purged."""
    head: str
    """The hash of the last good row."""
    checkpoints: int
    """How many agree with the rows."""
    covered: int
    """The last row that a signed checkpoint vouches for; 0 for none."""
    unreadable: int = 0
    """Lines of the checkpoints' file that are none."""
    finding: Finding | None = None
    """The first thing that is wrong."""


async def verify(reading: Reading, checkpoints: Iterator[Checkpoint], is_signed: Signed) -> Verdict:
    """The verdict on all rows. `checkpoints` are those that were there before this began, in their order."""
    walk = _Walk(reading, _Checkpoints(checkpoints, is_signed))
    finding = await walk.to_the_end() or walk.checkpoints.after_the_end(walk.good.seq)
    covered, checked = walk.checkpoints.covered, walk.checkpoints.agreed
    return Verdict(
        rows=walk.rows,
        first=walk.first,
        head=walk.good.hash,
        checkpoints=checked,
        covered=covered,
        unreadable=walk.checkpoints.unreadable,
        finding=finding,
    )


class _Checkpoints:
    """The checkpoints beside the rows, as the walk comes to theirs."""

    def __init__(self, checkpoints: Iterator[Checkpoint], is_signed: Signed) -> None:
        self.agreed = 0
        self.unreadable = 0
        self._checkpoints = checkpoints
        self._is_signed = is_signed
        self._newest: Checkpoint | None = None
        self._next = self._read()

    @property
    def covered(self) -> int:
        """The last row that is vouched for."""
        return self._newest.count if self._newest else 0

    def skip_to(self, seq: int) -> Checkpoint | None:
        """Leave out those about rows before `seq`, which were purged; the last of them."""
        skipped: Checkpoint | None = None
        while self._next and self._next.count < seq:
            skipped, self._next = self._next, self._read()
        return skipped

    def disagrees(self, first: int, hashes: list[Value]) -> Finding | None:
        """Compare those about the rows from `first` on, which are good as far as the chain tells."""
        while self._next and self._next.count < first + len(hashes):
            checkpoint, self._next = self._next, self._read()
            if checkpoint.count < first:
                return Finding(Flaw.FORGED, checkpoint.count, "The checkpoints are not in their order any more.")
            if checkpoint.head != hashes[checkpoint.count - first]:
                return self._other_head(checkpoint)
            self._newest, self.agreed = checkpoint, self.agreed + 1
        return None

    def after_the_end(self, last: int) -> Finding | None:
        """What the checkpoints say once every row was good: does one know of later rows, and is the newest ours?"""
        if self._next and not self._is_signed(self._next):
            return _forged(self._next)
        if self._next:
            words = f"A checkpoint of {self._next.at:%Y-%m-%d %H:%M} UTC knows of row {self._next.count}."
            return Finding(Flaw.TRUNCATED, last + 1, f"The rows from {last + 1} on were cut off. {words}")
        # Each checkpoint vouches for all rows before it as well, so the newest one's signature is the one that counts.
        if self._newest and not self._is_signed(self._newest):
            return _forged(self._newest)
        if last - self.covered >= UNCOVERED:
            words = f"No checkpoint vouches for the rows from {self.covered + 1} on. They are written every 100 rows."
            return Finding(Flaw.UNCOVERED, self.covered + 1, words)
        return None

    def _other_head(self, checkpoint: Checkpoint) -> Finding:
        if not self._is_signed(checkpoint):
            return _forged(checkpoint)
        first, last = self.covered + 1, checkpoint.count
        words = f"Rows were written anew, somewhere from {first} to {last}: a checkpoint knows row {last} as another."
        return Finding(Flaw.RESTAMPED, first, words)

    def _read(self) -> Checkpoint | None:
        for checkpoint in self._checkpoints:
            if checkpoint.count > 0:
                return checkpoint
            self.unreadable += 1
        return None


class _Walk:
    """One reading of the rows, from the first to the last or to the first that is wrong."""

    def __init__(self, reading: Reading, checkpoints: _Checkpoints) -> None:
        self.rows = 0
        self.first = 1
        self.good = Good(0, "", START)
        """The last row that was as it should be."""
        self.checkpoints = checkpoints
        self._reading = reading

    async def to_the_end(self) -> Finding | None:
        finding = await self._begin()
        while not finding and (page := await self._page()):
            finding = await self._look(page)
        return finding

    async def _begin(self) -> Finding | None:
        """Start at the first row that is there, where a purge says why those before it are not."""
        first = await self._reading.one("SELECT seq, prev FROM audit ORDER BY seq LIMIT 1")
        if first is None or first["seq"] == 1:
            return None
        seq, prev = int(str(first["seq"])), str(first["prev"])
        sql = "SELECT details FROM audit WHERE action = ? ORDER BY seq DESC LIMIT 1"
        told = _told(await self._reading.one(sql, PURGED))
        if (told.get("upto"), told.get("head")) != (seq - 1, prev):
            return None  # the walk finds the gap
        self.first, self.good = seq, Good(seq - 1, "", prev)
        youngest = self.checkpoints.skip_to(seq)
        if youngest and stamp(youngest.row_at) >= str(told.get("before")):
            words = f"Rows up to {seq - 1} are gone. A purge says so, but row {youngest.count} was too young for it."
            return Finding(Flaw.REMOVED, youngest.count, words)
        return None

    async def _page(self) -> list[tuple[Value, ...]]:
        sql = "SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?"
        return await self._reading.tuples(sql, self.good.seq, PAGE)

    async def _look(self, page: list[tuple[Value, ...]]) -> Finding | None:
        before = self.good
        bad = self._first_bad(page)
        sound = len(page) if bad is None else bad
        self.rows += sound
        disagrees = self.checkpoints.disagrees(before.seq + 1, [row[_HASH] for row in page[:sound]])
        if disagrees or bad is None:
            return disagrees
        return await diagnose(self._reading, self.good, page[bad])

    def _first_bad(self, page: list[tuple[Value, ...]]) -> int | None:
        """The index of the first row that does not follow from the one before; remembers the last good one."""
        encode, sha256 = msgspec.json.Encoder(order="sorted").encode, hashlib.sha256
        seq, prev_of, prev = self.good.seq, self.good.prev, self.good.hash
        bad = None
        for index, row in enumerate(page):
            found = sha256(encode(Columns(*row[:_HASH]))).hexdigest()  # type: ignore[arg-type]
            if row[0] != seq + 1 or row[_PREV] != prev or row[_HASH] != found:
                bad = index
                break
            seq, prev_of, prev = seq + 1, prev, found
        self.good = Good(seq, prev_of, prev)
        return bad


def _told(purge: Row | None) -> dict[str, Detail]:
    try:
        return msgspec.json.decode(str(purge["details"]), type=dict[str, Detail]) if purge else {}
    except msgspec.DecodeError:
        return {}


def _forged(checkpoint: Checkpoint) -> Finding:
    words = f"The checkpoint of row {checkpoint.count} was not signed with this desk's key."
    return Finding(Flaw.FORGED, checkpoint.count, words)
