"""Asking for another password at the next sign-in: `pwdLastSet` 0, where the account can choose one at all.

[MS-ADTS] 3.1.1.3.1.5.2 and [MS-ADA3] 2.175: 0 and -1 are the only values that can be written. An account that may not
change its password would be shut out; that it may not is written in its security descriptor alone.
"""

from __future__ import annotations

from csrdesk.errors import InvalidValueError, ReadBackError
from csrdesk.model.account import DirectoryAccount
from csrdesk.services.directory.accounts import (
    COMPUTED,
    CONTROL,
    LAST_SET,
    PASSWORD_EXPIRED,
    SMART_CARD,
    computed_of,
    control_of,
    is_disabled,
    password_set,
)
from csrdesk.services.directory.descriptors import DESCRIPTOR, may_change_password
from csrdesk.services.directory.errors import SYSTEM
from csrdesk.services.directory.port import Change, Directory, Entry
from csrdesk.services.directory.writes import read_entry

ATTRIBUTES = (CONTROL, LAST_SET, COMPUTED, DESCRIPTOR)
"""What `demand_change` needs of an entry."""


async def demand_change(directory: Directory, entry: Entry, beside: tuple[Change, ...] = ()) -> bool:
    """Whether anything had to be written. `entry` was just read with `ATTRIBUTES`.

    Raises `InvalidValueError` where the account could not choose a password, `ReadBackError` where AD does not ask.
    """
    if asks(entry):
        return False
    why = _why_not(entry)
    if why:
        raise InvalidValueError(f"{why} Nothing was changed.", system=SYSTEM)
    await directory.modify(entry.dn, (Change("replace", LAST_SET, ("0",)), *beside))
    if not asks(await read_entry(directory, entry.dn, (LAST_SET, COMPUTED))):
        words = "The directory said that it was done, but does not ask for another password."
        raise ReadBackError(words, system=SYSTEM)
    return True


def asks(entry: Entry) -> bool:
    """Whether the directory asks for another password at the next sign-in."""
    return password_set(entry) == 0 and bool(computed_of(entry) & PASSWORD_EXPIRED)


def _why_not(entry: Entry) -> str:
    account = DirectoryAccount(
        entry.dn,
        "",
        control_of(entry),
        disabled=is_disabled(entry),
        smart_card=bool(control_of(entry) & SMART_CARD),
    )
    if why := account.why_no_must_change:
        return why
    if not may_change_password(entry.first(DESCRIPTOR) or ""):
        return "AD does not let this account change its password, so its owner could not sign in any more."
    return ""
