"""One domain controller as a directory: the port, bound to it. Nothing here fails over or is tried again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

import ldap
from ldap.controls import SimplePagedResultsControl
from ldap.dn import is_dn

from csrdesk.errors import NotFoundError, ServiceError, TimedOutError, UnavailableError, UnreachableError
from csrdesk.services.attempts import attempt
from csrdesk.services.directory.descriptors import DESCRIPTOR
from csrdesk.services.directory.errors import ELSEWHERE, SYSTEM
from csrdesk.services.directory.ldap_connection import Answer, Connection, Target, control
from csrdesk.services.directory.ldap_names import GroupNames
from csrdesk.services.directory.ldap_values import filter_text, modifications
from csrdesk.services.directory.port import Change, Control, Entry, Equal, Filter

PAGE = 500
"""Entries an answer: AD gives a thousand at most."""
_SOME = 50
_BASE_ONLY = "tokenGroups"
"""AD computes it for the one object that a search is about, and for no other ([MS-ADTS] 3.1.1.4.5.19)."""
_ANYTHING = "(objectClass=*)"
_READ_ONLY = "1.2.840.113556.1.4.1920"
"""What a read-only domain controller says of itself ([MS-ADTS] 3.1.1.3.4.3.6)."""
_ACCESS_LIST_ALONE = ("1.2.840.113556.1.4.801", b"\x30\x03\x02\x01\x04")
"""Without it AD tells nothing of a descriptor to somebody who may not read all of it ([MS-ADTS] 3.1.1.3.4.1.11)."""


@dataclass(frozen=True)
class _Query:
    base: str
    scope: int
    text: str
    attributes: tuple[str, ...]
    page: SimplePagedResultsControl | None = None


class Controller:
    """Connects when it is first asked, and again after the connection was cut."""

    def __init__(self, target: Target, names: GroupNames, *, page: int = PAGE) -> None:
        self._page = page
        self._target = target
        self._names = names
        self._connection: Connection | None = None
        self._opening = asyncio.Lock()

    @property
    def url(self) -> str:
        """As settings have it."""
        return self._target.url

    @property
    def private(self) -> bool:
        """Always: no other connection is made."""
        return True

    @property
    def keeps_moments(self) -> bool:
        return True

    @property
    def server(self) -> str:
        told = self._connection.root.first("dnsHostName") if self._connection else None
        return told or urlsplit(self._target.url).hostname or ""

    async def writer(self) -> Controller:
        """Itself. Raises `UnavailableError` where it is away or takes no changes: then nothing was written."""
        try:
            connection = await self.connected()
        except (UnreachableError, TimedOutError) as error:
            raise UnavailableError(error.message, system=SYSTEM, details=error.details) from None
        if _READ_ONLY in connection.root.values("supportedCapabilities"):
            raise UnavailableError(f"{self.server} takes no changes. {ELSEWHERE}", system=SYSTEM, details="RODC")
        return self

    async def connected(self) -> Connection:
        """A connection that lives. Raises `ServiceError`: nothing was asked."""
        async with self._opening:
            if self._connection is None or self._connection.dead:
                fresh = Connection(self._target)
                await fresh.open()
                self._connection = fresh
            return self._connection

    async def root(self, attributes: tuple[str, ...]) -> Entry:
        found = await self._ask(_Query("", ldap.SCOPE_BASE, _ANYTHING, attributes))
        return found.entries[0] if found.entries else Entry("")

    async def search(self, wanted: Filter, attributes: tuple[str, ...], *, base: str = "") -> tuple[Entry, ...]:
        if base and not is_dn(base):
            return ()
        groups = _BASE_ONLY in attributes
        if isinstance(wanted, Equal) and wanted.attribute == "distinguishedName" and wanted.value == base:
            found = await self.named(base, attributes)
        else:
            plain = tuple(name for name in attributes if name != _BASE_ONLY)
            found = await self._below(base, filter_text(wanted), plain)
            if groups:
                again = await asyncio.gather(*(self.named(entry.dn, attributes) for entry in found))
                found = tuple(entry for one in again for entry in one)
        return await self._names.added(found, self.named) if groups else found

    async def some(self, wanted: Filter, attributes: tuple[str, ...], *, base: str = "") -> tuple[Entry, ...]:
        """As `search`, but no more than one page of it."""
        if base and not is_dn(base):
            return ()
        start = base or (await self.connected()).root.first("defaultNamingContext") or ""
        page = SimplePagedResultsControl(criticality=True, size=_SOME, cookie="")
        try:
            return (await self._ask(_Query(start, ldap.SCOPE_SUBTREE, filter_text(wanted), attributes, page))).entries
        except NotFoundError:
            return ()

    async def named(self, dn: str, attributes: tuple[str, ...]) -> tuple[Entry, ...]:
        """The one object of that name, which may be `<SID=...>` or `<GUID=...>` ([MS-ADTS] 3.1.1.3.1.2.4), or none."""
        try:
            return (await self._ask(_Query(dn, ldap.SCOPE_BASE, _ANYTHING, attributes))).entries
        except NotFoundError:
            return ()

    async def at_each(self, dn: str, attributes: tuple[str, ...]) -> tuple[tuple[str, Entry | ServiceError], ...]:
        found = await attempt(self.named(dn, attributes))
        if isinstance(found, ServiceError):
            return ((self.server, found),)
        return tuple((self.server, entry) for entry in found)

    async def modify(self, dn: str, changes: tuple[Change, ...], *, controls: tuple[Control, ...] = ()) -> None:
        wanted = modifications(changes)
        asked = [control(one.oid, one.value) for one in controls]
        connection = await self.connected()
        await connection.ask(lambda wire: int(wire.modify_ext(dn, wanted, serverctrls=asked)))

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def _below(self, base: str, text: str, attributes: tuple[str, ...]) -> tuple[Entry, ...]:
        start = base or (await self.connected()).root.first("defaultNamingContext") or ""
        entries: tuple[Entry, ...] = ()
        page = SimplePagedResultsControl(criticality=True, size=self._page, cookie="")
        while True:
            try:
                answer = await self._ask(_Query(start, ldap.SCOPE_SUBTREE, text, attributes, page))
            except NotFoundError:
                return entries
            entries += answer.entries
            told = [one for one in answer.controls if one.controlType == SimplePagedResultsControl.controlType]
            if not told or not told[0].cookie:
                return entries
            page.cookie = told[0].cookie

    async def _ask(self, query: _Query) -> Answer:
        asked = [query.page] if query.page is not None else []
        if DESCRIPTOR in query.attributes:
            asked.append(control(*_ACCESS_LIST_ALONE))
        wanted = list(query.attributes)
        connection = await self.connected()
        return await connection.ask(
            lambda wire: int(wire.search_ext(query.base, query.scope, query.text, wanted, serverctrls=asked))
        )


def is_away(error: ServiceError) -> bool:
    """Whether another controller may still answer."""
    return isinstance(error, UnreachableError | TimedOutError | UnavailableError)
