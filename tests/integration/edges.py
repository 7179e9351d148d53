"""Which edges of a flow's diagram real steps take, beside those that are drawn; and what a step meets that only a race
or a fault brings. The edges are seen by the interpreter's own profiling hook, so nothing stands in anything's place.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, contextmanager
from types import FrameType
from typing import Self

from csrdesk.flows.graph import graph
from csrdesk.flows.kernel import State
from csrdesk.wiring.store import DATABASE
from tests.integration.conftest import World

Edge = tuple[str, str]


def name(state: type) -> str:
    return f"{state.__module__.rpartition('.')[2]}.{state.__name__}"


def drawn(parts: tuple[object, ...]) -> set[Edge]:
    """Every edge of these flows, each given as the union of its states."""
    return {(name(state), name(after)) for part in parts for state, node in graph(part).items() for after in node.next}


class Steps:
    """Which edges are taken while it watches."""

    def __init__(self) -> None:
        self.edges: set[Edge] = set()

    def __enter__(self) -> Self:
        sys.setprofile(self._saw)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def beside(self, parts: tuple[object, ...]) -> tuple[list[Edge], list[Edge]]:
        """The edges that are drawn and were not driven, and those that were driven and are not drawn."""
        every = drawn(parts)
        ours = {edge for edge in self.edges if edge[0] in {first for first, _ in every}}
        return sorted(every - ours), sorted(ours - every)

    async def until_driven(self, parts: tuple[object, ...]) -> None:
        """Until every edge is driven, but no longer than some seconds: pages show their end before it is written."""
        every = drawn(parts)
        for _ in range(100):
            if every <= self.edges:
                return
            await asyncio.sleep(0.05)

    def _saw(self, frame: FrameType, event: str, given: object) -> None:
        if event == "return" and frame.f_code.co_name == "step" and isinstance(given, State):
            self.edges.add((name(type(frame.f_locals["self"])), name(type(given))))


@asynccontextmanager
async def just_after(world: World, state: str, then: str, *, restored: str) -> AsyncIterator[None]:
    """What somebody else commits between the step to that state and what the state wants: the statement `then`, in the
    database itself, of the flow's row `NEW`. With the next step, `restored` takes it back.
    """
    stepped = f'CAST(NEW.state AS TEXT) LIKE \'%"type":"{state}"%\''
    triggers = (("just_after", stepped, then), ("after_that", f"NOT {stepped}", restored))
    create = "CREATE TRIGGER {} AFTER UPDATE OF state ON flows WHEN {} BEGIN {}; END"
    await executed(world, *(create.format(*trigger) for trigger in triggers))
    try:
        yield
    finally:
        await executed(world, *(f"DROP TRIGGER {trigger}" for trigger, *_ in triggers))


def killed_before(world: World, state: str, action: str, *, index: int = 0) -> AbstractAsyncContextManager[None]:
    """As after a sudden end: what that state wants finds its intent on record, with no outcome."""
    key = f"NEW.id || ':' || NEW.rev || ':{index}'"
    row = (
        "INSERT INTO audit SELECT -1, NEW.changed_at, version, 'intent', " + f"'{action}', agent, place, NEW.call_id, "
        f"person_id, '', reason, ticket, '', {key}, '{{}}', '', '' FROM audit ORDER BY seq DESC LIMIT 1"
    )
    return just_after(world, state, f"{row}; INSERT INTO open_intents VALUES ({key}, -1)", restored="SELECT 1")


async def executed(world: World, *statements: str) -> None:
    """Another program's statements, on a thread: while they wait for what the desk writes, the desk goes on."""

    def execute() -> None:
        with closing(sqlite3.connect(world.desk.data_dir / DATABASE, isolation_level=None, timeout=10)) as database:
            for statement in statements:
                database.execute(statement)

    await asyncio.to_thread(execute)


@contextmanager
def fault(world: World, **members: object) -> Iterator[None]:
    """What goes wrong outside meanwhile."""
    met = world.box.faults.add(**members)
    try:
        yield
    finally:
        world.box.faults.clear(met)
