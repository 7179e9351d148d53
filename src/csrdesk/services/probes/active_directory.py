"""Active Directory beyond "it answers": each controller, where changes go, and whether csrdesk may do what it is for.

Rights are read, not tried: AD tells for each account what the asking account may write (`allowedAttributesEffective`).
"""

from __future__ import annotations

import asyncio

from csrdesk.config import DirectorySettings
from csrdesk.errors import ServiceError
from csrdesk.model.checkup import Finding, ok, warning, wrong
from csrdesk.services.attempts import attempt
from csrdesk.services.directory.ldap import LdapDirectory
from csrdesk.services.directory.ldap_controller import Controller
from csrdesk.services.directory.port import Entry, Equal
from csrdesk.services.directory.rights import RESET_PASSWORD, RIGHTS, Right, missing, windows_commands

AREA = "Directory"
RIGHTS_AREA = "AD rights"
_LOOKED_AT = 20
"""Accounts of a unit whose rights are looked at."""
_ALLOWED = "allowedAttributesEffective"


async def probe(directory: LdapDirectory, settings: DirectorySettings) -> tuple[Finding, ...]:
    """Controllers, and rights in each unit that the desk acts in."""
    controllers = await asyncio.gather(*(_controller(one) for one in directory.controllers))
    writer = await attempt(directory.writer())
    if isinstance(writer, ServiceError):
        return (*controllers, wrong(AREA, f"No changes can be made: {writer.message}", "See directory.ad_write_to."))
    units = settings.scope_ous or ("",)
    rights = await asyncio.gather(*(_rights(writer, unit, settings) for unit in units))
    return (*controllers, ok(AREA, f"Changes are made at {writer.server}."), *rights)


async def _controller(one: Controller) -> Finding:
    try:
        await one.connected()
    except ServiceError as error:
        return wrong(AREA, error.message, "Correct directory.controllers, or look at the way there.")
    return ok(AREA, f"{one.server} answers, over an encrypted connection.")


async def _rights(writer: Controller, unit: str, settings: DirectorySettings) -> Finding:
    found = await attempt(writer.some(Equal("objectCategory", "person"), ("adminCount", _ALLOWED), base=unit))
    if isinstance(found, ServiceError):
        return wrong(RIGHTS_AREA, found.message, "Look once more.")
    # AD takes the rights to its administrators' accounts away from everybody else.
    plain = [entry for entry in found if entry.first("adminCount") in (None, "0")][:_LOOKED_AT]
    if not unit:
        return _anywhere(plain)
    if not plain:
        todo = "Correct directory.scope_ous."
        return warning(RIGHTS_AREA, f"No account was found in {unit}, so its rights are not known.", todo)
    lacking = tuple(right for right in RIGHTS if any(right in _missing(entry) for entry in plain))
    if not lacking:
        words = f"csrdesk may {_said(RIGHTS)} in {unit}. Whether it has the right {RESET_PASSWORD} cannot be read."
        return ok(RIGHTS_AREA, words)
    account = settings.user or "the account of the Kerberos ticket"
    commands = "; ".join(windows_commands(unit, account, lacking))
    words = f"csrdesk may not {_said(lacking)} in {unit}: it may not write {', '.join(r.attribute for r in lacking)}."
    return wrong(RIGHTS_AREA, words, f"Run as a domain administrator: {commands}")


def _anywhere(plain: list[Entry]) -> Finding:
    """Without units nobody knows where the rights should be: whether there are any is all that can be said."""
    may = sum(not _missing(entry) for entry in plain)
    words = f"csrdesk may change {may} of the {len(plain)} accounts looked at; directory.scope_ous names no units."
    todo = (
        "Name the units that csrdesk acts in, and give it its rights there (docs/how-to/connect-active-directory.md)."
    )
    return warning(RIGHTS_AREA, words, todo) if may else wrong(RIGHTS_AREA, words, todo)


def _missing(entry: Entry) -> tuple[Right, ...]:
    return missing(entry.values(_ALLOWED))


def _said(rights: tuple[Right, ...]) -> str:
    return ", ".join(right.what_for for right in rights)
