"""Calls to PingOne: address, token, time-out, retry, and JSON into a typed value. What each means stands elsewhere.

`Api` is for one call of the desk at a time: it carries that call's id to PingOne and shares connections and token.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Generic, TypeVar
from urllib.parse import quote

import msgspec

from csrdesk.config import PingOneSettings
from csrdesk.errors import NotFoundError, RateLimitedError, ServiceError, UnexpectedAnswerError
from csrdesk.model.secret import Secret
from csrdesk.services import http
from csrdesk.services.attempts import UnderWay
from csrdesk.services.pace import TRIES, Pace
from csrdesk.services.pingone.auth import ClientCredentials
from csrdesk.services.pingone.errors import SYSTEM, error_of, retry_after
from csrdesk.services.retry import decide
from csrdesk.services.timing import Watch, timed

T = TypeVar("T")
_PAGES = 20
"""Pages of one collection that are followed at most."""
_PART = re.compile(r"[A-Za-z0-9_-]{1,100}")
_TRANSACTION = re.compile(r"[^A-Za-z0-9._\-/@=#+]")


@dataclass(frozen=True)
class Received(Generic[T]):
    """A decoded answer, with PingOne's `Correlation-Id` of it."""

    body: T
    correlation_id: str = ""


class Href(msgspec.Struct, frozen=True):
    """A link of HAL."""

    href: str = ""


class Links(msgspec.Struct, frozen=True):
    """The links of a page that are followed."""

    next: Href | None = None


def path(*parts: str) -> str:
    """Resources and ids as a URL's path. What cannot be an id is not asked for: to many servers %2F is a slash.

    Raises `NotFoundError`.
    """
    if not all(_PART.fullmatch(part) for part in parts):
        raise NotFoundError("PingOne knows nothing by that.", system=SYSTEM, details="not an id")
    return "/".join(quote(part, safe="") for part in parts)


@dataclass(frozen=True)
class Api:
    """An environment of PingOne, open for calls."""

    client: http.Client
    api_url: str
    """With the environment, without a slash at the end."""
    auth_url: str
    """As above, of the sign-on host."""
    timeout_seconds: float
    call_id: str = ""
    jitter: Callable[[], float] = random.random
    pace: Pace | None = None
    """How fast calls go, for a run over many accounts; None: at once."""
    under_way: UnderWay | None = None
    """What a step of the desk reads at this moment, so that nothing is read twice side by side; None: all of it is."""
    watch: Watch | None = None
    """Is told of each request."""

    def within(self, call_id: str, under_way: UnderWay | None = None) -> Api:
        """The same connections, for the desk's call of that id: PingOne keeps it beside its own records."""
        return replace(self, call_id=_TRANSACTION.sub("_", call_id)[:100], under_way=under_way)

    async def get(self, url: str, shape: type[T], query: Mapping[str, str | int] | None = None) -> Received[T]:
        """Read; tried again where that may help."""
        if self.under_way is None:
            return await self._safely("GET", url, shape, query=query)
        question = (url, shape, tuple((query or {}).items()))
        return await self.under_way.once(question, lambda: self._safely("GET", url, shape, query=query))

    async def put(self, url: str, body: msgspec.Struct, shape: type[T]) -> Received[T]:
        """Write a whole new state: doing it twice does the same, so it is tried again where that may help."""
        return await self._safely("PUT", url, shape, body=body)

    async def put_once(self, url: str, body: msgspec.Struct, shape: type[T], *, verb: str) -> Received[T]:
        """Do what the content type says, once: never tried again (PingOne API, "Content type")."""
        return _decode(await self._once("PUT", url, body=body, media=_vendor(verb)), shape)

    async def post(self, url: str, body: msgspec.Struct, shape: type[T], *, media: str = "json") -> Received[T]:
        """Do something, once: never tried again. `media`: `json`, or the verb in PingOne's vendor type."""
        kind = "application/json" if media == "json" else _vendor(media)
        return _decode(await self._once("POST", url, body=body, media=kind), shape)

    async def act(self, url: str, verb: str, shape: type[T]) -> Received[T]:
        """Do what the content type alone says, once, with an empty body (PingOne API, "Content type")."""
        return _decode(await self._once("POST", url, media=_vendor(verb)), shape)

    async def delete(self, url: str) -> str:
        """Delete, once; gives the correlation id."""
        return _correlation(await self._once("DELETE", url))

    async def pages(self, url: str, shape: type[T], following: Callable[[T], Links]) -> list[Received[T]]:
        """All pages of a collection, by PingOne's own links. Raises `UnexpectedAnswerError` where they lead away."""
        pages = [await self.get(url, shape)]
        while (link := following(pages[-1].body).next) and link.href:
            if not link.href.startswith(f"{self.api_url}/") or len(pages) >= _PAGES:
                raise _unexpected("a page's next link leads elsewhere or never ends", pages[-1].correlation_id)
            pages.append(await self.get(link.href, shape))
        return pages

    async def close(self) -> None:
        """Close the kept connections."""
        await self.client.aclose()

    async def _safely(
        self,
        method: str,
        url: str,
        shape: type[T],
        *,
        query: Mapping[str, str | int] | None = None,
        body: msgspec.Struct | None = None,
    ) -> Received[T]:
        tries = 1
        while True:
            try:
                return _decode(await self._once(method, url, query=query, body=body), shape)
            except ServiceError as error:
                decision = decide(error, tries, jitter=self.jitter())
                if not decision.again:
                    raise
            await asyncio.sleep(decision.after)
            tries += 1

    async def _once(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: msgspec.Struct | None = None,
        media: str = "",
    ) -> http.Response:
        headers = {"x-ping-external-transaction-id": self.call_id} if self.call_id else {}
        content = msgspec.json.encode(body) if body is not None else None
        if media or content:
            headers["content-type"] = media or "application/json"
        request = self.client.build_request(method, url, params=query, content=content, headers=headers)
        return await (self._paced(request, self.pace) if self.pace else self._sent(request))

    async def _paced(self, request: http.Request, pace: Pace) -> http.Response:
        """In its turn, and again after the pause that PingOne asks for: what it limits it has not done (RFC 6585)."""
        for _ in range(TRIES - 1):
            await pace.turn()
            try:
                return await self._sent(request)
            except RateLimitedError as refusal:
                if not pace.hold(refusal):
                    raise
        await pace.turn()
        return await self._sent(request)

    async def _sent(self, request: http.Request) -> http.Response:
        return await timed(self.watch, "pingone", self._answered(request))

    async def _answered(self, request: http.Request) -> http.Response:
        response = await http.send(self.client, request, system=SYSTEM, timeout_seconds=self.timeout_seconds)
        if response.is_success:
            return response
        after = retry_after(response.headers.get("retry-after", ""), datetime.now(UTC))
        raise error_of(response.status_code, response.content, correlation_id=_correlation(response), after=after)


def open_api(settings: PingOneSettings, secret: Secret, pace: Pace | None = None, watch: Watch | None = None) -> Api:
    """The environment that the settings name; nothing is sent yet."""
    environment = quote(settings.environment_id, safe="")
    auth_url = f"{settings.auth_url.rstrip('/')}/{environment}"
    auth = ClientCredentials(f"{auth_url}/as/token", settings.client_id, secret)
    client = http.open_client(settings.api_url, timeout_seconds=settings.timeout_seconds, auth=auth)
    api_url = f"{settings.api_url.rstrip('/')}/environments/{environment}"
    return Api(client, api_url, auth_url, settings.timeout_seconds, pace=pace, watch=watch)


def _vendor(verb: str) -> str:
    return f"application/vnd.pingidentity.{verb}+json"


def _decode(response: http.Response, shape: type[T]) -> Received[T]:
    try:
        body = msgspec.json.decode(response.content, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # The path within the body is kept, values are not: msgspec names types and places only.
        raise _unexpected(f"{shape.__name__}: {error}", _correlation(response)) from None
    return Received(body, _correlation(response))


def _correlation(response: http.Response) -> str:
    return str(response.headers.get("correlation-id", ""))[:64]


def _unexpected(details: str, correlation_id: str) -> UnexpectedAnswerError:
    words = "PingOne gave an answer that csrdesk does not know. Ask an administrator."
    return UnexpectedAnswerError(words, system=SYSTEM, details=details, correlation_id=correlation_id)
