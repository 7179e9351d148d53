"""Ctrl-C from the first moment on: none is lost while csrdesk is still loading.

Python drops a KeyboardInterrupt that is raised inside a callback of its import machinery, and the program goes on as if
nobody had pressed anything. So it is noted as well, and asked for where an event loop takes over.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import FrameType

T = TypeVar("T")

_noted: list[int] = []


def heed() -> None:
    """Note Ctrl-C until a loop runs. Whoever handles it already goes on doing so."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _note)


def _note(number: int, _frame: FrameType | None) -> None:
    _noted.append(number)
    raise KeyboardInterrupt


def run(work: Coroutine[None, None, T]) -> T:
    """As `asyncio.run`, which cancels `work` at the first Ctrl-C; one from before it ends it before it begins."""
    import asyncio

    if signal.getsignal(signal.SIGINT) is _note:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if _noted:
        work.close()
        raise KeyboardInterrupt
    return asyncio.run(work)


def heed_no_more() -> None:
    """The command is over and its exit code stands, whatever is pressed now."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
