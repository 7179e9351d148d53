"""Ctrl-C, SIGTERM and a closed window (SIGHUP), from the first moment on: each ends csrdesk in order, and none is lost.

Python drops a KeyboardInterrupt that is raised inside a callback of its import machinery, and the program goes on as if
nobody had pressed anything. So it is noted as well, and asked for where an event loop takes over.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import FrameType

T = TypeVar("T")

OF_OTHERS: Final = (signal.SIGTERM, signal.SIGHUP)
"""What others end a program by: a service manager or `kill`, and the terminal whose window is closed."""

_noted: list[int] = []


def heed() -> None:
    """Note them until a loop runs. Whoever handles or ignores one already (`nohup`) goes on doing so."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _note)
    for number in OF_OTHERS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _note)


def _note(number: int, _frame: FrameType | None) -> None:
    _noted.append(number)
    raise KeyboardInterrupt


def run(work: Coroutine[None, None, T]) -> T:
    """As `asyncio.run`, which cancels `work` at the first of them; one from before it ends it before it begins."""
    import asyncio

    if signal.getsignal(signal.SIGINT) is _note:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if _noted:
        work.close()
        raise KeyboardInterrupt
    try:
        return asyncio.run(_until_ended(work))
    except asyncio.CancelledError:
        if not _noted:
            raise
    raise KeyboardInterrupt


async def _until_ended(work: Coroutine[None, None, T]) -> T:
    """Cancel `work` at the first of the signals of others. Shells send SIGHUP twice: the second changes nothing."""
    import asyncio

    loop, whole = asyncio.get_running_loop(), asyncio.current_task()

    def end(number: int) -> None:
        if whole is not None and not _noted:
            whole.cancel()
        _noted.append(number)

    for number in OF_OTHERS:
        if signal.getsignal(number) is _note:
            loop.add_signal_handler(number, end, number)
    return await work


def heed_no_more() -> None:
    """The command is over and its exit code stands, whatever comes now."""
    for number in (signal.SIGINT, *OF_OTHERS):
        signal.signal(number, signal.SIG_IGN)
