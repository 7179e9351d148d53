"""Whom nobody at the desk acts on: administrators in either directory, what the settings protect, and oneself."""

from __future__ import annotations

import asyncio

from csrdesk.errors import ForbiddenError, ServiceError
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Agent, Context
from csrdesk.model.people import Protection
from csrdesk.services.attempts import attempt, sure
from csrdesk.services.directory import protection as in_directory
from csrdesk.services.directory.port import AnyOf, Entry, Equal
from csrdesk.services.performer.outside import Outside
from csrdesk.services.pingone import roles, users
from csrdesk.services.pingone.users import User

_ROLE = "administrator in PingOne"
_OWN = "your own account"
_AGENT = "works at this desk"
_SEVERAL = "several accounts in the directory match"


async def read_protection(effect: fx.ReadProtection, context: Context, outside: Outside) -> r.ProtectionRead:
    """Roles beside user and directory entry. What PingOne does not tell is a failure, because then nobody knows; a
    directory that is down is said, and PingOne's half is looked after all the same.

    Two entries that match protect as well: acting on the wrong one would be worse than not acting.
    """
    async with asyncio.TaskGroup() as group:
        assigning = group.create_task(attempt(roles.has_any(outside.pingone, effect.person_id)))
        reading = group.create_task(attempt(_with_entries(outside, effect.person_id)))
    user, found = sure(reading.result())
    entries, unchecked = ((), found.message) if isinstance(found, ServiceError) else (found, "")
    reasons = [_ROLE] if sure(assigning.result()) else []
    for entry in entries:
        reasons += outside.protected.reasons(entry)
    names = (user.username, *(entry.first("sAMAccountName") or "" for entry in entries))
    reasons += _of_the_desk(context.agent, outside, *names)
    if not reasons and await outside.links().is_agent(*names):
        reasons.append(_AGENT)
    if len(entries) > 1:
        reasons.append(_SEVERAL)
    dn = entries[0].dn if len(entries) == 1 else ""
    return r.ProtectionRead(Protection(tuple(dict.fromkeys(reasons)), dn, unchecked))


async def find_entries(outside: Outside, user_id: str) -> tuple[Entry, ...]:
    """The directory's entries of this person, where none was known before."""
    user = (await users.read(outside.pingone, user_id)).body
    return await entries_of(outside, user)


def own_entry(entries: tuple[Entry, ...], context: Context, outside: Outside) -> Entry | None:
    """The one entry; None where there is none. Raises `ForbiddenError` where it is protected, or not the only one."""
    for entry in entries:
        refuse_protected_entry(entry, context, outside)
    _refuse([_SEVERAL] if len(entries) > 1 else [])
    return entries[0] if entries else None


async def refuse_protected_user(user_id: str, context: Context, outside: Outside) -> User:
    """The user, just before a write. Raises `ForbiddenError`, whatever was read before."""
    async with asyncio.TaskGroup() as group:
        assigning = group.create_task(attempt(roles.has_any(outside.pingone, user_id)))
        reading = group.create_task(attempt(users.read(outside.pingone, user_id)))
    user = sure(reading.result()).body
    reasons = [_ROLE] if sure(assigning.result()) else []
    _refuse([*reasons, *_of_the_desk(context.agent, outside, user.username)])
    return user


def refuse_protected_entry(entry: Entry, context: Context, outside: Outside) -> None:
    """The same for a directory entry that was just read with `in_directory.ATTRIBUTES`."""
    name = entry.first("sAMAccountName") or ""
    _refuse([*outside.protected.reasons(entry), *_of_the_desk(context.agent, outside, name)])


async def refuse_held_user(user: User, outside: Outside) -> None:
    """Just before an enable in PingOne. Raises `ForbiddenError` where the person's entry is on hold, and a
    `ServiceError` where that cannot be read, because then nobody knows.
    """
    if outside.held.names_any:
        for entry in await entries_of(outside, user):
            refuse_held_entry(entry, outside)


def refuse_held_entry(entry: Entry, outside: Outside) -> None:
    """Just before an enable in the directory. Raises `ForbiddenError`."""
    if reason := outside.held.reason(entry):
        words = f"This account is on hold ({reason}). Ask {outside.held.ask}. Nothing was changed."
        raise ForbiddenError(words, details=reason)


def is_own(agent: Agent, *names: str) -> bool:
    """Whether one of these account names is the agent's."""
    return any(name.casefold() == agent.id.casefold() for name in names if name)


def _of_the_desk(agent: Agent, outside: Outside, *names: str) -> list[str]:
    if is_own(agent, *names):
        return [_OWN]
    return [_AGENT] if outside.agents & {name.casefold() for name in names} else []


async def _with_entries(outside: Outside, user_id: str) -> tuple[User, tuple[Entry, ...] | ServiceError]:
    user = (await users.read(outside.pingone, user_id)).body
    return user, await attempt(entries_of(outside, user))


async def entries_of(outside: Outside, user: User) -> tuple[Entry, ...]:
    """The entries that bear an id that PingOne keeps for this user."""
    ties = {"objectGUID": user.account_id, "employeeID": user.external_id}
    ways = tuple(Equal(attribute, value) for attribute, value in ties.items() if value)
    if outside.directory is None or not ways:
        return ()
    return await outside.directory.search(AnyOf(ways), in_directory.ATTRIBUTES)


def _refuse(reasons: list[str]) -> None:
    if reasons:
        words = "This account is protected. Nobody at the help desk acts on it. Nothing was changed."
        raise ForbiddenError(words, details="; ".join(reasons))
