"""A user's password: its state, ending its lock-out, and setting it (PingOne API, "User passwords")."""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.model.secret import Secret
from csrdesk.services.pingone.api import Api, Received, path


class Reference(msgspec.Struct, frozen=True):
    """A resource named by its id."""

    id: str


class Gateway(msgspec.Struct, frozen=True, rename="camel"):
    """The LDAP gateway that leads to the directory with the password, and the user's type there."""

    id: str
    user_type: Reference | None = None


class _External(msgspec.Struct, frozen=True):
    gateway: Gateway


class PasswordState(msgspec.Struct, frozen=True, rename="camel"):
    """`status` is one of PingOne's words; the password of an `EXTERNAL` one lives in another directory."""

    status: str
    last_changed_at: datetime | None = None
    password_policy: Reference | None = None
    external: msgspec.Raw = msgspec.Raw(b"null")
    """Where an `EXTERNAL` one is. PingOne's pages do not show its shape here, so it is read only when it is needed."""

    @property
    def gateway(self) -> Gateway | None:
        """The gateway that leads there; None where none is named in a shape that is known."""
        try:
            return msgspec.json.decode(self.external, type=_External).gateway
        except msgspec.DecodeError:
            return None

    @property
    def locked(self) -> bool:
        return self.status == "PASSWORD_LOCKED_OUT"

    @property
    def is_external(self) -> bool:
        return self.status == "EXTERNAL"


class _Set(msgspec.Struct, frozen=True, rename="camel"):
    value: str
    force_change: bool
    bypass_policy: bool


async def read(api: Api, user_id: str) -> PasswordState:
    """The state as it is now."""
    return (await api.get(_url(api, user_id), PasswordState)).body


async def unlock(api: Api, user_id: str) -> str:
    """End the lock-out; the password stays as it is. Gives the correlation id.

    Of the two spellings that PingOne publishes for this content type, the one that all its other verbs have.
    """
    return (await api.act(_url(api, user_id), "password.unlock", PasswordState)).correlation_id


async def set_value(api: Api, user_id: str, value: Secret) -> Received[PasswordState]:
    """Set it by `password.set`, once: the policy judges, and no change is demanded at the next sign-on.

    Never by an administrator's `password.reset`, which skips the policy and leaves must-change behind. Raises
    `InvalidValueError` with the rules that it breaks.
    """
    body = _Set(value.reveal(), force_change=False, bypass_policy=False)
    return await api.put_once(_url(api, user_id), body, PasswordState, verb="password.set")


def _url(api: Api, user_id: str) -> str:
    return f"{api.api_url}/{path('users', user_id, 'password')}"
