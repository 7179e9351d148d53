"""A running sandbox, the services opened on it, and a desk's side of links that only remembers what it was told."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from csrdesk.config import DeskSettings, DirectorySettings, FlowSettings, MailSettings, PingOneSettings, Settings
from csrdesk.flows.doors import Agent, Context, OpenedLink
from csrdesk.flows.effects import SendMagicLink
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.flows.replies import LinkNotSent
from csrdesk.flows.spoken_effects import AddressNotOpened, AddressOpened, OpenAddress
from csrdesk.model.devices import Age
from csrdesk.model.link import Link, LinkStage
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Options, Sandbox
from csrdesk.services.directory.protection import ProtectedAccounts
from csrdesk.services.directory.sandbox import SandboxDirectory
from csrdesk.services.keys import Secrets
from csrdesk.services.mail import SmtpMailer
from csrdesk.services.performer import Outside, Performer
from csrdesk.services.performer.outside import Company
from csrdesk.services.pingone.api import open_api

AGENT = Agent("mira", "Mira Hoffmann")
TOKEN = "token-in-the-mail-and-nowhere-else"
PAGES = "https://desk.example"


@dataclass
class Links:
    """`flows.doors.LinkDesk`, remembering."""

    refusal: LinkNotSent | None = None
    age: Age = Age.OLD
    number_age: Age = Age.UNKNOWN
    unlocked: datetime | None = None
    frozen: datetime | None = None
    recovering: bool = True
    wrong: int = 0
    """Wrong passcodes in a row before this one."""
    agents: set[str] = field(default_factory=set)
    """Who has worked at the desk."""
    told: list[tuple[str, str]] = field(default_factory=list)
    half_done: set[str] = field(default_factory=set)
    """Whose registration was left."""

    async def open(self, effect: SendMagicLink, context: Context, *, to: str, address: str) -> OpenedLink | LinkNotSent:
        self.told.append(("open", f"{effect.person_id} {to} {address}"))
        return self.refusal or OpenedLink("challenge-1", Secret(TOKEN), "K7Q-2M9", context.agent.name)

    async def open_address(
        self, effect: OpenAddress, context: Context, *, to: str, address: str
    ) -> AddressOpened | AddressNotOpened:
        self.told.append(("open address", f"{effect.person_id} {to} {address} {context.agent.name}"))
        return AddressOpened(Link("challenge-2", 1, LinkStage.SENT, "K7Q-2M9", to))

    async def was_opened_by(self, context: Context, address: str) -> bool:
        opened = {where.casefold() for what, where in self.told if what == "opened by"}
        return bool(context.flow_id) and address.casefold() in opened

    async def accepted(self, challenge_id: str) -> Link:
        self.told.append(("accepted", challenge_id))
        return Link(challenge_id, 1, LinkStage.SENT, "K7Q-2M9", "a***@m***.example")

    async def failed(self, challenge_id: str) -> None:
        self.told.append(("failed", challenge_id))

    async def is_agent(self, *names: str) -> bool:
        return bool(self.agents & set(names))

    async def is_recovering(self, context: Context) -> bool:
        return self.recovering and bool(context.flow_id)

    async def frozen_until(self, person_id: str) -> datetime | None:
        return self.frozen if person_id else None

    async def wrong_passcodes(self, person_id: str, device_id: str) -> int:
        return self.wrong if person_id and device_id else 0

    async def way_back(self, person_id: str) -> Secret | None:
        return Secret(f"way-of-{person_id}") if person_id in self.half_done else None

    async def unlocked_at(self, person_id: str) -> datetime | None:
        return self.unlocked if person_id else None

    async def saw_address(self, person_id: str, address: str) -> Age:
        self.told.append(("saw", f"{person_id} {address}"))
        return self.age

    async def saw_number(self, person_id: str, number: str) -> Age:
        self.told.append(("saw number", f"{person_id} {number}"))
        return self.number_age


@pytest.fixture
def options() -> Options:
    return Options()


class Calls:
    """ASGI: lets everything through, and remembers when each call began and ended."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, float]] = []
        self.paths: list[str] = []

    def around(self, app: ASGIApp) -> ASGIApp:
        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            began = time.monotonic()
            await app(scope, receive, send)
            self.seen.append((began, time.monotonic()))
            self.paths.append(str(scope.get("path", "")))

        return watched

    def one_after_the_other(self) -> int:
        """How many calls could not have waited for less: the longest row in which none began before the last ended."""
        longest: dict[float, int] = {}
        for began, ended in sorted(self.seen):
            longest[ended] = 1 + max((row for end, row in longest.items() if end <= began), default=0)
        return max(longest.values(), default=0)


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
async def box(options: Options, calls: Calls, tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A sandbox of the test's own; with CSRDESK_RECORD set, what it recorded is added to that file."""
    record = os.environ.get("CSRDESK_RECORD")
    own = tmp_path / "exchanges.jsonl"
    async with Sandbox(
        msgspec.structs.replace(options, record=own if record else None), around=calls.around
    ) as running:
        yield running
    if record:
        with Path(record).open("a", encoding="utf-8") as file:  # noqa: ASYNC230 - the test is over
            file.write(own.read_text(encoding="utf-8"))


@pytest.fixture
def settings(box: Sandbox) -> Settings:
    at = box.settings()
    return Settings(
        pingone=PingOneSettings(
            environment_id=at.environment_id, client_id=at.client_id, api_url=at.api_url, auth_url=at.auth_url
        ),
        directory=DirectorySettings(kind="sandbox", url=at.directory_url, user=at.directory_user),
        mail=MailSettings(
            host=at.smtp_host,
            port=at.smtp_port,
            user=at.smtp_user,
            sender="desk@care.example",
            ca_file=str(at.smtp_ca_file),
        ),
        desk=DeskSettings(public_url=PAGES, phone="+1 512 555 0100"),
        flow=FlowSettings(ciam_company_name="Example Care", mfa_policy_id=at.mfa_policy_id),
    )


@pytest.fixture
def secrets(box: Sandbox) -> Secrets:
    at = box.settings()
    return Secrets(Secret(at.client_secret), Secret(at.directory_password), Secret(at.smtp_password))


@pytest.fixture
def links() -> Links:
    return Links()


@pytest.fixture
async def outside(settings: Settings, secrets: Secrets, links: Links) -> AsyncIterator[Outside]:
    opened = Outside(
        pingone=open_api(settings.pingone, secrets.pingone),
        links=lambda: links,
        mailer=lambda: SmtpMailer(settings.mail, secrets.mail),
        directory=SandboxDirectory(settings.directory, secrets.directory or Secret("")),
        protected=ProtectedAccounts(settings.directory.protected_groups),
        company=Company(settings.flow.ciam_company_name, settings.desk.phone),
        public_url=lambda: settings.desk.public_url,
    )
    yield opened
    await opened.close()


Do = Callable[..., Awaitable[Reply]]


@pytest.fixture
def do(outside: Outside) -> Do:
    """Performs an effect for the agent; `secret`: what was typed."""
    performer = Performer(outside)

    async def perform(effect: Effect, *, secret: str | None = None, agent: Agent = AGENT) -> Reply:
        typed = Secret(secret) if secret is not None else None
        return await performer(effect, Context("flow-1", 3, "call-1", agent, secret=typed))

    return perform
