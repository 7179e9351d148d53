"""The store on one SQLite file: WAL, one connection whose commits are on disk, one whose need not be, one that reads.

`BEGIN IMMEDIATE` takes the write lock before anything is read, so that no two writers build on the same picture.
See https://www.sqlite.org/lang_transaction.html and https://www.sqlite.org/wal.html.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import aiosqlite

from csrdesk.engine import schema
from csrdesk.engine.finishing import to_the_end
from csrdesk.engine.store import Row, Value
from csrdesk.errors import StoreUnavailableError

KEPT_CHANGES = 10_000
"""A process that looks every 25 ms never lags this far behind."""

_REASONS = {
    sqlite3.SQLITE_BUSY: "another program holds it",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk cannot be read or written",
    sqlite3.SQLITE_LOCKED: "another program holds it",
    sqlite3.SQLITE_NOTADB: "the file is no database",
    sqlite3.SQLITE_PERM: "the file may not be used",
    sqlite3.SQLITE_PROTOCOL: "another program holds it",
    sqlite3.SQLITE_READONLY: "it cannot be written",
}
"""Result codes that tell of the machine, not of a mistake in a statement: https://www.sqlite.org/rescode.html."""


def unavailable(why: str, details: str = "") -> StoreUnavailableError:
    """What people read where the database cannot be used."""
    return StoreUnavailableError(f"The desk's database cannot be used: {why}. Nothing was done.", details=details)


@contextmanager
def translated() -> Iterator[None]:
    """SQLite's errors about the machine become `StoreUnavailableError`; mistakes stay what they are."""
    try:
        yield
    except sqlite3.Error as error:
        why = _REASONS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if why is None:
            raise
        raise unavailable(why, str(error)) from error


class SqliteTransaction:
    """What `transaction()` hands out, on a writing connection."""

    def __init__(self, connection: aiosqlite.Connection, cursor: aiosqlite.Cursor) -> None:
        self._connection = connection
        self._cursor = cursor
        """Kept for all statements: to open and close one for each costs as much as the statement."""
        self.topics: set[str] = set()

    async def one(self, sql: str, *values: Value) -> Row | None:
        rows = await self.all(sql, *values)
        return rows[0] if rows else None

    async def all(self, sql: str, *values: Value) -> list[Row]:
        with translated():
            return [dict(row) for row in await self._connection.execute_fetchall(sql, values)]

    async def tuples(self, sql: str, *values: Value) -> list[tuple[Value, ...]]:
        try:
            return await self._tuples(sql, values)
        except sqlite3.OperationalError as error:
            if "decode" not in str(error):
                raise
        # Somebody wrote past csrdesk: bytes that are no text must be seen, not stop who looks for them.
        self._connection.text_factory = _marked
        try:
            return await self._tuples(sql, values)
        finally:
            self._connection.text_factory = str

    async def _tuples(self, sql: str, values: tuple[Value, ...]) -> list[tuple[Value, ...]]:
        with translated():
            async with self._connection.execute(sql, values) as cursor:
                cursor.row_factory = None
                return [tuple(row) for row in await cursor.fetchall()]

    async def execute(self, sql: str, *values: Value) -> int:
        with translated():
            await self._cursor.execute(sql, values)
        return self._cursor.rowcount

    def wake(self, topic: str) -> None:
        self.topics.add(topic)


class SqliteStore:
    """A `Store` on one file. Make it with `open`."""

    def __init__(self, path: Path, *connections: tuple[aiosqlite.Connection, aiosqlite.Cursor]) -> None:
        self.committed: Callable[[frozenset[str]], None] = lambda _: None
        self._path = path
        self._writing, self._noting, reading = connections
        self._reading = SqliteTransaction(*reading)
        self._connections = tuple(connection for connection, _ in connections)
        self._turn = asyncio.Lock()
        self._file = _identity(path)

    @classmethod
    async def open(cls, path: Path, *, busy_seconds: float = 5.0) -> SqliteStore:
        """Open `path`, readable by its owner alone, and make or bring forward its tables.

        Another writer is waited for `busy_seconds`. Raises `StoreUnavailableError`.
        """
        _create(path)
        connections: list[aiosqlite.Connection] = []
        try:
            with translated():
                for synchronous in ("FULL", "NORMAL", "NORMAL"):
                    connections.append(connection := await aiosqlite.connect(path, isolation_level=None))
                    await _prepare(connection, busy_seconds, synchronous)
                store = cls(path, *[(connection, await connection.cursor()) for connection in connections])
            await store._bring_forward()
        except BaseException:
            for connection in connections:
                await connection.close()
            raise
        return store

    async def one(self, sql: str, *values: Value) -> Row | None:
        return await self._reading.one(sql, *values)

    async def all(self, sql: str, *values: Value) -> list[Row]:
        return await self._reading.all(sql, *values)

    async def tuples(self, sql: str, *values: Value) -> list[tuple[Value, ...]]:
        return await self._reading.tuples(sql, *values)

    @asynccontextmanager
    async def transaction(self, *, durable: bool = True) -> AsyncIterator[SqliteTransaction]:
        connection, cursor = self._writing if durable else self._noting
        async with self._turn:
            transaction = SqliteTransaction(connection, cursor)
            try:
                with translated():
                    await to_the_end(_run(connection, "BEGIN IMMEDIATE"))
                yield transaction
                await to_the_end(self._commit(connection, transaction))
            except BaseException:
                await to_the_end(_roll_back(connection))
                raise

    async def generation(self) -> int:
        rows = await self._reading.all("PRAGMA data_version")
        return int(str(rows[0]["data_version"]))

    async def close(self) -> None:
        for connection in self._connections:
            await connection.close()

    async def _commit(self, connection: aiosqlite.Connection, transaction: SqliteTransaction) -> None:
        if transaction.topics:
            rows = ", ".join("(?)" for _ in transaction.topics)
            await transaction.execute(f"INSERT INTO changes (topic) VALUES {rows}", *sorted(transaction.topics))  # noqa: S608 - question marks
            oldest = "DELETE FROM changes WHERE seq <= (SELECT max(seq) FROM changes) - ?"
            await transaction.execute(oldest, KEPT_CHANGES)
        # A file that was removed or replaced would take the rows and lose them: SQLite does not look in WAL mode.
        if _identity(self._path) != self._file:
            raise unavailable("its file is gone")
        with translated():
            await _run(connection, "COMMIT")
        self.committed(frozenset(transaction.topics))

    async def _bring_forward(self) -> None:
        async with self.transaction() as tx:
            rows = await tx.all("PRAGMA user_version")
            version = int(str(rows[0]["user_version"]))
            if version > len(schema.STEPS):
                raise unavailable("a newer csrdesk made it")
            for step in schema.STEPS[version:]:
                for statement in schema.statements(step):
                    await tx.execute(statement)
            await tx.execute(f"PRAGMA user_version = {len(schema.STEPS)}")


def _create(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise unavailable("it cannot be opened", str(error)) from error


def _marked(text: bytes) -> str:
    return text.decode("utf-8", "replace")


async def _run(connection: aiosqlite.Connection, sql: str) -> None:
    await connection.execute_fetchall(sql)


async def _roll_back(connection: aiosqlite.Connection) -> None:
    with suppress(sqlite3.Error):  # where SQLite has rolled back by itself there is nothing left to undo
        await _run(connection, "ROLLBACK")


async def _prepare(connection: aiosqlite.Connection, busy_seconds: float, synchronous: str) -> None:
    connection.row_factory = sqlite3.Row
    await _run(connection, f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")
    await _run(connection, "PRAGMA journal_mode = WAL")
    # FULL waits for the disk at each commit, NORMAL at checkpoints. One log holds both: a FULL one keeps all before it.
    await _run(connection, f"PRAGMA synchronous = {synchronous}")
    # What was overwritten is gone from the file as well: a saved state holds what an agent typed to find somebody.
    await _run(connection, "PRAGMA secure_delete = ON")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
