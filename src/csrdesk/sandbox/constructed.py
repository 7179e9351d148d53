"""Attributes that Active Directory computes when it is asked for them by name, and never stores or searches.

Sources: [MS-ADTS] 3.1.1.4.5.17 (msDS-User-Account-Control-Computed), 3.1.1.4.5.36
(msDS-UserPasswordExpiryTimeComputed), 3.1.1.4.5.19 (tokenGroups).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from csrdesk.sandbox import domain
from csrdesk.sandbox.model import Entry, World

_NO_EXPIRY_BITS = domain.DONT_EXPIRE | 0x40000 | 0x800 | 0x1000 | 0x2000
"""Password never expires, smart card required, and the three kinds of trust account."""


def _policy(world: World) -> Entry:
    return world.entries[domain.DOMAIN.lower()]


def _expiry(world: World, entry: Entry) -> str:
    if int(entry.first("userAccountControl", "0")) & _NO_EXPIRY_BITS:
        return domain.NEVER
    set_at = entry.first("pwdLastSet", "0")
    if set_at == "0":
        return "0"
    age = int(_policy(world).first("maxPwdAge", "0"))
    if age == 0 or str(age) == domain.FOREVER:
        return domain.NEVER
    return str(int(set_at) - age)


def is_locked(world: World, entry: Entry, now: datetime) -> bool:
    """True while the lock runs; the moment of it stays in the entry after that."""
    locked_at = entry.first("lockoutTime", "0")
    if locked_at == "0":
        return False
    duration = _policy(world).first("lockoutDuration", "0")
    if duration in {"0", domain.FOREVER}:
        return True
    return domain.moment_of(locked_at) + timedelta(microseconds=-int(duration) // 10) > now


def _account_control(world: World, entry: Entry, now: datetime) -> str:
    expiry = _expiry(world, entry)
    expired = expiry != domain.NEVER and (expiry == "0" or domain.moment_of(expiry) <= now)
    bits = domain.LOCKOUT if is_locked(world, entry, now) else 0
    return str(bits | (domain.PASSWORD_EXPIRED if expired else 0))


def _groups(world: World, entry: Entry) -> list[str]:
    """Names of all groups by nesting; the real attribute holds their security ids."""
    found: dict[str, str] = {}
    waiting = list(entry.values("memberOf"))
    while waiting:
        dn = waiting.pop(0).lower()
        group = world.entries.get(dn)
        if group is not None and dn not in found:
            found[dn] = group.first("sAMAccountName")
            waiting += group.values("memberOf")
    return list(found.values())


_COMPUTED: dict[str, Callable[[World, Entry, datetime], list[str]]] = {
    "msDS-User-Account-Control-Computed": lambda world, entry, now: [_account_control(world, entry, now)],
    "msDS-UserPasswordExpiryTimeComputed": lambda world, entry, _now: [_expiry(world, entry)],
    "tokenGroups": lambda world, entry, _now: _groups(world, entry),
}
_BY_LOWER_NAME = {name.lower(): name for name in _COMPUTED}


def computed(world: World, entry: Entry, attribute: str, now: datetime) -> tuple[str, list[str]] | None:
    """Name and values of a constructed attribute of a user; None where it is not one."""
    name = _BY_LOWER_NAME.get(attribute.lower())
    if name is None or "user" not in entry.values("objectClass"):
        return None
    return name, _COMPUTED[name](world, entry, now)
