"""The gateways through which PingOne reaches the directory, as values; what they do is in `gateways`.

Apart, because the people of a new sandbox are linked to them before anything is served.
"""

from __future__ import annotations

import msgspec

from csrdesk.sandbox import ids
from csrdesk.sandbox.domain import DOMAIN
from csrdesk.sandbox.model import GatewayLink
from csrdesk.sandbox.person import AGENCY_STAFF, BRANCH_STAFF, STAFF


class UserType(msgspec.Struct, frozen=True, kw_only=True):
    """How some of a directory's users are found, and whether PingOne may change their passwords."""

    id: str
    name: str
    allows_password_changes: bool


class Gateway(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway of the type LDAP."""

    id: str
    name: str
    description: str
    host: str
    user_types: tuple[UserType, ...]


def _user_type(name: str, *, allows_password_changes: bool = True) -> UserType:
    id_ = ids.stable("user type", name)
    return UserType(id=id_, name=name, allows_password_changes=allows_password_changes)


MAIN = Gateway(
    id=ids.stable("gateway", "main"),
    name="Hospital directory",
    description="Reaches the domain from the main site",
    host="dc1.csrdesk.example:636",
    user_types=(_user_type(STAFF), _user_type(AGENCY_STAFF, allows_password_changes=False)),
)
BRANCH = Gateway(
    id=ids.stable("gateway", "branch"),
    name="Branch directory",
    description="Reaches the domain from the branch, where nobody answers",
    host="dc2.csrdesk.example:636",
    user_types=(_user_type(BRANCH_STAFF),),
)
GATEWAYS = (MAIN, BRANCH)
SEARCH_BASE = f"OU=Staff,{DOMAIN}"
CORRELATION = "employeeID"
"""The directory's attribute that says whose entry it is; PingOne has the same value as `externalId`."""


def link_of(user_type: str) -> GatewayLink:
    """The link of those with a user type of that name; KeyError where no gateway has it."""
    for gateway in GATEWAYS:
        for known in gateway.user_types:
            if known.name == user_type:
                return GatewayLink(gateway.id, known.id)
    raise KeyError(user_type)


def resolved(link: GatewayLink) -> tuple[Gateway, UserType] | None:
    """What a link leads to, if there is such a thing."""
    for gateway in GATEWAYS:
        for user_type in gateway.user_types:
            if (gateway.id, user_type.id) == (link.gateway_id.lower(), link.user_type_id.lower()):
                return gateway, user_type
    return None
