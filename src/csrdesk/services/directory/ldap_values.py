"""Values as they cross LDAP's wire: filters escaped by python-ldap, ids and security ids in their text form.

Apart from the connection, because all of this can be read and tested without one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from ldap.filter import escape_filter_chars

from csrdesk.services.directory.port import AllOf, Change, Entry, Equal, Filter

_GUIDS = frozenset({"objectguid", "ms-ds-consistencyguid"})
_SIDS = frozenset({"objectsid", "tokengroups"})
_OCTETS = frozenset({"logonhours", "ntsecuritydescriptor", "replpropertymetadata"})
"""Read as hex digits."""
_OPERATIONS = {"add": 0, "delete": 1, "replace": 2}
"""RFC 4511, 4.6."""

Modification = tuple[int, str, list[bytes] | None]


def filter_text(wanted: Filter) -> str:
    """The filter in its text form (RFC 4515). What was asked as a value stays a value, whatever it holds."""
    if isinstance(wanted, Equal):
        return f"({wanted.attribute}={_escaped(wanted)})"
    parts = "".join(filter_text(part) for part in wanted.filters)
    return f"(&{parts})" if isinstance(wanted, AllOf) else f"(|{parts})"


def _escaped(wanted: Equal) -> str:
    """A GUID or SID is looked for by its bytes; one that is none is looked for as it is, and found nowhere."""
    name = wanted.attribute.lower()
    try:
        if name in _GUIDS:
            return _hex(uuid.UUID(wanted.value).bytes_le)
        if name in _SIDS:
            return _hex(sid_bytes(wanted.value))
    except ValueError:
        pass
    return str(escape_filter_chars(wanted.value))


def _hex(value: bytes) -> str:
    return "".join(f"\\{byte:02x}" for byte in value)


def entry_of(dn: str, attributes: dict[str, list[bytes]]) -> Entry:
    """An entry with text values: GUIDs and SIDs in their text form, octets as hex, anything else as UTF-8."""
    return Entry(dn, {name: tuple(_texts(name, values)) for name, values in attributes.items()})


def _texts(name: str, values: list[bytes]) -> Iterable[str]:
    plain = name.lower()
    for value in values:
        if plain in _GUIDS and len(value) == 16:
            yield str(uuid.UUID(bytes_le=value))
        elif plain in _SIDS:
            yield sid_text(value)
        elif plain in _OCTETS:
            yield value.hex()
        else:
            yield value.decode("utf-8", "replace")


def sid_text(value: bytes) -> str:
    """A security id as people write it ([MS-DTYP] 2.4.2.1); of one that is cut short, its bytes in hex."""
    count = value[1] if len(value) > 1 else -1
    if len(value) != 8 + 4 * count:
        return value.hex()
    numbers = [int.from_bytes(value[at : at + 4], "little") for at in range(8, len(value), 4)]
    return "-".join(["S", str(value[0]), str(int.from_bytes(value[2:8], "big")), *map(str, numbers)])


def sid_bytes(text: str) -> bytes:
    """The opposite of `sid_text`. Raises `ValueError` where it is none."""
    kind, revision, authority, *numbers = text.split("-")
    if kind.upper() != "S" or len(numbers) > 15:
        raise ValueError(text)
    try:
        head = bytes([int(revision), len(numbers)]) + int(authority).to_bytes(6, "big")
        return head + b"".join(int(number).to_bytes(4, "little") for number in numbers)
    except OverflowError:
        raise ValueError(text) from None


def modifications(changes: Iterable[Change]) -> list[Modification]:
    """Changes as python-ldap takes them."""
    return [
        (
            _OPERATIONS[change.operation],
            change.attribute,
            [value.encode() if isinstance(value, str) else value.reveal() for value in change.values] or None,
        )
        for change in changes
    ]
