"""One person's account in both directories, and the one line that agents need: why can't they sign in?"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from csrdesk.model.agreements import Consent

_AGAIN = "locked in AD again within 30 minutes of an unlock: an old password is saved on a phone, a drive or a VPN"

_NEVER_EXPIRES = 0x10000
"""`ADS_UF_DONT_EXPIRE_PASSWD` of `userAccountControl` ([MS-ADTS] 2.2.16)."""


class AccountStatus(StrEnum):
    """`accountStatus`: the first that applies in either directory."""

    DISABLED = "DISABLED"
    EXPIRED = "EXPIRED"
    LOCKED = "LOCKED"
    PASSWORD_EXPIRED = "PASSWORD_EXPIRED"  # noqa: S105 - a state of an account
    MUST_CHANGE_PASSWORD = "MUST_CHANGE_PASSWORD"  # noqa: S105 - a state of an account
    ACTIVE = "ACTIVE"


class Lock(StrEnum):
    """What can be locked, each opened by an act of its own, in the order in which they are said."""

    DIRECTORY = "AD"
    PINGONE = "PingOne"
    PASSWORD = "PingOne password"  # noqa: S105 - what is locked, not a password


class PingOneAccount(msgspec.Struct, frozen=True, rename="camel"):
    """What PingOne says of the account."""

    enabled: bool
    locked: bool = False
    """`account.status` is `LOCKED`."""
    unlock_at: datetime | None = None
    password: str = "OK"  # noqa: S105 - PingOne's password status, not a password
    """PingOne's password status: `OK`, `NO_PASSWORD`, `PASSWORD_EXPIRED`, `PASSWORD_LOCKED_OUT`,
    `MUST_CHANGE_PASSWORD`, `EXTERNAL`."""
    password_changed_at: datetime | None = None
    mfa_enabled: bool = True
    email: str = ""
    """Masked."""
    email_verified: bool = False
    last_sign_on: datetime | None = None
    changed_at: datetime | None = None
    """When anything of the user was changed the last time: whatever it is, it is so since then at the latest."""
    consent: Consent | None = None
    """What they said to the agreement that settings name; None where these name none."""


class WrongPasswords(msgspec.Struct, frozen=True, rename="camel"):
    """Wrong passwords as one domain controller counted them; controllers do not tell each other."""

    controller: str
    count: int = 0
    last_at: datetime | None = None
    problem: str = ""
    """Why it could not be asked; empty where it was."""


class DirectoryAccount(msgspec.Struct, frozen=True, rename="camel"):
    """What the directory says of the account; moments are UTC, None where never."""

    dn: str
    username: str
    """`sAMAccountName`."""
    user_account_control: int = 0x200
    disabled: bool = False
    locked: bool = False
    expires_at: datetime | None = None
    expired: bool = False
    password_changed_at: datetime | None = msgspec.field(default=None, name="pwdLastSet")
    password_expired: bool = False
    must_change_password: bool = False
    password_expires_at: datetime | None = None
    """As the policy that counts for this account says; None where never, or where it must be changed."""
    locked_at: datetime | None = None
    """None where it is not locked, or where that was not told."""
    lock_ends_at: datetime | None = None
    """None where it is not locked, where it stays so until somebody unlocks it, or where that was not told."""
    locked_again: bool = False
    """Whether this desk had unlocked it half an hour before at most: then something signs in with an old password."""
    smart_card: bool = False
    """Whether AD takes a smart card and no password."""
    outside_hours: bool = False
    """Whether AD lets them sign in at other hours only."""
    last_logon_at: datetime | None = None
    """`lastLogonTimestamp`, which AD renews once in 9 to 14 days."""
    wrong_passwords: tuple[WrongPasswords, ...] = ()
    """By controller, those that counted any. Where the passwords were typed is not in LDAP."""
    changed_at: datetime | None = None
    """As in PingOne: `whenChanged`."""

    @property
    def why_no_must_change(self) -> str:
        """Why nobody should ask for a new password at the next sign-in, in words; empty where that can be asked."""
        if self.disabled:
            return "The AD account is disabled."
        if self.smart_card:
            return "AD takes a smart card and no password."
        if self.user_account_control & _NEVER_EXPIRES:
            return "The password is set never to expire, so AD would not ask for another."
        return ""


class Account(msgspec.Struct, frozen=True, rename="camel"):
    """Both pictures, each possibly missing: because there is no such account, or because it could not be read."""

    pingone: PingOneAccount | None = None
    directory: DirectoryAccount | None = None
    pingone_problem: str = ""
    """Why PingOne's half could not be read; empty where it was, or where there is none."""
    directory_problem: str = ""

    @property
    def pingone_enabled(self) -> bool | None:
        return self.pingone.enabled if self.pingone else None

    @property
    def directory_enabled(self) -> bool | None:
        return not self.directory.disabled if self.directory else None

    @property
    def all_disabled(self) -> bool:
        """Whether every account that could be read is disabled."""
        known = [e for e in (self.pingone_enabled, self.directory_enabled) if e is not None]
        return bool(known) and not any(known)

    @property
    def differs(self) -> bool:
        """Whether one directory has the account enabled and the other disabled."""
        return {self.pingone_enabled, self.directory_enabled} == {True, False}

    @property
    def locks(self) -> tuple[Lock, ...]:
        """What is locked, as far as it could be read; devices are none of an account's locks."""
        p, d = self.pingone, self.directory
        found = {
            Lock.DIRECTORY: bool(d and d.locked),
            Lock.PINGONE: bool(p and p.locked),
            Lock.PASSWORD: bool(p and p.password == "PASSWORD_LOCKED_OUT"),  # noqa: S105
        }
        return tuple(lock for lock, locked in found.items() if locked)

    @property
    def status(self) -> AccountStatus:
        """`accountStatus`."""
        p, d = self.pingone, self.directory
        if (p and not p.enabled) or (d and d.disabled):
            return AccountStatus.DISABLED
        if d and d.expired:
            return AccountStatus.EXPIRED
        if self.locks:
            return AccountStatus.LOCKED
        if (p and p.password == "PASSWORD_EXPIRED") or (d and d.password_expired):  # noqa: S105
            return AccountStatus.PASSWORD_EXPIRED
        if (p and p.password == "MUST_CHANGE_PASSWORD") or (d and d.must_change_password):  # noqa: S105
            return AccountStatus.MUST_CHANGE_PASSWORD
        return AccountStatus.ACTIVE

    @property
    def password_changed_at(self) -> datetime | None:
        """`pwdLastChange`: of the directory that holds the password (AD where PingOne says `EXTERNAL`)."""
        if self.pingone and self.pingone.password != "EXTERNAL":  # noqa: S105
            return self.pingone.password_changed_at
        return self.directory.password_changed_at if self.directory else None

    @property
    def obstacles(self) -> tuple[str, ...]:
        """Every reason why this person cannot sign in, in words, the gravest first."""
        return tuple(words for applies, words in self._conditions() if applies)

    def _conditions(self) -> list[tuple[bool, str]]:
        p, d = self.pingone, self.directory
        password = p.password if p else ""
        return [
            (bool(d and d.disabled), "disabled in AD"),
            (bool(p and not p.enabled), "disabled in PingOne"),
            (bool(d and d.expired), "the AD account has expired"),
            (bool(d and d.locked), _AGAIN if d and d.locked_again else "locked in AD"),
            (bool(p and p.locked), "locked in PingOne"),
            (password == "PASSWORD_LOCKED_OUT", "PingOne password locked after wrong tries"),  # noqa: S105
            (bool(d and d.password_expired), "AD password expired"),
            (password == "PASSWORD_EXPIRED", "PingOne password expired"),  # noqa: S105
            (bool(d and d.must_change_password), "must change the AD password"),
            (bool(d and d.outside_hours), "outside the hours in which AD lets them sign in"),
            (bool(d and d.smart_card), "AD takes a smart card only"),
            (password == "MUST_CHANGE_PASSWORD", "must change the PingOne password"),  # noqa: S105
            (password == "NO_PASSWORD", "no PingOne password"),  # noqa: S105
        ]
