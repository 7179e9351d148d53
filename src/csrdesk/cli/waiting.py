"""Waiting in a terminal: until somebody ends a server, politely by SIGTERM or with Ctrl-C."""

from __future__ import annotations

import asyncio
import signal


async def stopped() -> None:
    """Return when SIGINT or SIGTERM arrives, so that servers are closed in order and the exit code is 0."""
    came = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, came.set)
    try:
        await came.wait()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
