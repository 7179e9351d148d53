"""One SQLite connection on a thread of its own, and the statements that run there: nothing waits for the disk here.

To go to a thread and back costs more than most statements, so that a whole function is sent where its statements are
known; between two of them nobody has to be woken. See https://www.sqlite.org/lang_transaction.html.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

from csrdesk.engine.disk import is_full
from csrdesk.engine.store import Row, Statements, Value
from csrdesk.engine.store_thread import Handed, StoreThread
from csrdesk.errors import StoreUnavailableError

T = TypeVar("T")

BUSY_PAUSE: Final = 0.001
"""Seconds between two tries to begin while another writes. SQLite's own waits grow to a tenth of a second each."""

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


_OF_THE_DISK: Final = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR})


def translated(error: BaseException, path: Path) -> BaseException:
    """SQLite's errors about the machine become `StoreUnavailableError`; mistakes stay what they are."""
    if not isinstance(error, sqlite3.Error):
        return error
    code = _code(error)
    full = code in _OF_THE_DISK and is_full(path.parent)
    # The tables were there when the store was opened: without them it is another file's content.
    damaged = "no such table" in str(error)
    why = "it is damaged" if damaged else _REASONS.get(sqlite3.SQLITE_FULL if full else code)
    return unavailable(why, str(error)) if why else error


@contextmanager
def translating(path: Path) -> Iterator[None]:
    """Raises errors as `translated` says them."""
    try:
        yield
    except sqlite3.Error as error:
        raise translated(error, path) from error


class Connection:
    """One connection. Whatever is handed to it runs on its thread, in the order in which it was handed over.

    `synchronous` is when a commit of it is on disk (https://www.sqlite.org/pragma.html#pragma_synchronous); without it
    the connection only reads.
    """

    def __init__(self, path: Path, *, synchronous: str = "", busy_seconds: float) -> None:
        self._path = path
        self._synchronous = synchronous
        self._busy_seconds = busy_seconds
        self._thread = StoreThread(f"sqlite {path.name}")
        self._opened: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Raises `StoreUnavailableError`, and must be closed also then."""
        await self._thread.run(self._open)

    def run(self, work: Callable[[SqliteStatements], T], statements: SqliteStatements | None = None) -> Handed[T]:
        """Have `work` done there, with the statements of a transaction, or with some that see what is committed."""
        seeing = self.statements()
        mine = statements or seeing

        def told() -> T:
            with translating(self._path):
                return work(mine)

        return self._thread.run(told)

    def hand(self, do: Callable[[], None], then: Callable[[], None]) -> None:
        """Have `do` done there, which raises nothing, and after it `then` here."""
        self._thread.hand(do, then)

    def statements(self) -> SqliteStatements:
        """Statements of one transaction, to be begun."""
        if self._opened is None:
            raise unavailable("it was closed")
        return SqliteStatements(self._opened, self._busy_seconds)

    async def close(self) -> None:
        """When everything that was handed over is done. Closing a second time does nothing."""
        opened, self._opened = self._opened, None
        if opened:
            await self._thread.run(opened.close)
        self._thread.end()

    def _open(self) -> None:
        with translating(self._path):
            self._opened = sqlite3.connect(self._path, timeout=self._busy_seconds, isolation_level=None)
            self._opened.execute("PRAGMA journal_mode = WAL")
            if self._synchronous:
                self._opened.execute(f"PRAGMA synchronous = {self._synchronous}")
                # What was overwritten is gone from the file as well: a saved state holds what an agent typed to find
                # somebody.
                self._opened.execute("PRAGMA secure_delete = ON")
                # Waiting is `begin`'s; nothing after it has to.
                self._opened.execute("PRAGMA busy_timeout = 0")


class Glance:
    """A connection of the event loop's own, for what takes less time than waking a thread: one row by its key.

    Readers never wait for writers in WAL mode; where this one would have to, it says so and somebody else waits.
    """

    def __init__(self, path: Path) -> None:
        with translating(path):
            self._opened = sqlite3.connect(path, timeout=0, isolation_level=None)
        self._statements = SqliteStatements(self._opened, 0)

    def one(self, sql: str, *values: Value) -> Row | None:
        """Raises `sqlite3.Error` where the thread must be asked."""
        return self._statements.one(sql, *values)

    def close(self) -> None:
        """Closing a second time does nothing."""
        self._opened.close()


class SqliteStatements:
    """`Statements` on the connection's own thread. Begun, they are those of a writing transaction."""

    def __init__(self, connection: sqlite3.Connection, busy_seconds: float) -> None:
        self.topics: set[str] = set()
        self.changes: list[int] = []
        """The rows of the topics, when they are written."""
        self.is_committed = False
        self._connection = connection
        self._busy_seconds = busy_seconds
        self._begun = False

    def one(self, sql: str, *values: Value) -> Row | None:
        rows = self.all(sql, *values)
        return rows[0] if rows else None

    def all(self, sql: str, *values: Value) -> list[Row]:
        cursor = self._connection.execute(sql, values)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def tuples(self, sql: str, *values: Value) -> list[tuple[Value, ...]]:
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if "decode" not in str(error):
                raise
        # Somebody wrote past csrdesk: bytes that are no text must be seen, not stop who looks for them.
        self._connection.text_factory = _marked
        try:
            return self._connection.execute(sql, values).fetchall()
        finally:
            self._connection.text_factory = str

    def execute(self, sql: str, *values: Value) -> int:
        return self._connection.execute(sql, values).rowcount

    def wake(self, topic: str) -> None:
        self.topics.add(topic)

    def begin(self) -> None:
        """Take the write lock before anything is read: no two writers build on the same picture.

        A second time it only looks that SQLite has not ended the transaction by itself, as it may after an error.
        """
        if self._begun and not self.goes_on:
            raise unavailable("it ended what was begun")
        if not self._begun:
            self._begin()
            self._begun = True

    def part(self, work: Callable[[Statements], None]) -> None:
        """Have `work` done within what was begun; where it raises, it alone is undone."""
        self.begin()
        topics = set(self.topics)
        self._connection.execute("SAVEPOINT part")
        try:
            work(self)
        except BaseException:
            self.topics = topics
            if self.goes_on:
                self._connection.execute("ROLLBACK TO part")
            raise
        finally:
            if self.goes_on:
                self._connection.execute("RELEASE part")

    @property
    def goes_on(self) -> bool:
        """Whether what was begun is neither committed nor undone; SQLite may have ended it after an error."""
        return self._connection.in_transaction

    def commit(self) -> None:
        """What was begun is there for everybody."""
        if self._begun:
            self.begin()
            self._connection.execute("COMMIT")
        self.is_committed = True

    def roll_back(self) -> None:
        """What was begun is undone."""
        with suppress(sqlite3.Error):  # where SQLite has rolled back by itself there is nothing left to undo
            if self.goes_on:
                self._connection.execute("ROLLBACK")

    def _begin(self) -> None:
        until = time.monotonic() + self._busy_seconds
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
            time.sleep(BUSY_PAUSE)


def _code(error: sqlite3.Error) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code


def _marked(text: bytes) -> str:
    return text.decode("utf-8", "replace")
