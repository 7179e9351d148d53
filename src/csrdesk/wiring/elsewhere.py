"""A desk that is elsewhere: what `open_desk` gives, for a machine that holds a sign-in and nothing else.

It loads no engine, no services and no secret but the sign-in's token.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from csrdesk.config import Settings
from csrdesk.errors import CsrdeskError
from csrdesk.flows.doors import Session
from csrdesk.model.sign_in import Agent
from csrdesk.remote import Line, RemoteReader, RemoteSession, rehearsed
from csrdesk.wire.values import About, State
from csrdesk.wiring.log import send_logging_to, stop_logging_to
from csrdesk.wiring.tokens import token_of
from csrdesk.wiring.who import log_path

if TYPE_CHECKING:
    from csrdesk.engine.rehearsal import Rehearsed
    from csrdesk.flows.account_task import Start
    from csrdesk.flows.password_reset import Start as Reset

PATIENCE: Final = 600.0
"""Seconds that a command which waits for a caller outlasts a network that is gone."""
EVERY: Final = 20.0
"""Seconds between two looks at what of the desk is down."""
_KEPT: Final = 2.0
"""Seconds that one look is good for."""


class RemoteDesk:
    """A desk at the other end of a line, and all that a front end may do with it."""

    def __init__(self, line: Line, about: About, *, ahead: bool) -> None:
        self._line = line
        self._ahead = ahead
        self._about = about
        self._state = State()
        self._looked_at = float("-inf")

    @property
    def agent(self) -> Agent:
        """Who is signed in, as the desk says."""
        return self._about.agent

    @property
    def trouble(self) -> str:
        return self._about.trouble

    def now(self) -> datetime:
        return self._line.now()

    @property
    def reader(self) -> RemoteReader:
        return RemoteReader(self._line)

    def session(self, agent: Agent) -> Session:
        return RemoteSession(agent, self._line, ahead=self._ahead)

    async def about(self) -> About:
        return self._about

    async def rehearse(self, start: Start | Reset, call_id: str) -> Rehearsed:
        return await rehearsed(self._line, start, call_id)

    async def is_writable(self) -> bool:
        return "Audit" not in (await self._looked()).down

    async def not_answering(self) -> tuple[str, ...]:
        return tuple(name for name in (await self._looked()).down if name != "Audit")

    async def failure(self) -> None:
        """Never: the desk looks after what is outside."""
        await asyncio.Event().wait()

    async def _looked(self) -> State:
        if time.monotonic() - self._looked_at > _KEPT:
            self._looked_at = time.monotonic()
            # That the desk itself is not there is said by whoever waits for news.
            with contextlib.suppress(CsrdeskError):
                self._state = await self._line.get("/state", State)
        return self._state


@contextlib.asynccontextmanager
async def open_remote(
    settings: Settings, *, patience: float = PATIENCE, tell: Callable[[str], None] | None = None, ahead: bool = True
) -> AsyncIterator[RemoteDesk]:
    """The desk that `desk.server` names, for whoever is signed in here.

    Waiting for news outlasts `patience` seconds without a connection, which `tell` hears of; `ahead` as of
    `RemoteSession`. Raises `NotSignedInError`, `OtherVersionError`, `UnreachableError`.
    """
    line = Line(settings.desk.server, token_of(settings), patience=patience, tell=tell)
    log = send_logging_to(log_path(settings), settings.log.format)
    try:
        yield RemoteDesk(line, await line.get("/about", About), ahead=ahead)
    finally:
        await line.close()
        stop_logging_to(log)
