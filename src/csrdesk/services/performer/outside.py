"""What performing needs: the open services, what the settings say of them, and what is remembered for a minute."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from csrdesk.config import PasswordSettings, ProtectSettings, RegistrationSettings
from csrdesk.flows.doors import LinkDesk
from csrdesk.model.devices import Age
from csrdesk.services.attempts import UnderWay
from csrdesk.services.directory.port import Directory
from csrdesk.services.directory.protection import HeldAccounts, ProtectedAccounts
from csrdesk.services.letters import Mailer
from csrdesk.services.pingone import password_policies, policies, populations
from csrdesk.services.pingone.api import Api
from csrdesk.services.pingone.policies import MfaPolicy

_KEPT_SECONDS = 60.0
_MISSED_SECONDS = 3600.0
"""How long a push that came without a number speaks for the others."""


def utc_now() -> datetime:
    """By the machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Company:
    """How the desk presents itself in mails."""

    name: str = "Help desk"
    phone: str = ""
    link_minutes: int = 3
    alert_to: str = ""
    """Who reads of alerts."""


class Remembered:
    """What hardly ever changes and is asked for at each call: policies and populations, kept a minute."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._now = monotonic
        self._policies: dict[str, tuple[float, MfaPolicy | None]] = {}
        self._populations: tuple[float, dict[str, str]] = (float("-inf"), {})
        self._number_missed = float("-inf")
        self._password_policies: tuple[float, tuple[password_policies.Policy, ...]] = (float("-inf"), ())

    async def policy(self, api: Api, policy_id: str) -> MfaPolicy | None:
        """The MFA policy of that id, the default one for an empty id."""
        until, policy = self._policies.get(policy_id, (float("-inf"), None))
        if self._now() < until:
            return policy
        policy = await policies.read(api, policy_id)
        self._policies[policy_id] = (self._now() + _KEPT_SECONDS, policy)
        return policy

    def push_seconds(self, policy_id: str) -> int:
        """How long a push waits, by the policy as it was read last; 0 where that is not known. Nothing is asked."""
        _, policy = self._policies.get(policy_id, (0.0, None))
        return policy.push_seconds if policy else 0

    async def password_policies(self, api: Api) -> tuple[password_policies.Policy, ...]:
        """Every password policy."""
        until, every = self._password_policies
        if self._now() < until:
            return every
        every = await password_policies.read_all(api)
        self._password_policies = (self._now() + _KEPT_SECONDS, every)
        return every

    def numbered(self, policy: MfaPolicy | None) -> bool | None:
        """Whether a push comes with a number to say: by the policy, and by the last one that came without."""
        if self._now() < self._number_missed:
            return False
        return policy.pushes_with_number if policy else None

    def saw_push(self, *, number: bool) -> None:
        """A push went out, with its number in PingOne's answer or without."""
        self._number_missed = float("-inf") if number else self._now() + _MISSED_SECONDS

    async def population_names(self, api: Api) -> dict[str, str]:
        """Names of populations by id."""
        until, names = self._populations
        if self._now() < until:
            return names
        names = await populations.names(api)
        self._populations = (self._now() + _KEPT_SECONDS, names)
        return names


@dataclass(frozen=True)
class Outside:
    """The services as one performer uses them. `wiring` makes it; tests make their own."""

    pingone: Api
    links: Callable[[], LinkDesk]
    """The engine's side of links; a function, because the engine is made with the performer and so after it."""
    mailer: Callable[[], Mailer] | None = None
    """A function, because only who sends a mail pays for its libraries; None where no mail server is set up."""
    directory: Directory | None = None
    protected: ProtectedAccounts = field(default_factory=ProtectedAccounts)
    stamp_attribute: str = ""
    """Where a change in the directory leaves agent, ticket and time; empty for nowhere."""
    match: tuple[str, ...] = ("employeeID",)
    """Attributes by which an account is found for somebody in PingOne who has no `objectGUID` there."""
    agents: frozenset[str] = frozenset()
    """Account names of those who work at this desk, case-folded; whoever is in the audit need not be named."""
    held: HeldAccounts = field(default_factory=HeldAccounts)
    passwords: PasswordSettings = field(default_factory=PasswordSettings)
    """Who keeps the passwords of which population."""
    protect: ProtectSettings = field(default_factory=ProtectSettings)
    """How PingOne Protect is asked."""
    registration: RegistrationSettings = field(default_factory=RegistrationSettings)
    """Who may make an account by themselves."""
    company: Company = Company()
    agreement_id: str = ""
    """The agreement whose consents are looked at; empty for none."""
    call_back: bool = False
    """Whether settings let PingOne ring the number on record."""
    public_url: Callable[[], str] = str
    """The origin of the customers' pages; empty where nobody serves them, and then no link is sent."""
    now: Callable[[], datetime] = utc_now
    proof_age: timedelta = timedelta(hours=72)
    """How old an address or a device must be to prove anybody."""
    lives_on: str = ""
    """What goes on after every session has been ended, and for how long, in words."""
    remembered: Remembered = field(default_factory=Remembered)
    failed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever something outside did not do its part: whoever shows what is down looks again at once."""

    def age(self, since: datetime | None) -> Age:
        """Of an account or a device that PingOne says was made then."""
        return Age.of(since, self.now(), self.proof_age)

    def counts_from(self, since: datetime | None) -> datetime | None:
        """When what came then is old enough to prove somebody; None where it is, and where nobody told."""
        return since + self.proof_age if since and self.age(since) is Age.NEW else None

    def within(self, call_id: str, under_way: UnderWay | None = None) -> Outside:
        """The same services for one call of the desk, whose id PingOne is told, and what a step of it reads now."""
        return replace(self, pingone=self.pingone.within(call_id, under_way))

    async def close(self) -> None:
        """Close every kept connection."""
        await self.pingone.close()
        if self.directory is not None:
            await self.directory.close()
