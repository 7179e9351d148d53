"""csrdesk's own sign-in at PingOne: client credentials (RFC 6749 section 4.4), the token in memory and nowhere else.

An `Auth` of the HTTP client, so that no call needs to think of tokens.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable

import msgspec

from csrdesk.errors import UnauthorizedError, UnexpectedAnswerError
from csrdesk.model.secret import Secret
from csrdesk.services import http
from csrdesk.services.pingone.errors import SYSTEM, error_of

_EARLY = 60.0
"""Seconds before its end at which a token is not used any more."""


class Token(msgspec.Struct, frozen=True):
    """The token endpoint's answer; `expires_in` in seconds."""

    access_token: str
    expires_in: float = 3600.0


class OAuthError(msgspec.Struct, frozen=True):
    """An error of the token endpoint (RFC 6749 section 5.2)."""

    error: str = ""


class ClientCredentials(http.Auth):
    """Fetches a token when there is none that still lives, one fetch at a time, and once more after a 401."""

    def __init__(
        self, token_url: str, client_id: str, secret: Secret, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = token_url
        self._client = http.BasicAuth(client_id, secret.reveal())
        self._now = monotonic
        self._token = ""
        self._ends = 0.0
        self._one_at_a_time = asyncio.Lock()

    async def async_auth_flow(self, request: http.Request) -> AsyncGenerator[http.Request, http.Response]:
        async with self._one_at_a_time:
            if self._now() >= self._ends:
                response = yield self._fetch(request)
                await self._keep(response)
        used = self._token
        request.headers["authorization"] = f"Bearer {used}"
        response = yield request
        if response.status_code != 401:
            return
        async with self._one_at_a_time:
            if self._token == used:  # nobody else has fetched another one meanwhile
                response = yield self._fetch(request)
                await self._keep(response)
        request.headers["authorization"] = f"Bearer {self._token}"
        yield request

    def _fetch(self, request: http.Request) -> http.Request:
        """The request for a token, by PingOne's `CLIENT_SECRET_BASIC`; time-outs are those of `request`."""
        fetch = http.Request(
            "POST",
            self._url,
            data={"grant_type": "client_credentials"},
            headers={"accept": "application/json"},
            extensions=request.extensions,
        )
        return next(self._client.sync_auth_flow(fetch))

    async def _keep(self, response: http.Response) -> None:
        body = await response.aread()
        correlation_id = response.headers.get("correlation-id", "")
        if response.status_code in (400, 401, 403):
            words = "PingOne does not take csrdesk's client id and secret. Ask an administrator."
            details = f"status={response.status_code} error={_oauth_code(body)}"
            raise UnauthorizedError(words, system=SYSTEM, details=details, correlation_id=correlation_id)
        if response.status_code != 200:
            raise error_of(response.status_code, body, correlation_id=correlation_id)
        try:
            token = msgspec.json.decode(body, type=Token)
        except (msgspec.DecodeError, UnicodeDecodeError):
            words = "PingOne gave an answer that csrdesk does not know. Ask an administrator."
            details = "the token endpoint's answer is of another shape"
            raise UnexpectedAnswerError(words, system=SYSTEM, details=details, correlation_id=correlation_id) from None
        self._token = token.access_token
        self._ends = self._now() + token.expires_in - min(_EARLY, token.expires_in / 2)


def _oauth_code(body: bytes) -> str:
    """RFC 6749's error word; the description is left out, because servers quote the request in it."""
    try:
        return msgspec.json.decode(body, type=OAuthError).error[:64]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
