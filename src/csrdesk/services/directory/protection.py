"""Whom the desk never acts on, as far as the directory tells: marked, grouped or placed among administrators.

AD marks its own administrators (`adminCount`), but only after an hour, and not every directory does: so groups are
looked at by nesting as well, the built-in ones by their ids, since their names differ from language to language.
"""

from __future__ import annotations

import re

import msgspec

from csrdesk.model.names import common_name, is_below
from csrdesk.services.directory.port import Entry

ATTRIBUTES = ("objectGUID", "sAMAccountName", "adminCount", "memberOf", "tokenGroups")
"""What `reasons` needs. `tokenGroups`: all groups by nesting, by name, in AD by security id as well."""
# Domain, Schema, Enterprise and Key Admins, Domain Controllers, Policy Owners; the built-in Administrators, Account,
# Server, Print and Backup Operators ([MS-DTYP] 2.4.2.4).
_ADMINISTRATORS = re.compile(r"S-1-5-21-[\d-]+-(?:512|516|518|519|520|526|527)|S-1-5-32-(?:544|548|549|550|551)")


class ProtectedAccounts(msgspec.Struct, frozen=True):
    """What the settings protect: groups by name or distinguished name, and organisational units."""

    groups: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    """Units that the desk acts in; where none is named, everywhere."""

    def reasons(self, entry: Entry) -> tuple[str, ...]:
        """Why the entry is protected, in words; empty where it is not."""
        found = []
        if entry.first("adminCount") not in (None, "0"):
            found.append("marked as an administrator in the directory")
        if groups_of(entry) & {_group(name) for name in self.groups}:
            found.append("member of a protected group")
        if any(_ADMINISTRATORS.fullmatch(group) for group in entry.values("tokenGroups")):
            found.append("administrator in the directory")
        if any(is_below(entry.dn, unit) for unit in self.units):
            found.append("in a protected part of the directory")
        if not self.is_in_scope(entry):
            found.append("outside the part of the directory that this desk looks after")
        return tuple(found)

    def is_in_scope(self, entry: Entry) -> bool:
        """Whether the desk may know of it."""
        return not self.scope or any(is_below(entry.dn, unit) for unit in self.scope)


class HeldAccounts(msgspec.Struct, frozen=True):
    """What settings keep disabled: nobody at the desk enables a member of these groups or what is below these units."""

    groups: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    ask: str = "whoever disabled it"

    @property
    def names_any(self) -> bool:
        """Whether anything is held at all."""
        return bool(self.groups or self.units)

    def reason(self, entry: Entry) -> str:
        """Why the entry stays as it is, in words; empty where it is not held."""
        if groups_of(entry) & {_group(name) for name in self.groups}:
            return "member of a hold group"
        return "in a hold unit" if any(is_below(entry.dn, unit) for unit in self.units) else ""


def groups_of(entry: Entry) -> set[str]:
    """Every group of the entry, by nesting too, by its name alone, case-folded."""
    direct = {common_name(dn) for dn in entry.values("memberOf")}
    return direct | {name.casefold() for name in entry.values("tokenGroups")}


def _group(name: str) -> str:
    """A group of the settings by its name alone: two groups of one name are both meant."""
    return common_name(name) if "=" in name else name.strip().casefold()
