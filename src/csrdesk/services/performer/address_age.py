"""Since when somebody's mail address is on record: every source that tells, and the strictest of them counts.

Whoever takes an account over changes the address first. AD's replication keeps when its `mail` was written, and nobody
who writes the attribute can set that moment.
"""

from __future__ import annotations

from csrdesk.errors import ServiceError
from csrdesk.model.devices import Age
from csrdesk.services.attempts import attempt
from csrdesk.services.directory import metadata
from csrdesk.services.performer.outside import Outside
from csrdesk.services.performer.people import is_same_mailbox
from csrdesk.services.performer.protection import entries_of
from csrdesk.services.pingone.users import User


async def address_age(outside: Outside, user: User, seen: Age) -> Age:
    """`seen`: what csrdesk's own record says. An address cannot be older than its account."""
    told = (outside.age(user.created_at), seen, await _in_directory(outside, user))
    if Age.NEW in told:
        return Age.NEW
    # The account's age alone says nothing of its address.
    return Age.OLD if Age.OLD in told[1:] else Age.UNKNOWN


async def _in_directory(outside: Outside, user: User) -> Age:
    """Not known where the directory is away, keeps no such moments, or has another address."""
    if outside.directory is None or not outside.directory.keeps_moments:
        return Age.UNKNOWN
    found = await attempt(entries_of(outside, user, ("objectGUID", "mail", *metadata.ATTRIBUTES)))
    if isinstance(found, ServiceError) or len(found) != 1:
        return Age.UNKNOWN
    if not is_same_mailbox(found[0].first("mail") or "", user.email):
        return Age.UNKNOWN
    return outside.age(metadata.written_at(found[0], "mail", metadata.MAIL))
