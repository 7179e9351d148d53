"""Where a process can be killed: around every commit and around everything that is asked of the world outside.

The desk knows nothing of this: its store and its performer are handed to it from outside, and these stand around them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from csrdesk.engine.store import Statements
from csrdesk.engine.store_connection import SqliteStatements
from csrdesk.engine.store_sqlite import SqliteStore
from csrdesk.engine.store_writing import OpenTransaction
from csrdesk.flows.doors import Context, Perform
from csrdesk.flows.kernel import Effect, Reply

T = TypeVar("T")


@dataclass
class Points:
    """Counts the points that a process passes, and kills it with SIGKILL at one of them."""

    kill_at: int = 0
    """From 1; 0 for nowhere."""
    kill_on: str = ""
    """The first point of that name; empty for none."""
    passed: list[str] = field(default_factory=list)

    def pass_(self, name: str) -> None:
        """Be at a point."""
        self.passed.append(name)
        if len(self.passed) == self.kill_at or name == self.kill_on:
            os.kill(os.getpid(), signal.SIGKILL)


class KilledStore(SqliteStore):
    """The desk's store, with a point before and after each commit."""

    points = Points()
    """Given after it was opened; nothing is killed before."""

    @asynccontextmanager
    async def transaction(self, *, durable: bool = True) -> AsyncIterator[OpenTransaction[SqliteStatements]]:
        async with super().transaction(durable=durable) as tx:
            yield tx
            self.points.pass_("before a commit")
        self.points.pass_("after a commit")

    async def at_once(self, work: Callable[[Statements], T], *, durable: bool = True) -> T:
        def watched(statements: Statements) -> T:
            result = work(statements)
            self.points.pass_("before a commit")
            return result

        result = await super().at_once(watched, durable=durable)
        self.points.pass_("after a commit")
        return result


class KilledPerform:
    """The performer, with a point before and after each effect."""

    def __init__(self, perform: Perform, points: Points) -> None:
        self._perform = perform
        self._points = points

    async def __call__(self, effect: Effect, context: Context) -> Reply:
        name = type(effect).__name__
        self._points.pass_(f"before {name}")
        reply = await self._perform(effect, context)
        self._points.pass_(f"after {name}")
        return reply
