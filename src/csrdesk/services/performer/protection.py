"""Whom nobody at the desk acts on: administrators in either directory, what the settings protect, and oneself."""

from __future__ import annotations

import asyncio

from csrdesk.errors import ConflictError, ForbiddenError, ServiceError
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Agent, Context
from csrdesk.model.people import Protection
from csrdesk.services.attempts import attempt, sure
from csrdesk.services.directory import protection as in_directory
from csrdesk.services.directory.errors import SYSTEM
from csrdesk.services.directory.port import AnyOf, Entry, Equal
from csrdesk.services.performer.outside import Outside
from csrdesk.services.pingone import roles, users
from csrdesk.services.pingone.users import User

_ROLE = "administrator in PingOne"
_OWN = "your own account"
_AGENT = "works at this desk"
_OTHERS = "Several people in PingOne fit this account in AD. csrdesk acts there only where a link is sure."
_TIES = {"employeeID": "external_id", "mail": "email", "userPrincipalName": "username", "sAMAccountName": "username"}
"""Attributes of AD, and what holds the same in PingOne."""
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
    names = (user.username, effect.person_id, *(entry.first("sAMAccountName") or "" for entry in entries))
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
    _refuse([*reasons, *_of_the_desk(context.agent, outside, user.username, user_id)])
    return user


def refuse_protected_entry(entry: Entry, context: Context, outside: Outside) -> None:
    """The same for a directory entry that was just read with `in_directory.ATTRIBUTES`."""
    _refuse(list(reasons_of(entry, context.agent, outside)))


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


def reasons_of(entry: Entry, agent: Agent, outside: Outside) -> tuple[str, ...]:
    """Why nobody acts on this entry, as far as directory and settings tell; empty where nothing protects it."""
    name = entry.first("sAMAccountName") or ""
    return (*outside.protected.reasons(entry), *_of_the_desk(agent, outside, name))


def is_own(agent: Agent, *names: str) -> bool:
    """Whether one of these is the agent's: names of accounts, or the id in PingOne, where a sign-in says no name."""
    return any(name.casefold() == agent.id.casefold() for name in names if name)


def _of_the_desk(agent: Agent, outside: Outside, *names: str) -> list[str]:
    if is_own(agent, *names):
        return [_OWN]
    return [_AGENT] if outside.agents & {name.casefold() for name in names} else []


async def _with_entries(outside: Outside, user_id: str) -> tuple[User, tuple[Entry, ...] | ServiceError]:
    user = (await users.read(outside.pingone, user_id)).body
    return user, await attempt(entries_of(outside, user))


async def entries_of(
    outside: Outside, user: User, attributes: tuple[str, ...] = in_directory.ATTRIBUTES
) -> tuple[Entry, ...]:
    """The entries that bear an id that PingOne keeps for this user; `attributes` hold `objectGUID`.

    Raises `ConflictError` where the one that was found is tied by no `objectGUID`, and fits others in PingOne as well.
    """
    names = {name: value for name in outside.match if (value := getattr(user, _TIES[name]))}
    ties = {**names, **({"objectGUID": user.account_id} if user.account_id else {})}
    if outside.directory is None or not ties:
        return ()
    ways = tuple(Equal(attribute, value) for attribute, value in ties.items())
    found = await outside.directory.search(AnyOf(ways), attributes)
    if len(found) == 1 and not _is_tied(found[0], user):
        fitting = {_TIES[name]: value for name, value in names.items()}
        if await users.how_many(outside.pingone, fitting) > 1:
            raise ConflictError(_OTHERS, system=SYSTEM)
    return found


def _is_tied(entry: Entry, user: User) -> bool:
    """By an id that is given once and never changes."""
    return bool(user.account_id) and (entry.first("objectGUID") or "").casefold() == user.account_id.casefold()


def _refuse(reasons: list[str]) -> None:
    if reasons:
        words = "This account is protected. Nobody at the help desk acts on it. Nothing was changed."
        raise ForbiddenError(words, details="; ".join(reasons))
