"""The writing half of a store on a database that has one thread a connection: turns, parts, commits, and who is told.

Apart from the stores, because what a transaction promises is the same on each of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Generic, Protocol, TypeVar

from csrdesk.engine.store import Row, Statements, Value
from csrdesk.engine.store_thread import Handed
from csrdesk.engine.store_turns import Part, Piece, Turns
from csrdesk.errors import StoreUnavailableError

T = TypeVar("T")


class Begun(Statements, Protocol):
    """Statements of one writing transaction, on the connection's thread."""

    topics: set[str]
    is_committed: bool

    @property
    def goes_on(self) -> bool:
        """Whether what was begun is neither committed nor undone."""
        ...

    def begin(self) -> None:
        """Let no other transaction write until this one is over; a second time it only looks that it still goes on."""
        ...

    def part(self, work: Callable[[Statements], None]) -> None:
        """Have `work` done within what was begun; where it raises, it alone is undone."""
        ...

    def roll_back(self) -> None:
        """What was begun is undone. Raises nothing."""
        ...


S = TypeVar("S", bound=Begun)


class Line(Protocol[S]):
    """A connection on a thread of its own, to which functions are handed."""

    def run(self, work: Callable[[S], T], statements: S | None = None) -> Handed[T]:
        """Have `work` done there, with the statements of a transaction."""
        ...

    def hand(self, do: Callable[[], None], then: Callable[[], None]) -> None:
        """Have `do` done there, which raises nothing, and after it `then` here."""
        ...

    def statements(self) -> S:
        """Statements of one transaction, to be begun. Raises `StoreUnavailableError` where it was closed."""
        ...


class OpenTransaction(Generic[S]):
    """What `transaction()` hands out: each call goes to the connection's thread once, the first begins there."""

    def __init__(self, line: Line[S], statements: S) -> None:
        self._line = line
        self._statements = statements

    async def one(self, sql: str, *values: Value) -> Row | None:
        return await self.at_once(lambda statements: statements.one(sql, *values))

    async def all(self, sql: str, *values: Value) -> list[Row]:
        return await self.at_once(lambda statements: statements.all(sql, *values))

    async def tuples(self, sql: str, *values: Value) -> list[tuple[Value, ...]]:
        return await self.at_once(lambda statements: statements.tuples(sql, *values))

    async def execute(self, sql: str, *values: Value) -> int:
        return await self.at_once(lambda statements: statements.execute(sql, *values))

    async def at_key(self, sql: str, *values: Value) -> Row | None:
        return await self.one(sql, *values)

    async def at_once(self, work: Callable[[Statements], T]) -> T:
        def begun(statements: S) -> T:
            statements.begin()
            return work(statements)

        return await self._line.run(begun, self._statements)

    def wake(self, topic: str) -> None:
        self._statements.wake(topic)


class Writer(Generic[S]):
    """One process's writing transactions.

    `line` is the connection for those that must be on disk, or for the others; `commit` makes a transaction last,
    `tell` is called here with what was committed, and `translated` says errors in the store's words.
    """

    def __init__(
        self,
        line: Callable[[bool], Line[S]],
        commit: Callable[[S], None],
        tell: Callable[[S], None],
        translated: Callable[[BaseException], BaseException],
    ) -> None:
        self._line = line
        self._commit = commit
        self._tell = tell
        self._translated = translated
        self._turns = Turns(self._begin)

    def join(self, piece: Piece[T]) -> Piece[T]:
        """Have a function done in a transaction that it may share with others."""
        self._turns.join(piece)
        return piece

    @asynccontextmanager
    async def transaction(self, *, durable: bool) -> AsyncIterator[OpenTransaction[S]]:
        """As `Store.transaction`."""
        line = self._line(durable)
        async with self._turns.alone():
            statements = line.statements()
            try:
                yield OpenTransaction(line, statements)
                await self._told(line.run(self._commit, statements), statements)
            except BaseException:
                await line.run(_rolled_back, statements)
                raise

    def _told(self, done: asyncio.Future[None], statements: S) -> asyncio.Future[None]:
        """A commit, of which whoever waits is told whether or not the caller still does."""

        def tell(done: asyncio.Future[None]) -> None:
            if not done.exception():
                self._tell(statements)

        done.add_done_callback(tell)
        return done

    def _begin(self, parts: list[Part]) -> None:
        """Have them written in one transaction."""
        line = self._line(any(part.durable for part in parts))
        try:
            statements = line.statements()
        except StoreUnavailableError as closed:
            for part in parts:
                part.fail(closed)
            self._over(parts)
        else:
            line.hand(lambda: self._write(parts, statements), lambda: self._over(parts, statements))

    def _over(self, parts: list[Part], statements: S | None = None) -> None:
        self._turns.over()
        if statements and statements.is_committed:
            self._tell(statements)
        for part in parts:
            part.settle()

    def _write(self, parts: list[Part], statements: S) -> None:
        try:
            statements.begin()
            if len(parts) == 1:
                parts[0].do(statements)
            else:
                for part in parts:
                    self._within(part, statements)
            self._commit(statements)
        except BaseException as error:  # noqa: BLE001 - raised where each part is waited for
            statements.roll_back()
            for part in parts:
                part.fail(self._translated(error))

    def _within(self, part: Part, statements: S) -> None:
        """One that fails is told so, and the others go on, unless the database has ended it for all of them."""
        try:
            statements.part(part.do)
        except BaseException as error:
            part.fail(self._translated(error))
            if not statements.goes_on:
                raise


def _rolled_back(statements: Begun) -> None:
    statements.roll_back()
