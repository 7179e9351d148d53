"""Where a person's password is written: what `password_authority` says, held against what the directories say.

Apart from the writing, because it is the whole of one decision, and each reason why not is read by an agent.
"""

from __future__ import annotations

from dataclasses import dataclass

from csrdesk.errors import NotFoundError, UnauthorizedError
from csrdesk.model.passwords import Authority, Home
from csrdesk.services.performer.outside import Outside
from csrdesk.services.pingone import gateways
from csrdesk.services.pingone.passwords import PasswordState

_UNDECIDED = (
    "Both AD and PingOne keep a password for this person. Which one a reset sets is not guessed: an administrator says "
    "so with password_authority in the settings, for this population."
)
_NO_ENTRY = "The password is in AD, but no AD account was found for this person."
_NOT_PRIVATE = "The connection to AD is not encrypted, and no password is sent over it. Ask an administrator."
_ELSEWHERE = (
    "password_authority names PingOne for this population, but PingOne says that another directory keeps the password. "
    "Ask an administrator."
)
_NO_DIRECTORY = "password_authority names AD for this population, but no directory is set up. Ask an administrator."
_NO_GATEWAY = (
    "The password is in another directory, csrdesk has no connection to it, and PingOne names no gateway to it. "
    "Ask an administrator."
)
_NOT_ALLOWED = (
    "The password is in another directory, csrdesk has no connection to it, and PingOne's gateway allows no password "
    "changes for this type of user. Ask an administrator."
)
_UNKNOWN = (
    "The password is in another directory, csrdesk has no connection to it, and may not read whether PingOne's gateway "
    "allows password changes. Ask an administrator for the role Configuration Read Only."
)


@dataclass(frozen=True)
class Place:
    """Where it is written, in this order; or why nowhere, in words for the agent."""

    homes: tuple[Home, ...] = ()
    why_not: str = ""


async def place_of(authority: Authority, state: PasswordState, outside: Outside, *, dn: str) -> Place:
    """The place for a person with this `state` in PingOne and the entry `dn` in the directory, empty for none."""
    match authority:
        case "auto":
            return await _found_out(state, outside, dn)
        case "ad":
            return await _in_directory(state, outside, dn)
        case "pingone":
            return Place(why_not=_ELSEWHERE) if state.is_external else Place((Home.PINGONE,))
        case "both":
            place = _over_our_own_connection(outside, dn)
            # Where AD alone keeps it, PingOne asks AD at each sign-on, and there is no second one to set.
            return place if place.why_not or state.is_external else Place((*place.homes, Home.PINGONE))


async def _found_out(state: PasswordState, outside: Outside, dn: str) -> Place:
    if state.is_external or (dn and state.status == "NO_PASSWORD"):
        return await _in_directory(state, outside, dn)
    return Place(why_not=_UNDECIDED) if dn else Place((Home.PINGONE,))


async def _in_directory(state: PasswordState, outside: Outside, dn: str) -> Place:
    if outside.directory is None and state.is_external:
        return await through_gateway(state, outside)
    return _over_our_own_connection(outside, dn)


def _over_our_own_connection(outside: Outside, dn: str) -> Place:
    if outside.directory is None:
        return Place(why_not=_NO_DIRECTORY)
    if not dn:
        return Place(why_not=_NO_ENTRY)
    return Place((Home.DIRECTORY,)) if outside.directory.private else Place(why_not=_NOT_PRIVATE)


async def through_gateway(state: PasswordState, outside: Outside) -> Place:
    """PingOne hands it on, where the gateway's user type has `allowPasswordChanges`."""
    gateway = state.gateway
    if gateway is None or gateway.user_type is None:
        return Place(why_not=_NO_GATEWAY)
    try:
        found = await gateways.read(outside.pingone, gateway.id)
    except NotFoundError:
        return Place(why_not=_NO_GATEWAY)
    except UnauthorizedError:
        return Place(why_not=_UNKNOWN)
    takes = found.takes_passwords(gateway.user_type.id)
    return Place((Home.GATEWAY,)) if takes else Place(why_not=_NOT_ALLOWED)
