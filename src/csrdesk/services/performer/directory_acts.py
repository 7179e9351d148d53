"""What is changed in AD alone: looked at once more, written at one controller, and read back there."""

from __future__ import annotations

from csrdesk.errors import NotFoundError
from csrdesk.flows import directory_effects as de
from csrdesk.flows.doors import Context
from csrdesk.flows.replies import DirectoryChanged
from csrdesk.services.directory import expiry, must_change
from csrdesk.services.directory import protection as protecting
from csrdesk.services.directory.accounts import EXPIRES
from csrdesk.services.directory.port import Directory, Entry
from csrdesk.services.directory.writes import read_entry
from csrdesk.services.performer.outside import Outside
from csrdesk.services.performer.protection import refuse_held_entry, refuse_protected_entry
from csrdesk.services.performer.stamps import stamp


async def set_expiry(effect: de.SetDirectoryExpiry, context: Context, outside: Outside) -> DirectoryChanged:
    """The last day; of an account that is held nobody takes one away."""
    writer, entry = await _entry(effect.dn, (EXPIRES,), context, outside)
    if effect.was is not None and (effect.ends_at is None or effect.ends_at > effect.was):
        refuse_held_entry(entry, outside)
    beside = stamp(outside, effect, context)
    changed = await expiry.set_expiry(writer, entry, beside, was=effect.was, ends=effect.ends_at)
    return DirectoryChanged(changed, writer.server)


async def demand_change(effect: de.DemandPasswordChange, context: Context, outside: Outside) -> DirectoryChanged:
    """Another password at the next sign-in."""
    writer, entry = await _entry(effect.dn, must_change.ATTRIBUTES, context, outside)
    changed = await must_change.demand_change(writer, entry, stamp(outside, effect, context))
    return DirectoryChanged(changed, writer.server)


async def _entry(dn: str, attributes: tuple[str, ...], context: Context, outside: Outside) -> tuple[Directory, Entry]:
    """The server that is written to, and the account as it has it. Raises `ForbiddenError` where it is protected."""
    if outside.directory is None:
        raise NotFoundError("No directory is set up.")
    writer = await outside.directory.writer()
    entry = await read_entry(writer, dn, (*protecting.ATTRIBUTES, *attributes))
    refuse_protected_entry(entry, context, outside)
    return writer, entry
