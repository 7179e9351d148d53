"""A running sandbox: HTTP by uvicorn and SMTP by aiosmtpd in the caller's event loop, on loopback only."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp, Scope

from csrdesk.sandbox import directory, ids, mail
from csrdesk.sandbox.app import Site
from csrdesk.sandbox.clock import Clock
from csrdesk.sandbox.control import Controls
from csrdesk.sandbox.faults import Faults
from csrdesk.sandbox.mail import MailServer
from csrdesk.sandbox.model import World
from csrdesk.sandbox.oauth_provider import Provider, issuer
from csrdesk.sandbox.oidc_apps import AUDIENCE, SCOPES, Apps
from csrdesk.sandbox.options import Connection, Options, SignIn
from csrdesk.sandbox.people import everybody
from csrdesk.sandbox.person import Person
from csrdesk.sandbox.recorder import Recording
from csrdesk.sandbox.sign_ons import SignOns
from csrdesk.sandbox.signing import Signing
from csrdesk.sandbox.world import build_world

_TURNS_TO_CLOSE = 3
"""Of the event loop, after which a closed connection is gone."""


class _Http(uvicorn.Server):
    """uvicorn that leaves the process's signals to whoever owns the process, and ends as soon as it is told to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        """Once a second the `Date` header is renewed; nothing else happens until the end."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Where no request is under way, idle connections are closed and that is all; uvicorn would still wait."""
        if not self.server_state.tasks:
            for closing in (*self.servers, *(sockets or ())):
                closing.close()
            for connection in list(self.server_state.connections):
                connection.shutdown()
            for _ in range(_TURNS_TO_CLOSE):
                await asyncio.sleep(0)
        if self.server_state.tasks or self.server_state.connections:
            await super().shutdown(sockets)

    def end(self) -> None:
        self.should_exit = True
        self._ending.set()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listener(host: str, port: int) -> socket.socket:
    """A listening socket. It names its protocol, because asyncio sends without delay (TCP_NODELAY) only where it is
    named, and 40 ms a request are lost otherwise.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    return listener


class Sandbox:
    """Serves while it is entered: `async with Sandbox(Options()) as box`.

    Raises ValueError for a host that is not loopback or failures it cannot read, OSError for a port in use.
    """

    def __init__(
        self, options: Options | None = None, *, around: Callable[[ASGIApp], ASGIApp] = lambda app: app
    ) -> None:
        """`around`: a layer of the caller's own around everything that is served by HTTP, to watch it."""
        self.options = options or Options()
        self._around = around
        if not _is_loopback(self.options.host):
            raise ValueError("The sandbox listens on a loopback address only.")
        self.people: tuple[Person, ...] = everybody()
        self.clock = Clock()
        self.faults = Faults(latency_ms=self.options.latency_ms, fail=self.options.fail)
        self.world: World = build_world(self.people, self.clock.now())
        self._client_secret = secrets.token_urlsafe(32)
        self._script_secret = secrets.token_urlsafe(32)
        self._resource_secret = secrets.token_urlsafe(32)
        self._directory_password = secrets.token_urlsafe(24)
        self._smtp_password = secrets.token_urlsafe(24)
        self._mail = MailServer(
            self.options.host, self._smtp_password, world=lambda: self.world, clock=self.clock, faults=self.faults
        )
        apps = Apps(
            worker_secret=self._client_secret,
            script_secret=self._script_secret,
            resource_secret=self._resource_secret,
        )
        self.provider = Provider(
            signing=Signing(),
            apps=apps,
            sign_ons=SignOns(self.clock),
            device_interval=self.options.device_interval,
        )
        self._recording = Recording(self.options.record) if self.options.record else None
        self._http: _Http | None = None
        self._serving: asyncio.Task[None] | None = None
        self._port = 0

    def reset(self) -> None:
        """Everybody and everything as at the start."""
        self.world = build_world(self.people, self.clock.now())
        self.provider.sign_ons.forget()

    def settings(self) -> Connection:
        """Where it is and what opens it; only while it runs."""
        if self._serving is None:
            raise RuntimeError("The sandbox is not running.")
        url = f"http://{self._address()}:{self._port}"
        return Connection(
            api_url=f"{url}/v1",
            auth_url=url,
            environment_id=ids.ENVIRONMENT,
            client_id=ids.CLIENT,
            client_secret=self._client_secret,
            mfa_policy_id=ids.DESK_MFA_POLICY,
            directory_url=f"{url}/directory",
            directory_user=directory.USER,
            directory_password=self._directory_password,
            smtp_host=self.options.host,
            smtp_port=self._mail.port,
            smtp_user=mail.USER,
            smtp_password=self._smtp_password,
            smtp_ca_file=self._mail.ca_file,
            mailbox_url=f"{url}/mailbox",
            sign_in=self._sign_in(url),
        )

    def _sign_in(self, url: str) -> SignIn:
        return SignIn(
            issuer=issuer(url),
            client_id=ids.DESK_APP,
            audience=AUDIENCE,
            scopes=SCOPES,
            script_client_id=ids.DESK_SCRIPT,
            script_client_secret=self._script_secret,
            resource_id=ids.DESK_RESOURCE,
            resource_secret=self._resource_secret,
        )

    async def start(self) -> None:
        """Opens both ports; when it returns, both answer."""
        listener = _listener(self.options.host, self.options.port)
        self._port = listener.getsockname()[1]
        try:
            if self._recording is not None:
                self._recording.open()
            await self._mail.start()
        except BaseException:
            listener.close()
            await self._mail.stop()
            raise
        site = Site(
            host=self.options.host,
            world=lambda: self.world,
            clock=self.clock,
            faults=self.faults,
            provider=self.provider,
            directory_password=self._directory_password,
            controls=Controls(
                world=lambda: self.world,
                clock=self.clock,
                faults=self.faults,
                provider=self.provider,
                reset=self.reset,
            ),
            recording=self._recording,
            cut=self._cut,
        )
        self._http = _Http(
            uvicorn.Config(
                self._around(site.application()), log_config=None, access_log=False, lifespan="off", ws="none",
                timeout_graceful_shutdown=1, server_header=False,
            )
        )  # fmt: skip
        self._serving = asyncio.create_task(self._http.serve(sockets=[listener]))
        while not self._http.started and not self._serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.002)

    async def stop(self) -> None:
        """Closes both ports and leaves nothing behind."""
        if self._http is not None and self._serving is not None:
            self._http.end()
            await self._serving
        self._serving = None
        await self._mail.stop()
        if self._recording is not None:
            self._recording.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _address(self) -> str:
        return f"[{self.options.host}]" if ":" in self.options.host else self.options.host

    def _cut(self, scope: Scope) -> None:
        """Ends the connection of that request without a word."""
        if self._http is None:
            return
        for connection in list(self._http.server_state.connections):
            if getattr(connection, "client", None) == scope["client"]:
                connection.transport.abort()
