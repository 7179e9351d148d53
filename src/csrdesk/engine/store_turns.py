"""Whose turn it is to write: one transaction after another, and functions that wait share the next commit.

What makes a row durable is the disk's answer to a commit, and that takes as long for fifty rows as for one. So
functions that come while another transaction is under way go into the next one together: each sees what those before
it did, one that fails undoes itself alone, and each has its result when all of it is on disk.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

from csrdesk.engine.store import Statements
from csrdesk.engine.store_thread import Handed

T = TypeVar("T")


class Part(Protocol):
    """A function in a transaction that it may share with others."""

    durable: bool

    def do(self, statements: Statements) -> None:
        """On the database's thread. Raises what the function raises."""
        ...

    def fail(self, reason: BaseException) -> None:
        """On that thread: what it did was undone, because of this; the first reason stands."""
        ...

    def settle(self) -> None:
        """On the loop, when the transaction is over: tell who waits."""
        ...


class Piece(Handed[T]):
    """A `Part`, waited for like any other work that was handed over."""

    def __init__(self, work: Callable[[Statements], T], *, durable: bool) -> None:
        super().__init__()
        self.durable = durable
        self._work = work

    def do(self, statements: Statements) -> None:
        self.keep(self._work(statements))


class _Turn(asyncio.Future[None]):
    """Somebody who waits to write alone."""


class Turns:
    """The queue of those who want to write. Parts that stand behind one another are handed to `begin` together.

    Whoever was given a turn says when it is `over`.
    """

    def __init__(self, begin: Callable[[list[Part]], None]) -> None:
        self._begin = begin
        self._waiting: deque[Part | _Turn] = deque()
        self._is_taken = False

    def join(self, part: Part) -> None:
        """Have `part` be in a transaction with those next to it in the queue."""
        self._waiting.append(part)
        self._next()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """A turn that is shared with nobody."""
        turn = _Turn(loop=asyncio.get_running_loop())
        self._waiting.append(turn)
        self._next()
        try:
            await turn
            yield
        finally:
            if not turn.cancelled():  # cancelled while it waited, it was never given
                self.over()

    def over(self) -> None:
        """The turn has ended: the next one begins."""
        self._is_taken = False
        self._next()

    def _next(self) -> None:
        while self._waiting and not self._is_taken:
            first = self._waiting.popleft()
            if not isinstance(first, _Turn):
                self._is_taken = True
                self._begin([first, *self._following()])
            elif not first.cancelled():
                self._is_taken = True
                first.set_result(None)

    def _following(self) -> list[Part]:
        parts: list[Part] = []
        while self._waiting and not isinstance(part := self._waiting[0], _Turn):
            parts.append(part)
            self._waiting.popleft()
        return parts
