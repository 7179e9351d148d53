"""Passwords in the directory: how `unicodePwd` is written, the domain's policy, and signing on with one.

Apart from other attributes, because a password is judged by the domain and never read back. Sources: [MS-ADTS]
3.1.1.3.1.5 (the quoted UTF-16LE value), [MS-SAMR] 3.1.1.8.7 (complexity), [MS-ADTS] 3.1.1.3.4.1.27 (policy hints); the
diagnostics are worded as Samba 4.17's `check_password_restrictions`.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from csrdesk.sandbox import domain
from csrdesk.sandbox.constructed import is_locked
from csrdesk.sandbox.digests import digest
from csrdesk.sandbox.ldap_errors import CONSTRAINT_VIOLATION, UNWILLING_TO_PERFORM, LdapError
from csrdesk.sandbox.model import Entry, World

POLICY_HINTS = "1.2.840.113556.1.4.2239"
"""With this control an administrative reset minds the password history."""
DEPRECATED_POLICY_HINTS = "1.2.840.113556.1.4.2066"
_PAGED_RESULTS = "1.2.840.113556.1.4.319"
SUPPORTED_CONTROLS = (_PAGED_RESULTS, DEPRECATED_POLICY_HINTS, POLICY_HINTS)
_LONGEST = 256
_COMPLEX = 1
"""DOMAIN_PASSWORD_COMPLEX of `pwdProperties`."""
_CATEGORIES = 3
_NAME_PART = re.compile(r"[^\s,.\-_#]{3,}")


def password_of(raw: bytes) -> str:
    """The password in a value of `unicodePwd`: UTF-16LE in quotation marks, anything else is refused."""
    try:
        text = raw.decode("utf-16-le")
    except UnicodeDecodeError:
        text = ""
    if len(text) < len('""') or text[0] != '"' or text[-1] != '"':
        raise LdapError(
            UNWILLING_TO_PERFORM,
            "00002035: setup_io: it's not allowed to set the NT hash password directly'",
        )
    return text[1:-1]


def as_raw(password: str) -> bytes:
    """The value of `unicodePwd` for a password."""
    return f'"{password}"'.encode("utf-16-le")


def _refused(reason: str) -> LdapError:
    return LdapError(
        CONSTRAINT_VIOLATION, f"0000052D: Constraint violation - check_password_restrictions: the password {reason}!"
    )


def _category(character: str) -> str:
    """Upper case, lower case, digit, other ASCII, and letters beyond ASCII that have no case."""
    kind = unicodedata.category(character)
    if kind in {"Lu", "Ll", "Nd"}:
        return kind
    return "other" if character.isascii() else "letter" if kind.startswith("L") else ""


def _names(entry: Entry) -> set[str]:
    """What the password must not contain: the account name, and each part of the display name from 3 characters up."""
    names = _NAME_PART.findall(entry.first("displayName"))
    account = entry.first("sAMAccountName")
    return {name.casefold() for name in (*names, account) if len(name) >= 3}


def _is_complex(entry: Entry, password: str) -> bool:
    folded = password.casefold()
    categories = {_category(character) for character in password} - {""}
    return len(categories) >= _CATEGORIES and not any(name in folded for name in _names(entry))


def write_password(world: World, entry: Entry, password: str, *, minds_history: bool) -> None:
    """Remembers a new password of an entry; raises LdapError where the domain's policy refuses it."""
    policy = world.entries[domain.DOMAIN.lower()]
    shortest = int(policy.first("minPwdLength", "0"))
    if len(password) < shortest:
        raise _refused(f"is too short. It should be equal or longer than {shortest} characters")
    if len(password) > _LONGEST:
        raise _refused(f"is too long. It should be no longer than {_LONGEST} characters")
    if int(policy.first("pwdProperties", "0")) & _COMPLEX and not _is_complex(entry, password):
        raise _refused("does not meet the complexity criteria")
    kept = int(policy.first("pwdHistoryLength", "0"))
    new = digest(entry.first("objectGUID"), password)
    used = entry.passwords[-kept:] if kept else []
    if minds_history and new in used:
        which = "previous password" if new == used[-1] else "in history"
        raise _refused(f"was already used ({which})")
    entry.passwords = [*entry.passwords, new]


def signs_on(world: World, entry: Entry, password: str, now: datetime) -> bool:
    """True for the right password of an entry that is not locked; wrong ones are counted to the domain's threshold."""
    if is_locked(world, entry, now):
        return False
    if entry.passwords and entry.passwords[-1] == digest(entry.first("objectGUID"), password):
        entry.attributes["badPwdCount"] = entry.attributes["lockoutTime"] = ["0"]
        return True
    failures = int(entry.first("badPwdCount", "0")) + 1
    entry.attributes["badPwdCount"] = [str(failures)]
    threshold = int(world.entries[domain.DOMAIN.lower()].first("lockoutThreshold", "0"))
    if threshold and failures >= threshold:
        entry.attributes["lockoutTime"] = [domain.filetime(now)]
    return False
