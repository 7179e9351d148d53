"""Password policies (PingOne API, "Password policies"): what PingOne asks of a new password."""

from __future__ import annotations

import msgspec

from csrdesk.services.pingone.api import Api, Links, path


class Length(msgspec.Struct, frozen=True):
    """In characters; 0 where nothing is asked."""

    min: int = 0
    max: int = 0


class History(msgspec.Struct, frozen=True):
    """How many earlier passwords are not taken again."""

    count: int = 0


class Policy(msgspec.Struct, frozen=True, rename="camel"):
    """A policy, as far as a customer can be told of it."""

    default: bool = False
    length: Length = Length()
    min_characters: dict[str, int] = {}
    """How many at least of the characters in the key."""
    min_unique_characters: int = 0
    max_repeated_characters: int = 0
    excludes_commonly_used: bool = False
    excludes_profile_data: bool = False
    history: History = History()


class Policies(msgspec.Struct, frozen=True):
    """The list of them, of which nothing is needed."""


class _Embedded(msgspec.Struct, frozen=True):
    policies: tuple[Policy, ...] = msgspec.field(name="passwordPolicies", default=())


class _Page(msgspec.Struct, frozen=True):
    embedded: _Embedded = msgspec.field(name="_embedded")
    links: Links = msgspec.field(name="_links", default=Links())


async def read(api: Api, policy_id: str) -> Policy:
    """The policy of that id."""
    return (await api.get(f"{api.api_url}/{path('passwordPolicies', policy_id)}", Policy)).body


async def read_all(api: Api) -> tuple[Policy, ...]:
    """Every policy of the environment."""
    pages = await api.pages(f"{api.api_url}/passwordPolicies", _Page, lambda page: page.links)
    return tuple(policy for page in pages for policy in page.body.embedded.policies)


async def look(api: Api) -> None:
    """Whether they may be read. Raises what a read raises."""
    await api.get(f"{api.api_url}/passwordPolicies", Policies)
