"""What the directory holds when a sandbox starts: a domain, its units and groups, and a user for each staff member.

Attribute names and bits are Active Directory's (Microsoft, [MS-ADTS] and [MS-ADA1] to [MS-ADA3]); moments are FILETIME
in decimal, or generalized time where the schema says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from csrdesk.sandbox import ids
from csrdesk.sandbox.digests import digest
from csrdesk.sandbox.model import Entry
from csrdesk.sandbox.person import ADMINISTRATION, CARE_STAFF, PARTNERS, PATIENTS, Person, Trouble

DOMAIN = "DC=csrdesk,DC=example"
DOMAIN_ADMINS = f"CN=Domain Admins,CN=Users,{DOMAIN}"
SERVER_TEAM = f"CN=Server Team,OU=Groups,{DOMAIN}"
_ALL_STAFF = f"CN=All Staff,OU=Groups,{DOMAIN}"
NEVER = "9223372036854775807"
FOREVER = "-9223372036854775808"
"""A lockout of this duration lasts until an administrator ends it."""
MAX_PASSWORD_AGE = timedelta(days=90)

ACCOUNT_DISABLE = 0x2
LOCKOUT = 0x10
CANNOT_CHANGE = 0x40
NORMAL_ACCOUNT = 0x200
DONT_EXPIRE = 0x10000
PASSWORD_EXPIRED = 0x800000

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_UNITS = {CARE_STAFF: "Care", ADMINISTRATION: "Administration", PATIENTS: "Patients", PARTNERS: "Partners"}


def filetime(moment: datetime) -> str:
    """Tenths of microseconds since 1601 in decimal."""
    return str((moment - _EPOCH) // timedelta(microseconds=1) * 10)


def moment_of(value: str) -> datetime:
    """The moment of a FILETIME that is a moment; not for 0 and the two values that mean never."""
    return _EPOCH + timedelta(microseconds=int(value) // 10)


def generalized_time(moment: datetime) -> str:
    """As `whenChanged` is written."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S.0Z")


def object_guid(person: Person) -> str:
    """The stable id of somebody's entry, in its text form; PingOne keeps it as `accountId`."""
    return ids.stable("objectGUID", person.sam_account_name)


def _entry(dn: str, classes: list[str], created: datetime, **attributes: str | list[str]) -> Entry:
    lists = {name: value if isinstance(value, list) else [value] for name, value in attributes.items()}
    return Entry(
        dn=dn,
        attributes={
            "objectClass": classes,
            "distinguishedName": [dn],
            "objectGUID": [ids.stable("objectGUID", dn)],
            "whenCreated": [generalized_time(created)],
            "whenChanged": [generalized_time(created)],
            **{name: values for name, values in lists.items() if values and values != [""]},
        },
    )


def _frame(created: datetime) -> Iterator[Entry]:
    """The domain, its units and its groups."""
    yield _entry(
        DOMAIN,
        ["top", "domain", "domainDNS"],
        created,
        name="csrdesk",
        maxPwdAge=str(MAX_PASSWORD_AGE // timedelta(microseconds=1) * -10),
        lockoutDuration=FOREVER,
        lockoutThreshold="5",
        minPwdAge="0",
        minPwdLength="8",
        pwdHistoryLength="3",
        pwdProperties="1",
    )
    for unit in ("Staff", "Groups"):
        yield _entry(f"OU={unit},{DOMAIN}", ["top", "organizationalUnit"], created, ou=unit)
    for unit in _UNITS.values():
        yield _entry(f"OU={unit},OU=Staff,{DOMAIN}", ["top", "organizationalUnit"], created, ou=unit)
    for dn, member_of in ((DOMAIN_ADMINS, []), (SERVER_TEAM, [DOMAIN_ADMINS]), (_ALL_STAFF, [])):
        name = dn.split(",")[0].removeprefix("CN=")
        yield _entry(dn, ["top", "group"], created, cn=name, sAMAccountName=name, memberOf=member_of)


def _groups(trouble: Trouble) -> list[str]:
    if Trouble.PROTECTED in trouble:
        return [_ALL_STAFF, DOMAIN_ADMINS]
    if Trouble.ADMINISTRATOR_BY_GROUP in trouble:
        return [_ALL_STAFF, SERVER_TEAM]
    return [_ALL_STAFF]


def _password_set(person: Person, now: datetime) -> str:
    if Trouble.MUST_CHANGE in person.trouble:
        return "0"
    age = timedelta(days=120) if Trouble.PASSWORD_EXPIRED in person.trouble else timedelta(days=person.number % 60 + 1)
    return filetime(now - age)


def _user(person: Person, now: datetime) -> Entry:
    account = person.sam_account_name
    trouble = person.trouble
    created = datetime(2018, 2, 1, tzinfo=UTC) + timedelta(days=person.number * 37 % 1500)
    disabled = ACCOUNT_DISABLE if Trouble.DISABLED in trouble else 0
    locked = Trouble.DIRECTORY_LOCKED in trouble
    protected = {"adminCount": "1"} if Trouble.PROTECTED in trouble else {}
    entry = _entry(
        f"CN={account},OU={_UNITS[person.population]},OU=Staff,{DOMAIN}",
        ["top", "person", "organizationalPerson", "user"],
        created,
        cn=account,
        sAMAccountName=account,
        userPrincipalName=f"{account}@csrdesk.example",
        displayName=person.display_name or f"{person.given} {person.family}",
        givenName=person.given,
        sn=person.family,
        mail=person.email,
        mobile=person.phone,
        employeeID=person.customer_number,
        userAccountControl=str(NORMAL_ACCOUNT | disabled),
        pwdLastSet=_password_set(person, now),
        accountExpires=filetime(now - timedelta(days=3)) if Trouble.EXPIRED in trouble else NEVER,
        lockoutTime=filetime(now - timedelta(minutes=20)) if locked else "0",
        badPwdCount="5" if locked else "0",
        memberOf=_groups(trouble),
        description="Disabled by the staff office" if disabled and Trouble.DISABLED_BY_DESK not in trouble else "",
        **protected,
    )
    guid = object_guid(person)
    entry.attributes["objectGUID"] = [guid]
    entry.passwords = [digest(guid, person.password)]
    return entry


def build_entries(people: tuple[Person, ...], now: datetime) -> list[Entry]:
    """The whole directory as of that moment."""
    frame = list(_frame(datetime(2018, 1, 2, 8, 0, tzinfo=UTC)))
    return frame + [_user(person, now) for person in people if person.in_directory]
