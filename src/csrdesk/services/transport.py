"""How httpx reaches a server here: HTTP/1.1 over asyncio alone, on connections that are kept.

httpx's own transport serves every event loop and every protocol there is, and more than half of the processor time of
a request goes there. A look-up makes six requests side by side, in the thread that paints the screen; so this does what
they need and no more. The protocol itself (RFC 9112) is h11's in either.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import defaultdict
from typing import Final, cast

import h11
import httpx

MOST: Final = 20
"""Connections at the same time; whoever needs another waits for one."""
KEPT_SECONDS: Final = 30.0
"""How long a connection is kept that nobody uses."""
_NEXT_ADDRESS: Final = 0.25
"""Seconds until a server's next address is tried beside one that does not answer (RFC 8305)."""

_HEAD_BYTES: Final = 100_000
"""Of an answer's status and headers, at the most."""

_Origin = tuple[str, str, int]


class Transport(httpx.AsyncBaseTransport):
    """For `httpx.AsyncClient`. Answers are read whole; how long that may take is the caller's to say (`http.send`)."""

    def __init__(self, trusted: ssl.SSLContext, *, kept_seconds: float = KEPT_SECONDS, local: str = "") -> None:
        self._trusted = trusted
        self._local = local
        """The path of a socket on this machine, which then takes every request; empty for the network."""
        self._kept_seconds = kept_seconds
        self._kept: defaultdict[_Origin, list[_Connection]] = defaultdict(list)
        self._room = asyncio.Semaphore(MOST)
        self._opening: set[asyncio.Future[tuple[asyncio.Transport, _Connection]]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer. Raises `httpx.TransportError`."""
        url, body = request.url, await request.aread()
        origin = (url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80))
        async with self._room:
            connection = self._take(origin) or await self._open(origin, request)
            try:
                answer = await connection.exchange(request, body)
            finally:
                if connection.is_ready:
                    self._kept[origin].append(connection)
                else:  # also where somebody is cancelled: the rest of an answer is nobody else's
                    connection.close()
        return answer

    async def aclose(self) -> None:
        kept = [connection for connections in self._kept.values() for connection in connections]
        self._kept.clear()
        for connection in kept:
            connection.close()
        await asyncio.gather(*(connection.lost for connection in kept))

    def _take(self, origin: _Origin) -> _Connection | None:
        """The one that was used last; what cannot be used any more is closed on the way."""
        kept = self._kept[origin]
        while kept:
            connection = kept.pop()
            if connection.is_ready and time.monotonic() - connection.used_at < self._kept_seconds:
                return connection
            connection.close()
        return None

    async def _open(self, origin: _Origin, request: httpx.Request) -> _Connection:
        scheme, host, port = origin
        trusted = self._trusted if scheme == "https" else None
        loop = asyncio.get_running_loop()
        if self._local:
            opening = loop.create_task(loop.create_unix_connection(_Connection, self._local))
        else:
            made = loop.create_connection(_Connection, host, port, ssl=trusted, happy_eyeballs_delay=_NEXT_ADDRESS)
            opening = loop.create_task(made)
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)
        try:  # shielded: asyncio forgets a connection that stands at the moment when opening it is cancelled
            _, connection = await asyncio.shield(opening)
        except OSError as error:
            raise httpx.ConnectError(str(error), request=request) from error
        except asyncio.CancelledError:
            opening.add_done_callback(_close_unwanted)
            raise
        return connection


def _close_unwanted(opening: asyncio.Future[tuple[asyncio.Transport, _Connection]]) -> None:
    """Whoever asked for this connection has gone meanwhile."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result()[1].close()


class _Connection(asyncio.Protocol):
    """One connection, where the protocol stands on it, and the answer that is waited for."""

    def __init__(self) -> None:
        self.used_at = time.monotonic()
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)
        self._waiting: asyncio.Future[httpx.Response] | None = None
        self._head: h11.Response | None = None
        self._content: list[bytes] = []

    @property
    def is_ready(self) -> bool:
        """Whether a request may be sent: the last one has its whole answer, and the server said nothing since."""
        return self._protocol.our_state is h11.IDLE and self._waiting is None and not self._transport.is_closing()

    async def exchange(self, request: httpx.Request, body: bytes) -> httpx.Response:
        """Send one request and wait for its answer."""
        self._head, self._content = None, []
        try:
            self._transport.write(self._written(request, body))
            self._waiting = asyncio.get_running_loop().create_future()
            answer = await self._waiting
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError(str(error), request=request) from error
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error), request=request) from error
        except OSError as error:
            raise httpx.ReadError(str(error), request=request) from error
        self._waiting = None
        self.used_at = time.monotonic()
        over = self._protocol.our_state is h11.DONE and self._protocol.their_state is h11.DONE
        if over and not any(self._protocol.trailing_data):
            self._protocol.start_next_cycle()
        return answer

    def close(self) -> None:
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._waiting is None or self._waiting.done():
            self.close()  # nobody asked: it must not be taken for the answer to what is asked next
            return
        try:
            self._protocol.receive_data(data)
            self._read(self._waiting)
        except h11.RemoteProtocolError as error:
            self._waiting.set_exception(error)

    def eof_received(self) -> None:
        """The server says no more; an answer without a length ends with it."""
        self.data_received(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(None)
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionResetError("the connection was closed"))

    def _written(self, request: httpx.Request, body: bytes) -> bytes:
        head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
        events = (head, *((h11.Data(data=body),) if body else ()), h11.EndOfMessage())
        return b"".join(self._protocol.send(event) or b"" for event in events)

    def _read(self, waiting: asyncio.Future[httpx.Response]) -> None:
        """Go on with the answer as far as it is here."""
        while (event := self._protocol.next_event()) is not h11.NEED_DATA:
            if isinstance(event, h11.Response):
                self._head = event
            elif isinstance(event, h11.Data):
                self._content.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage) and self._head:
                stream = httpx.ByteStream(b"".join(self._content))
                headers = list(self._head.headers.raw_items())
                waiting.set_result(httpx.Response(self._head.status_code, headers=headers, stream=stream))
                return
