"""The adapter for Active Directory: the port over LDAP, to one of several domain controllers.

Changes go to one controller, the PDC emulator where settings name no other: it hears of locks and passwords first. It
is asked first as well, so that what is read is what was written; the others stand in for reading while it is away.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import urlsplit

from csrdesk.config import DirectorySettings
from csrdesk.errors import ServiceError, TimedOutError, UnavailableError, UnreachableError
from csrdesk.model.names import above
from csrdesk.model.secret import Secret
from csrdesk.services.directory.errors import SYSTEM
from csrdesk.services.directory.ldap_connection import SignIn, Target
from csrdesk.services.directory.ldap_controller import Controller, is_away
from csrdesk.services.directory.ldap_names import GroupNames
from csrdesk.services.directory.port import Change, Control, Entry, Filter

T = TypeVar("T")
_AWAY_SECONDS = 30.0
"""For so long a controller that did not answer is asked last."""
_KEPT_SECONDS = 600.0
"""For so long the PDC emulator is taken to be the same."""
_ROLE = "fSMORoleOwner"


class LdapDirectory:
    """Several controllers of one domain as one directory."""

    def __init__(
        self,
        settings: DirectorySettings,
        password: Secret | None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._sign_in = SignIn(settings.user, password)
        self._names = GroupNames(monotonic)
        self._now = monotonic
        self._controllers = [self._controller(url) for url in settings.controllers]
        self._away: dict[str, float] = {}
        self._writer: tuple[float, Controller | None] = (float("-inf"), None)

    @property
    def private(self) -> bool:
        """Always: no other connection is made."""
        return True

    @property
    def keeps_moments(self) -> bool:
        return True

    @property
    def server(self) -> str:
        """The controller that is asked first now."""
        return self._in_order()[0].server

    @property
    def controllers(self) -> tuple[Controller, ...]:
        """Each by itself, in the settings' order."""
        return tuple(self._controllers)

    async def root(self, attributes: tuple[str, ...]) -> Entry:
        return await self._from_any(lambda one: one.root(attributes))

    async def search(self, wanted: Filter, attributes: tuple[str, ...], *, base: str = "") -> tuple[Entry, ...]:
        return await self._from_any(lambda one: one.search(wanted, attributes, base=base))

    async def at_each(self, dn: str, attributes: tuple[str, ...]) -> tuple[tuple[str, Entry | ServiceError], ...]:
        """Of all controllers at the same time; one that was away lately is not asked again so soon."""
        now = self._now()
        here = [one for one in self._controllers if self._away.get(one.url, 0.0) <= now]
        told = await asyncio.gather(*(one.at_each(dn, attributes) for one in here))
        away = UnreachableError("It did not answer lately, and was not asked.", system=SYSTEM)
        missing = tuple((one.server, away) for one in self._controllers if one not in here)
        return (*(found for each in told for found in each), *missing)

    async def modify(self, dn: str, changes: tuple[Change, ...], *, controls: tuple[Control, ...] = ()) -> None:
        await (await self.writer()).modify(dn, changes, controls=controls)

    async def writer(self) -> Controller:
        """The one controller that changes are made on, connected. Raises `UnavailableError`: nothing was written."""
        until, found = self._writer
        if found is None or until <= self._now():
            try:
                found = await self._found_writer()
            except UnreachableError as error:
                raise UnavailableError(error.message, system=SYSTEM, details=error.details) from None
            self._writer = (self._now() + _KEPT_SECONDS, found)
        try:
            return await found.writer()
        except ServiceError:
            self._writer = (float("-inf"), None)  # the role may have moved meanwhile
            raise

    async def close(self) -> None:
        for one in self._controllers:
            await one.close()

    def _controller(self, url: str) -> Controller:
        settings = self._settings
        return Controller(Target(url, self._sign_in, settings.ca_file, settings.timeout_seconds), self._names)

    async def _found_writer(self) -> Controller:
        match self._settings.ad_write_to:
            case "pdc":
                return await self._from_any(self._pdc)
            case "first":
                return self._controllers[0]
            case url:
                return self._known(url)

    async def _pdc(self, one: Controller) -> Controller:
        """The controller that holds the role, found by asking any ([MS-ADTS] 3.1.1.1.11)."""
        root = (await one.connected()).root
        domain = root.first("defaultNamingContext") or ""
        told = await one.named(domain, (_ROLE,))
        owner = (told[0].first(_ROLE) if told else None) or ""
        if not owner or owner.casefold() == (root.first("dsServiceName") or "").casefold():
            return one
        held = await one.named(above(owner), ("dNSHostName",))
        host = (held[0].first("dNSHostName") if held else None) or ""
        if not host:
            return one
        scheme = urlsplit(one.url).scheme
        return self._known(f"{scheme}://{host}")

    def _known(self, url: str) -> Controller:
        """The controller at that address, or on that host; one that settings do not name joins the others."""
        host = urlsplit(url).hostname
        for one in self._controllers:
            if url == one.url or urlsplit(one.url).hostname == host:
                return one
        fresh = self._controller(url)
        self._controllers.append(fresh)
        return fresh

    def _in_order(self) -> list[Controller]:
        """Who is asked: the writer first, and last who was away lately."""
        now, writer = self._now(), self._writer[1]
        return sorted(self._controllers, key=lambda one: (self._away.get(one.url, 0.0) > now, one is not writer))

    async def _from_any(self, ask: Callable[[Controller], Awaitable[T]]) -> T:
        """The first controller's answer. An idle connection that was cut is no sign of a controller that is away."""
        order = self._in_order()
        failed: ServiceError = UnreachableError("No domain controller is set up.", system=SYSTEM)
        for tries, one in enumerate(order if len(order) > 1 else order * 2):
            try:
                answer = await ask(one)
            except ServiceError as error:
                if not is_away(error):
                    raise
                failed = error if tries == 0 else failed
                self._away[one.url] = self._now() + _AWAY_SECONDS
                if len(order) == 1 and isinstance(error, TimedOutError):
                    break
            else:
                self._away.pop(one.url, None)
                return answer
        raise failed
