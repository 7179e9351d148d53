"""A desk beside a sandbox, its API over real HTTP, and agents who reach it with tokens alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.config import RoleSettings, Settings
from csrdesk.config.grants import grants_of
from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.errors import NotSignedInError
from csrdesk.model.secret import Secret
from csrdesk.model.sign_in import Agent, SignedIn
from csrdesk.remote import Line, RemoteSession
from csrdesk.sandbox import Options, Sandbox
from csrdesk.wiring import Desk, open_desk
from csrdesk.wiring.desk_api import desk_api_served
from csrdesk.wiring.trial import settings_for

GRACE, HAL = Agent("grace", "Grace"), Agent("hal", "Hal")
STRANGER = Agent("somebody.else")
TOKENS = {"token-of-grace": GRACE, "token-of-hal": HAL, "token-of-a-stranger": STRANGER}
ROLES = RoleSettings(lead=("leads",), populations={"leads": ("*",)}, ous={"leads": ("*",)})


@dataclass
class FixedGate:
    """Knows tokens by heart. `over` are those that counted before."""

    agents: Mapping[str, Agent] = field(default_factory=lambda: TOKENS)
    over: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def signed_in(self, token: str) -> SignedIn:
        self.asked.append(token)
        if token in self.over or token not in self.agents:
            raise NotSignedInError("This sign-in does not count. Run: csrdesk login")
        return SignedIn(self.agents[token], self.at, {"groups": ["leads"]})


def token_of(agent: Agent) -> str:
    return next(token for token, known in TOKENS.items() if known == agent)


@dataclass(frozen=True)
class Served:
    """Both sides of the wire, the desk between them, and where its API is."""

    box: Sandbox
    desk: Desk
    gate: FixedGate
    url: str

    @asynccontextmanager
    async def session(
        self,
        agent: Agent = GRACE,
        *,
        url: str = "",
        patience: float = 0.0,
        tell: Callable[[str], None] | None = None,
        ahead: bool = False,
    ) -> AsyncIterator[RemoteSession]:
        """The session of an agent somewhere else."""

        async def token() -> Secret:
            return Secret(token_of(agent))

        line = Line(url or self.url, token, patience=patience, tell=tell)
        try:
            yield RemoteSession(agent, line, ahead=ahead)
        finally:
            await line.close()

    def customer(self, username: str) -> Customer:
        return Customer(self.box.world.user(username).email, self.box.settings().mailbox_url)


async def looked_up(session: RemoteSession, identifier: str) -> Call:
    call = await Call.begin(session)
    await call.look_up(identifier)
    return call


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(Options()) as running:
        yield running


@pytest.fixture
def settings(box: Sandbox, tmp_path: Path) -> Settings:
    folder = tmp_path / "desk"
    folder.mkdir(mode=0o700)
    made = settings_for(box.settings(), folder)
    return replace(made, desk=replace(made.desk, api_url="http://localhost", api_port=0), roles=ROLES)


@asynccontextmanager
async def served_at(box: Sandbox, settings: Settings) -> AsyncIterator[Served]:
    gate = FixedGate()
    async with (
        open_desk(settings, serve_pages=True) as desk,
        desk_api_served(desk, gate, lambda signed: grants_of(signed, settings.roles)) as port,
    ):
        yield Served(box, desk, gate, f"http://localhost:{port}")


@pytest.fixture
async def served(box: Sandbox, settings: Settings) -> AsyncIterator[Served]:
    async with served_at(box, settings) as running:
        yield running
