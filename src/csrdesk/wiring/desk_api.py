"""An open desk as those who are signed in meet it over the desk API, and the serving of that API.

Apart from the desk's opening: only `csrdesk serve` does this, and only where settings name the API's origin.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from functools import partial

import msgspec
from msgspec.structs import replace

from csrdesk.config import RoleSettings
from csrdesk.config.grants import grants_of
from csrdesk.engine.reading import AuditReader
from csrdesk.engine.rehearsal import Rehearsed
from csrdesk.engine.session import AgentSession
from csrdesk.errors import NoSuchFlowError
from csrdesk.flows.password_reset import Start as Reset
from csrdesk.flows.user_functions import Start as Act
from csrdesk.model.grants import Grants
from csrdesk.model.sign_in import SCRIPT, SignedIn
from csrdesk.server.desk_api import make_desk_api
from csrdesk.server.gate import Gate
from csrdesk.server.long_poll import LongPolls
from csrdesk.server.serve import listen, serve
from csrdesk.wire.openapi import description
from csrdesk.wire.values import About, State
from csrdesk.wiring.desk import Desk
from csrdesk.wiring.tokens import gate_of
from csrdesk.wiring.watching import watch

Granting = Callable[[SignedIn], Grants]


class ServedDesk:
    """The desk for each agent who is signed in, as far as they are granted something."""

    def __init__(self, desk: Desk, granted: Granting) -> None:
        self._desk = desk
        self._granted = granted
        self._down: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        """As it was at the last look: consoles ask often, and what is outside is not asked more often for that."""
        return State(self._down)

    def say_down(self, names: tuple[str, ...]) -> None:
        """What cannot be used from now on."""
        self._down = names

    def session(self, signed: SignedIn) -> AgentSession:
        return self._desk.engine.session(signed.agent, self._granted(signed))

    async def reader(self, signed: SignedIn, *, acts: bool = False) -> AuditReader:
        session = self.session(signed)
        if acts:
            await session.enter_with_calls()
        return await session.reader()

    async def about(self, signed: SignedIn) -> About:
        await self.session(signed).enter()
        named = signed.agent.id in self._desk.settings.desk.script_identities
        by_name = named and signed.agent.id.startswith(SCRIPT)
        return replace(await self._desk.about(), agent=signed.agent, without_call=by_name)

    async def rehearse(self, start: msgspec.Struct, signed: SignedIn, call_id: str) -> Rehearsed:
        await self.session(signed).enter_with_calls()
        if not isinstance(start, Act | Reset):
            raise NoSuchFlowError("Only acts on one account can be rehearsed.")
        return await self._desk.engine.rehearse(start, signed.agent, call_id, self._granted(signed))


@contextlib.asynccontextmanager
async def desk_api_of(desk: Desk) -> AsyncIterator[int | None]:
    """Serve the desk API where settings name its origin, as long as the block lasts; gives the port, None for nowhere.

    Raises `ConfigError` where nobody could say whose token it is.
    """
    settings = desk.settings
    if not settings.desk.api_url:
        yield None
        return
    granted = partial(_granted, settings.roles)
    async with gate_of(settings, desk.now) as gate, desk_api_served(desk, gate, granted) as port:
        yield port


def _granted(roles: RoleSettings, signed: SignedIn) -> Grants:
    return grants_of(signed, roles)


@contextlib.asynccontextmanager
async def desk_api_served(desk: Desk, gate: Gate, granted: Granting) -> AsyncIterator[int]:
    """Serve the desk API at the address that settings name until the block ends; gives the port.

    Whoever waits for news is let go first, so that consoles ask again elsewhere. Raises `ConfigError`.
    """
    settings = desk.settings.desk
    listener = listen(settings.api_host, settings.api_port, key="desk.api_port")
    served, polls = ServedDesk(desk, granted), LongPolls()
    https = settings.api_url.startswith("https:")
    told = description(settings.api_url)
    app = make_desk_api(served, gate, polls, https=https, description=told, now=desk.now)
    watching = asyncio.create_task(watch(desk, served.say_down), name="watching")
    try:
        async with serve(app, listener) as port:
            try:
                yield port
            finally:
                polls.stop()
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
