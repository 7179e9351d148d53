"""The changes that the desk makes in the directory, each read back from the server that it was written to."""

from __future__ import annotations

from csrdesk.errors import NotFoundError, ReadBackError
from csrdesk.services.directory.accounts import ACCOUNT_DISABLE, COMPUTED, CONTROL, control_of, is_locked
from csrdesk.services.directory.errors import SYSTEM
from csrdesk.services.directory.port import Change, Directory, Entry, Equal


async def read_entry(directory: Directory, dn: str, attributes: tuple[str, ...]) -> Entry:
    """The one object of that name. Raises `NotFoundError`."""
    found = await directory.search(Equal("distinguishedName", dn), attributes, base=dn)
    if len(found) != 1:
        raise NotFoundError("The directory has no such account.", system=SYSTEM)
    return found[0]


async def set_enabled(directory: Directory, entry: Entry, beside: tuple[Change, ...] = (), *, enabled: bool) -> bool:
    """Set the account's one bit; whether anything had to be written. `entry` was just read and holds the control bits.

    Old value out, new value in, in one modify: where somebody else changed it meanwhile the directory refuses both, and
    no other bit is lost or made up. `beside`: what else goes into that modify.
    Raises `ConflictError` then, `ReadBackError` where the bit did not change.
    """
    old = control_of(entry)
    new = old & ~ACCOUNT_DISABLE if enabled else old | ACCOUNT_DISABLE
    if new == old:
        return False
    swap = (Change("delete", CONTROL, (entry.first(CONTROL) or "",)), Change("add", CONTROL, (str(new),)))
    await directory.modify(entry.dn, (*swap, *beside))
    after = control_of(await read_entry(directory, entry.dn, (CONTROL,)))
    if bool(after & ACCOUNT_DISABLE) is enabled:
        state = "disabled" if enabled else "enabled"
        words = f"The directory said that it was done, but the account is still {state} there."
        raise ReadBackError(words, system=SYSTEM, details=f"wrote={new} read={after}")
    return True


async def unlock(directory: Directory, entry: Entry, beside: tuple[Change, ...] = ()) -> bool:
    """End the lock after wrong passwords; whether there was one. `entry` was just read and tells the lock.

    `lockoutTime` takes no other value than 0 ([MS-ADA1] 2.351). Raises `ReadBackError` where the lock stays.
    """
    if not is_locked(entry):
        return False
    await directory.modify(entry.dn, (Change("replace", "lockoutTime", ("0",)), *beside))
    if is_locked(await read_entry(directory, entry.dn, (COMPUTED,))):
        words = "The directory said that it was done, but the account is still locked there."
        raise ReadBackError(words, system=SYSTEM)
    return True
