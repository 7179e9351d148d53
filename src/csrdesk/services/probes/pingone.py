"""PingOne: sign-in, the rights that a desk needs, and whether two clocks agree; with what `mfa` looks at.

Rights to change something cannot be tried without changing it; each read that the desk makes is tried once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from csrdesk.config import WaySettings
from csrdesk.errors import ServiceError, UnauthorizedError
from csrdesk.model.checkup import Finding, ok, warning, wrong
from csrdesk.services import http
from csrdesk.services.attempts import attempt
from csrdesk.services.pingone import devices, passwords, populations, roles, sessions
from csrdesk.services.pingone.api import Api
from csrdesk.services.pingone.errors import SYSTEM, error_of
from csrdesk.services.probes import mfa

AREA = "PingOne"
RIGHTS = "PingOne rights"
CLOCK = "Clock"
_DRIFT = 5.0
"""Seconds between the two clocks that are of no account: the header has whole seconds, and answers travel."""
_AS_SET = WaySettings()
_ROLE = "Give the worker application the role Identity Data Admin over the people that the desk serves."


class _User(msgspec.Struct, frozen=True):
    id: str


class _Embedded(msgspec.Struct, frozen=True):
    users: tuple[_User, ...] = ()


class _Page(msgspec.Struct, frozen=True):
    embedded: _Embedded = msgspec.field(name="_embedded")


async def probe(
    api: Api,
    policy_id: str,
    wanted: tuple[str, ...],
    *,
    public_url: str = "",
    ways: WaySettings = _AS_SET,
) -> tuple[Finding, ...]:
    """Everything that can be found out. `wanted`: the device types that settings allow; `public_url`: the pages'."""
    before = datetime.now(UTC)
    try:
        response = await _first_read(api)
    except UnauthorizedError as error:
        todo = "Compare pingone.client_id, pingone.environment_id and the client secret with the worker application."
        return (wrong(AREA, error.message, todo),)
    except ServiceError as error:
        todo = "Compare pingone.api_url and pingone.auth_url with your region, and look at the way there."
        return (wrong(AREA, error.message, todo),)
    middle = before + (datetime.now(UTC) - before) / 2
    rest = await asyncio.gather(_rights(api, response), mfa.probe(api, policy_id, wanted, public_url, ways))
    signed_in = ok(AREA, "csrdesk's sign-in is taken.")
    return (signed_in, *rest[0], *rest[1], clock(response.headers.get("date", ""), middle))


async def _first_read(api: Api) -> http.Response:
    """Any answer of the API proves the sign-in: a refused one is raised before."""
    request = api.client.build_request("GET", f"{api.api_url}/users", params={"limit": 1})
    response = await http.send(api.client, request, system=SYSTEM, timeout_seconds=api.timeout_seconds)
    if response.is_success or response.status_code == 403:
        return response
    raise error_of(response.status_code, response.content)


async def _rights(api: Api, users: http.Response) -> tuple[Finding, ...]:
    if not users.is_success:
        return (wrong(RIGHTS, "Users may not be read.", _ROLE),)
    try:
        found = msgspec.json.decode(users.content, type=_Page).embedded.users
    except msgspec.DecodeError:
        return (wrong(RIGHTS, "The list of users is not as PingOne's.", "Look at pingone.api_url."),)
    reads: dict[str, Awaitable[object]] = {"populations": populations.names(api)}
    for user in found:
        reads |= {
            "administrators' roles": roles.has_any(api, user.id),
            "MFA devices": devices.read_all(api, user.id),
            "passwords' states": passwords.read(api, user.id),
            "sessions": sessions.read_some(api, user.id),
        }
    came = dict(zip(reads, await asyncio.gather(*map(attempt, reads.values())), strict=True))
    failed = {name: error for name, error in came.items() if isinstance(error, ServiceError)}
    lines = [_not_readable(name, error) for name, error in failed.items()]
    fine = ", ".join(["users", *(name for name in came if name not in failed)])
    lines.insert(0, ok(RIGHTS, f"Readable: {fine}."))
    if not found:
        todo = "Give the role over a population that has people in it, then look again."
        lines.append(warning(RIGHTS, "csrdesk sees nobody, so only this could be tried.", todo))
    return tuple(lines)


def _not_readable(name: str, error: ServiceError) -> Finding:
    if not isinstance(error, UnauthorizedError):
        return wrong(RIGHTS, f"Not readable now: {name}. {error.message}", "Look again in a moment.")
    if name == "populations":
        return warning(RIGHTS, "Not readable: populations. People of one name are told apart by less.", _ROLE)
    return wrong(RIGHTS, f"Not readable: {name}.", _ROLE)


def clock(date: str, now: datetime) -> Finding:
    """How far this machine is from the `Date` of an answer (RFC 9110, 6.6.1)."""
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return warning(CLOCK, "PingOne's answer tells no time, so the clock was not compared.")
    apart = (now - theirs.replace(tzinfo=theirs.tzinfo or UTC)).total_seconds()
    if abs(apart) <= _DRIFT:
        return ok(CLOCK, "This machine and PingOne agree.")
    ahead = "ahead of" if apart > 0 else "behind"
    return warning(CLOCK, f"This machine is {abs(apart):.0f} s {ahead} PingOne.", "Set its clock (NTP).")
