"""Several processes that serve one desk on one machine: started, watched, started again, and ended in order together.

They share the listening sockets and the database; the process that started them serves nobody. Each holds one end of a
socket: it says there that it serves, and ends when the other end is gone, whatever ended it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

from csrdesk.errors import UnavailableError
from csrdesk.server.inherited import LISTENERS, named

WORKER: Final = "CSRDESK_WORKER"
"""The environment's variable of a worker: its number from 0, and the descriptor of its end, like `1:9`."""
LONGEST_PAUSE: Final = 30.0
"""Seconds before a worker is started again that keeps ending; the first time one."""
STEADY: Final = 60.0
"""Seconds after which a worker's end is a new one, not the same again."""
PATIENCE: Final = 30.0
"""Seconds that a worker is waited for at its end: what is being written is brought to its end first."""


class Worker:
    """One of them, as the process that started it sees it."""

    def __init__(self, number: int, listeners: Mapping[str, socket.socket]) -> None:
        self.number = number
        self._listeners = listeners
        self._process: asyncio.subprocess.Process | None = None
        self._near: socket.socket | None = None

    async def start(self) -> bool:
        """Whether it serves now; it has ended otherwise, and said why."""
        self._let_go()
        self._near, far = socket.socketpair()
        self._near.setblocking(False)  # noqa: FBT003 - the standard library's signature
        with far:
            environment = {WORKER: f"{self.number}:{far.fileno()}", LISTENERS: named(self._listeners)}
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "csrdesk", "serve",
                stdin=asyncio.subprocess.DEVNULL,
                env=os.environ | environment,
                pass_fds=(far.fileno(), *(listener.fileno() for listener in self._listeners.values())),
            )  # fmt: skip
        with contextlib.suppress(ConnectionError):
            return await asyncio.get_running_loop().sock_recv(self._near, 1) != b""
        return False

    async def ended(self) -> int:
        """Wait for its end; its exit code, negative for a signal."""
        return await self._process.wait() if self._process else 0

    async def end(self) -> None:
        """End it in order, and at once where that takes too long."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), PATIENCE)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        self._let_go()

    def _let_go(self) -> None:
        if self._near:
            self._near.close()
            self._near = None


class Workers:
    """All of them. `tell` is told in words what became of one."""

    def __init__(self, count: int, listeners: Mapping[str, socket.socket], tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._workers = tuple(Worker(number, listeners) for number in range(count))
        self._watching: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Return when all of them serve. The first is waited for alone: it makes the database's tables where there are
        none. Raises `UnavailableError` where one does not.
        """
        for number, worker in enumerate(self._workers):
            if not await worker.start():
                words = f"Worker {number + 1} could not start; what it said stands above. Nothing is served."
                raise UnavailableError(words, system="csrdesk")
        self._watching = [asyncio.create_task(self._watch(worker)) for worker in self._workers]

    async def end(self) -> None:
        """End all at the same time, each in order."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        await asyncio.gather(*(worker.end() for worker in self._workers))

    async def _watch(self, worker: Worker) -> None:
        pause = 0.0
        while True:
            begun = time.monotonic()
            code = await worker.ended()
            pause = min(LONGEST_PAUSE, 2 * pause or 1.0) if time.monotonic() - begun < STEADY else 0.0
            after = f" after {pause:.0f} s" if pause else ""
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            self._tell(f"Worker {worker.number + 1} ended ({how}). Another one is started{after}; the others go on.")
            await asyncio.sleep(pause)
            await worker.start()


class AsWorker:
    """A worker's own end. Outside a worker it says and does nothing."""

    def __init__(self) -> None:
        number, _, descriptor = os.environ.get(WORKER, "").partition(":")
        self.number = int(number or 0)
        """From 0, also where there is one process alone."""
        self._end = socket.socket(fileno=os.dup(int(descriptor))) if descriptor else None

    @property
    def is_one_of_several(self) -> bool:
        return self._end is not None

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Say that it serves, and end with the process that started it."""
        if self._end is None:
            yield
            return
        self._end.setblocking(False)  # noqa: FBT003 - as above
        loop = asyncio.get_running_loop()
        loop.add_reader(self._end.fileno(), self._left_alone, loop)
        self._end.send(b".")
        try:
            yield
        finally:
            loop.remove_reader(self._end.fileno())
            self._end.close()

    def _left_alone(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._end:
            loop.remove_reader(self._end.fileno())
        os.kill(os.getpid(), signal.SIGTERM)
