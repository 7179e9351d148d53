"""New passwords: whether settings, PingOne and directory fit together, before a customer finds out that they do not."""

from __future__ import annotations

import asyncio

from csrdesk.config import PasswordSettings
from csrdesk.errors import ServiceError, UnauthorizedError
from csrdesk.model.checkup import Finding, ok, warning, wrong
from csrdesk.services.attempts import attempt
from csrdesk.services.directory import passwords as in_directory
from csrdesk.services.directory.port import Directory
from csrdesk.services.pingone import gateways, password_policies, populations
from csrdesk.services.pingone.api import Api

AREA = "Passwords"
_LATER = "Look again in a moment."
_NAMES = "Correct the names or ids in passwords.password_authority_of."


async def probe(api: Api, directory: Directory | None, chosen: PasswordSettings) -> tuple[Finding, ...]:
    """Only reads. What a customer would be asked is not tried: each population has a policy of its own."""
    found = await asyncio.gather(_populations(api, chosen), _policies(api), _home(api, directory, chosen))
    problems = tuple(finding for one in found for finding in one)
    return problems or (ok(AREA, f"A reset can be offered; {_where(chosen)}."),)


def _where(chosen: PasswordSettings) -> str:
    own = f", {len(chosen.password_authority_of)} populations apart" if chosen.password_authority_of else ""
    return f"password_authority is {chosen.password_authority}{own}"


async def _populations(api: Api, chosen: PasswordSettings) -> tuple[Finding, ...]:
    """A name that no population bears decides nothing, and the others' authority would count unnoticed."""
    if not chosen.password_authority_of:
        return ()
    known = await attempt(populations.names(api))
    if isinstance(known, ServiceError):
        return (warning(AREA, f"Populations were not compared. {known.message}", _LATER),)
    missing = sorted(chosen.password_authority_of.keys() - known.keys() - set(known.values()))
    return (wrong(AREA, f"No population is called: {'; '.join(missing)}.", _NAMES),) if missing else ()


async def _policies(api: Api) -> tuple[Finding, ...]:
    match await attempt(password_policies.look(api)):
        case UnauthorizedError():
            todo = (
                "Give the worker application the role Identity Data Admin; until then only refusals say what is asked."
            )
            return (warning(AREA, "PingOne's password policies may not be read.", todo),)
        case ServiceError() as error:
            return (wrong(AREA, error.message, _LATER),)
        case _:
            return ()


async def _home(api: Api, directory: Directory | None, chosen: PasswordSettings) -> tuple[Finding, ...]:
    """The place that settings send passwords to, where it is AD."""
    wanted = {chosen.password_authority, *chosen.password_authority_of.values()}
    if directory is not None:
        return await _domain(directory) if wanted - {"pingone"} else ()
    if "both" in wanted:
        words = "password_authority names AD, but no directory is set up."
        return (wrong(AREA, words, "Fill in [directory], or name PingOne."),)
    return await _gateway(api) if wanted - {"pingone"} else ()


async def _gateway(api: Api) -> tuple[Finding, ...]:
    """Without a directory of our own, passwords in AD go through PingOne's gateway, if that may be read at all."""
    if not isinstance(await attempt(gateways.look(api)), UnauthorizedError):
        return ()
    todo = "Set up [directory], or give the worker application the role Configuration Read Only."
    return (warning(AREA, "Nobody whose password is in AD is offered a reset: gateways may not be read.", todo),)


async def _domain(directory: Directory) -> tuple[Finding, ...]:
    if not directory.private:
        todo = "Use ldaps:// or StartTLS in [directory]."
        return (wrong(AREA, "The connection to the directory is not encrypted: no password is sent over it.", todo),)
    match await attempt(in_directory.read_domain_policy(directory)):
        case ServiceError() as error:
            todo = "Let the service account read the domain object; until then only refusals say what is asked."
            return (warning(AREA, f"The domain's password policy was not read. {error.message}", todo),)
        case _:
            return ()
