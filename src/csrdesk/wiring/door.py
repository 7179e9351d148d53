"""A desk's inner door, and the customers' pages of a process of their own that come to it.

Apart from the pages that a desk serves by itself: those who use a door run two processes, of which the outer one is
built here from settings that hold no credential but the door's.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from csrdesk.config import ServeSettings, Settings
from csrdesk.config.pages_file import PagesSettings
from csrdesk.errors import CsrdeskError
from csrdesk.services import keys

if TYPE_CHECKING:
    import socket

    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Receive, Scope, Send

    from csrdesk.flows.doors import CustomerSession, PublicSession
    from csrdesk.server.door import Door
    from csrdesk.server.look import Look
    from csrdesk.server.through_door import Way
    from csrdesk.wire.pages import About

log = logging.getLogger(__name__)

ASK_SECONDS: Final = 5.0
"""How often pages ask their desk how they look: it knows by that that they are there."""
LOST_SECONDS: Final = 15.0
"""How long after the desk's last answer the pages count as ready."""


def listen_at_door(serve: ServeSettings) -> socket.socket:
    """Where the desk's door is. Raises `ConfigError`."""
    from csrdesk.server.serve import listen, listen_locally

    if serve.door.startswith("unix:"):
        return listen_locally(serve.door.removeprefix("unix:"), key="serve.door")
    from urllib.parse import urlsplit

    parts = urlsplit(serve.door)
    return listen(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), key="serve.door")


def door_of(
    settings: Settings,
    look: Look,
    key: bytes,
    url: str,
    sessions: tuple[CustomerSession, PublicSession],
    now: Callable[[], datetime],
) -> Door:
    """The desk's side; `url` is where customers reach the pages, `now` what time it is at the desk.

    Raises `ConfigError` without the door's secret.
    """
    from csrdesk.server.door import Door, about

    customers, public = sessions
    offered = tuple(flow for flow in ("account_recovery", "registration") if public.offers(flow))
    told = about(look, key, public_url=url, spoken_address=settings.ways.spoken_address, offers=offered)
    secret = keys.door_secret(keys.DOOR, settings.serve.door_secret_file)
    return Door(customers, public, lambda: told, secret, now)


@contextlib.asynccontextmanager
async def served_at_door(door: Door, serve: ServeSettings, listener: socket.socket) -> AsyncIterator[None]:
    """Serve the door until the block ends."""
    from csrdesk.server import serve as server

    files = serve.door_certificate_file, serve.door_certificate_key_file
    certificate = server.Certificate(*files) if serve.door.startswith("https:") else None
    try:
        async with server.serve(door.app(), listener, certificate):
            yield
    except OSError as error:
        raise certificate_error(error) from None


def certificate_error(error: OSError) -> CsrdeskError:
    """What a certificate that cannot be used is called here."""
    from csrdesk.errors import ConfigError

    key = "serve.door_certificate_file"
    return ConfigError(f"{key}: certificate or key cannot be used: {error.strerror or error}.", key=key)


class OuterPages:
    """The pages' own process: an application that follows what the desk says of it."""

    def __init__(self, settings: PagesSettings, way: Way) -> None:
        self.url = ""
        """Where customers reach the pages, as the desk says."""
        self._settings = settings
        self._way = way
        self._about: About | None = None
        self._app: ASGIApp | None = None
        self._heard = float("-inf")

    async def ready(self) -> bool:
        """Whether the desk answers."""
        return time.monotonic() < self._heard + LOST_SECONDS

    async def follow(self, waiting: Callable[[str], None]) -> None:
        """Ask until the desk has answered; `waiting` is told once why it is waited for. Raises `ConfigError`."""
        told = False
        while True:
            try:
                await self._look()
                return
            except CsrdeskError as error:
                if error.code not in ("unreachable", "timed_out"):
                    raise
                if not told:
                    waiting(error.message)
                told = True
            await asyncio.sleep(1.0)

    async def keep_following(self) -> None:
        """Go on asking; runs until it is cancelled. While the desk is away the pages say so."""
        while True:
            await asyncio.sleep(ASK_SECONDS)
            try:
                await self._look()
            except CsrdeskError as error:
                log.warning("the desk was not reached: %s %s", error.code, error.details)

    async def _look(self) -> None:
        from csrdesk.server.app import load_pages
        from csrdesk.server.through_door import check_version

        about = await self._way.about()
        check_version(about)
        self._heard = time.monotonic()
        if about != self._about:
            app = self._made(about)
            # Templates are compiled while no customer waits for one.
            await asyncio.get_running_loop().run_in_executor(None, load_pages, app)
            self._app, self._about, self.url = app, about, about.public_url

    def _made(self, about: About) -> Starlette:
        from csrdesk.server.app import make_app
        from csrdesk.server.through_door import DoorCustomers, DoorPublic, look_of

        return make_app(
            DoorCustomers(self._way),
            look_of(about),
            key=bytes.fromhex(about.form_key.reveal()),
            public_url=about.public_url,
            trusted_proxies=self._settings.trusted_proxies,
            spoken_address=about.spoken_address,
            public=DoorPublic(self._way, about.offers),
            now=self._way.time.now,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The pages as the desk wants them now."""
        if self._app is None:
            raise RuntimeError("follow the desk before serving")
        await self._app(scope, receive, send)


@contextlib.asynccontextmanager
async def outer_pages(
    settings: PagesSettings, waiting: Callable[[str], None], watch: Callable[[str, str, float], None] | None = None
) -> AsyncIterator[tuple[OuterPages, str]]:
    """Serve customers' pages without any credential of the desk until the block ends; gives them, and where on this
    machine. Raises `ConfigError`.
    """
    from csrdesk.server.serve import listen, serve
    from csrdesk.server.through_door import Way
    from csrdesk.services import http

    secret = keys.door_secret(keys.PAGES_DOOR, settings.door_secret_file)
    way = Way(http.open_door(settings.door, ca_file=settings.door_ca_file), secret, watch)
    pages = OuterPages(settings, way)
    try:
        await pages.follow(waiting)
        listener = listen(settings.listen_host, settings.listen_port, key="pages.listen_port")
        following = asyncio.create_task(pages.keep_following(), name="following")
        try:
            async with serve(pages, listener) as port:
                yield pages, f"http://{settings.listen_host}:{port}"
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following
    finally:
        await way.close()
