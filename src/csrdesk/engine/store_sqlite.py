"""The store on one SQLite file: WAL, one connection whose commits are on disk, one whose need not be, one that reads.

See https://www.sqlite.org/wal.html.
"""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from csrdesk.engine import schema
from csrdesk.engine.store import Row, Statements, Value
from csrdesk.engine.store_connection import Connection, Glance, SqliteStatements, translated, unavailable
from csrdesk.engine.store_turns import Piece
from csrdesk.engine.store_writing import OpenTransaction, Writer

T = TypeVar("T")

LOOK: Final = 0.025
"""Seconds between two looks at the generation."""
KEPT_CHANGES = 10_000
"""A process that looks every 25 ms never lags this far behind."""
_OURS = 1000
"""Of these, how many are known that this process made."""


class SqliteStore:
    """A `Store` on one file. Make it with `open`."""

    def __init__(self, path: Path, busy_seconds: float) -> None:
        self.committed: Callable[[frozenset[str]], None] = lambda _: None
        self._path = path
        opened = partial(Connection, path, busy_seconds=busy_seconds)
        # One log holds both: a FULL commit keeps all that came before it.
        self._writing, self._noting, self._reading = opened(synchronous="FULL"), opened(synchronous="NORMAL"), opened()
        self._glance = Glance(path)
        self._writer: Writer[SqliteStatements] = Writer(
            self._line, self._commit, self._tell, lambda error: translated(error, path)
        )
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

    def transaction(self, *, durable: bool = True) -> AbstractAsyncContextManager[OpenTransaction[SqliteStatements]]:
        return self._writer.transaction(durable=durable)

    async def at_once(self, work: Callable[[Statements], T], *, durable: bool = True) -> T:
        return await self._writer.join(Piece(work, durable=durable))

    def is_ours(self, change: int) -> bool:
        return change in self._ours

    async def generation(self) -> int:
        row = await self.at_key("PRAGMA data_version")
        return int(str((row or {})["data_version"]))

    async def moved(self, generation: int) -> None:  # noqa: ARG002 - a file tells nobody, so it is looked at again
        await asyncio.sleep(LOOK)

    async def close(self) -> None:
        self._glance.close()
        for connection in self._connections:
            await connection.close()

    @property
    def _connections(self) -> tuple[Connection, ...]:
        return self._writing, self._noting, self._reading

    def _line(self, durable: bool) -> Connection:  # noqa: FBT001 - called by the writer alone
        return self._writing if durable else self._noting

    def _tell(self, statements: SqliteStatements) -> None:
        self._ours.extendleft(statements.changes)
        self.committed(frozenset(statements.topics))

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
