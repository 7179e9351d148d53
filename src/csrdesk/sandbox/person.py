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

NUMBER_FORMAT = "4711-{:06d}"
"""Of customer numbers: PingOne's `externalId` and the directory's `employeeID`."""


class DeviceSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A device somebody has registered."""

    type: str
    to: str = ""
    """Phone or email address; empty where the type has none."""
    nickname: str = ""
    locked: bool = False


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
    MUST_CHANGE = enum.auto()
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
    sessions: int = 0
    situation: str = ""
    expect: str = ""

    @property
    def customer_number(self) -> str:
        """`externalId` in PingOne and `employeeID` in the directory."""
        return NUMBER_FORMAT.format(self.number)

    @property
    def sam_account_name(self) -> str:
        """The directory's account name."""
        return self.account or self.username
