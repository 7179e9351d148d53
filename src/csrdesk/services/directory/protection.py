"""Whom the desk never acts on, as far as the directory tells: marked, grouped or placed among administrators.

AD marks its own administrators (`adminCount`), but only after an hour, and not every directory does: so groups are
looked at by nesting as well.
"""

from __future__ import annotations

import msgspec

from csrdesk.services.directory.names import common_name, is_below
from csrdesk.services.directory.port import Entry

ATTRIBUTES = ("sAMAccountName", "adminCount", "memberOf", "tokenGroups")
"""What `reasons` needs. `tokenGroups`: all groups by nesting, as names."""


class ProtectedAccounts(msgspec.Struct, frozen=True):
    """What the settings protect: groups by name or distinguished name, and organisational units."""

    groups: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

    def reasons(self, entry: Entry) -> tuple[str, ...]:
        """Why the entry is protected, in words; empty where it is not."""
        found = []
        if entry.first("adminCount") not in (None, "0"):
            found.append("marked as an administrator in the directory")
        if self._groups_of(entry) & {_group(name) for name in self.groups}:
            found.append("member of a protected group")
        if any(is_below(entry.dn, unit) for unit in self.units):
            found.append("in a protected part of the directory")
        return tuple(found)

    def _groups_of(self, entry: Entry) -> set[str]:
        direct = {common_name(dn) for dn in entry.values("memberOf")}
        return direct | {name.casefold() for name in entry.values("tokenGroups")}


def _group(name: str) -> str:
    """A group of the settings by its name alone: two groups of one name are both meant."""
    return common_name(name) if "=" in name else name.strip().casefold()
