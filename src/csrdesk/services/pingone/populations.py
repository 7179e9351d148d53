"""Populations (PingOne API, "Populations"): the names that tell two people of one name apart."""

from __future__ import annotations

import msgspec

from csrdesk.services.pingone.api import Api, Links


class Population(msgspec.Struct, frozen=True):
    """A population; its name is not yet cleaned."""

    id: str
    name: str


class _Embedded(msgspec.Struct, frozen=True):
    populations: tuple[Population, ...] = ()


class _Page(msgspec.Struct, frozen=True):
    embedded: _Embedded = msgspec.field(name="_embedded")
    links: Links = msgspec.field(name="_links", default=Links())


async def names(api: Api) -> dict[str, str]:
    """Every population's name by its id."""
    pages = await api.pages(f"{api.api_url}/populations", _Page, lambda page: page.links)
    return {p.id: p.name for page in pages for p in page.body.embedded.populations}
