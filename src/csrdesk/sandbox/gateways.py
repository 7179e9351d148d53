"""PingOne's LDAP gateways: as resources, and as the way to a password that a directory holds.

Sources: PingOne API, "Gateway management"; what a gateway that is away answers, and how a directory's refusal is
passed on, is not published and assumed here.
"""

from __future__ import annotations

import base64

from starlette.responses import Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import Json, failed, hal, invalid, link, not_found, page
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.directory_passwords import as_raw, signs_on
from csrdesk.sandbox.gateway_values import CORRELATION, GATEWAYS, SEARCH_BASE, Gateway, UserType, resolved
from csrdesk.sandbox.ldap_errors import LdapError
from csrdesk.sandbox.ldap_modify import Change, Raw, modify
from csrdesk.sandbox.model import Entry, User

_POLICY_REFUSAL = "0000052D"


def _user_type(user_type: UserType) -> Json:
    return {
        "id": user_type.id,
        "name": user_type.name,
        "passwordAuthority": "LDAP",
        "searchBaseDn": SEARCH_BASE,
        "orderedCorrelationAttributes": [CORRELATION, "mail"],
        "allowPasswordChanges": user_type.allows_password_changes,
        "updateUserOnSuccessfulAuthentication": False,
    }


def _resource(call: Call, gateway: Gateway) -> Json:
    return {
        "_links": {"self": link(f"{call.api}/gateways/{gateway.id}"), "environment": link(call.api)},
        "id": gateway.id,
        "environment": {"id": ids.ENVIRONMENT},
        "name": gateway.name,
        "description": gateway.description,
        "type": "LDAP",
        "enabled": True,
        "vendor": "Microsoft Active Directory",
        "bindDN": "CN=svc-pingone,CN=Users,DC=csrdesk,DC=example",
        "serversHostAndPort": [gateway.host],
        "connectionSecurity": "TLS",
        "validateTlsCertificates": True,
        "followReferrals": False,
        "userTypes": [_user_type(user_type) for user_type in gateway.user_types],
        "createdAt": "2018-01-02T08:00:00.000Z",
        "updatedAt": "2018-01-02T08:00:00.000Z",
    }


def list_gateways(call: Call) -> Response:
    """GET gateways."""
    return hal(page("gateways", [_resource(call, gateway) for gateway in GATEWAYS], call.href))


def read_gateway(call: Call) -> Response:
    """GET gateway."""
    wanted = call.path["gateway"].lower()
    for gateway in GATEWAYS:
        if gateway.id == wanted:
            return hal(_resource(call, gateway))
    raise not_found()


def _reached(call: Call, user: User, *, to_change: bool) -> Entry:
    """The user's entry at the other end; raises where the way there is closed."""
    found = resolved(user.password.gateway) if user.password.gateway else None
    if found is None:
        raise failed("CONSTRAINT_VIOLATION", "The user's gateway does not exist any more.", target="gateway")
    gateway, user_type = found
    if to_change and not user_type.allows_password_changes:
        raise failed("CONSTRAINT_VIOLATION", "The user type does not allow password changes.", target="userType")
    if gateway.id in call.world.offline_gateways:
        raise failed("CONSTRAINT_VIOLATION", "The gateway does not answer.", target="gateway")
    for entry in call.world.entries.values():
        if user.external_id and entry.first(CORRELATION) == user.external_id:
            return entry
    raise failed("CONSTRAINT_VIOLATION", "The directory has no such user.", target="gateway")


def allows_changes(user: User) -> bool:
    """Whether the user's way to the directory takes new passwords, reached or not."""
    found = resolved(user.password.gateway) if user.password.gateway else None
    return found is not None and found[1].allows_password_changes


def change_password(call: Call, user: User, value: str, *, target: str, must_change: bool) -> None:
    """Sets the password in the directory, by the directory's own policy."""
    entry = _reached(call, user, to_change=True)
    raw = Raw(base64.b64encode(as_raw(value)).decode())
    changes = [Change("replace", "unicodePwd", [raw])]
    if must_change:
        changes.append(Change("replace", "pwdLastSet", ["0"]))
    try:
        modify(call.world, entry, changes, call.clock.now())
    except LdapError as error:
        if error.diagnostic.startswith(_POLICY_REFUSAL):
            raise invalid(target, f"The external directory refused the password: {error.diagnostic}") from None
        raise failed("CONSTRAINT_VIOLATION", "The external directory refused the change.", target="gateway") from None
    user.password.changed_at = call.clock.now()


def is_right(call: Call, user: User, value: str) -> bool:
    """True where the directory takes the password; it counts wrong ones itself."""
    return signs_on(call.world, _reached(call, user, to_change=False), value, call.clock.now())
