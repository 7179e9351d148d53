"""The state of a user's password, never the password (PingOne API, "User passwords")."""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.services.pingone.api import Api, path


class PasswordState(msgspec.Struct, frozen=True, rename="camel"):
    """`status` is one of PingOne's words; the password of an `EXTERNAL` one lives in another directory."""

    status: str
    last_changed_at: datetime | None = None


async def read(api: Api, user_id: str) -> PasswordState:
    """The state as it is now."""
    return (await api.get(f"{api.api_url}/{path('users', user_id, 'password')}", PasswordState)).body
