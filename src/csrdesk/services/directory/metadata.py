"""When an attribute was last written, as AD's replication keeps it: whoever writes it cannot set that moment.

Two forms of the same: `msDS-ReplAttributeMetaData` (XML, a value an attribute; [MS-ADTS] 3.1.1.4.5.28), and, where that
is not computed, `replPropertyMetaData` itself (binary; [MS-DRSR] 4.1.10.5.3, PROPERTY_META_DATA_EXT_VECTOR).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from csrdesk.services.directory.port import Entry

ATTRIBUTES = ("msDS-ReplAttributeMetaData", "replPropertyMetaData")
"""What `written_at` needs."""
MAIL = 0x150003
"""`mail` as [MS-DRSR] 5.16.4 counts attributes: 0.9.2342.19200300.100.1.3."""
_NAME = re.compile(r"<pszAttributeName>([^<]*)</pszAttributeName>")
_TIME = re.compile(r"<ftimeLastOriginatingChange>([^<]*)</ftimeLastOriginatingChange>")
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_HEAD, _RECORD = 16, 48


def written_at(entry: Entry, name: str, number: int) -> datetime | None:
    """When the attribute of that name and number was last written anywhere in the domain; None where it is not told."""
    for text in entry.values(ATTRIBUTES[0]):
        named, at = _NAME.search(text), _TIME.search(text)
        if named and at and named[1].casefold() == name.casefold():
            return _xml_time(at[1])
    return _of_vector(bytes.fromhex(entry.first(ATTRIBUTES[1]) or ""), number)


def _xml_time(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _of_vector(raw: bytes, number: int) -> datetime | None:
    """Records of an attribute's number, a version, seconds since 1601, an id and two counters."""
    for at in range(_HEAD, len(raw) - _RECORD + 1, _RECORD):
        if int.from_bytes(raw[at : at + 4], "little") == number:
            return _EPOCH + timedelta(seconds=int.from_bytes(raw[at + 8 : at + 16], "little"))
    return None
