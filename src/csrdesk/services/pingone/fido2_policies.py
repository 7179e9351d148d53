"""FIDO2 policies (PingOne API, "FIDO2 Policies"), as far as they say which site passkeys are registered for."""

from __future__ import annotations

import msgspec

from csrdesk.services.pingone.api import Api, Links


class Fido2Policy(msgspec.Struct, frozen=True, rename="camel"):
    """The name is not yet cleaned."""

    id: str
    name: str
    relying_party_id: str
    """The domain that passkeys are registered for (`rpId` of W3C Web Authentication)."""
    default: bool = False


class _Embedded(msgspec.Struct, frozen=True):
    policies: tuple[Fido2Policy, ...] = msgspec.field(name="fido2Policies", default=())


class _Page(msgspec.Struct, frozen=True):
    embedded: _Embedded = msgspec.field(name="_embedded")
    links: Links = msgspec.field(name="_links", default=Links())


async def read_all(api: Api) -> tuple[Fido2Policy, ...]:
    """Every policy of the environment."""
    pages = await api.pages(f"{api.api_url}/fido2Policies", _Page, lambda page: page.links)
    return tuple(policy for page in pages for policy in page.body.embedded.policies)
