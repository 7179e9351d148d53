"""The one thing that the desk reads in a security descriptor: may this account change its own password?

There is no bit for it: "User cannot change password" of AD's tools denies a right in the access list ([MS-ADTS]
5.1.3.2.1, User-Change-Password). Sources for the bytes: [MS-DTYP] 2.4.6, 2.4.5, 2.4.4.4.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

DESCRIPTOR = "nTSecurityDescriptor"
_DENIED_OBJECT = 0x06
"""ACCESS_DENIED_OBJECT_ACE_TYPE."""
_CONTROL_ACCESS = 0x100
"""ADS_RIGHT_DS_CONTROL_ACCESS."""
_INHERIT_ONLY = 0x08
_OBJECT_TYPE, _INHERITED_TYPE = 0x1, 0x2
_CHANGE_PASSWORD = uuid.UUID("ab721a53-1e2f-11d0-9819-00aa0040529b").bytes_le
_EVERYONE = bytes((1, 1, 0, 0, 0, 0, 0, 1)) + bytes(4)
_SELF = bytes((1, 1, 0, 0, 0, 0, 0, 5)) + (10).to_bytes(4, "little")


def may_change_password(descriptor: str) -> bool:
    """Whether no entry of the access list, in hex, denies it to everyone or to the account itself.

    A descriptor that may not be read, or is cut short, denies nothing that is known.
    """
    raw = bytes.fromhex(descriptor)
    return not any(_denies(entry) for entry in _entries(raw))


def _entries(raw: bytes) -> Iterator[bytes]:
    """The access control entries, each with its header."""
    start = _number(raw, 16, 4)
    if not start:
        return
    at, count = start + 8, _number(raw, start + 4, 2)
    for _ in range(count):
        size = _number(raw, at + 2, 2)
        if size < 4:
            return
        yield raw[at : at + size]
        at += size


def _denies(entry: bytes) -> bool:
    kind, flags = entry[0], entry[1]
    if kind != _DENIED_OBJECT or flags & _INHERIT_ONLY or not _number(entry, 4, 4) & _CONTROL_ACCESS:
        return False
    present = _number(entry, 8, 4)
    if not present & _OBJECT_TYPE or entry[12:28] != _CHANGE_PASSWORD:
        return False
    sid = entry[44:] if present & _INHERITED_TYPE else entry[28:]
    return sid in (_EVERYONE, _SELF)


def _number(raw: bytes, at: int, size: int) -> int:
    return int.from_bytes(raw[at : at + size], "little")
