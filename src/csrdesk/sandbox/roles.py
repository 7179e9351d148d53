"""Roles assigned to somebody or to the desk's application, read only: whoever has one may act on others.

PingOne API, "User role assignments", "Application role assignments" and "Roles".
"""

from __future__ import annotations

from starlette.responses import Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import hal, link, not_found, page
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.users import found_user


def list_role_assignments(call: Call) -> Response:
    """GET roleAssignments of a user."""
    user = found_user(call)
    self_href = f"{call.api}/users/{user.id}/roleAssignments"
    items = []
    for role in user.roles:
        id_ = ids.stable("role assignment", f"{user.id}/{role}")
        items.append(
            {
                "_links": {"self": link(f"{self_href}/{id_}")},
                "id": id_,
                "environment": {"id": ids.ENVIRONMENT},
                "role": {"id": role},
                "scope": {"id": ids.ENVIRONMENT, "type": "ENVIRONMENT"},
                "readOnly": False,
            }
        )
    return hal(page("roleAssignments", items, self_href))


NAMES = (
    "Organization Admin",
    "Environment Admin",
    "Identity Data Admin",
    "Identity Data Read Only",
    "Configuration Read Only",
    "Help Desk Admin",
)
"""Ping's own roles that are known here."""


def _id(name: str) -> str:
    return ids.stable("role", name)


def list_application_roles(call: Call) -> Response:
    """GET roleAssignments of the desk's application."""
    if call.path["application"] != ids.CLIENT:
        raise not_found()
    items = [
        {
            "_links": {"self": link(f"{call.href}/{ids.stable('application role', name)}")},
            "id": ids.stable("application role", name),
            "environment": {"id": ids.ENVIRONMENT},
            "role": {"id": _id(name)},
            "scope": {"id": ids.ENVIRONMENT, "type": kind},
            "readOnly": False,
        }
        for name, kind in call.world.worker_roles
    ]
    return hal(page("roleAssignments", items, call.href))


def list_roles(call: Call) -> Response:
    """GET roles: which there are."""
    items = [
        {
            "_links": {"self": link(f"{call.href}/{_id(name)}")},
            "id": _id(name),
            "name": name,
            "description": f"The role {name}",
            "applicableTo": ["POPULATION", "ENVIRONMENT"],
            "permissions": [],
            "type": "PLATFORM",
        }
        for name in NAMES
    ]
    return hal(page("roles", items, call.href))
