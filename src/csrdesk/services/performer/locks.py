"""Ending locks, each by itself: looked at once more, written only where there is one, and read back.

AD's account, PingOne's account and PingOne's password lock for reasons of their own; nothing here ends two at once.
"""

from __future__ import annotations

from csrdesk.errors import NotFoundError, ReadBackError
from csrdesk.flows import effects as fx
from csrdesk.flows.doors import Context
from csrdesk.flows.replies import Unlocked
from csrdesk.services.directory import accounts as in_directory
from csrdesk.services.directory import protection as protecting
from csrdesk.services.directory import writes
from csrdesk.services.performer.outside import Outside
from csrdesk.services.performer.protection import refuse_protected_entry, refuse_protected_user
from csrdesk.services.performer.stamps import stamp
from csrdesk.services.pingone import passwords, users
from csrdesk.services.pingone.errors import SYSTEM


async def unlock_directory(effect: fx.UnlockDirectory, context: Context, outside: Outside) -> Unlocked:
    """AD's lock after wrong passwords."""
    if outside.directory is None:
        raise NotFoundError("No directory is set up.")
    writer = await outside.directory.writer()
    entry = await writes.read_entry(writer, effect.dn, (*protecting.ATTRIBUTES, in_directory.COMPUTED))
    refuse_protected_entry(entry, context, outside)
    return Unlocked(await writes.unlock(writer, entry, stamp(outside, effect, context)), server=writer.server)


async def unlock_pingone(effect: fx.UnlockPingOne, context: Context, outside: Outside) -> Unlocked:
    """The lock of PingOne's account."""
    user = await refuse_protected_user(effect.person_id, context, outside)
    if not user.locked:
        return Unlocked(changed=False)
    correlation_id = await users.unlock(outside.pingone, user.id)
    if (await users.read(outside.pingone, user.id)).body.locked:
        raise _still_locked("account", correlation_id)
    return Unlocked(correlation_id=correlation_id)


async def unlock_password(effect: fx.UnlockPassword, context: Context, outside: Outside) -> Unlocked:
    """The lock of PingOne's password."""
    user = await refuse_protected_user(effect.person_id, context, outside)
    if not (await passwords.read(outside.pingone, user.id)).locked:
        return Unlocked(changed=False)
    correlation_id = await passwords.unlock(outside.pingone, user.id)
    if (await passwords.read(outside.pingone, user.id)).locked:
        raise _still_locked("password", correlation_id)
    return Unlocked(correlation_id=correlation_id)


def _still_locked(what: str, correlation_id: str) -> ReadBackError:
    words = f"PingOne said that it was done, but the {what} is still locked there."
    return ReadBackError(words, system=SYSTEM, correlation_id=correlation_id)
