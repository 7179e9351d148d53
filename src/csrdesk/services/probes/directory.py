"""The directory: whether it takes csrdesk's sign-in, and whether what the settings protect exists there at all."""

from __future__ import annotations

import asyncio

from csrdesk.errors import ServiceError, UnauthorizedError
from csrdesk.model.checkup import Finding, ok, warning, wrong
from csrdesk.services.directory.port import AllOf, AnyOf, Directory, Equal, Filter

AREA = "Directory"


async def probe(directory: Directory, groups: tuple[str, ...], units: tuple[str, ...]) -> tuple[Finding, ...]:
    """A name that nothing bears protects nobody, so each one is looked for."""
    try:
        await directory.search(Equal("objectClass", "domain"), ("objectClass",))
        searches = [_missing(directory, name, _group(name), "") for name in groups]
        searches += [_missing(directory, dn, Equal("distinguishedName", dn), dn) for dn in units]
        missing = [name for name in await asyncio.gather(*searches) if name]
    except UnauthorizedError as error:
        return (wrong(AREA, error.message, "Compare directory.user and its password with the service account."),)
    except ServiceError as error:
        return (
            wrong(AREA, error.message, "Compare directory.controllers or directory.url, and look at the way there."),
        )
    found = [ok(AREA, "csrdesk's sign-in is taken, and the directory can be searched.")]
    if missing:
        todo = "Correct directory.protected_groups and directory.protected_ous, or take the names out."
        found.append(warning(AREA, f"Protected in settings, but not found: {'; '.join(missing)}.", todo))
    return tuple(found)


async def _missing(directory: Directory, name: str, wanted: Filter, base: str) -> str:
    return "" if await directory.search(wanted, ("objectClass",), base=base) else name


def _group(name: str) -> Filter:
    """A group by its distinguished name, or by either of its short ones."""
    if "=" in name:
        return Equal("distinguishedName", name)
    return AllOf((Equal("objectClass", "group"), AnyOf((Equal("cn", name), Equal("sAMAccountName", name)))))
