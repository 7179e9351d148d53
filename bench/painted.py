"""Textual apps whose terminal is a listener: the very bytes that a terminal would get, and the moment they came."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import TypeVar

from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver

PATIENCE_SECONDS = 30.0
SIZE = (100, 40)

A = TypeVar("A", bound=App[None])


class Listener:
    """Waits for words to be painted."""

    def __init__(self) -> None:
        self._wanted: dict[str, asyncio.Future[float]] = {}

    def expect(self, words: str) -> asyncio.Future[float]:
        """The moment (`time.perf_counter`) at which `words` are painted, from now on."""
        self._wanted[words] = asyncio.get_running_loop().create_future()
        return self._wanted[words]

    def hear(self, painted: str) -> None:
        now = time.perf_counter()
        for words in [words for words in self._wanted if words in painted]:
            future = self._wanted.pop(words)
            if not future.done():
                future.set_result(now)


def driver_of(listener: Listener) -> type[HeadlessDriver]:
    """A terminal of a fixed size that shows nothing and lets `listener` hear everything."""

    class ListeningDriver(HeadlessDriver):
        @property
        def is_headless(self) -> bool:
            return False  # a headless app is never painted

        def write(self, data: str) -> None:
            listener.hear(data)

    return ListeningDriver


@contextlib.asynccontextmanager
async def shown(app: A, listener: Listener, first_words: str) -> AsyncIterator[A]:
    """Run `app` until the block ends; entered when its first words are painted."""
    app.driver_class = driver_of(listener)
    there = listener.expect(first_words)
    task = asyncio.create_task(app.run_async(size=SIZE, mouse=False))
    try:
        await asyncio.wait_for(there, PATIENCE_SECONDS)
        yield app
    finally:
        app.exit()
        await task
