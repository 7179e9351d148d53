"""Serving inside a loop that already runs."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from contextlib import suppress

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from csrdesk.errors import ConfigError
from csrdesk.server.serve import listen, protocol, serve
from csrdesk.server.slow_clients import BoundedHttp


def test_it_listens_on_loopback_unless_told_otherwise() -> None:
    with listen() as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_a_port_that_is_taken_names_the_setting() -> None:
    with listen() as listener, pytest.raises(ConfigError, match=r"desk\.listen_port"):
        listen(port=listener.getsockname()[1])


async def test_it_serves_until_the_block_ends_and_leaves_signals_alone(app: Starlette) -> None:
    before = signal.getsignal(signal.SIGINT)
    async with serve(app, listen()) as port:
        assert signal.getsignal(signal.SIGINT) is before
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"http://127.0.0.1:{port}/healthz")
        assert answer.text == "ok\n"
        assert "server" not in answer.headers
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


async def test_answers_do_not_wait_for_acknowledgements(app: Starlette) -> None:
    async with serve(app, listen()) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        await client.get("/healthz")
        took = []
        for _ in range(20):
            begin = time.perf_counter()
            await client.get("/v/unknown")
            took.append(time.perf_counter() - begin)
        assert min(took) < 0.035, "Nagle's algorithm would cost each of them 40 ms"


async def test_a_slow_request_does_not_keep_it_from_ending() -> None:
    started = asyncio.Event()

    async def slow(_request: Request) -> Response:
        started.set()
        await asyncio.sleep(60)
        return PlainTextResponse("late")

    begin = time.perf_counter()
    async with httpx.AsyncClient() as client:
        async with serve(Starlette(routes=[Route("/", slow)]), listen()) as port:
            request = asyncio.create_task(client.get(f"http://127.0.0.1:{port}/"))
            await started.wait()
        assert (await request).status_code == 500
    assert time.perf_counter() - begin < 10


class Hasty(BoundedHttp):
    """The same with less patience."""

    head_seconds = 0.2


async def ok(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("ok")(scope, receive, send)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nhost:", b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HT"])
async def test_a_connection_whose_head_does_not_come_is_closed(sent: bytes) -> None:
    server = uvicorn.Server(uvicorn.Config(ok, http=Hasty, lifespan="off", log_config=None))
    listener = listen()
    running = asyncio.create_task(server.serve([listener]))
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.getsockname()[1])
    writer.write(sent)
    answer = await asyncio.wait_for(reader.read(), 60)
    assert answer.count(b"200 OK") == (b"\r\n\r\n" in sent)
    writer.close()
    server.should_exit = True
    await running


@pytest.mark.parametrize("begun", [b"GET / HTTP/1.1\r\nhost: x\r\nx-more: ", b"GET /"])
async def test_a_head_without_end_is_cut_off_and_a_long_one_or_a_long_body_is_not(begun: bytes) -> None:
    async with serve(Starlette(routes=[Route("/", _size, methods=["GET", "POST"])]), listen()) as port:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            for _ in range(2):
                assert (await client.post("/", content=b"b" * 1_000_000)).text == "1000000"
                assert (await client.get("/", headers={"x-more": "m" * 40_000})).text == "0"
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(begun)
        taken = 0
        with suppress(ConnectionError):
            while taken < 100_000_000:
                writer.write(b"a" * 100_000)
                await writer.drain()
                taken += 100_000
        assert taken < 50_000_000
        writer.close()


async def _size(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


def test_what_is_served_waits_no_longer_than_that_for_a_head() -> None:
    assert (protocol(), BoundedHttp.head_seconds) == (BoundedHttp, 10)
