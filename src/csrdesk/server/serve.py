"""Serving an app under uvicorn inside an event loop that already runs: the console's, a command's, a test's."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.types import ASGIApp

from csrdesk.errors import ConfigError


class _Server(uvicorn.Server):
    """Leaves signals to the program it runs in, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


def listen(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `ConfigError` where the address is taken or not ours."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ConfigError(
            f"The pages cannot listen on {host} port {port}: {error.strerror or error}. "
            "Choose another desk.listen_port, or end what uses this one.",
            key="desk.listen_port",
        ) from None


@contextlib.asynccontextmanager
async def serve(app: ASGIApp, listener: socket.socket) -> AsyncIterator[int]:
    """Serve `app` on `listener` until the block ends; gives the port. Requests under way get a second to finish."""
    config = uvicorn.Config(
        app,
        access_log=False,  # a path holds a link's token
        log_config=None,
        log_level="warning",  # below it, uvicorn can log a request's path
        lifespan="off",
        ws="none",
        proxy_headers=False,  # who may say where a request came from is decided in `security`
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve([listener]), name="pages")
    listening = asyncio.create_task(server.listening.wait())
    try:
        await asyncio.wait((running, listening), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        yield listener.getsockname()[1]
    finally:
        listening.cancel()
        server.should_exit = True
        await running
        listener.close()
