"""A user's MFA devices (PingOne API, "MFA devices"): status, block and lock are three separate things there."""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.services.pingone.api import Api, Links, path


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
