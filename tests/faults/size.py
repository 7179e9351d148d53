"""How much of a fault there is, and what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.faults.caller import Caller
from tests.faults.desk import Desk


@dataclass(frozen=True)
class Size:
    """How much of it."""

    waiting: int = 200
    """Calls that wait while a replica is killed."""
    verified: int = 12
    """Of these, how many go on to the end."""
    calls: int = 8
    """Calls of the other faults."""
    away: float = 20.0
    """Seconds without PostgreSQL."""
    refused: float = 60.0
    """Seconds of PingOne's refusals."""
    cut_off: float = 300.0
    """Seconds without a network."""


SHORT = Size(waiting=20, verified=3, calls=3, away=3.0, refused=5.0, cut_off=10.0)


@dataclass
class Came:
    """What came of a fault."""

    calls: list[Caller]
    words: str

    @property
    def told(self) -> str:
        """With what agents and customers saw of it."""
        said, reloads = sum(len(call.said) for call in self.calls), sum(call.reloads for call in self.calls)
        return f"{self.words}; {said} errors said to agents, {reloads} pages loaded again"


Fault = Callable[[Desk, Size], Awaitable[Came]]
