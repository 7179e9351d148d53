"""Requests over asyncio alone: connections kept and given up, answers whole or an error, and nobody else's."""

from __future__ import annotations

import asyncio
import gc
import gzip
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import httpx
import pytest

from csrdesk.services import http, transport

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CLOSING = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"


class Server:
    """Answers each request on a connection with the next of `says`; counts connections and requests."""

    def __init__(self, says: Sequence[bytes | None]) -> None:
        self.connections = 0
        self.asked: list[bytes] = []
        self.answering = 0
        self.most = 0
        self.pause = 0.0
        self.url = ""
        self.writers: list[asyncio.StreamWriter] = []
        self._says = list(says)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        try:
            while True:
                self.asked.append(await reader.readuntil(b"\r\n\r\n"))
                self.answering += 1
                self.most = max(self.most, self.answering)
                await asyncio.sleep(self.pause)
                self.answering -= 1
                say = self._says.pop(0) if len(self._says) > 1 else self._says[0]
                if say is None:
                    return
                writer.write(say)
                if b"content-length" not in say and b"chunked" not in say:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(*says: bytes | None) -> AsyncIterator[tuple[Server, http.Client]]:
    at = Server(says)
    listening = await asyncio.start_server(at.serve, "127.0.0.1", 0)
    at.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    client = http.open_client(at.url, timeout_seconds=5)
    try:
        yield at, client
    finally:
        await client.aclose()
        for writer in at.writers:
            writer.close()
        listening.close()
        await asyncio.sleep(0.01)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - the server's side rings nothing
            await asyncio.sleep(0.005)


async def test_a_connection_is_kept_for_the_next_request() -> None:
    async with serving(OK) as (server, client):
        for _ in range(3):
            assert (await client.get("/a")).text == "ok"
        assert (server.connections, len(server.asked)) == (1, 3)


async def test_requests_side_by_side_have_connections_of_their_own_and_no_more_than_may_be() -> None:
    async with serving(OK) as (server, client):
        server.pause = 0.05
        answers = await asyncio.gather(*(client.get("/") for _ in range(transport.MOST + 10)))
        assert {answer.status_code for answer in answers} == {200}
        assert server.most == server.connections == transport.MOST


@pytest.mark.parametrize(
    "says", [CLOSING, b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", b"HTTP/1.1 200 OK\r\n\r\nok"]
)
async def test_a_connection_that_the_server_ends_is_not_used_again(says: bytes) -> None:
    async with serving(says) as (server, client):
        for _ in range(2):
            assert (await client.get("/")).text == "ok"
        assert server.connections == 2


async def test_a_kept_connection_that_ended_meanwhile_is_replaced() -> None:
    async with serving(OK) as (server, client):
        await client.get("/")
        server.writers[0].close()
        await asyncio.sleep(0.1)
        assert (await client.get("/")).text == "ok"
        assert server.connections == 2


async def test_a_connection_that_nobody_used_for_long_is_replaced() -> None:
    async with serving(OK) as (server, _):
        own = transport.Transport(ssl.create_default_context(), kept_seconds=0)
        async with http.Client(base_url=server.url, transport=own) as client:
            for _ in range(2):
                assert (await client.get("/")).text == "ok"
        assert server.connections == 2


@pytest.mark.parametrize("together", [True, False])
async def test_what_nobody_asked_for_is_not_taken_for_the_next_answer(together: bool) -> None:
    other = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nother"
    async with serving(OK + other if together else OK, OK) as (server, client):
        assert (await client.get("/")).text == "ok"
        if not together:
            server.writers[0].write(other)
            await asyncio.sleep(0.1)
        assert (await client.get("/")).text == "ok"
        assert server.connections == 2


@pytest.mark.parametrize(
    ("says", "content"),
    [
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n", b"onetwo"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"ok"),
        (b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 22\r\n\r\n" + gzip.compress(b"ok", mtime=0),
            b"ok",
        ),
    ],
)
async def test_each_way_to_send_an_answer_is_read(says: bytes, content: bytes) -> None:
    async with serving(says) as (_, client):
        assert (await client.get("/")).content == content


@pytest.mark.parametrize(
    ("says", "error"),
    [
        (None, httpx.RemoteProtocolError),
        (b"no protocol at all\r\n\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\ncontent", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000, httpx.RemoteProtocolError),
    ],
)
async def test_an_answer_that_is_none_is_an_error(says: bytes | None, error: type[Exception]) -> None:
    async with serving(says) as (_, client):
        with pytest.raises(error):
            await client.get("/")


async def test_a_connection_that_is_reset_is_an_error() -> None:
    async with serving(OK) as (server, client):
        server.pause = 5
        asking = asyncio.ensure_future(client.get("/"))
        await until(lambda: bool(server.asked))
        server.writers[0].transport.abort()
        with pytest.raises(httpx.TransportError):
            await asking


async def test_what_cannot_be_a_request_is_not_sent() -> None:
    async with serving(OK) as (server, client):
        with pytest.raises(httpx.LocalProtocolError):
            await client.get("/", headers={"x": "one\r\ntwo: three"})
        assert server.asked == []


async def test_the_rest_of_an_answer_that_nobody_waits_for_is_nobody_s() -> None:
    async with serving(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfirst", OK) as (server, client):
        server.pause = 0.1
        asking = asyncio.ensure_future(client.get("/"))
        await until(lambda: bool(server.asked))
        asking.cancel()
        await asyncio.wait([asking])
        assert (await client.get("/")).text == "ok"
        assert server.connections == 2


@pytest.mark.parametrize(("named", "own"), [("", True), ("http://127.0.0.1:9", False)])
async def test_a_proxy_that_the_environment_names_is_left_to_httpx(
    monkeypatch: pytest.MonkeyPatch, named: str, own: bool
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    if named:
        monkeypatch.setenv("https_proxy", named)
    client = http.open_client("https://pingone.example", timeout_seconds=5)
    try:
        assert isinstance(client._transport, transport.Transport) is own  # noqa: SLF001 - httpx has no other way to ask
        if not own:
            with pytest.raises(httpx.ConnectError):
                await client.get("/")
    finally:
        await client.aclose()


@pytest.mark.parametrize("turns", range(8))
async def test_a_connection_that_stands_when_nobody_waits_for_it_any_more_is_closed(turns: int) -> None:
    async with serving(OK) as (at, client):
        given_up = [asyncio.ensure_future(client.get("/")) for _ in range(transport.MOST)]
        for _ in range(turns):
            await asyncio.sleep(0)
        for request in given_up:
            request.cancel()
        assert all(
            isinstance(e, asyncio.CancelledError) for e in await asyncio.gather(*given_up, return_exceptions=True)
        )
        answer = await client.get("/")
        await until(lambda: sum(not writer.is_closing() for writer in at.writers) == 1)
    assert answer.text == "ok"
    gc.collect()  # a socket that nobody closed is said now
