"""Looking somebody up, and what can be asked of them: identifiers choose an account here, they prove nobody."""

from __future__ import annotations

import asyncio
import unicodedata

from csrdesk.errors import NotFoundError, ServiceError, UnauthorizedError
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Problem, Reply
from csrdesk.model.devices import Age, Devices
from csrdesk.model.people import Protection
from csrdesk.services.attempts import attempt, sure
from csrdesk.services.directory import protection as in_directory
from csrdesk.services.directory.port import AnyOf, Entry, Equal
from csrdesk.services.performer import failures
from csrdesk.services.performer.address_age import address_age
from csrdesk.services.performer.call_back import masked_number, number_age
from csrdesk.services.performer.outside import Outside
from csrdesk.services.performer.people import PERSONAL, device_of, person_of, person_of_entry
from csrdesk.services.performer.protection import reasons_of
from csrdesk.services.pingone import devices, users
from csrdesk.services.pingone.filters import phone_forms
from csrdesk.services.pingone.policies import MfaPolicy
from csrdesk.services.pingone.users import User

_LONGEST = 256
"""No user name, address or number of a person is longer."""
_IN_DIRECTORY = ("sAMAccountName", "userPrincipalName", "mail", "employeeID")
_PHONES = ("mobile", "telephoneNumber")


async def find_user(effect: fx.FindUser, context: Context, outside: Outside) -> Reply:
    """PingOne, its populations' names and the directory at the same time.

    Without PingOne's answer nobody is found, but for one account of the directory: to close that must be possible.
    """
    identifier = effect.identifier.strip()
    if not _can_be_found(identifier):
        return r.NoSuchUser()
    api = outside.pingone
    async with asyncio.TaskGroup() as group:
        finding = group.create_task(attempt(users.find(api, identifier)))
        naming = group.create_task(attempt(outside.remembered.population_names(api)))
        beside = group.create_task(attempt(_in_directory(outside, identifier)))
    got, entries = finding.result(), beside.result()
    if isinstance(got, ServiceError):
        if isinstance(entries, tuple) and len(entries) == 1:
            failures.note(effect, got, outside)
            return _only_there(entries[0], context, outside, got)
        raise got
    names = naming.result()
    # Names of populations help to tell people apart; without them the look-up still stands.
    known = {} if isinstance(names, ServiceError) else names
    people = tuple(person_of(user, known) for user in got.body.users)
    match people:
        case ():
            # Where the directory could not be asked, "only in AD" cannot be said either.
            if isinstance(entries, ServiceError):
                failures.note(effect, entries, outside)
                return r.NoSuchUser(entries.message, correlation_id=got.correlation_id)
            return r.OnlyInDirectory(correlation_id=got.correlation_id) if entries else r.NoSuchUser()
        case (person,) if not got.body.more:
            return r.UserFound(person, correlation_id=got.correlation_id)
        case _:
            return r.SeveralUsers(people, more=got.body.more, correlation_id=got.correlation_id)


async def read_devices(effect: fx.ReadDevices, outside: Outside) -> r.DevicesRead:
    """User, devices, bypass and policy at the same time. Open links that went to another address end here."""
    api, who = outside.pingone, effect.person_id
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(attempt(users.read(api, who)))
        listing = group.create_task(attempt(devices.read_all(api, who)))
        bypassing = group.create_task(attempt(_has_bypass(outside, who)))
        deciding = group.create_task(attempt(_policy(outside, effect.policy_id)))
    got = sure(reading.result())
    user, policy = got.body, sure(deciding.result())
    seen = await outside.links().saw_address(who, user.email)
    found = Devices(
        devices=tuple(
            device_of(
                d,
                user.email,
                outside.age(d.created_at),
                pages=outside.public_url(),
                counts_from=outside.counts_from(d.created_at),
            )
            for d in sure(listing.result())
        ),
        mfa_enabled=user.mfa_enabled,
        bypass=sure(bypassing.result()),
        refused=_refused(user, policy),
        address=await address_age(outside, user, seen),
        phone=masked_number(user) if outside.call_back else "",
        phone_age=await number_age(outside, user) if outside.call_back else Age.UNKNOWN,
        numbered=outside.remembered.numbered(policy),
        frozen_until=await outside.links().frozen_until(who),
    )
    return r.DevicesRead(found, correlation_id=got.correlation_id)


def _can_be_found(identifier: str) -> bool:
    """Whether anybody could bear it: no control characters or half characters, and of a length that a name has."""
    unsafe = {"Cc", "Cs"}
    return 0 < len(identifier) <= _LONGEST and not any(unicodedata.category(c) in unsafe for c in identifier)


async def _in_directory(outside: Outside, identifier: str) -> tuple[Entry, ...]:
    if outside.directory is None:
        return ()
    names = [Equal(attribute, identifier) for attribute in _IN_DIRECTORY]
    phones = [Equal(attribute, form) for form in phone_forms(identifier) for attribute in _PHONES]
    found = await outside.directory.search(AnyOf((*names, *phones)), (*in_directory.ATTRIBUTES, *PERSONAL))
    return tuple(entry for entry in found if outside.protected.is_in_scope(entry))


def _only_there(entry: Entry, context: Context, outside: Outside, error: ServiceError) -> r.FoundInDirectory:
    """The one account that the directory knows, while PingOne does not say whose it is."""
    problem = Problem(error.message, details=error.details, code=error.code, correlation_id=error.correlation_id)
    protection = Protection(reasons_of(entry, context.agent, outside), entry.dn)
    return r.FoundInDirectory(person_of_entry(entry), protection, problem, correlation_id=error.correlation_id)


async def _has_bypass(outside: Outside, user_id: str) -> bool:
    try:
        until = await users.bypass_until(outside.pingone, user_id)
    except (NotFoundError, UnauthorizedError):
        # It is shown as a warning only; a proof never counts because of it, so not to be told is no danger.
        return False
    return until is not None and until > outside.now()


async def _policy(outside: Outside, policy_id: str) -> MfaPolicy | None:
    try:
        return await outside.remembered.policy(outside.pingone, policy_id)
    except UnauthorizedError:
        # Reading policies needs a right that a desk's worker may lack: then PingOne is taken to refuse locked users.
        return None


def _refused(user: User, policy: MfaPolicy | None) -> str:
    if not user.enabled:
        return "disabled"
    return "locked" if user.locked and not (policy and policy.ignore_user_lock) else ""
