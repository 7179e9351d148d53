"""Serving an app under uvicorn inside an event loop that already runs: the console's, a command's, a test's."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import AsyncIterator, Iterator

import uvicorn
from msgspec import Struct
from starlette.types import ASGIApp

from csrdesk.errors import ConfigError
from csrdesk.server.inherited import inherited

_WHAT = {"desk.listen_port": "The pages"}


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


def listen(host: str = "127.0.0.1", port: int = 0, *, key: str = "desk.listen_port") -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `ConfigError` where the address is taken or not ours; `key`
    is the setting to change then. A worker has been given it.
    """
    if given := inherited(key):
        return given
    # Named as TCP: asyncio switches Nagle's algorithm off only where a socket says so, and it costs 40 ms an answer.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let another program share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"{_WHAT.get(key, 'csrdesk')} cannot listen on {host} port {port}: {error.strerror or error}. "
            f"Choose another {key}, or end what uses this one.",
            key=key,
        ) from None
    return listener


def listen_locally(path: str, *, key: str) -> socket.socket:
    """A listening socket at a path of this machine, for its owner and group (mode 0660). What a process that was killed
    left there is taken away. Raises `ConfigError` where somebody listens there, or no socket can be.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if stat.S_ISSOCK(_mode(path)) and not _is_served(path):
            os.unlink(path)  # noqa: PTH108 - a path as it stands in the settings
        listener.bind(path)
        os.chmod(path, 0o660)  # noqa: PTH101 - as above
        listener.listen()
    except OSError as error:
        listener.close()
        words = f"csrdesk cannot listen on {path}: {error.strerror or error}. Choose another {key}."
        raise ConfigError(words, key=key) from None
    return listener


def _mode(path: str) -> int:
    try:
        return os.lstat(path).st_mode
    except FileNotFoundError:
        return 0


def _is_served(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        return other.connect_ex(path) == 0


class Certificate(Struct, frozen=True):
    """What a server shows who it is: two PEM files."""

    file: str
    key_file: str


@contextlib.asynccontextmanager
async def serve(app: ASGIApp, listener: socket.socket, certificate: Certificate | None = None) -> AsyncIterator[int]:
    """Serve `app` on `listener` until the block ends; gives the port, 0 for a path. Requests under way get a second to
    finish. With a `certificate` over TLS, otherwise in clear, for a proxy before it.
    """
    config = uvicorn.Config(
        app,
        http=protocol(),
        ssl_certfile=certificate.file if certificate else None,
        ssl_keyfile=certificate.key_file if certificate else None,
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
        yield 0 if listener.family == socket.AF_UNIX else listener.getsockname()[1]
    finally:
        listening.cancel()
        server.should_exit = True
        await running
        listener.close()


def protocol() -> type[asyncio.Protocol]:
    """The one that does not wait for ever; where httptools is not built (Windows), uvicorn's own choice."""
    try:
        from csrdesk.server.slow_clients import BoundedHttp
    except ModuleNotFoundError:
        from uvicorn.protocols.http.auto import AutoHTTPProtocol

        return AutoHTTPProtocol
    return BoundedHttp
