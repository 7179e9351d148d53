"""What goes to a second keeper of the audit, and how it is handed over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec


class Line(msgspec.Struct, frozen=True):
    """A row or a checkpoint, as one line of text."""

    at: datetime
    kind: str
    """`audit` or `checkpoint`."""
    alert: bool
    """Whether somebody should look at it now."""
    trouble: bool
    """Whether something was refused or failed."""
    text: str
    """JSON in ASCII: whatever it holds, it is one line, and a terminal obeys none of it."""


class Sink(Protocol):
    """Takes lines. Each raises a `ServiceError`."""

    async def send(self, lines: Sequence[Line]) -> None:
        """All of them, in order. When it returns they were taken; when it raises, some may have been."""
        ...

    async def greet(self) -> None:
        """Only whether lines would be taken."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...
