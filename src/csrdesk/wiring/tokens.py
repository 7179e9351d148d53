"""Tokens at both ends of the desk API: where a client's comes from, and who judges them at the desk."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import TYPE_CHECKING

from csrdesk.config import Settings
from csrdesk.errors import ConfigError
from csrdesk.model.secret import Secret
from csrdesk.services import keys

if TYPE_CHECKING:
    from csrdesk.remote import TokenSource
    from csrdesk.server.gate import Gate


def token_of(settings: Settings) -> TokenSource:
    """The token of whoever is signed in here; asked before each request, because it lives for minutes."""

    async def token() -> Secret:
        from csrdesk.services.sign_in import access_token

        return await access_token(settings)

    return token


@contextlib.asynccontextmanager
async def gate_of(settings: Settings, now: Callable[[], datetime]) -> AsyncIterator[Gate]:
    """Who says whose token it is, by the clock `now`. Raises `ConfigError` where nobody could."""
    if not settings.sign_in.issuer:
        words = "is required where desk.api_url is set: without it nobody could say who asks."
        raise ConfigError(f"sign_in.issuer {words}", key="sign_in.issuer")
    from csrdesk.server.tokens import TokenGate

    wanted = settings.sign_in.introspect
    secret = keys.read(keys.SIGN_IN_RESOURCE, settings.sign_in.resource_secret_file) if wanted else None
    gate = TokenGate(settings.sign_in, resource_secret=secret, now=lambda: now().timestamp())
    try:
        yield gate
    finally:
        await gate.close()
