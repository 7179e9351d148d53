"""Names of groups by their security ids: settings name groups, and what AD computes of somebody's groups holds ids."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from csrdesk.services.directory.port import Entry

GROUPS = "tokenGroups"
_KEPT_SECONDS = 600.0
Named = Callable[[str, tuple[str, ...]], Awaitable[tuple[Entry, ...]]]
"""The object of a name, with some attributes."""


class GroupNames:
    """Asked for once in ten minutes, all at the same time."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._now = monotonic
        self._known: dict[str, tuple[float, str]] = {}

    async def added(self, entries: tuple[Entry, ...], named: Named) -> tuple[Entry, ...]:
        """The entries with their groups' names after the ids."""
        now = self._now()
        ids = sorted({sid for entry in entries for sid in entry.values(GROUPS)})
        unknown = [sid for sid in ids if self._known.get(sid, (0.0, ""))[0] <= now]
        looked = await asyncio.gather(*(named(f"<SID={sid}>", ("sAMAccountName",)) for sid in unknown))
        for sid, found in zip(unknown, looked, strict=True):
            self._known[sid] = (now + _KEPT_SECONDS, (found[0].first("sAMAccountName") or "") if found else "")
        return tuple(self._with_names(entry) for entry in entries)

    def _with_names(self, entry: Entry) -> Entry:
        ids = entry.values(GROUPS)
        names = tuple(name for sid in ids if (name := self._known[sid][1]))
        others = {key: values for key, values in entry.attributes.items() if key.lower() != GROUPS.lower()}
        return Entry(entry.dn, {**others, GROUPS: (*ids, *names)})
