"""LDAP gateways (PingOne API, "Gateway management"): whether a new password may go through one to its directory."""

from __future__ import annotations

import msgspec

from csrdesk.services.pingone.api import Api, path


class UserType(msgspec.Struct, frozen=True, rename="camel"):
    """How some users of the directory are found, and what PingOne may do for them."""

    id: str
    allow_password_changes: bool = False


class Gateway(msgspec.Struct, frozen=True, rename="camel"):
    """A gateway; those that lead to no directory have no user types."""

    enabled: bool = False
    user_types: tuple[UserType, ...] = ()

    def takes_passwords(self, user_type_id: str) -> bool:
        """Whether users of that type may get a new password through it."""
        return self.enabled and any(t.id == user_type_id and t.allow_password_changes for t in self.user_types)


class Gateways(msgspec.Struct, frozen=True):
    """The list of them, of which nothing is needed."""


async def read(api: Api, gateway_id: str) -> Gateway:
    """The gateway of that id."""
    return (await api.get(f"{api.api_url}/{path('gateways', gateway_id)}", Gateway)).body


async def look(api: Api) -> None:
    """Whether they may be read. Raises what a read raises."""
    await api.get(f"{api.api_url}/gateways", Gateways)
