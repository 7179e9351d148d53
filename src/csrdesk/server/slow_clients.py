"""Connections that send nothing, a request's head drop by drop, or one without end: closed, so that they hold no place
for others.

uvicorn bounds only the pause between two requests. Its own file, because it stands on uvicorn's inner classes.
"""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS: Final = 10.0
"""How long the whole head of a request may take, from the connection or its own first byte on."""

MAX_HEAD: Final = 64 * 1024
"""Bytes of a head that may have come before it is whole: more than any browser or token needs; proxies take less."""


class BoundedHttp(HttpToolsProtocol):
    """A connection as uvicorn has it, with an end to waiting for a head."""

    head_seconds = HEAD_SECONDS
    _late: asyncio.TimerHandle | None = None
    _head: int = 0
    """Bytes that came without the end of a head among them."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._head += len(data)
        if self._late is not None and self._head > MAX_HEAD:
            self._rest()
            self.transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        self._rest()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._rest()
        self._head = 0
        self._late = self.loop.call_later(self.head_seconds, self.transport.close)

    def _rest(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
