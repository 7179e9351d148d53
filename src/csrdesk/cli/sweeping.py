"""When a process that stays looks for garbage: in its pauses, not while somebody waits for a screen or a page.

A screen that was left is garbage that only Python's search finds; to find it takes tens of milliseconds. Left to itself
the search begins at some allocation, most likely in the middle of painting the next screen.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

BUSY_THRESHOLD: Final = 10_000
"""New objects between two searches where there is no pause: each search then takes some 10 ms at the most."""
ENOUGH: Final = 3_000
"""New objects that make a search worth while."""
STILL: Final = 300
"""New objects since the last look: with fewer, nothing is going on."""
INTERVAL: Final = 0.1
"""Seconds between two looks: longer than a screen is painted."""


@asynccontextmanager
async def swept_in_pauses() -> AsyncIterator[None]:
    """Enter it when everything is loaded: what is there by then stays, and is never searched again."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(BUSY_THRESHOLD, 10, 10)
    sweeping = asyncio.create_task(_sweep(), name="sweeping")
    try:
        yield
    finally:
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping
        gc.set_threshold(*before)
        gc.unfreeze()


async def _sweep() -> None:
    last = 0
    while True:
        await asyncio.sleep(INTERVAL)
        new, once, twice = gc.get_count()
        if (new > ENOUGH or once or twice) and abs(new - last) < STILL:
            gc.collect()
            new = 0
        last = new
