"""Administrators' roles of a user (PingOne API, "User role assignments"): whoever has one is not for the help desk."""

from __future__ import annotations

import msgspec

from csrdesk.services.pingone.api import Api, Links, path


class RoleAssignment(msgspec.Struct, frozen=True):
    """One role in one scope; which is not asked, because any one protects."""

    id: str = ""


class _Embedded(msgspec.Struct, frozen=True):
    assignments: tuple[RoleAssignment, ...] = msgspec.field(name="roleAssignments")


class _Page(msgspec.Struct, frozen=True):
    embedded: _Embedded = msgspec.field(name="_embedded")
    links: Links = msgspec.field(name="_links", default=Links())


async def has_any(api: Api, user_id: str) -> bool:
    """Whether the user has been given any administrator's role."""
    url = f"{api.api_url}/{path('users', user_id, 'roleAssignments')}"
    pages = await api.pages(url, _Page, lambda page: page.links)
    return any(page.body.embedded.assignments for page in pages)
