"""The provider's public keys (RFC 7517), kept for a while and asked for again when a token names one that is new.

Shared by those who read ID tokens and those who judge access tokens.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import jwt
import msgspec

from csrdesk.errors import ServiceError, UnexpectedAnswerError
from csrdesk.services.sign_in.provider import SYSTEM, Provider

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Those with a public key (RFC 7518, 3.1): never `none`, and never one whose key both sides hold."""
FRESH_SECONDS: Final = 600.0
"""A key that was withdrawn is believed no longer than that."""
STALE_SECONDS: Final = 3600.0
"""How long keys count that could not be asked for again. Tokens live a quarter of it."""
PAUSE_SECONDS: Final = 10.0
"""Between two questions, so that a flood of invented key ids is no flood of questions."""

Fetch = Callable[[], Awaitable[bytes]]


class KeySet:
    """Keys by id. One question at a time, whoever waits."""

    def __init__(self, fetch: Fetch, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._now = monotonic
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read_at: float | None = None
        self._asked_at: float | None = None
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    def of(cls, provider: Provider, *, monotonic: Callable[[], float] = time.monotonic) -> KeySet:
        """The keys that the provider's metadata leads to."""

        async def fetch() -> bytes:
            return (await provider.get((await provider.metadata()).jwks_uri)).content

        return cls(fetch, monotonic=monotonic)

    async def key(self, id_: str) -> jwt.PyJWK | None:
        """The key of that id, or None where the provider has none. Raises `ServiceError` where no keys are there.

        Whoever shows a key that is known does not wait for the question about one that is not.
        """
        known = self._keys.get(id_)
        if known is not None and (self._is_fresh() or self._one_at_a_time.locked()):
            return known
        async with self._one_at_a_time:
            if (id_ not in self._keys or not self._is_fresh()) and self._may_ask():
                await self._renew()
            return self._keys.get(id_)

    def _is_fresh(self) -> bool:
        return self._read_at is not None and self._now() - self._read_at < FRESH_SECONDS

    def _may_ask(self) -> bool:
        return self._asked_at is None or self._now() - self._asked_at >= PAUSE_SECONDS

    async def _renew(self) -> None:
        """The keys that there are go on counting for a while when the provider cannot be asked."""
        self._asked_at = self._now()
        try:
            self._keys = _read(await self._fetch())
        except ServiceError:
            if self._read_at is None or self._now() - self._read_at > STALE_SECONDS:
                self._keys, self._read_at, self._asked_at = {}, None, None
                raise
            return
        self._read_at = self._now()


def _read(body: bytes) -> dict[str, jwt.PyJWK]:
    try:
        found = jwt.PyJWKSet.from_dict(msgspec.json.decode(body, type=dict[str, object]))
    except (msgspec.DecodeError, UnicodeDecodeError, jwt.PyJWTError):
        words = f"{SYSTEM} publishes no keys that csrdesk can use."
        raise UnexpectedAnswerError(words, system=SYSTEM, details="jwks") from None
    usable = (key for key in found.keys if key.public_key_use in (None, "sig") and key.algorithm_name in ALGORITHMS)
    return {key.key_id: key for key in usable if key.key_id}
