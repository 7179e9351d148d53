"""The store on one SQLite file: WAL, one connection whose commits are on disk, one whose need not be, one that reads.

See https://www.sqlite.org/wal.html.
"""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from csrdesk.engine import schema
from csrdesk.engine.store import Row, Statements, Value
from csrdesk.engine.store_connection import Connection, Glance, SqliteStatements, translated, unavailable
from csrdesk.engine.store_turns import Part, Piece, Turns
from csrdesk.errors import StoreUnavailableError

T = TypeVar("T")

KEPT_CHANGES = 10_000
"""A process that looks every 25 ms never lags this far behind."""
_OURS = 1000
"""Of these, how many are known that this process made."""


class SqliteTransaction:
    """What `transaction()` hands out: each call goes to the connection's thread once, the first begins there."""

    def __init__(self, connection: Connection, statements: SqliteStatements) -> None:
        self._connection = connection
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
        def begun(statements: SqliteStatements) -> T:
            statements.begin()
            return work(statements)

        return await self._connection.run(begun, self._statements)

    def wake(self, topic: str) -> None:
        self._statements.wake(topic)


class SqliteStore:
    """A `Store` on one file. Make it with `open`."""

    def __init__(self, path: Path, busy_seconds: float) -> None:
        self.committed: Callable[[frozenset[str]], None] = lambda _: None
        self._path = path
        opened = partial(Connection, path, busy_seconds=busy_seconds)
        # One log holds both: a FULL commit keeps all that came before it.
        self._writing, self._noting, self._reading = opened(synchronous="FULL"), opened(synchronous="NORMAL"), opened()
        self._glance = Glance(path)
        self._turns = Turns(self._begin)
        self._file = _identity(path)
        self._ours: deque[int] = deque(maxlen=_OURS)

    @classmethod
    async def open(cls, path: Path, *, busy_seconds: float = 5.0) -> SqliteStore:
        """Open `path`, readable by its owner alone, and make or bring forward its tables.

        Another writer is waited for `busy_seconds`. Raises `StoreUnavailableError`.
        """
        _create(path)
        store = cls(path, busy_seconds)
        try:
            for connection in store._connections:
                await connection.open()
            await store.at_once(_bring_forward)
        except BaseException:
            await store.close()
            raise
        return store

    async def one(self, sql: str, *values: Value) -> Row | None:
        return await self._reading.run(lambda statements: statements.one(sql, *values))

    async def all(self, sql: str, *values: Value) -> list[Row]:
        return await self._reading.run(lambda statements: statements.all(sql, *values))

    async def tuples(self, sql: str, *values: Value) -> list[tuple[Value, ...]]:
        return await self._reading.run(lambda statements: statements.tuples(sql, *values))

    async def at_key(self, sql: str, *values: Value) -> Row | None:
        with suppress(sqlite3.Error):
            return self._glance.one(sql, *values)
        return await self.one(sql, *values)

    @asynccontextmanager
    async def transaction(self, *, durable: bool = True) -> AsyncIterator[SqliteTransaction]:
        connection = self._writing if durable else self._noting
        async with self._turns.alone():
            statements = connection.statements()
            try:
                yield SqliteTransaction(connection, statements)
                await self._told(connection.run(self._commit, statements), statements)
            except BaseException:
                await connection.run(SqliteStatements.roll_back, statements)
                raise

    async def at_once(self, work: Callable[[Statements], T], *, durable: bool = True) -> T:
        piece = Piece(work, durable=durable)
        self._turns.join(piece)
        return await piece

    def is_ours(self, change: int) -> bool:
        return change in self._ours

    async def generation(self) -> int:
        row = await self.at_key("PRAGMA data_version")
        return int(str((row or {})["data_version"]))

    async def close(self) -> None:
        self._glance.close()
        for connection in self._connections:
            await connection.close()

    @property
    def _connections(self) -> tuple[Connection, ...]:
        return self._writing, self._noting, self._reading

    def _told(self, done: asyncio.Future[None], statements: SqliteStatements) -> asyncio.Future[None]:
        """A commit, of which whoever waits is told whether or not the caller still does."""

        def tell(done: asyncio.Future[None]) -> None:
            if not done.exception():
                self._tell(statements)

        done.add_done_callback(tell)
        return done

    def _begin(self, parts: list[Part]) -> None:
        """Have them written in one transaction."""
        connection = self._writing if any(part.durable for part in parts) else self._noting
        try:
            statements = connection.statements()
        except StoreUnavailableError as closed:
            for part in parts:
                part.fail(closed)
            self._over(parts)
        else:
            connection.hand(lambda: self._write(parts, statements), lambda: self._over(parts, statements))

    def _over(self, parts: list[Part], statements: SqliteStatements | None = None) -> None:
        self._turns.over()
        if statements and statements.is_committed:
            self._tell(statements)
        for part in parts:
            part.settle()

    def _tell(self, statements: SqliteStatements) -> None:
        self._ours.extendleft(statements.changes)
        self.committed(frozenset(statements.topics))

    def _write(self, parts: list[Part], statements: SqliteStatements) -> None:
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
                part.fail(translated(error, self._path))

    def _within(self, part: Part, statements: SqliteStatements) -> None:
        """One that fails is told so, and the others go on, unless SQLite has ended it for all of them."""
        try:
            statements.part(part.do)
        except BaseException as error:
            part.fail(translated(error, self._path))
            if not statements.goes_on:
                raise

    def _commit(self, statements: SqliteStatements) -> None:
        if statements.topics:
            statements.begin()
            rows = ", ".join("(?)" for _ in statements.topics)
            insert = f"INSERT INTO changes (topic) VALUES {rows} RETURNING seq"  # noqa: S608 - question marks
            statements.changes = [int(str(seq)) for (seq,) in statements.tuples(insert, *sorted(statements.topics))]
            oldest = "DELETE FROM changes WHERE seq <= (SELECT max(seq) FROM changes) - ?"
            statements.execute(oldest, KEPT_CHANGES)
        # A file that was removed or replaced would take the rows and lose them: SQLite does not look in WAL mode.
        if _identity(self._path) != self._file:
            raise unavailable("its file is gone")
        statements.commit()


def _bring_forward(statements: Statements) -> None:
    version = int(str((statements.one("PRAGMA user_version") or {})["user_version"]))
    if version > len(schema.STEPS):
        raise unavailable("a newer csrdesk made it")
    for step in schema.STEPS[version:]:
        for statement in schema.statements(step):
            statements.execute(statement)
    statements.execute(f"PRAGMA user_version = {len(schema.STEPS)}")


def _create(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise unavailable(_NOT_OPENED.get(error.errno or 0, "it cannot be opened"), str(error)) from error


_NOT_OPENED = {
    errno.EACCES: "the file may not be used",
    errno.ENOSPC: "the disk is full",
    errno.EPERM: "the file may not be used",
    errno.EROFS: "its disk is read-only",
}


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - for each commit: half of what `Path.stat` takes
    except OSError:
        return None
    return found.st_dev, found.st_ino
