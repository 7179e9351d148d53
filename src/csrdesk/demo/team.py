"""A team's desk on this machine: two replicas on one private PostgreSQL, and agents who sign in to one address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from csrdesk.config import Settings, load
from csrdesk.demo.postgres import server, why_not
from csrdesk.demo.relay import relayed
from csrdesk.demo.replicas import Replica, replicas, start
from csrdesk.errors import ConflictError
from csrdesk.model.secret import Secret
from csrdesk.remote import Line, RemoteSession
from csrdesk.sandbox import Options, Sandbox, staff
from csrdesk.sandbox.folder import own_folder, remove_dead
from csrdesk.services import http
from csrdesk.services.sign_in import only_this_run
from csrdesk.services.sign_in.browser import by_browser
from csrdesk.services.sign_in.keeping import Kept
from csrdesk.services.sign_in.provider import Provider
from csrdesk.wire.values import About
from csrdesk.wiring.trial import write_client_settings

T = TypeVar("T")
REPLICAS = 2
PATIENCE = 60.0
"""Seconds that an agent's program outlasts a desk that does not answer."""


@dataclass(frozen=True)
class Team:
    """Everything of it, running."""

    box: Sandbox
    replicas: list[Replica]
    desk_url: str
    """The origin of the desk API."""
    database: str
    """The address of the database."""
    client: Settings
    """What an agent's machine has."""

    @property
    def mailbox_url(self) -> str:
        """For people; add `.json` for programs."""
        return self.box.settings().mailbox_url

    async def signed_in(self, username: str) -> Kept:
        """Have one of the sandbox's agents sign in, in a browser of theirs."""
        provider = Provider(self.client.sign_in)
        browsers: list[asyncio.Task[None]] = []
        try:
            return await by_browser(provider, lambda url: browsers.append(asyncio.create_task(_sign_on(url, username))))
        finally:
            await asyncio.gather(*browsers)
            await provider.close()

    async def sign_in_here(self) -> None:
        """Let this very process act for the team's lead, as after `csrdesk login`."""
        only_this_run(self.client, await self.signed_in(staff.LEAD))

    @asynccontextmanager
    async def session(self, username: str, *, url: str = "") -> AsyncIterator[RemoteSession]:
        """Have an agent sign in and come to the desk, as their console does; or to one server of it at `url`."""
        kept = await self.signed_in(username)

        async def token() -> Secret:
            return kept.access_token

        line = Line(url or self.desk_url, token, patience=PATIENCE)
        try:
            about = await line.get("/about", About)
            yield RemoteSession(about.agent, line)
        finally:
            await line.close()


@asynccontextmanager
async def _in_thread(held: AbstractContextManager[T]) -> AsyncIterator[T]:
    """What waits for other processes while it is entered and left, without stopping everything here."""
    entered = await asyncio.to_thread(held.__enter__)
    try:
        yield entered
    finally:
        await asyncio.to_thread(held.__exit__, None, None, None)


async def _sign_on(url: str, username: str) -> None:
    """The browser: sign on, and follow the redirect back to the program that waits."""
    async with http.open_browser("") as browser:
        await browser.post(url, data={"agent": username})


@asynccontextmanager
async def team(
    *, servers: int = REPLICAS, limits: Mapping[str, object] | None = None, options: tuple[str, ...] = ()
) -> AsyncIterator[Team]:
    """Start everything on free loopback ports; leave nothing behind. Raises `ConflictError` without a PostgreSQL.

    `limits`: settings of that section; `options`: settings of PostgreSQL, such as `fsync=on`.
    """
    if problem := why_not():
        words = "The team's desk needs PostgreSQL's programs (Debian: apt install postgresql). Nothing was started."
        raise ConflictError(words, system="csrdesk", details=problem)
    remove_dead()
    with own_folder("team") as folder:
        async with (
            _in_thread(server(*options)) as database,
            Sandbox(Options()) as box,
            replicas(servers, folder) as several,
            relayed([one.pages_port for one in several]) as pages_port,
            relayed([one.api_port for one in several]) as desk_port,
        ):
            url = await asyncio.to_thread(database.new, by_socket=True)
            pages, desk = f"http://localhost:{pages_port}", f"http://localhost:{desk_port}"
            await start(several, box.settings(), url, pages=pages, desk=desk, limits=limits)
            own = folder / "agent"
            own.mkdir(mode=0o700)
            client = load(write_client_settings(box.settings(), own, desk))
            yield Team(box, several, desk, url, client)
