"""Accounts in both directories: read side by side, and changed one switch at a time, each change read back."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from msgspec.structs import replace

from csrdesk.errors import NotFoundError, ReadBackError, ServiceError
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.model.account import Account, DirectoryAccount, PingOneAccount
from csrdesk.model.agreements import Consent, ConsentState
from csrdesk.model.text import clean
from csrdesk.services.attempts import attempt, sure
from csrdesk.services.directory import accounts as in_directory
from csrdesk.services.directory import protection as protecting
from csrdesk.services.directory import status
from csrdesk.services.directory.port import Entry
from csrdesk.services.directory.writes import read_entry, set_enabled
from csrdesk.services.performer.outside import Outside
from csrdesk.services.performer.people import masked
from csrdesk.services.performer.protection import (
    find_entries,
    own_entry,
    refuse_held_entry,
    refuse_held_user,
    refuse_protected_entry,
    refuse_protected_user,
)
from csrdesk.services.performer.stamps import stamp
from csrdesk.services.pingone import consents, passwords, sessions, users
from csrdesk.services.pingone.api import Received
from csrdesk.services.pingone.errors import SYSTEM

_AGAIN = timedelta(minutes=30)
_ROUNDS = 50
"""Listings of ten sessions whose sessions are ended; more than five hundred means that new ones keep coming."""


async def read_account(effect: fx.ReadAccount, context: Context, outside: Outside) -> r.AccountRead:
    """User, password state and directory entry at the same time; a half that fails is said beside the other.

    Where no entry is known it is looked for: the directory may have been down when the person was looked up. Raises
    `ForbiddenError` where that finds a protected one.
    """
    async with asyncio.TaskGroup() as group:
        one = group.create_task(attempt(_pingone_account(outside, effect.person_id)))
        other = group.create_task(attempt(_looked_for(effect, outside)))
    pingone, found = one.result(), other.result()
    directory = await attempt(_directory_account(found, context, outside))
    if isinstance(directory, DirectoryAccount) and directory.locked_at:
        unlocked_at = await outside.links().unlocked_at(effect.person_id)
        again = unlocked_at is not None and timedelta() <= directory.locked_at - unlocked_at <= _AGAIN
        directory = replace(directory, locked_again=again)
    if isinstance(pingone, ServiceError):
        if isinstance(directory, ServiceError) and isinstance(pingone, NotFoundError):
            raise directory  # somebody whom PingOne never had: what keeps their account back is the directory
        if not isinstance(directory, DirectoryAccount):
            raise pingone
        account = Account(directory=directory, pingone_problem=pingone.message)
    elif isinstance(directory, ServiceError):
        account = Account(pingone=pingone.body, directory_problem=directory.message)
    else:
        account = Account(pingone=pingone.body, directory=directory)
    return r.AccountRead(account, correlation_id=pingone.correlation_id)


async def set_pingone_enabled(effect: fx.SetPingOneEnabled, context: Context, outside: Outside) -> r.PingOneEnabledSet:
    """Look once more who it is, write, read back."""
    user = await refuse_protected_user(effect.person_id, context, outside)
    if effect.enabled:
        await refuse_held_user(user, outside)
    if user.enabled is effect.enabled:
        return r.PingOneEnabledSet(effect.enabled, changed=False)
    correlation_id = await users.set_enabled(outside.pingone, user.id, enabled=effect.enabled)
    if await users.is_enabled(outside.pingone, user.id) is not effect.enabled:
        state = "disabled" if effect.enabled else "enabled"
        words = f"PingOne said that it was done, but the account is still {state} there."
        raise ReadBackError(words, system=SYSTEM, correlation_id=correlation_id)
    return r.PingOneEnabledSet(effect.enabled, correlation_id=correlation_id)


async def set_directory_enabled(
    effect: fx.SetDirectoryEnabled, context: Context, outside: Outside
) -> r.DirectoryEnabledSet:
    """Look once more who it is, swap the one bit, read back."""
    if outside.directory is None:
        raise NotFoundError("No directory is set up.")
    writer = await outside.directory.writer()
    entry = await read_entry(writer, effect.dn, (*protecting.ATTRIBUTES, in_directory.CONTROL))
    refuse_protected_entry(entry, context, outside)
    if effect.enabled:
        refuse_held_entry(entry, outside)
    changed = await set_enabled(writer, entry, stamp(outside, effect, context), enabled=effect.enabled)
    return r.DirectoryEnabledSet(effect.enabled, changed=changed, server=writer.server)


async def end_sessions(effect: fx.EndSessions, context: Context, outside: Outside) -> r.SessionsEnded:
    """List, end each, and list again until there is none: a listing does not show them all."""
    await refuse_protected_user(effect.person_id, context, outside)
    api, ended, correlation_id = outside.pingone, 0, ""
    for _ in range(_ROUNDS):
        listed = await sessions.read_some(api, effect.person_id)
        if not listed:
            return r.SessionsEnded(ended, outside.lives_on, correlation_id=correlation_id)
        async with asyncio.TaskGroup() as group:
            ending = [group.create_task(attempt(sessions.delete(api, effect.person_id, one.id))) for one in listed]
        for task in ending:
            match task.result():
                case str(correlation_id):
                    ended += 1
                case NotFoundError():  # it ended by itself meanwhile
                    pass
                case ServiceError() as error:
                    raise error
    if await sessions.read_some(api, effect.person_id):
        words = f"{ended} sign-ins were ended, but PingOne still lists more. End them again."
        raise ReadBackError(words, system=SYSTEM, correlation_id=correlation_id)
    return r.SessionsEnded(ended, outside.lives_on, correlation_id=correlation_id)


async def read_sessions(effect: fx.ReadSessions, outside: Outside) -> r.SessionsRead:
    """Look, and end none."""
    return r.SessionsRead(len(await sessions.read_some(outside.pingone, effect.person_id)))


async def _looked_for(effect: fx.ReadAccount, outside: Outside) -> tuple[Entry, ...] | DirectoryAccount | None:
    """The account of the entry that is known; otherwise the entries that may be the person's."""
    if outside.directory is None:
        return None
    if effect.dn:
        return await _account_at(effect.dn, outside)
    return await find_entries(outside, effect.person_id)


async def _directory_account(
    found: tuple[Entry, ...] | DirectoryAccount | ServiceError | None, context: Context, outside: Outside
) -> DirectoryAccount | None:
    """None where there is no directory, or no entry for this person."""
    if isinstance(found, tuple):
        entry = own_entry(found, context, outside)
        return await _account_at(entry.dn, outside) if entry else None
    return sure(found)


async def _account_at(dn: str, outside: Outside) -> DirectoryAccount:
    if outside.directory is None:
        raise NotFoundError("No directory is set up.")
    account = await status.read_account(outside.directory, dn, outside.now())
    return replace(account, username=clean(account.username, 80))


async def _pingone_account(outside: Outside, user_id: str) -> Received[PingOneAccount]:
    api = outside.pingone
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(attempt(users.read(api, user_id)))
        looking = group.create_task(attempt(passwords.read(api, user_id)))
        asking = group.create_task(_consent(outside, user_id))
    got, password = sure(reading.result()), sure(looking.result())
    user = got.body
    account = PingOneAccount(
        enabled=user.enabled,
        locked=user.locked,
        unlock_at=user.account.unlock_at,
        password=clean(password.status, 40),
        password_changed_at=password.last_changed_at,
        mfa_enabled=user.mfa_enabled,
        email=masked(user.email),
        email_verified=user.email_verified,
        last_sign_on=user.last_sign_on.at if user.last_sign_on else None,
        changed_at=user.updated_at,
        consent=asking.result(),
    )
    return Received(account, got.correlation_id)


async def _consent(outside: Outside, user_id: str) -> Consent | None:
    """Beside the account, and never in its way: reading consents may be a right that a desk's worker lacks."""
    if not outside.agreement_id:
        return None
    read = await attempt(consents.read(outside.pingone, user_id, outside.agreement_id))
    return Consent(ConsentState.UNKNOWN) if isinstance(read, ServiceError) else read
