"""Sign-on sessions of a user (PingOne API, "User sessions"); a listing holds ten at most."""

from __future__ import annotations

import msgspec

from csrdesk.services.pingone.api import Api, path


class Session(msgspec.Struct, frozen=True):
    """A browser in which the user is signed on."""

    id: str


class _Embedded(msgspec.Struct, frozen=True):
    sessions: tuple[Session, ...]


class _Page(msgspec.Struct, frozen=True):
    embedded: _Embedded = msgspec.field(name="_embedded")


async def read_some(api: Api, user_id: str) -> tuple[Session, ...]:
    """The sessions that one listing shows; after they are deleted, there may be more."""
    return (await api.get(f"{api.api_url}/{path('users', user_id, 'sessions')}", _Page)).body.embedded.sessions


async def delete(api: Api, user_id: str, session_id: str) -> str:
    """End one; gives the correlation id."""
    return await api.delete(f"{api.api_url}/{path('users', user_id, 'sessions', session_id)}")
