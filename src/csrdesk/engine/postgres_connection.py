"""One connection to PostgreSQL on a thread of its own, opened when it is first used and again where it broke.

Beside `store_connection`, which does the same for a file: a server goes away and comes back, in words of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from csrdesk.engine import postgres_dialect as dialect
from csrdesk.engine.postgres_address import Address
from csrdesk.engine.postgres_errors import ends, lost, not_let_in, translating
from csrdesk.engine.postgres_time import compare
from csrdesk.engine.shared_clock import SharedClock
from csrdesk.engine.store import Row, Statements, Value
from csrdesk.engine.store_connection import unavailable
from csrdesk.engine.store_thread import Handed, StoreThread
from csrdesk.errors import StoreUnavailableError

T = TypeVar("T")
Live = psycopg.Connection[tuple[Value, ...]]

SPARED: Final = 1.0
"""Seconds after a server let nobody in, in which it is not tried again: what waits for it is several steps long."""
WRITERS: Final = 0x63_73_72_64
"""The advisory lock that a writing transaction holds, so that none overlaps with another, wherever they run."""
_BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_ALONE: Final = f"SELECT pg_advisory_xact_lock({WRITERS})"
# Each statement after the lock sees what was committed before it was had.
_DURABLY: Final = f"{_BEGIN}; SET LOCAL synchronous_commit = on; {_ALONE}".encode()
_SOON: Final = f"{_BEGIN}; SET LOCAL synchronous_commit = off; {_ALONE}".encode()


class Connection:
    """One connection. Whatever is handed to it runs on its thread, in the order in which it was handed over."""

    def __init__(
        self,
        address: Address,
        clock: SharedClock,
        *,
        only_reads: bool = False,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` is told what the server's says, before anything else is asked."""
        self._address = address
        self._clock = clock
        self._only_reads = only_reads
        self._elapsed = elapsed
        self._thread = StoreThread("postgres")
        self._live: Live | None = None
        self._failure: StoreUnavailableError | None = None
        self._spared_until = 0.0
        self._is_closed = False

    def run(self, work: Callable[[PostgresStatements], T], statements: PostgresStatements | None = None) -> Handed[T]:
        """Have `work` done there, with the statements of a transaction, or with some that see what is committed."""
        seeing = self.statements()
        mine = statements or seeing

        def told() -> T:
            with translating():
                return work(mine)

        return self._thread.run(told)

    def hand(self, do: Callable[[], None], then: Callable[[], None]) -> None:
        """Have `do` done there, which raises nothing, and after it `then` here."""
        self._thread.hand(do, then)

    def statements(self, *, durable: bool = True) -> PostgresStatements:
        """Statements of one transaction, to be begun."""
        if self._is_closed:
            raise unavailable("it was closed")
        return PostgresStatements(self, durable=durable)

    async def close(self) -> None:
        """When everything that was handed over is done. Closing a second time does nothing."""
        if not self._is_closed:
            self._is_closed = True
            await self._thread.run(self.drop)
            self._thread.end()

    def live(self) -> Live:
        """On the thread: the connection, which is made where there is none. Raises `StoreUnavailableError`."""
        if self._live is None or self._live.closed:
            self._live = self._opened()
        return self._live

    def drop(self) -> None:
        """On the thread: nothing more is asked by the connection there was."""
        live, self._live = self._live, None
        if live:
            live.close()

    def asked(self, ask: Callable[[Live], T]) -> T:
        """On the thread: what nothing is lost by asking twice, because nothing has come of it yet. Where the server was
        started anew since it was asked last, the connection is only found broken now.
        """
        had = self._live
        try:
            return ask(self.live())
        except psycopg.Error as error:
            if not self.is_over(error) or had is None:
                raise
        return ask(self.live())

    def is_over(self, error: psycopg.Error) -> bool:
        """On the thread: whether the connection broke; then it is let go."""
        if self._live and (self._live.closed or ends(error)):
            self.drop()
        return self._live is None

    def _opened(self) -> Live:
        if self._failure and self._elapsed() < self._spared_until:
            raise StoreUnavailableError(self._failure.message, details=self._failure.details)
        try:
            return self._connected()
        except psycopg.Error as error:
            self._failure, self._spared_until = not_let_in(error), self._elapsed() + SPARED
            raise self._failure from error

    def _connected(self) -> Live:
        live: Live = psycopg.connect(self._address.conninfo, autocommit=True)
        try:
            live.execute(self._address.session(only_reads=self._only_reads))
            _check(live)
            compare(self._clock, live)
        except BaseException:
            live.close()
            raise
        self._failure = None
        return live


class PostgresStatements:
    """`Statements` on the connection's own thread. Begun, they are those of a writing transaction."""

    def __init__(self, connection: Connection, *, durable: bool) -> None:
        self.topics: set[str] = set()
        self.changes: list[int] = []
        """The rows of the topics, when they are written."""
        self.is_committed = False
        self._connection = connection
        self._durable = durable
        self._begun: Live | None = None

    def one(self, sql: str, *values: Value) -> Row | None:
        rows = self.all(sql, *values)
        return rows[0] if rows else None

    def all(self, sql: str, *values: Value) -> list[Row]:
        cursor = self._asked(sql, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def tuples(self, sql: str, *values: Value) -> list[tuple[Value, ...]]:
        return self._asked(sql, values).fetchall()

    def execute(self, sql: str, *values: Value) -> int:
        return self._asked(sql, values).rowcount

    def wake(self, topic: str) -> None:
        self.topics.add(topic)

    def begin(self) -> None:
        """Have the lock of those who write before anything is read: no two writers build on the same picture.

        A second time it only looks that the server has not ended the transaction meanwhile.
        """
        if self._begun is None:
            self._begun = self._connection.asked(self._alone)
        elif not self.goes_on:
            raise unavailable("it ended what was begun")

    def part(self, work: Callable[[Statements], None]) -> None:
        """Have `work` done within what was begun; where it raises, it alone is undone."""
        self.begin()
        topics = set(self.topics)
        self._asked("SAVEPOINT part")
        try:
            work(self)
        except BaseException:
            self.topics = topics
            if self.goes_on:
                self._asked("ROLLBACK TO SAVEPOINT part")
            raise
        finally:
            if self.goes_on:
                self._asked("RELEASE SAVEPOINT part")

    @property
    def goes_on(self) -> bool:
        """Whether what was begun is neither committed nor undone; after a mistake it can only be undone."""
        live = self._begun
        return live is not None and not live.closed and live.info.transaction_status in _GOES_ON

    def commit(self) -> None:
        """What was begun is there for everybody. Where the answer does not come, nobody knows whether it is."""
        if live := self._begun:
            self.begin()
            if live.info.transaction_status != TransactionStatus.INTRANS:  # PostgreSQL would undo it, and say well done
                raise unavailable("it ended what was begun")
            try:
                live.execute(b"COMMIT")
            except psycopg.Error as error:
                if self._connection.is_over(error):
                    raise lost(str(error)) from error
                raise
        self.is_committed = True

    def roll_back(self) -> None:
        """What was begun is undone; where the way to the server broke, the server has done so."""
        if self.goes_on and self._begun:
            try:
                self._begun.execute(b"ROLLBACK")
            except psycopg.Error:
                self._connection.drop()

    def _asked(self, sql: str, values: tuple[Value, ...] = ()) -> psycopg.Cursor[tuple[Value, ...]]:
        query, given = dialect.query(sql), dialect.values(values)
        if live := self._begun:
            return live.execute(query, given)
        return self._connection.asked(lambda live: live.execute(query, given))

    def _alone(self, live: Live) -> Live:
        try:
            live.execute(_DURABLY if self._durable else _SOON)
        except BaseException:
            if live.info.transaction_status in _GOES_ON:
                live.execute(b"ROLLBACK")
            raise
        return live


def _check(live: Live) -> None:
    if live.info.parameter_status("server_encoding") != "UTF8":
        raise unavailable("it does not keep text as UTF-8")


_GOES_ON: Final = frozenset({TransactionStatus.ACTIVE, TransactionStatus.INTRANS, TransactionStatus.INERROR})
