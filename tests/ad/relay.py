"""A relay before a controller: adds a round trip's time, goes deaf, or cuts, as a network does.

`python -m tests.ad.relay HOST PORT MILLISECONDS` prints its port and runs until its input ends: a process of its own,
so that what is measured does not share one with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from types import TracebackType
from typing import Self


class Relay:
    """Passes on what it gets; `port` is where it listens."""

    def __init__(self, host: str, port: int, *, round_trip_ms: float = 0.0) -> None:
        self._to = (host, port)
        self._half = round_trip_ms / 2000
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.deaf = False
        """Takes connections and requests, and passes nothing on."""
        self.answers = -1
        """How many more pieces come back from the controller before everything is cut; -1: no end."""
        self.opened = 0
        self.passed = 0
        """Pieces that went to the controller."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        return f"ldaps://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        """Listen no more, and cut every connection."""
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """End every connection; new ones are taken."""
        for writer in self._writers:
            writer.close()
        for task in self._tasks:
            task.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        far_reader, far_writer = await asyncio.open_connection(*self._to)
        self._writers |= {writer, far_writer}
        for source, target, back in ((reader, far_writer, False), (far_reader, writer, True)):
            task = asyncio.create_task(self._pass_on(source, target, back=back))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, back: bool) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while piece := await source.read(65536):
                if self.deaf:
                    continue
                if back and self.answers == 0:
                    self.cut()
                    return
                if back and self.answers > 0:
                    self.answers -= 1
                self.passed += not back
                if self._half:
                    loop.call_later(self._half, target.write, piece)
                else:
                    target.write(piece)
        if self._half:
            await asyncio.sleep(self._half)
        target.close()


async def _main(host: str, port: int, milliseconds: float) -> None:
    async with Relay(host, port, round_trip_ms=milliseconds) as relay:
        print(relay.port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
