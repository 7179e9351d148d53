"""Waiting in a terminal: until somebody ends a server, with Ctrl-C, by SIGTERM, or by closing the window."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from csrdesk.cli.interrupts import OF_OTHERS


@asynccontextmanager
async def until_stopped() -> AsyncIterator[None]:
    """What is said inside is true: from the first line on, each of the signals ends this in order, with exit code 0.

    While things close, more of them change nothing, but for Ctrl-C, which a person pressed again.
    """
    came = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, *OF_OTHERS):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` leaves it
            loop.add_signal_handler(number, came.set)
    try:
        yield
        await came.wait()
    finally:
        loop.remove_signal_handler(signal.SIGINT)
