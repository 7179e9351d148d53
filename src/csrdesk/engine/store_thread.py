"""A thread that functions are handed to, one after another, and the futures that they are waited for with.

It does less than an executor of the standard library, and that is the point: to wake a thread and to be woken by it
costs as much as half a durable commit on a fast disk, and nothing else that is done on the way may add to that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

T = TypeVar("T")

_Task = tuple[Callable[[], None], Callable[[], None], asyncio.AbstractEventLoop]


class Handed(asyncio.Future[T]):
    """Work that was handed over: whoever is cancelled while they wait for it is cancelled when it is done."""

    def __init__(self) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self._kept: T
        self._reason: BaseException | None = None

    def cancel(self, msg: object = None) -> bool:  # noqa: ARG002 - asyncio's signature
        return False

    def keep(self, result: T) -> None:
        """On the thread: what came of it."""
        self._kept = result

    def fail(self, reason: BaseException) -> None:
        """On the thread: it failed, or was undone, because of this; the first reason stands."""
        self._reason = self._reason or reason

    def settle(self) -> None:
        """On the loop: tell who waits."""
        if self._reason:
            self.set_exception(self._reason)
        else:
            self.set_result(self._kept)


class StoreThread:
    """Begins with the first function, and ends when it is told to and all before that is done."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._runs = False

    def run(self, work: Callable[[], T]) -> Handed[T]:
        """Have `work` done there; its result or its error comes back here."""
        handed: Handed[T] = Handed()

        def do() -> None:
            try:
                handed.keep(work())
            except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                handed.fail(error)

        self.hand(do, handed.settle)
        return handed

    def hand(self, do: Callable[[], None], then: Callable[[], None]) -> None:
        """Have `do` done there, which raises nothing, and after it `then` on the loop that is running here."""
        if not self._runs:
            self._runs = True
            # Not waited for when the interpreter ends: whoever needs what it does waits for that.
            Thread(target=_serve, args=(self._tasks,), name=self._name, daemon=True).start()
        self._tasks.put((do, then, asyncio.get_running_loop()))

    def end(self) -> None:
        """What was handed over before is still done."""
        if self._runs:
            self._tasks.put(None)


def _serve(tasks: SimpleQueue[_Task | None]) -> None:
    while task := tasks.get():
        do, then, loop = task
        do()
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(then)
        del task, do, then, loop  # while it waits for the next one, nothing of this one stays alive
