"""The adapter for the sandbox's directory: JSON over HTTP, with LDAP's results. Filters are values on the wire, too."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import TypeVar

import msgspec

from csrdesk.config import DirectorySettings, is_safe
from csrdesk.errors import (
    ServiceError,
    UnauthorizedError,
    UnavailableError,
    UnexpectedAnswerError,
)
from csrdesk.model.secret import Secret
from csrdesk.services import http
from csrdesk.services.directory.errors import NO_SUCH_OBJECT, SUCCESS, SYSTEM, error_of
from csrdesk.services.directory.port import AllOf, Change, Control, Entry, Equal, Filter
from csrdesk.services.retry import decide

T = TypeVar("T", bound="_Result")


class _Result(msgspec.Struct, frozen=True, rename="camel"):
    result_code: int
    diagnostic_message: str = ""


class _Found(_Result, frozen=True, rename="camel"):
    entries: tuple[Entry, ...] = ()


class _Modified(_Result, frozen=True, rename="camel"):
    pass


class _Equal(msgspec.Struct, frozen=True):
    attribute: str
    value: str


class _And(msgspec.Struct, frozen=True, rename={"filters": "and"}):
    filters: tuple[_Wire, ...]


class _Or(msgspec.Struct, frozen=True, rename={"filters": "or"}):
    filters: tuple[_Wire, ...]


_Wire = _Equal | _And | _Or


class _Search(msgspec.Struct, frozen=True):
    base: str
    filter: _Wire
    attributes: tuple[str, ...]


class _Root(msgspec.Struct, frozen=True):
    attributes: tuple[str, ...]
    base: str = ""
    scope: str = "base"


class _Raw(msgspec.Struct, frozen=True):
    base64: bytes


class _Change(msgspec.Struct, frozen=True):
    operation: str
    attribute: str
    values: tuple[str | _Raw, ...]


class _Modify(msgspec.Struct, frozen=True):
    dn: str
    changes: tuple[_Change, ...]
    controls: tuple[str, ...] = ()


class SandboxDirectory:
    """The port over the sandbox's wire."""

    def __init__(
        self, settings: DirectorySettings, password: Secret, *, jitter: Callable[[], float] = random.random
    ) -> None:
        auth = http.basic(settings.user, password.reveal())
        self._client = http.open_client(settings.url, timeout_seconds=settings.timeout_seconds, auth=auth)
        self._url = settings.url.rstrip("/")
        self._timeout = settings.timeout_seconds
        self._jitter = jitter

    @property
    def private(self) -> bool:
        return is_safe(self._url)

    @property
    def keeps_moments(self) -> bool:
        return False

    @property
    def server(self) -> str:
        return ""

    async def writer(self) -> SandboxDirectory:
        return self

    async def root(self, attributes: tuple[str, ...]) -> Entry:
        found = await self._reading(_Root(attributes))
        return found[0] if found else Entry("")

    async def search(self, wanted: Filter, attributes: tuple[str, ...], *, base: str = "") -> tuple[Entry, ...]:
        return await self._reading(_Search(base, _wire(wanted), attributes))

    async def at_each(self, dn: str, attributes: tuple[str, ...]) -> tuple[tuple[str, Entry | ServiceError], ...]:
        found = await self.search(Equal("distinguishedName", dn), attributes, base=dn)
        return tuple((self.server, entry) for entry in found)

    async def modify(self, dn: str, changes: tuple[Change, ...], *, controls: tuple[Control, ...] = ()) -> None:
        # The sandbox's wire names controls by their OIDs alone.
        body = _Modify(dn, tuple(_change(change) for change in changes), tuple(control.oid for control in controls))
        result = await self._post("modify", body, _Modified)
        if result.result_code != SUCCESS:
            raise error_of(result.result_code, result.diagnostic_message)

    async def close(self) -> None:
        await self._client.aclose()

    async def _reading(self, body: _Search | _Root) -> tuple[Entry, ...]:
        tries = 1
        while True:
            try:
                return await self._search(body)
            except ServiceError as error:
                decision = decide(error, tries, jitter=self._jitter())
                if not decision.again:
                    raise
            await asyncio.sleep(decision.after)
            tries += 1

    async def _search(self, body: _Search | _Root) -> tuple[Entry, ...]:
        result = await self._post("search", body, _Found)
        if result.result_code == NO_SUCH_OBJECT:
            return ()
        if result.result_code != SUCCESS:
            raise error_of(result.result_code, result.diagnostic_message)
        return result.entries

    async def _post(self, verb: str, body: msgspec.Struct, shape: type[T]) -> T:
        headers = {"content-type": "application/json"}
        request = self._client.build_request(
            "POST", f"{self._url}/{verb}", content=msgspec.json.encode(body), headers=headers
        )
        response = await http.send(self._client, request, system=SYSTEM, timeout_seconds=self._timeout)
        if response.status_code != 200:
            raise _by_status(response.status_code)
        try:
            return msgspec.json.decode(response.content, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _unexpected(str(error)) from None


def _wire(wanted: Filter) -> _Wire:
    if isinstance(wanted, Equal):
        return _Equal(wanted.attribute, wanted.value)
    parts = tuple(_wire(part) for part in wanted.filters)
    return _And(parts) if isinstance(wanted, AllOf) else _Or(parts)


def _change(change: Change) -> _Change:
    values = tuple(value if isinstance(value, str) else _Raw(value.reveal()) for value in change.values)
    return _Change(change.operation, change.attribute, values)


def _by_status(status: int) -> ServiceError:
    details = f"status={status}"
    if status in (401, 403):
        words = "The directory does not take csrdesk's sign-in. Ask an administrator."
        return UnauthorizedError(words, system=SYSTEM, details=details)
    if status in (408, 429) or status >= 500:
        words = "The directory has a problem of its own. Try again in a moment."
        return UnavailableError(words, system=SYSTEM, details=details)
    return _unexpected(details)


def _unexpected(details: str) -> UnexpectedAnswerError:
    words = "The directory gave an answer that csrdesk does not know. Ask an administrator."
    return UnexpectedAnswerError(words, system=SYSTEM, details=details)
