"""Everything that the directory says of whether somebody can sign in, read at the same time.

Apart from `accounts`, which only computes: how long a lock lasts stands in the domain, and wrong passwords are counted
by each controller for itself.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import msgspec

from csrdesk.errors import ServiceError
from csrdesk.model.account import DirectoryAccount, WrongPasswords
from csrdesk.services.attempts import attempt, sure
from csrdesk.services.directory.accounts import ATTRIBUTES, COUNTED, account_of, wrong_passwords_of
from csrdesk.services.directory.port import Directory, Entry, Equal
from csrdesk.services.directory.writes import read_entry

_DURATION = "lockoutDuration"
_OF_GROUPS = "msDS-LockoutDuration"
"""In a fine-grained policy, which is made for groups ([MS-ADTS] 6.1.1.4.11.1)."""
_FOR_EVER = (0, -(2**63))


async def read_account(directory: Directory, dn: str, now: datetime) -> DirectoryAccount:
    """The account, the domain's lockout, and what each controller counted. Raises what reading the account raises."""
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(attempt(read_entry(directory, dn, ATTRIBUTES)))
        asking = group.create_task(attempt(_of_domain(directory)))
        counting = group.create_task(attempt(directory.at_each(dn, COUNTED)))
    entry, lockout, counted = sure(reading.result()), asking.result(), counting.result()
    fine_grained = entry.first("msDS-ResultantPSO")
    if fine_grained:
        lockout = await attempt(_of_policy(directory, fine_grained))
    account = account_of(entry, now, None if isinstance(lockout, ServiceError) else lockout)
    if isinstance(counted, ServiceError):
        return account
    return msgspec.structs.replace(account, wrong_passwords=tuple(_told(counted)))


def _told(counted: tuple[tuple[str, Entry | ServiceError], ...]) -> list[WrongPasswords]:
    found = [
        WrongPasswords(server, problem=entry.message)
        if isinstance(entry, ServiceError)
        else wrong_passwords_of(entry, server)
        for server, entry in counted
    ]
    return [one for one in found if one.count or one.problem]


async def _of_domain(directory: Directory) -> timedelta | None:
    found = await directory.search(Equal("objectClass", "domainDNS"), (_DURATION,))
    return _span(found[0], _DURATION) if found else None


async def _of_policy(directory: Directory, dn: str) -> timedelta | None:
    """Most accounts may not read these policies: then it is not known."""
    return _span(await read_entry(directory, dn, (_OF_GROUPS,)), _OF_GROUPS)


def _span(entry: Entry, attribute: str) -> timedelta | None:
    """A negative number of tenths of microseconds ([MS-ADTS] 3.1.1.3.4.5); None for ever."""
    try:
        value = int(entry.first(attribute) or "0")
    except ValueError:
        return None
    return None if value in _FOR_EVER else timedelta(microseconds=-value // 10)
