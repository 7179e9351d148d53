"""The desk in numbers, for those who watch over it: counted from its tables, so that no step pays for being counted.

Nothing here names anybody: kinds, codes and counts alone.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

import msgspec

from csrdesk.engine.audit import Kind
from csrdesk.engine.clock import Clock, stamp
from csrdesk.engine.store import Row, Store
from csrdesk.model.link import LinkStage

_OPEN: Final = tuple(stage.value for stage in LinkStage if stage.open)
_CODE = re.compile(r"[a-z][a-z_]{0,39}")
OTHER: Final = "other"
"""The code of a refusal that carries none."""


class Now(msgspec.Struct, frozen=True):
    """What stands in the tables at this moment."""

    calls_open: int
    links_waiting: int
    notices_owed: int
    """Mails that are still tried."""
    acts_unknown: int
    """Acts that were begun and have no outcome on record; those that are being done are among them."""


class Since(msgspec.Struct, frozen=True):
    """What came since the last look."""

    calls_started: int
    calls_verified: int
    rows: dict[str, int]
    """Rows of the audit by their kind."""
    refusals: dict[str, int]
    """Refused acts by the error's code."""


class Figures:
    """One watcher's looks at a desk; what came before the first one is not counted. All raise `StoreUnavailableError`.

    Whichever process wrote a row: several that watch one desk count the same.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._seq: int | None = None
        self._at = stamp(clock.now())

    async def now(self) -> Now:
        """Read it."""
        marks = ", ".join("?" * len(_OPEN))
        return Now(
            await self._count("flows WHERE name = 'csr_main' AND over = 0"),
            await self._count(f"challenges WHERE stage IN ({marks})", *_OPEN),
            await self._count("outbox WHERE stage = 'waiting'"),
            await self._count("open_intents"),
        )

    async def since(self) -> Since:
        """Count it."""
        last = await self._newest()
        first = last if self._seq is None else self._seq
        refused = await self._refused(first, last)
        upto = stamp(self._clock.now())
        rows = await self._store.all(
            "SELECT kind, action, count(*) AS n FROM audit WHERE seq > ? AND seq <= ? GROUP BY kind, action",
            first, last,
        )  # fmt: skip
        started = await self._count(
            "flows WHERE name = 'csr_main' AND started_at > ? AND started_at <= ?", self._at, upto
        )
        self._seq, self._at = last, upto
        kinds: Counter[str] = Counter()
        for row in rows:
            kinds[str(row["kind"])] += int(str(row["n"]))
        verified = sum(int(str(row["n"])) for row in rows if (row["kind"], row["action"]) == _VERIFIED)
        return Since(started, verified, dict(kinds), dict(Counter(_code_of(str(row["details"])) for row in refused)))

    async def _refused(self, first: int, last: int) -> list[Row]:
        sql = "SELECT details FROM audit WHERE seq > ? AND seq <= ? AND kind = ?"
        return await self._store.all(sql, first, last, Kind.REFUSED.value)

    async def _newest(self) -> int:
        row = await self._store.one("SELECT seq FROM audit ORDER BY seq DESC LIMIT 1")
        return int(str(row["seq"])) if row else 0

    async def _count(self, where: str, *values: str) -> int:
        row = await self._store.one(f"SELECT count(*) AS n FROM {where}", *values)  # noqa: S608 - no value in it
        return int(str((row or {})["n"]))


_VERIFIED: Final = (Kind.EVENT.value, "verification.started")


def _code_of(details: str) -> str:
    """Never more than a word of the program: nobody's text becomes the name of a figure."""
    code = msgspec.json.decode(details, type=dict[str, object]).get("code")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else OTHER
