"""What the console paints on: a terminal that goes away takes nothing more, and stops nobody.

Textual 8.2 writes in a thread that ends at the first error, and whoever paints then waits for ever for its queue to be
read: a console whose window was closed would stay, with all that it holds.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TextIO, cast

from textual.driver import Driver


class _Lasting:
    """A file whose writes may come to nothing."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()


def lasting(file: TextIO) -> TextIO:
    """That file, for somebody who must not stop when what is behind it is gone."""
    return cast("TextIO", _Lasting(file))


def lasting_driver(kind: type[Driver]) -> type[Driver]:
    """Textual's driver of that kind, painting on such a file where it paints on one."""

    def start(self: Driver) -> None:
        file = getattr(self, "_file", None)
        if file is not None:
            setattr(self, "_file", lasting(file))  # noqa: B010 - Textual's own, which no type names
        kind.start_application_mode(self)

    return type(f"Lasting{kind.__name__}", (kind,), {"start_application_mode": start})
