"""One address in front of several servers, as a reverse proxy is: each connection goes to the next that answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count

HOST = "127.0.0.1"
_CHUNK = 65_536
_SECONDS = 2.0
"""How long a server may take to accept a connection."""


@asynccontextmanager
async def relayed(ports: Sequence[int]) -> AsyncIterator[int]:
    """A port whose connections end at these, in turns, until the block ends. A connection ends with its server."""
    turn, open_ones = count(), set[asyncio.Task[None]]()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_carry(reader, writer, _in_turn(ports, next(turn))))
        open_ones.add(task)
        task.add_done_callback(open_ones.discard)

    server = await asyncio.start_server(accept, HOST, 0)
    try:
        port: int = server.sockets[0].getsockname()[1]
        yield port
    finally:
        server.close()
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)


def _in_turn(ports: Sequence[int], first: int) -> Sequence[int]:
    at = first % len(ports)
    return [*ports[at:], *ports[:at]]


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ports: Sequence[int]) -> None:
    for port in ports:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_SECONDS):
                from_server, to_server = await asyncio.open_connection(HOST, port)
            break
    else:
        writer.close()
        return
    ways = [asyncio.create_task(_pump(reader, to_server)), asyncio.create_task(_pump(from_server, writer))]
    try:
        # Half a connection is none: whoever is left is told by its end.
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        to_server.close()
        writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
