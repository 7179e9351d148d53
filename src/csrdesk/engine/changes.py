"""Waiting for what others write, without asking in a loop: topics, and waiters that are rung for theirs alone.

A commit of this process rings at once; commits of other processes are noticed by one task that reads the new rows of
`changes` when the generation moved: SQLite is asked for it every 25 ms (a few microseconds), PostgreSQL tells of it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, Literal, TypeVar

from csrdesk.engine.store import Store
from csrdesk.errors import StoreUnavailableError

T = TypeVar("T")

PAUSE: Final = 1.0
"""Seconds before the next look where the database could not be read."""


def flow_topic(flow_id: str) -> str:
    """Rung when a flow made a step."""
    return f"flow:{flow_id}"


def link_topic(challenge_id: str) -> str:
    """Rung when a challenge row changed."""
    return f"link:{challenge_id}"


class News:
    """What a waiter holds: clear it, look, and wait if there was nothing; a ring in between is not lost."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        self._event.set()

    def clear(self) -> None:
        self._event.clear()

    @property
    def rung(self) -> bool:
        """Whether there was news since it was cleared."""
        return self._event.is_set()

    async def wait(self, *others: asyncio.Future[T]) -> None:
        """Until it is rung, or one of `others` is done (which stays as it is)."""
        rung = asyncio.ensure_future(self._event.wait())
        waiting: set[asyncio.Future[Literal[True]] | asyncio.Future[T]] = {rung, *others}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            rung.cancel()


class Changes:
    """The waiters of one process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiters: defaultdict[str, set[News]] = defaultdict(set)
        self._seen = 0
        store.committed = self.ring

    @contextmanager
    def listen(self, topic: str) -> Iterator[News]:
        """News of one topic, for as long as the `with` lasts."""
        news = News()
        self._waiters[topic].add(news)
        try:
            yield news
        finally:
            self._waiters[topic].discard(news)
            if not self._waiters[topic]:
                del self._waiters[topic]

    def ring(self, topics: Iterable[str]) -> None:
        for topic in topics:
            for news in self._waiters.get(topic, ()):
                news.ring()

    async def watch(self) -> None:
        """Ring for what other processes commit; runs until it is cancelled."""
        generation = -1
        while True:
            try:
                newest = await self._store.generation()
                if newest != generation:
                    await self._catch_up()
                    generation = newest
                await self._store.moved(generation)
            except StoreUnavailableError:
                # Waiters look for themselves and hear why; without this they would wait for news that cannot come.
                self.ring(list(self._waiters))
                await asyncio.sleep(PAUSE)

    async def _catch_up(self) -> None:
        row = await self._store.at_key("SELECT max(seq) AS newest FROM changes")
        newest = int(str((row or {})["newest"] or 0))
        # What this process committed has rung already, and rung again it would make every waiter look again.
        if all(map(self._store.is_ours, range(self._seen + 1, newest + 1))):
            self._seen = newest
            return
        rows = await self._store.all("SELECT seq, topic FROM changes WHERE seq > ? ORDER BY seq", self._seen)
        numbers = [int(str(row["seq"])) for row in rows]
        # Rows that were trimmed before they were read: nobody knows whose they were.
        missed = numbers[:1] > [self._seen + 1]
        self._seen = max(numbers, default=self._seen)
        self.ring(list(self._waiters) if missed else {str(row["topic"]) for row in rows})
