"""The address on this machine where a browser hands a sign-in over (RFC 8252, 7.3): one request, one page, gone."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final
from urllib.parse import parse_qs, urlsplit

from csrdesk.errors import ConfigError

PATH: Final = "/callback"
_HOST: Final = "127.0.0.1"
_LARGEST: Final = 16 * 1024
_MOMENT: Final = 2.0
_PATIENCE: Final = 10.0
"""Seconds that a browser may take to say what it wants."""
_HEADERS: Final = (
    "content-type: text/html; charset=utf-8\r\ncache-control: no-store\r\nreferrer-policy: no-referrer\r\n"
    "x-content-type-options: nosniff\r\ncontent-security-policy: default-src 'none'; frame-ancestors 'none'\r\n"
    "connection: close\r\n"
)

Answer = Mapping[str, str]
Told = tuple[bool, str]
"""Whether it went well, and what the page says."""


class Loopback:
    """Waits for the browser. What comes of its answer is told to it by `finish`, on the page that it then shows."""

    def __init__(self, is_ours: Callable[[Answer], bool]) -> None:
        self._is_ours = is_ours
        self._host = ""
        loop = asyncio.get_running_loop()
        self._came: asyncio.Future[Answer] = loop.create_future()
        self._told: asyncio.Future[Told] = loop.create_future()
        self._shown = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def redirect_uri(self) -> str:
        return f"http://{self._host}{PATH}"

    def at(self, port: int) -> None:
        """Which port it became."""
        self._host = f"{_HOST}:{port}"

    async def answer(self, patience: float) -> Answer:
        """The first answer that is ours. Raises `TimeoutError` after `patience` seconds."""
        async with asyncio.timeout(patience):
            return await self._came

    async def finish(self, *, well: bool, words: str) -> None:
        """Tell the browser how it went, and give it a moment to read it."""
        if not self._told.done():
            self._told.set_result((well, words))
        if self._came.done() and not self._came.cancelled():
            with suppress(TimeoutError):
                async with asyncio.timeout(_MOMENT):
                    await self._shown.wait()

    def close(self) -> None:
        """Nobody is answered any more, and whoever is connected and says nothing is not waited for."""
        for writer in self._open:
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._open.add(writer)
        try:
            await self._one(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, whatever its headers, and no body."""
        try:
            async with asyncio.timeout(_PATIENCE):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            return
        status, page = await self._page(head)
        body = page.encode()
        writer.write(f"HTTP/1.1 {status}\r\n{_HEADERS}content-length: {len(body)}\r\n\r\n".encode() + body)
        with suppress(ConnectionError):
            await writer.drain()
        if status.startswith("200"):
            self._shown.set()

    async def _page(self, head: str) -> tuple[str, str]:
        """Only GET of our path under our own name: another name would be somebody else's page (DNS rebinding)."""
        line, *fields = head.split("\r\n")
        method, _, rest = line.partition(" ")
        target = urlsplit(rest.partition(" ")[0])
        hosts = [field.partition(":")[2].strip() for field in fields if field.lower().startswith("host:")]
        if method != "GET" or target.path != PATH or hosts != [self._host]:
            return "404 Not Found", _html("Nothing is here", "Look at the terminal.")
        found = {name: values[0] for name, values in parse_qs(target.query).items() if len(values) == 1}
        if self._came.done() or not self._is_ours(found):
            words = "This answer belongs to another sign-in. Begin again: csrdesk login"
            return "400 Bad Request", _html("Not signed in", words)
        self._came.set_result(found)
        well, words = await self._told
        return "200 OK", _html("Signed in" if well else "Not signed in", words)


@asynccontextmanager
async def listening(port: int, is_ours: Callable[[Answer], bool]) -> AsyncIterator[Loopback]:
    """Listen on this machine alone; `is_ours` tells the answer that is waited for from any other.

    Raises `ConfigError` where the port is taken.
    """
    waiting = Loopback(is_ours)
    try:
        server = await asyncio.start_server(waiting.serve, _HOST, port, limit=_LARGEST)
    except OSError as error:
        words = f"Port {port} of this machine cannot be used: {error.strerror}. Set 0 for a free one."
        raise ConfigError(words, key="sign_in.redirect_port") from None
    try:
        waiting.at(server.sockets[0].getsockname()[1])
        yield waiting
    finally:
        server.close()
        waiting.close()
        await server.wait_closed()


def _html(title: str, words: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        'content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f"<title>{html.escape(title)}</title></head><body><main><h1>{html.escape(title)}</h1>"
        f"<p>{html.escape(words)}</p></main></body></html>"
    )
