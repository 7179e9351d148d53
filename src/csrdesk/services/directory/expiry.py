"""The last day of an account in the directory: set, taken away, and read back.

`accountExpires` is a FILETIME; 0 and 0x7FFFFFFFFFFFFFFF both mean never ([MS-ADA1] 2.2), so what is read back is
compared as a moment, never as a number.
"""

from __future__ import annotations

from datetime import datetime

from csrdesk.errors import ConflictError, ReadBackError
from csrdesk.services.directory.accounts import EXPIRES, expires_at, filetime
from csrdesk.services.directory.errors import SYSTEM
from csrdesk.services.directory.port import Change, Directory, Entry
from csrdesk.services.directory.writes import read_entry

_CHANGED = "Somebody else changed the account's last day at the same time. Nothing was changed. Read it again."


async def set_expiry(
    directory: Directory, entry: Entry, beside: tuple[Change, ...] = (), *, was: datetime | None, ends: datetime | None
) -> bool:
    """Let the account end at `ends`, None for never; whether anything had to be written. `entry` was just read.

    `was` is what was decided on: where something else stands there by now, or comes there in between, nothing is
    written. Raises `ConflictError` then, `ReadBackError` where the directory shows something else afterwards.
    """
    now = expires_at(entry)
    if now == ends:
        return False
    if now != was:
        raise ConflictError(_CHANGED, system=SYSTEM)
    old = entry.values(EXPIRES)
    swap = (*((Change("delete", EXPIRES, old),) if old else ()), Change("add", EXPIRES, (filetime(ends),)))
    await directory.modify(entry.dn, (*swap, *beside))
    after = expires_at(await read_entry(directory, entry.dn, (EXPIRES,)))
    if after != ends:
        words = "The directory said that it was done, but shows another last day of the account."
        raise ReadBackError(words, system=SYSTEM, details=f"wrote={filetime(ends)}")
    return True
