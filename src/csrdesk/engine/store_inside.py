"""A coroutine whose every wait is for its transaction, run as a whole on the database's thread.

What several modules do together in one transaction is written once, with `await`, whether it goes there statement by
statement or all of it in one go. In one go it takes one way to the thread and back, and may share its commit.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TypeVar

from csrdesk.engine.store import Row, Statements, Transaction, Value

T = TypeVar("T")


class _Inside:
    """A `Transaction` for those who are on the database's thread already: nothing of it waits."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def one(self, sql: str, *values: Value) -> Row | None:
        return self._statements.one(sql, *values)

    async def at_key(self, sql: str, *values: Value) -> Row | None:
        return self._statements.one(sql, *values)

    async def all(self, sql: str, *values: Value) -> list[Row]:
        return self._statements.all(sql, *values)

    async def tuples(self, sql: str, *values: Value) -> list[tuple[Value, ...]]:
        return self._statements.tuples(sql, *values)

    async def execute(self, sql: str, *values: Value) -> int:
        return self._statements.execute(sql, *values)

    async def at_once(self, work: Callable[[Statements], T]) -> T:
        return work(self._statements)

    def wake(self, topic: str) -> None:
        self._statements.wake(topic)


def inside(work: Callable[[Transaction], Coroutine[None, None, T]]) -> Callable[[Statements], T]:
    """`work` as a function for `Store.at_once`. It may wait for nothing but its transaction, and must touch nothing
    that another thread changes.
    """

    def run(statements: Statements) -> T:
        going = work(_Inside(statements))
        try:
            going.send(None)
        except StopIteration as done:
            result: T = done.value
            return result
        going.close()
        raise RuntimeError(f"{work} waits for something else than its transaction")

    return run
