"""An AD account read from raw values: control bits, FILETIME, and the two ways in which AD says "never".

Sources: [MS-ADTS] 2.2.16 (userAccountControl bits), 3.1.1.4.5.17 (msDS-User-Account-Control-Computed),
[MS-DTYP] 2.3.3 (FILETIME), [MS-ADA1] 2.2 (accountExpires).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from csrdesk.errors import UnexpectedAnswerError
from csrdesk.model.account import DirectoryAccount, WrongPasswords
from csrdesk.services.directory.errors import SYSTEM
from csrdesk.services.directory.port import Entry

SMART_CARD = 0x40000
ACCOUNT_DISABLE = 0x2
LOCKOUT = 0x10
PASSWORD_EXPIRED = 0x800000

CONTROL = "userAccountControl"
COMPUTED = "msDS-User-Account-Control-Computed"
"""Lock and expiry as they are now: `lockoutTime` stays set after a lock has run out."""
LAST_SET = "pwdLastSet"
"""A FILETIME, or 0: then the password must be changed at the next sign-on."""
EXPIRES = "accountExpires"
CHANGED = "whenChanged"
COUNTED = ("badPwdCount", "badPasswordTime")
"""Wrong passwords: each controller counts its own."""
ATTRIBUTES = (
    "sAMAccountName",
    CONTROL,
    COMPUTED,
    EXPIRES,
    LAST_SET,
    CHANGED,
    "lockoutTime",
    "logonHours",
    "lastLogonTimestamp",
    "msDS-UserPasswordExpiryTimeComputed",
    "msDS-ResultantPSO",
)
"""What `account_of` needs."""

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_NEVER = frozenset({0, 0x7FFF_FFFF_FFFF_FFFF})


def moment(filetime: int) -> datetime | None:
    """A FILETIME (tenths of microseconds since 1601, UTC); None for both of AD's nevers, which are no moments."""
    if filetime in _NEVER:
        return None
    try:
        return _EPOCH + timedelta(microseconds=filetime // 10)
    except OverflowError:
        raise _wrong("a moment out of range") from None


def filetime(at: datetime | None) -> str:
    """The opposite of `moment`, as a directory takes it; 0 for never."""
    return str((at - _EPOCH) // timedelta(microseconds=1) * 10) if at else "0"


def control_of(entry: Entry) -> int:
    """`userAccountControl`. Raises `UnexpectedAnswerError` where it is absent or no number: it is never guessed."""
    return _number(entry, CONTROL)


def computed_of(entry: Entry) -> int:
    """The bits that AD computes. Raises `UnexpectedAnswerError` where it did not tell them."""
    return _number(entry, COMPUTED)


def expires_at(entry: Entry) -> datetime | None:
    """The moment from which on nobody can sign in; None for never."""
    return moment(_number(entry, EXPIRES, absent=0))


def is_disabled(entry: Entry) -> bool:
    """Whether the account is switched off."""
    return bool(control_of(entry) & ACCOUNT_DISABLE)


def is_locked(entry: Entry) -> bool:
    """Whether a lock is on now. Raises `UnexpectedAnswerError` where that was not told."""
    return bool(computed_of(entry) & LOCKOUT)


def password_set(entry: Entry) -> int:
    """When the password was set as the server has it, a FILETIME; 0 where it must be changed or there is none."""
    return _number(entry, LAST_SET, absent=0)


def account_of(entry: Entry, now: datetime, lockout: timedelta | None = None) -> DirectoryAccount:
    """The account as of `now`; `lockout`: how long a lock lasts, None where for ever or not known.

    Raises `UnexpectedAnswerError` where an attribute that decides something is missing.
    """
    control, computed = control_of(entry), computed_of(entry)
    ends = expires_at(entry)
    set_at = password_set(entry)
    past, locked = bool(computed & PASSWORD_EXPIRED), bool(computed & LOCKOUT)
    must_change = past and set_at == 0
    locked_at = moment(_number(entry, "lockoutTime", absent=0)) if locked else None
    return DirectoryAccount(
        dn=entry.dn,
        username=entry.first("sAMAccountName") or "",
        user_account_control=control,
        disabled=bool(control & ACCOUNT_DISABLE),
        locked=locked,
        expires_at=ends,
        expired=ends is not None and ends <= now,
        password_changed_at=moment(set_at),
        password_expired=past and not must_change,
        must_change_password=must_change,
        changed_at=_generalized(entry.first(CHANGED) or ""),
        password_expires_at=moment(_number(entry, "msDS-UserPasswordExpiryTimeComputed", absent=0)),
        locked_at=locked_at,
        lock_ends_at=locked_at + lockout if locked_at and lockout else None,
        smart_card=bool(control & SMART_CARD),
        outside_hours=not may_sign_in_at(entry.first("logonHours") or "", now),
        last_logon_at=moment(_number(entry, "lastLogonTimestamp", absent=0)),
    )


def wrong_passwords_of(entry: Entry, controller: str) -> WrongPasswords:
    """What one controller has counted."""
    count, last = (_number(entry, name, absent=0) for name in COUNTED)
    return WrongPasswords(controller, count, moment(last))


def may_sign_in_at(hours: str, now: datetime) -> bool:
    """Whether `logonHours`, in hex, allow the hour of `now`: a bit an hour from Sunday 0:00 UTC on ([MS-ADA1] 2.364).

    Without any, or with another number of bytes, every hour is allowed.
    """
    bits = bytes.fromhex(hours)
    if len(bits) != 21:
        return True
    at = now.astimezone(UTC)
    hour = at.isoweekday() % 7 * 24 + at.hour
    return bool(bits[hour // 8] >> hour % 8 & 1)


def _generalized(value: str) -> datetime | None:
    """A generalized time as AD writes it (RFC 4517, 3.3.13); None where it is absent or another form of it."""
    try:
        return datetime.strptime(value, "%Y%m%d%H%M%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _number(entry: Entry, attribute: str, *, absent: int | None = None) -> int:
    value = entry.first(attribute)
    if value is None and absent is not None:
        return absent
    try:
        return int(value or "")
    except ValueError:
        raise _wrong(f"{attribute} is absent or no number") from None


def _wrong(details: str) -> UnexpectedAnswerError:
    words = "The directory gave an answer that csrdesk does not know. Ask an administrator."
    return UnexpectedAnswerError(words, system=SYSTEM, details=details)
