"""Modify as Active Directory does it for the attributes a desk may write: all changes or none, values judged.

The service account may write four attributes and the password of ordinary users (RFC 4511, 4.6; [MS-ADTS] 3.1.1.5.3).
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from csrdesk.sandbox import directory_passwords, domain
from csrdesk.sandbox.ldap_errors import (
    ATTRIBUTE_OR_VALUE_EXISTS,
    NO_SUCH_ATTRIBUTE,
    UNWILLING_TO_PERFORM,
    LdapError,
    bad_value,
    no_access,
    unknown_control,
    unwilling,
)
from csrdesk.sandbox.model import Entry, World

_ACCOUNT_TYPES = 0x200 | 0x100 | 0x800 | 0x1000 | 0x2000
_NOT_STORED = domain.LOCKOUT | domain.CANNOT_CHANGE | domain.PASSWORD_EXPIRED
_NOT_DELEGATED = 0x80000 | 0x1000000
"""Trusted for delegation, in both kinds."""
_LARGEST = 2**63 - 1
_PASSWORD = "unicodePwd"


class Raw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value that is no text, as JSON carries it."""

    base64: str

    def bytes(self) -> bytes:
        """The value itself. ValueError where it is not base64."""
        return base64.b64decode(self.base64, validate=True)


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One change of a modify."""

    operation: Literal["add", "delete", "replace"]
    attribute: str
    values: list[str | Raw] = []


def _text(attribute: str, value: str | Raw) -> str:
    try:
        return value if isinstance(value, str) else value.bytes().decode()
    except ValueError:
        raise bad_value(attribute) from None


def _number(attribute: str, value: str) -> int:
    try:
        number = int(value)
    except ValueError:
        raise bad_value(attribute) from None
    if abs(number) > _LARGEST or value.strip() != value:
        raise bad_value(attribute)
    return number


def _account_control(value: str, _now: datetime) -> str:
    """State bits are dropped; an account type is there in any case."""
    bits = _number("userAccountControl", value)
    if bits < 0 or bits >= 2**32:
        raise bad_value("userAccountControl")
    if bits & _NOT_DELEGATED:
        raise no_access()
    bits &= ~_NOT_STORED
    return str(bits if bits & _ACCOUNT_TYPES else bits | domain.NORMAL_ACCOUNT)


def _lockout_time(value: str, _now: datetime) -> str:
    """Only 0 can be written: it unlocks."""
    if value != "0":
        raise bad_value("lockoutTime")
    return value


def _password_set(value: str, now: datetime) -> str:
    """0 demands a change at the next sign-on, -1 counts as set just now."""
    match value:
        case "0":
            return "0"
        case "-1":
            return domain.filetime(now)
        case _:
            raise unwilling("00000057")


def _expires(value: str, _now: datetime) -> str:
    if _number("accountExpires", value) < 0:
        raise bad_value("accountExpires")
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
        raise no_access()
    name, judge = known
    texts = [_text(name, value) for value in change.values]
    if change.operation == "delete":
        _delete(entry, name, texts)
        return
    if len(texts) != 1:
        raise bad_value(name)
    values = [judge(texts[0], now)]
    if change.operation == "add":
        _add(entry, name, values)
    else:
        entry.attributes[name] = values
    if name == "lockoutTime":
        entry.attributes["badPwdCount"] = ["0"]


def _apply_password(world: World, entry: Entry, change: Change, *, minds_history: bool) -> None:
    """An administrative reset, which replaces; changing one by its old value is nobody's right here."""
    if change.operation != "replace":
        raise no_access()
    if len(change.values) != 1:
        raise bad_value(_PASSWORD)
    (value,) = change.values
    try:
        raw = value.encode() if isinstance(value, str) else value.bytes()
    except ValueError:
        raise bad_value(_PASSWORD) from None
    password = directory_passwords.password_of(raw)
    directory_passwords.write_password(world, entry, password, minds_history=minds_history)


def _apply_all(world: World, entry: Entry, changes: Sequence[Change], now: datetime, controls: Sequence[str]) -> None:
    hints = {directory_passwords.POLICY_HINTS, directory_passwords.DEPRECATED_POLICY_HINTS}
    written = {change.attribute.lower() for change in changes}
    for change in changes:
        if change.attribute.lower() == _PASSWORD.lower():
            _apply_password(world, entry, change, minds_history=not hints.isdisjoint(controls))
        else:
            _apply(entry, change, now)
    if _PASSWORD.lower() in written and "pwdlastset" not in written:
        entry.attributes["pwdLastSet"] = [domain.filetime(now)]
    if "userAccountControl" not in entry.attributes:
        raise LdapError(
            UNWILLING_TO_PERFORM, "0000207C: SvcErr: DSID-031A1236, problem 5003 (WILL_NOT_PERFORM), data 0\n"
        )


def modify(world: World, entry: Entry, changes: Sequence[Change], now: datetime, controls: Sequence[str] = ()) -> None:
    """Applies all changes or raises `LdapError` and applies none.

    Deleting the old value and adding the new one in one modify is compare-and-swap: it is refused with 16 where the
    value is not the expected one.
    """
    for control in controls:
        if control not in world.supported_controls:
            raise unknown_control(control)
    if "user" not in entry.values("objectClass") or entry.first("adminCount") == "1":
        raise no_access()
    changed = copy.deepcopy(entry)
    _apply_all(world, changed, changes, now, controls)
    if changed == entry:
        return
    changed.attributes["whenChanged"] = [domain.generalized_time(now)]
    entry.attributes, entry.passwords = changed.attributes, changed.passwords
