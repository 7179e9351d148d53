"""Administrators' roles: of a user, whoever has one is not for the help desk; and of csrdesk's own application.

PingOne API, "User role assignments", "Application role assignments", "Roles".
"""

from __future__ import annotations

import msgspec

from csrdesk.services.pingone.api import Api, Links, path


class Reference(msgspec.Struct, frozen=True):
    """Something by its id; of a scope with its kind."""

    id: str = ""
    type: str = ""


class RoleAssignment(msgspec.Struct, frozen=True):
    """One role in one scope. Of users any one protects, whatever it is."""

    id: str = ""
    role: Reference = Reference()
    scope: Reference = Reference()


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


class Role(msgspec.Struct, frozen=True):
    """One role that there is."""

    id: str
    name: str = ""


class _Roles(msgspec.Struct, frozen=True):
    roles: tuple[Role, ...] = ()


class _RolesPage(msgspec.Struct, frozen=True):
    embedded: _Roles = msgspec.field(name="_embedded", default=_Roles())


class Held(msgspec.Struct, frozen=True):
    """A role that csrdesk has been given."""

    name: str
    """Its id, where PingOne does not tell the name."""
    scope: str
    """`ORGANIZATION`, `ENVIRONMENT`, `POPULATION`, ..."""


async def held_by(api: Api, application_id: str) -> tuple[Held, ...]:
    """What csrdesk's own application may do. Raises `UnauthorizedError` where it may not see that, as usual."""
    url = f"{api.api_url}/{path('applications', application_id, 'roleAssignments')}"
    pages = await api.pages(url, _Page, lambda page: page.links)
    found = [one for page in pages for one in page.body.embedded.assignments]
    top = api.api_url.partition("/environments/")[0]
    known = (await api.get(f"{top}/roles", _RolesPage)).body.embedded.roles
    names = {role.id: role.name for role in known}
    return tuple(Held(names.get(one.role.id) or one.role.id, one.scope.type) for one in found)
