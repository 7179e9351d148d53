"""The store on one PostgreSQL, which any number of servers share: one connection that writes, one that reads, one that
listens.

Writing transactions are one after another on all of them, by an advisory lock that goes with the transaction. Where the
server is away, each statement says so, and the next one tries again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

import psycopg

from csrdesk.engine.postgres_address import Address
from csrdesk.engine.postgres_connection import Connection, PostgresStatements
from csrdesk.engine.postgres_errors import translated
from csrdesk.engine.postgres_news import CHANGED, News
from csrdesk.engine.postgres_schema import bring_forward, mark_of
from csrdesk.engine.shared_clock import SharedClock
from csrdesk.engine.store import Row, Statements, Value
from csrdesk.engine.store_thread import Handed
from csrdesk.engine.store_turns import Piece
from csrdesk.engine.store_writing import OpenTransaction, Writer

T = TypeVar("T")

KEPT_CHANGES: Final = 10_000
"""A process that hears of each commit never lags this far behind."""
_TRIMMED_EVERY: Final = 100
_OURS: Final = 1000
"""Of these, how many are known that this process made."""


@dataclass(frozen=True)
class _Line:
    """The writing connection, for commits that must be on disk or for those that need not."""

    connection: Connection
    durable: bool

    def run(self, work: Callable[[PostgresStatements], T], statements: PostgresStatements | None = None) -> Handed[T]:
        return self.connection.run(work, statements)

    def hand(self, do: Callable[[], None], then: Callable[[], None]) -> None:
        self.connection.hand(do, then)

    def statements(self) -> PostgresStatements:
        return self.connection.statements(durable=self.durable)


class PostgresStore:
    """A `Store` on one database of a server. Make it with `open`."""

    def __init__(self, address: Address, *, key: bytes = b"", clock: SharedClock | None = None) -> None:
        self.committed: Callable[[frozenset[str]], None] = lambda _: None
        clock = clock or SharedClock()
        self._news = News(address, clock)
        self._mark = mark_of(key) if key else ""
        self._writing, self._reading = Connection(address, clock), Connection(address, clock, only_reads=True)
        self._writer: Writer[PostgresStatements] = Writer(self._line, _commit, self._tell, _in_words)
        self._ours: deque[int] = deque(maxlen=_OURS)
        self._opening = asyncio.Lock()
        self._is_open = False
        self._listening: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls, address: Address, *, key: bytes = b"", wait: bool = True, clock: SharedClock | None = None
    ) -> PostgresStore:
        """Make or bring forward its tables, and know the desk by its key: another one's is refused.

        Without `wait` the server need not be there yet: all that is done when it is first used. `clock` is kept as the
        server's. Raises `StoreUnavailableError`.
        """
        store = cls(address, key=key, clock=clock)
        if wait:
            try:
                await store._opened()
            except BaseException:
                await store.close()
                raise
        return store

    async def one(self, sql: str, *values: Value) -> Row | None:
        return await self._read(lambda statements: statements.one(sql, *values))

    async def at_key(self, sql: str, *values: Value) -> Row | None:
        return await self.one(sql, *values)

    async def all(self, sql: str, *values: Value) -> list[Row]:
        return await self._read(lambda statements: statements.all(sql, *values))

    async def tuples(self, sql: str, *values: Value) -> list[tuple[Value, ...]]:
        return await self._read(lambda statements: statements.tuples(sql, *values))

    @asynccontextmanager
    async def transaction(self, *, durable: bool = True) -> AsyncIterator[OpenTransaction[PostgresStatements]]:
        await self._opened()
        async with self._writer.transaction(durable=durable) as tx:
            yield tx

    async def at_once(self, work: Callable[[Statements], T], *, durable: bool = True) -> T:
        await self._opened()
        return await self._writer.join(Piece(work, durable=durable))

    def is_ours(self, change: int) -> bool:
        return change in self._ours

    async def generation(self) -> int:
        self._listen()
        return await self._news.generation()

    async def moved(self, generation: int) -> None:
        await self._news.moved(generation)

    async def arrive(self, name: str) -> News:
        """Let the desk's other processes see this one by that name, and this one them: an `engine.presence.Presence`.

        Where the server is away, both begin when it is back.
        """
        self._news.name = name
        self._listen()
        await self._news.settled()
        return self._news

    async def close(self) -> None:
        listening, self._listening = self._listening, None
        if listening:
            listening.cancel()
            await asyncio.wait([listening])
        await self._reading.close()
        await self._writing.close()

    async def _read(self, ask: Callable[[PostgresStatements], T]) -> T:
        await self._opened()
        return await self._reading.run(ask)

    async def _opened(self) -> None:
        if not self._is_open:
            async with self._opening:
                await self._bring_forward()

    async def _bring_forward(self) -> None:
        if self._is_open:  # another was faster
            return
        await self._writer.join(Piece(lambda statements: bring_forward(statements, self._mark), durable=True))
        self._is_open = True

    def _listen(self) -> None:
        self._reading.statements()  # raises where it was closed
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._news.run(), name="news")

    def _line(self, durable: bool) -> _Line:  # noqa: FBT001 - called by the writer alone
        return _Line(self._writing, durable)

    def _tell(self, statements: PostgresStatements) -> None:
        self._ours.extendleft(statements.changes)
        self.committed(frozenset(statements.topics))


def _commit(statements: PostgresStatements) -> None:
    if statements.topics:
        statements.begin()
        rows = ", ".join("(?)" for _ in statements.topics)
        insert = f"INSERT INTO changes (topic) VALUES {rows} RETURNING seq, pg_notify('{CHANGED}', '')"  # noqa: S608 - question marks
        statements.changes = [int(str(seq)) for seq, _ in statements.tuples(insert, *sorted(statements.topics))]
        if any(seq % _TRIMMED_EVERY == 0 for seq in statements.changes):
            statements.execute("DELETE FROM changes WHERE seq <= ?", statements.changes[-1] - KEPT_CHANGES)
    statements.commit()


def _in_words(error: BaseException) -> BaseException:
    return translated(error) if isinstance(error, psycopg.Error) else error
