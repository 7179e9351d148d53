"""The desk that meets faults: two replicas on a PostgreSQL of their own beside a sandbox, each of which can be hurt.

As `csrdesk demo --team`, but whoever hurts it holds the database's server, what PingOne and the directory were told to
change, and the road between a console and the desk.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from csrdesk.config import load
from csrdesk.demo.relay import relayed
from csrdesk.demo.replicas import Replica, replicas, start
from csrdesk.demo.team import Team
from csrdesk.model.secret import Secret
from csrdesk.remote import Line, RemoteSession
from csrdesk.sandbox import Options, Sandbox, staff
from csrdesk.sandbox.crowd import crowd
from csrdesk.sandbox.person import Person
from csrdesk.services.sign_in.keeping import Kept
from csrdesk.wire.values import About
from csrdesk.wiring.trial import write_client_settings
from tests.ad.relay import Relay
from tests.faults.writes import Writes
from tests.postgres import Server, server

AGENTS = (staff.AGENT, staff.SECOND_AGENT, staff.LEAD, *(one.username for one in staff.CREW[:50]))


class Road(Relay):
    """The way from one console to whichever replica it is told; it can be cut, and opened again."""

    def leads_to(self, port: int) -> None:
        self._to = ("127.0.0.1", port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await super()._connected(reader, writer)
        except OSError:  # as whoever finds nobody there
            writer.close()


@dataclass
class Desk:
    """All of it, running."""

    team: Team
    database: Server
    name: str
    """Of the database."""
    writes: Writes
    people: Iterator[Person]
    """Whom nobody has called about yet; each has a telephone for passcodes, and nothing else to choose."""
    others: Iterator[Person]
    """As these, without one: they wait, and are not verified."""
    patience: float
    """Seconds that a console outlasts a desk that does not answer."""
    signed_in: dict[str, Kept] = field(default_factory=dict)

    @property
    def box(self) -> Sandbox:
        return self.team.box

    @property
    def replicas(self) -> list[Replica]:
        return self.team.replicas

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What the database holds."""
        return await asyncio.to_thread(self.database.ask, sql, self.name)

    @asynccontextmanager
    async def session(self, agent: str, url: str = "") -> AsyncIterator[RemoteSession]:
        """An agent's console, which comes to the desk's one address, or by another road."""
        if agent not in self.signed_in:
            self.signed_in[agent] = await self.team.signed_in(agent)

        async def token() -> Secret:
            return self.signed_in[agent].access_token

        line = Line(url or self.team.desk_url, token, patience=self.patience)
        try:
            yield RemoteSession((await line.get("/about", About)).agent, line)
        finally:
            await line.close()

    @asynccontextmanager
    async def road(self, replica: Replica) -> AsyncIterator[Road]:
        """A road of a console's own, to that replica first."""
        async with Road("127.0.0.1", replica.api_port) as road:
            yield road


@asynccontextmanager
async def desk(folder: Path, *, patience: float = 120.0, database_folder: Path | None = None) -> AsyncIterator[Desk]:
    """Start everything; with `database_folder` PostgreSQL keeps its data there."""
    writes = Writes()
    async with AsyncExitStack() as stack:
        database = stack.enter_context(_database(database_folder))
        box = await stack.enter_async_context(Sandbox(Options(), around=writes.around))
        several = await stack.enter_async_context(replicas(2, folder))
        pages_port = await stack.enter_async_context(relayed([one.pages_port for one in several]))
        desk_port = await stack.enter_async_context(relayed([one.api_port for one in several]))
        url = await asyncio.to_thread(database.new, by_socket=True)
        pages, api = f"http://localhost:{pages_port}", f"http://localhost:{desk_port}"
        await start(several, box.settings(), url, pages=pages, desk=api)
        own = folder / "agent"
        own.mkdir(mode=0o700)
        client = load(write_client_settings(box.settings(), own, api))
        everybody = crowd()
        with_phone = [one for one in everybody if [device.type for device in one.devices] == ["SMS"]]
        without = [one for one in everybody if one not in with_phone]
        team = Team(box, several, api, url, client)
        yield Desk(team, database, urlsplit(url).path[1:], writes, iter(with_phone), iter(without), patience)


@contextmanager
def _database(within: Path | None) -> Iterator[Server]:
    """A server whose folder lies where temporary folders do, or in that one."""
    before, tempfile.tempdir = tempfile.tempdir, str(within) if within else tempfile.tempdir
    with server() as running:
        tempfile.tempdir = before
        yield running
