"""An invented person as written down: what PingOne and the directory know of them when a sandbox starts.

Values only and cheap to import: the list of people is printed without starting anything.
"""

from __future__ import annotations

import enum

import msgspec

CARE_STAFF = "Care staff"
ADMINISTRATION = "Administration"
PATIENTS = "Patients"
PARTNERS = "Partners"
POPULATIONS = (CARE_STAFF, ADMINISTRATION, PATIENTS, PARTNERS)

STAFF = "Staff"
AGENCY_STAFF = "Agency staff"
BRANCH_STAFF = "Branch staff"
"""User types of the gateways that lead to the directory."""

NUMBER_FORMAT = "4711-{:06d}"
"""Of customer numbers: PingOne's `externalId` and the directory's `employeeID`."""


def phone(number: int) -> str:
    """A number that its country's regulator keeps for films: +44 7700 900000 to 900999."""
    return f"+44.7700900{number:03d}"


class DeviceSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A device somebody has registered."""

    type: str
    to: str = ""
    """Phone or email address; empty where the type has none."""
    nickname: str = ""
    locked: bool = False
    push: bool = True
    """Of MOBILE devices: whether the app takes pushes."""
    rp_id: str = "localhost"
    """Of FIDO2 devices: the site that they were registered for."""


class Trouble(enum.Flag):
    """What is the matter with somebody's account to begin with."""

    NONE = 0
    DISABLED = enum.auto()
    """In both PingOne and the directory."""
    DISABLED_BY_DESK = enum.auto()
    """PingOne's activities name the desk's client as the one who did it."""
    DIRECTORY_LOCKED = enum.auto()
    PINGONE_LOCKED = enum.auto()
    EXPIRED = enum.auto()
    """The directory's account ended."""
    PASSWORD_EXPIRED = enum.auto()
    """In the directory, as is the next."""
    MUST_CHANGE = enum.auto()
    PINGONE_PASSWORD = enum.auto()
    """PingOne holds a password although the directory has one."""
    PINGONE_PASSWORD_EXPIRED = enum.auto()
    PINGONE_PASSWORD_LOCKED = enum.auto()
    """After too many wrong ones; the account is not locked."""
    PINGONE_MUST_CHANGE = enum.auto()
    NO_PASSWORD = enum.auto()
    """In PingOne, and in no directory."""
    MFA_OFF = enum.auto()
    EMAIL_UNVERIFIED = enum.auto()
    PROTECTED = enum.auto()
    """`adminCount` is 1 and the service account may not write; a PingOne role is assigned as well."""
    ADMINISTRATOR_BY_GROUP = enum.auto()
    """In an administrators' group by nesting, and not protected by the directory."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody invented. Names are as PingOne has them."""

    username: str
    given: str
    family: str
    number: int
    email: str = ""
    phone: str = ""
    population: str = CARE_STAFF
    devices: tuple[DeviceSpec, ...] = ()
    trouble: Trouble = Trouble.NONE
    in_pingone: bool = True
    in_directory: bool = True
    nickname: str = ""
    prefix: str = ""
    display_name: str = ""
    """In the directory, where it differs from given and family name."""
    account: str = ""
    """`sAMAccountName`, where it differs from the username."""
    user_type: str = STAFF
    """By which PingOne reaches the directory, for those whose password is there."""
    sessions: int = 0
    situation: str = ""
    expect: str = ""

    @property
    def customer_number(self) -> str:
        """`externalId` in PingOne and `employeeID` in the directory."""
        return NUMBER_FORMAT.format(self.number)

    @property
    def password(self) -> str:
        """What they sign on with to begin with, in PingOne and in the directory."""
        return f"Harbour-{self.number}-Tide"

    @property
    def sam_account_name(self) -> str:
        """The directory's account name."""
        return self.account or self.username
