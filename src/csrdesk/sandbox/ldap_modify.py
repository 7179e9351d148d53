"""Modify as Active Directory does it for the attributes a desk may write: all changes or none, values judged.

The service account may write four attributes of ordinary users (RFC 4511, 4.6; [MS-ADTS] 3.1.1.5.3). Diagnostics
begin with the eight hexadecimal digits that clients classify by.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime
from typing import Literal

import msgspec

from csrdesk.sandbox import domain
from csrdesk.sandbox.model import Entry

NO_SUCH_ATTRIBUTE = 16
CONSTRAINT_VIOLATION = 19
ATTRIBUTE_OR_VALUE_EXISTS = 20
INSUFFICIENT_ACCESS_RIGHTS = 50
UNWILLING_TO_PERFORM = 53

_ACCOUNT_TYPES = 0x200 | 0x100 | 0x800 | 0x1000 | 0x2000
_NOT_STORED = domain.LOCKOUT | domain.CANNOT_CHANGE | domain.PASSWORD_EXPIRED
_NOT_DELEGATED = 0x80000 | 0x1000000
"""Trusted for delegation, in both kinds."""
_LARGEST = 2**63 - 1


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One change of a modify."""

    operation: Literal["add", "delete", "replace"]
    attribute: str
    values: list[str] = []


class LdapError(Exception):
    """The modify is refused and nothing is changed."""

    def __init__(self, code: int, diagnostic: str) -> None:
        super().__init__(diagnostic)
        self.code = code
        self.diagnostic = diagnostic


def _no_access() -> LdapError:
    return LdapError(
        INSUFFICIENT_ACCESS_RIGHTS,
        "00002098: SecErr: DSID-031514A0, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0\n",
    )


def _unwilling(reason: str) -> LdapError:
    return LdapError(
        UNWILLING_TO_PERFORM, f"{reason}: SvcErr: DSID-031A1202, problem 5003 (WILL_NOT_PERFORM), data 0\n"
    )


def _bad_value(attribute: str) -> LdapError:
    return LdapError(
        CONSTRAINT_VIOLATION,
        f"00000057: AtrErr: DSID-031903C4, #1:\n\t0: 00000057: problem 1005 (CONSTRAINT_ATT_TYPE), Att {attribute}\n",
    )


def _number(attribute: str, value: str) -> int:
    try:
        number = int(value)
    except ValueError:
        raise _bad_value(attribute) from None
    if abs(number) > _LARGEST or value.strip() != value:
        raise _bad_value(attribute)
    return number


def _account_control(value: str, _now: datetime) -> str:
    """State bits are dropped; an account type is there in any case."""
    bits = _number("userAccountControl", value)
    if bits < 0 or bits >= 2**32:
        raise _bad_value("userAccountControl")
    if bits & _NOT_DELEGATED:
        raise _no_access()
    bits &= ~_NOT_STORED
    return str(bits if bits & _ACCOUNT_TYPES else bits | domain.NORMAL_ACCOUNT)


def _lockout_time(value: str, _now: datetime) -> str:
    """Only 0 can be written: it unlocks."""
    if value != "0":
        raise _bad_value("lockoutTime")
    return value


def _password_set(value: str, now: datetime) -> str:
    """0 demands a change at the next sign-on, -1 counts as set just now."""
    match value:
        case "0":
            return "0"
        case "-1":
            return domain.filetime(now)
        case _:
            raise LdapError(
                UNWILLING_TO_PERFORM, "00000057: SvcErr: DSID-031A1202, problem 5003 (WILL_NOT_PERFORM), data 0\n"
            )


def _expires(value: str, _now: datetime) -> str:
    if _number("accountExpires", value) < 0:
        raise _bad_value("accountExpires")
    return value


_WRITABLE: dict[str, tuple[str, Callable[[str, datetime], str]]] = {
    "useraccountcontrol": ("userAccountControl", _account_control),
    "lockouttime": ("lockoutTime", _lockout_time),
    "pwdlastset": ("pwdLastSet", _password_set),
    "accountexpires": ("accountExpires", _expires),
}


def _add(entry: Entry, name: str, values: list[str]) -> None:
    """All of the attributes are single-valued, so there must be none yet."""
    if entry.values(name):
        raise LdapError(
            ATTRIBUTE_OR_VALUE_EXISTS,
            f"00002083: AtrErr: DSID-03151785, #1:\n\t0: 00002083: problem 1006 (ATT_OR_VALUE_EXISTS), Att {name}\n",
        )
    entry.attributes[name] = values


def _delete(entry: Entry, name: str, values: list[str]) -> None:
    present = entry.values(name)
    if not present or any(value not in present for value in values):
        raise LdapError(
            NO_SUCH_ATTRIBUTE,
            f"00002085: AtrErr: DSID-03190F77, #1:\n\t0: 00002085: problem 1001 (NO_ATTRIBUTE_OR_VAL), Att {name}\n",
        )
    del entry.attributes[name]


def _apply(entry: Entry, change: Change, now: datetime) -> None:
    known = _WRITABLE.get(change.attribute.lower())
    if known is None:
        raise _no_access()
    name, judge = known
    if change.operation == "delete":
        _delete(entry, name, change.values)
        return
    if len(change.values) != 1:
        raise _bad_value(name)
    values = [judge(change.values[0], now)]
    if change.operation == "add":
        _add(entry, name, values)
    else:
        entry.attributes[name] = values
    if name == "lockoutTime":
        entry.attributes["badPwdCount"] = ["0"]


def modify(entry: Entry, changes: list[Change], now: datetime) -> None:
    """Applies all changes or raises `LdapError` and applies none.

    Deleting the old value and adding the new one in one modify is compare-and-swap: it is refused with 16 where the
    value is not the expected one.
    """
    if "user" not in entry.values("objectClass") or entry.first("adminCount") == "1":
        raise _no_access()
    changed = copy.deepcopy(entry)
    for change in changes:
        _apply(changed, change, now)
    if "userAccountControl" not in changed.attributes:
        raise LdapError(
            UNWILLING_TO_PERFORM, "0000207C: SvcErr: DSID-031A1236, problem 5003 (WILL_NOT_PERFORM), data 0\n"
        )
    if changed.attributes == entry.attributes:
        return
    changed.attributes["whenChanged"] = [domain.generalized_time(now)]
    entry.attributes = changed.attributes
