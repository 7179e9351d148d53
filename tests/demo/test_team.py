"""A team's desk plays by itself: two servers on one PostgreSQL, of which one is killed; and its address is a relay."""

from __future__ import annotations

import asyncio
import io
from contextlib import suppress

import pytest

from csrdesk.demo.relay import HOST, relayed
from csrdesk.demo.team import team
from csrdesk.demo.team_calls import CALLS, SCENES
from csrdesk.demo.telling import Teller


@pytest.mark.needs("postgres")
async def test_fifty_calls_at_once_are_brought_to_their_end_though_a_server_is_killed() -> None:
    """Takes as long as five processes take to start, and fifty calls to be played."""
    said = io.StringIO()
    teller = Teller(as_json=False, out=said)
    async with team() as running:
        for scene in SCENES:
            assert await teller.tell(scene, running), said.getvalue()
    assert "You now talk to Sven Achterberg" in said.getvalue()
    assert f"end all {CALLS} calls" in said.getvalue()
    assert "finds its audit whole" in said.getvalue()


async def _said_at(port: int) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, port)
    with suppress(ConnectionError):
        writer.write(b"who\n")
        found = await reader.read(100)
        writer.close()
        return found
    return b""


async def test_a_relay_goes_to_the_next_server_where_one_is_gone_and_ends_what_a_server_ended() -> None:
    servers = []
    for name in (b"one", b"two"):

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: bytes = name) -> None:
            await reader.readline()
            writer.write(name)
            writer.close()

        servers.append(await asyncio.start_server(answer, HOST, 0))
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    async with relayed(ports) as port:
        assert {await _said_at(port), await _said_at(port)} == {b"one", b"two"}
        servers[0].close()
        assert [await _said_at(port) for _ in range(2)] == [b"two", b"two"]
        servers[1].close()
        assert await _said_at(port) == b""
