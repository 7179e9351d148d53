"""Who is in the tests' domain: the sandbox's invented people, those that only AD can show, and service accounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from csrdesk.sandbox import people
from csrdesk.sandbox.domain import filetime, object_guid
from csrdesk.sandbox.person import ADMINISTRATION, CARE_STAFF, PARTNERS, PATIENTS, Person, Trouble

UNITS = {CARE_STAFF: "Care", ADMINISTRATION: "Administration", PATIENTS: "Patients", PARTNERS: "Partners"}
SERVICE = "svc-csrdesk"
"""May do in OU=Staff what docs/how-to grants, and nothing else."""
POWERLESS = "svc-reader"
"""May read, as everybody may."""
PASSWORD = "Harbour-Service-1-Tide"
ADMIN_PASSWORD = "Harbour-Admin-1-Tide"
BARE = "adm.bare"
"""A Domain Admin inside the delegated unit whom the controller does not protect."""
ELSEWHERE = "elsewhere"
"""Somebody outside the delegated unit."""

Entry = dict[str, object]
NEVER = "9223372036854775807"


def unit(dn: str) -> Entry:
    return {"dn": dn, "attributes": {"objectClass": ["top", "organizationalUnit"]}}


def group(name: str) -> Entry:
    return {"dn": f"CN={name},OU=Groups", "attributes": {"objectClass": ["group"], "sAMAccountName": [name]}}


def plain(name: str, where: str, *, password: str = PASSWORD, **more: str) -> Entry:
    attributes = {"sAMAccountName": name, "userAccountControl": "512", "displayName": name, **more}
    shown = {key: [value] for key, value in attributes.items()}
    return {"dn": f"CN={name},{where}", "attributes": {"objectClass": ["user"], **shown}, "password": password}


def dn_of(someone: Person) -> str:
    """Relative to the domain."""
    return f"CN={someone.sam_account_name},OU={UNITS[someone.population]},OU=Staff"


def entry_of(someone: Person, now: datetime) -> Entry:
    trouble = someone.trouble
    disabled = 2 if Trouble.DISABLED in trouble else 0
    attributes = {
        "objectGUID": "",
        "sAMAccountName": someone.sam_account_name,
        "userPrincipalName": f"{someone.sam_account_name}@csrdesk.test",
        "displayName": (someone.display_name or f"{someone.given} {someone.family}").replace("\x00", ""),
        "givenName": someone.given[:60],
        "sn": someone.family,
        "mail": someone.email,
        "mobile": someone.phone,
        "employeeID": someone.customer_number,
        "userAccountControl": str(512 | disabled),
        "accountExpires": filetime(now - timedelta(days=3)) if Trouble.EXPIRED in trouble else NEVER,
        "adminCount": "1" if Trouble.PROTECTED in trouble else "",
    }
    if Trouble.MUST_CHANGE in trouble:
        attributes["pwdLastSet"] = "0"
    elif Trouble.PASSWORD_EXPIRED in trouble:
        attributes["pwdLastSet"] = filetime(now - timedelta(days=120))
    shown: dict[str, object] = {name: [value] for name, value in attributes.items() if value}
    shown["objectGUID"] = [str(UUID(object_guid(someone)))]
    return {
        "dn": dn_of(someone),
        "attributes": {"objectClass": ["user"], **shown},
        "password": someone.password,
    }


def domain() -> dict[str, object]:
    """What `provision.py` is told."""
    now = datetime.now(UTC)
    cast = [someone for someone in people.CAST if someone.in_directory]
    entries = [
        *(unit(f"OU={name}") for name in ("Staff", "Groups", "Services", "Elsewhere")),
        *(unit(f"OU={name},OU=Staff") for name in UNITS.values()),
        group("Server Team"),
        group("All Staff"),
        *(plain(name, "OU=Services", userAccountControl="66048") for name in (SERVICE, POWERLESS)),
        plain(BARE, "OU=Administration,OU=Staff", employeeID="4711-009001"),
        plain(ELSEWHERE, "OU=Elsewhere", employeeID="4711-009002", mail="elsewhere@mail.example"),
        *(entry_of(someone, now) for someone in cast),
    ]
    protected = [dn_of(someone) for someone in cast if Trouble.PROTECTED in someone.trouble]
    nested = [dn_of(someone) for someone in cast if Trouble.ADMINISTRATOR_BY_GROUP in someone.trouble]
    members = {
        "CN=Domain Admins,CN=Users": [*protected, f"CN={BARE},OU=Administration,OU=Staff", "CN=Server Team,OU=Groups"],
        "CN=Server Team,OU=Groups": nested,
        "CN=All Staff,OU=Groups": [dn_of(someone) for someone in cast],
    }
    return {"entries": entries, "members": members, "password": ADMIN_PASSWORD}
