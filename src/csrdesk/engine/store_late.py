"""A store that may not be there yet: a console opens at once, and looks people up while its database cannot be used.

Beside `store_sqlite`, because everything else wants to know at its start that the database is there.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

from csrdesk.engine.store import Row, Statements, Value
from csrdesk.engine.store_connection import SqliteStatements, translating
from csrdesk.engine.store_sqlite import SqliteStore
from csrdesk.engine.store_writing import OpenTransaction
from csrdesk.errors import StoreUnavailableError

T = TypeVar("T")

SPARED: Final = 2.0
"""Seconds after a failure in which nothing is tried: a look-up takes several steps, and each might wait for a lock."""


class LateStore:
    """A `Store` on one file, opened when it is first used and can be."""

    def __init__(self, path: Path, *, busy_seconds: float = 5.0, elapsed: Callable[[], float] = time.monotonic) -> None:
        self.committed: Callable[[frozenset[str]], None] = lambda _: None
        self._path = path
        self._busy_seconds = busy_seconds
        self._elapsed = elapsed
        self._opening = asyncio.Lock()
        self._store: SqliteStore | None = None
        self._failure: StoreUnavailableError | None = None
        self._spared_until = 0.0

    async def one(self, sql: str, *values: Value) -> Row | None:
        store = await self._readable()
        return await (store.one(sql, *values) if store else self._as_it_lies(lambda file: file.one(sql, *values)))

    async def at_key(self, sql: str, *values: Value) -> Row | None:
        store = await self._readable()
        return await (store.at_key(sql, *values) if store else self._as_it_lies(lambda file: file.one(sql, *values)))

    async def all(self, sql: str, *values: Value) -> list[Row]:
        store = await self._readable()
        return await (store.all(sql, *values) if store else self._as_it_lies(lambda file: file.all(sql, *values)))

    async def tuples(self, sql: str, *values: Value) -> list[tuple[Value, ...]]:
        store = await self._readable()
        return await (store.tuples(sql, *values) if store else self._as_it_lies(lambda file: file.tuples(sql, *values)))

    @asynccontextmanager
    async def transaction(self, *, durable: bool = True) -> AsyncIterator[OpenTransaction[SqliteStatements]]:
        with self._tried():
            async with (await self._opened()).transaction(durable=durable) as tx:
                yield tx

    async def at_once(self, work: Callable[[Statements], T], *, durable: bool = True) -> T:
        with self._tried():
            return await (await self._opened()).at_once(work, durable=durable)

    def is_ours(self, change: int) -> bool:
        return self._store is not None and self._store.is_ours(change)

    async def generation(self) -> int:
        return await (await self._opened()).generation()

    async def moved(self, generation: int) -> None:
        await (await self._opened()).moved(generation)

    async def close(self) -> None:
        store, self._store = self._store, None
        if store:
            await store.close()

    async def _readable(self) -> SqliteStore | None:
        with suppress(StoreUnavailableError):
            return await self._opened()
        return None

    async def _as_it_lies(self, ask: Callable[[SqliteStatements], T]) -> T:
        return await asyncio.to_thread(_as_it_lies, self._path, ask)

    async def _opened(self) -> SqliteStore:
        async with self._opening:
            if self._store is None:
                with self._tried():
                    self._store = await SqliteStore.open(self._path, busy_seconds=self._busy_seconds)
                self._store.committed = self.committed
            return self._store

    @contextmanager
    def _tried(self) -> Iterator[None]:
        """Raises the last failure again without trying, for a moment."""
        if self._failure and self._elapsed() < self._spared_until:
            raise StoreUnavailableError(self._failure.message, details=self._failure.details)
        try:
            yield
        except StoreUnavailableError as error:
            self._failure, self._spared_until = error, self._elapsed() + SPARED
            raise
        else:
            self._failure = None


def _as_it_lies(path: Path, ask: Callable[[SqliteStatements], T]) -> T:
    """Read a file that cannot be locked, because the disk takes no writing: what its log holds besides is not seen.

    See `immutable` in https://www.sqlite.org/uri.html. Raises `StoreUnavailableError`.
    """
    with (
        translating(path),
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection,
    ):
        return ask(SqliteStatements(connection, 0))
