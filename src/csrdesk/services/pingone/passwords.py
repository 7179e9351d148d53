"""The state of a user's password, never the password (PingOne API, "User passwords")."""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.services.pingone.api import Api, path


class PasswordState(msgspec.Struct, frozen=True, rename="camel"):
    """`status` is one of PingOne's words; the password of an `EXTERNAL` one lives in another directory."""

    status: str
    last_changed_at: datetime | None = None

    @property
    def locked(self) -> bool:
        return self.status == "PASSWORD_LOCKED_OUT"


async def read(api: Api, user_id: str) -> PasswordState:
    """The state as it is now."""
    return (await api.get(f"{api.api_url}/{path('users', user_id, 'password')}", PasswordState)).body


async def unlock(api: Api, user_id: str) -> str:
    """End the lock-out; the password stays as it is. Gives the correlation id.

    Of the two spellings that PingOne publishes for this content type, the one that all its other verbs have.
    """
    url = f"{api.api_url}/{path('users', user_id, 'password')}"
    return (await api.act(url, "password.unlock", PasswordState)).correlation_id
