"""Roles assigned to somebody, read only: whoever has one may act on others. PingOne API, "User role assignments"."""

from __future__ import annotations

from starlette.responses import Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import hal, link, page
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
