"""What the engine asks of a database, small enough that another driver can stand beside SQLite's.

Statements are SQL with `?` for values. Writing transactions never overlap, in one process or across several: what a
transaction read stays true until it commits.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

Value = str | int | float | bytes | None
Row = dict[str, Value]
T = TypeVar("T")


class Statements(Protocol):
    """What a function has that is handed to the database as a whole: it runs on the database's own thread.

    It must touch nothing else that another thread changes. Its errors are those of `Reading`, raised when it is over.
    """

    def one(self, sql: str, *values: Value) -> Row | None:
        """The first row, None where there is none."""
        ...

    def all(self, sql: str, *values: Value) -> list[Row]:
        """Every row."""
        ...

    def tuples(self, sql: str, *values: Value) -> list[tuple[Value, ...]]:
        """Every row as it stands, its columns in order: for reading many. What is no text is shown with marks in it."""
        ...

    def execute(self, sql: str, *values: Value) -> int:
        """How many rows it changed."""
        ...

    def wake(self, topic: str) -> None:
        """Wake whoever waits for `topic`, here and in other processes, once this is committed."""
        ...


class Reading(Protocol):
    """Statements that change nothing. Each raises `StoreUnavailableError` where the database cannot be used."""

    async def one(self, sql: str, *values: Value) -> Row | None:
        """The first row, None where there is none."""
        ...

    async def at_key(self, sql: str, *values: Value) -> Row | None:
        """As `one`, where a key or an index leads straight to the row: the database may answer before anybody waits."""
        ...

    async def all(self, sql: str, *values: Value) -> list[Row]:
        """Every row."""
        ...

    async def tuples(self, sql: str, *values: Value) -> list[tuple[Value, ...]]:
        """Every row as it stands, its columns in order: for reading many. What is no text is shown with marks in it."""
        ...


class Transaction(Reading, Protocol):
    """One writing transaction: all of it becomes durable, or nothing."""

    async def execute(self, sql: str, *values: Value) -> int:
        """How many rows it changed."""
        ...

    async def at_once(self, work: Callable[[Statements], T]) -> T:
        """Statements that need nothing in between, in one go."""
        ...

    def wake(self, topic: str) -> None:
        """Wake whoever waits for `topic`, here and in other processes, once this is committed."""
        ...


class Store(Reading, Protocol):
    """The desk's database. Its own reads see what was committed before they began."""

    committed: Callable[[frozenset[str]], None]
    """Called with the topics of each commit of this process, right after it."""

    def transaction(self, *, durable: bool = True) -> AbstractAsyncContextManager[Transaction]:
        """Commits at the end, rolls back on any exception; on disk when the `async with` is left.

        Without `durable` it need not be on disk yet: it survives the end of any process, and is lost with the machine's
        power unless a durable one came after it. What is lost is always the newest, never something in between.
        """
        ...

    async def at_once(self, work: Callable[[Statements], T], *, durable: bool = True) -> T:
        """A whole transaction in one go; `work` gives its result, and undoes everything that it did by raising.

        Those that wait for their turn may share a commit: each sees what those before it did, and undoes its own alone.
        Whoever is cancelled meanwhile is cancelled when it is done.
        """
        ...

    def is_ours(self, change: int) -> bool:
        """Whether that row of `changes` is of a commit of this process; for the newest of them."""
        ...

    async def generation(self) -> int:
        """A number that moves whenever somebody was woken; cheap enough to ask for 40 times a second."""
        ...

    async def moved(self, generation: int) -> None:
        """Wait until the generation may be another one than this."""
        ...

    async def close(self) -> None:
        """Let go of the database."""
        ...
