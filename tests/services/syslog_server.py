"""A collector of syslog over TLS for tests: takes messages by their counted length (RFC 5425), and keeps them."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

MESSAGE = re.compile(
    r"<(?P<pri>\d{1,3})>1 (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z) (?P<host>[\x21-\x7e]{1,255}) "
    r"(?P<app>[\x21-\x7e]{1,48}) (?P<process>[\x21-\x7e]{1,128}) (?P<id>[\x21-\x7e]{1,32}) - (?P<text>.*)",
    re.DOTALL,
)
"""RFC 5424, section 6, without structured data."""


@dataclass
class Collector:
    """What came, in its order."""

    port: int = 0
    messages: list[dict[str, str]] = field(default_factory=list)
    connections: int = 0
    deaf: bool = False
    """Whether it takes connections and reads nothing."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.add(writer)
        try:
            while not self.deaf:
                length = int(await reader.readuntil(b" "))
                found = MESSAGE.fullmatch((await reader.readexactly(length)).decode("ascii"))
                assert found
                self.messages.append(found.groupdict())
            await self.over.wait()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self.writers.discard(writer)
            writer.transport.abort()

    def hang_up(self) -> None:
        """Cut every connection."""
        for writer in self.writers:
            writer.transport.abort()


@asynccontextmanager
async def collector(context: ssl.SSLContext, *, port: int = 0, deaf: bool = False) -> AsyncIterator[Collector]:
    """A collector on this machine, until the block ends."""
    running = Collector(deaf=deaf)
    # A small buffer, so that a deaf one is noticed soon.
    server = await asyncio.start_server(running.serve, "127.0.0.1", port, ssl=context, limit=64)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        running.over.set()
        running.hang_up()
        await server.wait_closed()
        async with asyncio.timeout(10):
            while running.writers:  # noqa: ASYNC110 - until each has noticed
                await asyncio.sleep(0.005)
