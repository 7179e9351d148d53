"""Waiting in a terminal: until somebody ends a server, politely by SIGTERM or with Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def until_stopped() -> AsyncIterator[None]:
    """What is said inside is true: from the first line on, SIGINT and SIGTERM end this in order, with exit code 0."""
    came = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, came.set)
    try:
        yield
        await came.wait()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
