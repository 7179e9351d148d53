"""A user's MFA devices (PingOne API, "MFA devices"): status, block and lock are three separate things there.

No act is done twice, though most would bear it: a device may have been changed by somebody else in between.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.services.pingone.api import Api, Links, path
from csrdesk.services.pingone.users import Reference


class Sign(msgspec.Struct, frozen=True):
    """`lock` or `block`: `LOCKED`/`UNLOCKED`, `BLOCKED`/`UNBLOCKED`."""

    status: str = ""


class RelyingParty(msgspec.Struct, frozen=True):
    """The site that a passkey was registered for (W3C Web Authentication, "relying party identifier")."""

    id: str = ""


class MfaDevice(msgspec.Struct, frozen=True, rename="camel"):
    """A device as PingOne has it: texts not cleaned, addresses not masked."""

    id: str
    type: str
    status: str = ""
    nickname: str = ""
    email: str = ""
    phone: str = ""
    lock: Sign = Sign()
    block: Sign = Sign()
    created_at: datetime | None = None
    rp: RelyingParty = RelyingParty()


class _Embedded(msgspec.Struct, frozen=True):
    devices: tuple[MfaDevice, ...] = ()


class _Page(msgspec.Struct, frozen=True):
    embedded: _Embedded = msgspec.field(name="_embedded")
    links: Links = msgspec.field(name="_links", default=Links())


async def read_all(api: Api, user_id: str) -> tuple[MfaDevice, ...]:
    """Every device, whatever its status."""
    url = f"{api.api_url}/{path('users', user_id, 'devices')}"
    pages = await api.pages(url, _Page, lambda page: page.links)
    return tuple(device for page in pages for device in page.body.embedded.devices)


class _Nickname(msgspec.Struct, frozen=True):
    nickname: str


class _Order(msgspec.Struct, frozen=True):
    order: tuple[Reference, ...]


class _Any(msgspec.Struct, frozen=True):
    """An answer of which nothing is needed: the list is read afterwards."""


async def act(api: Api, user_id: str, device_id: str, verb: str) -> str:
    """`device.block`, `device.unblock` (inferred) or `device.unlock`; gives the correlation id."""
    return (await api.act(_url(api, user_id, device_id), verb, _Any)).correlation_id


async def rename(api: Api, user_id: str, device_id: str, nickname: str) -> str:
    """Write the name; gives the correlation id."""
    url = f"{_url(api, user_id, device_id)}/nickname"
    return (await api.put(url, _Nickname(nickname), _Any)).correlation_id


async def reorder(api: Api, user_id: str, device_ids: tuple[str, ...]) -> str:
    """Put these first, in that order; gives the correlation id."""
    url = f"{api.api_url}/{path('users', user_id, 'devices')}"
    order = _Order(tuple(Reference(id_) for id_ in device_ids))
    return (await api.post(url, order, _Any, media="devices.reorder")).correlation_id


async def remove(api: Api, user_id: str, device_id: str) -> str:
    """Delete it; gives the correlation id."""
    return await api.delete(_url(api, user_id, device_id))


def _url(api: Api, user_id: str, device_id: str) -> str:
    return f"{api.api_url}/{path('users', user_id, 'devices', device_id)}"
