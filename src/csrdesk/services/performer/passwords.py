"""New passwords: where a person's is kept, what is asked of one, and setting it, read back by the server's own clock.

The password is the context's secret. It goes into one request and is in no reply, error or record.
"""

from __future__ import annotations

import asyncio

from csrdesk.errors import (
    ConflictError,
    InvalidValueError,
    NotFoundError,
    ReadBackError,
    UnauthorizedError,
    UnexpectedAnswerError,
)
from csrdesk.flows import password_effects as px
from csrdesk.flows import password_replies as pr
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Reply
from csrdesk.model.passwords import Home, PasswordState, Requirement
from csrdesk.services.attempts import attempt, both, sure
from csrdesk.services.directory import accounts as in_directory
from csrdesk.services.directory import passwords as directory_passwords
from csrdesk.services.directory import protection as protecting
from csrdesk.services.directory.port import Directory, Entry
from csrdesk.services.directory.writes import read_entry
from csrdesk.services.performer import password_rules
from csrdesk.services.performer.outside import Outside
from csrdesk.services.performer.password_authority import Place, place_of
from csrdesk.services.performer.protection import refuse_protected_entry, refuse_protected_user
from csrdesk.services.performer.stamps import stamp
from csrdesk.services.pingone import password_policies, passwords, users
from csrdesk.services.pingone.errors import SYSTEM

_ATTRIBUTES = (*protecting.ATTRIBUTES, in_directory.CONTROL, *directory_passwords.ATTRIBUTES)
_DISABLED = "The account is disabled, and csrdesk gives a disabled account no new password. Nothing was changed."
GATEWAY = (
    "PingOne could not hand the new password to the directory behind its gateway. Nothing was changed. Try again in a "
    "moment; if it stays so, ask an administrator to look at the gateway."
)


async def read_authority(effect: px.ReadPasswordAuthority, outside: Outside) -> pr.AuthorityRead:
    """User, password state and directory entry at the same time; then what is asked there, where that is wanted."""
    api, who = outside.pingone, effect.person_id
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(attempt(users.read(api, who)))
        looking = group.create_task(attempt(passwords.read(api, who)))
        naming = group.create_task(attempt(outside.remembered.population_names(api)))
        beside = group.create_task(attempt(_directory_state(outside, effect.dn)))
    got, state = sure(reading.result()), sure(looking.result())
    population_id = got.body.population.id if got.body.population else ""
    authority = outside.passwords.of(sure(naming.result()).get(population_id, ""), population_id)
    place = await place_of(authority, state, outside, dn=effect.dn)
    entry = sure(beside.result()) if Home.DIRECTORY in place.homes else None
    states = tuple(entry if home is Home.DIRECTORY else state_of(home, state) for home in place.homes)
    return pr.AuthorityRead(
        place.homes,
        place.why_not,
        await _asked(place, state, outside, effect.dn) if effect.with_requirements else (),
        tuple(one for one in states if one),
        correlation_id=got.correlation_id,
    )


async def read_state(effect: px.ReadPasswordState, outside: Outside) -> pr.PasswordStateRead:
    """When it was set, by the server that it is set at."""
    if effect.home is not Home.DIRECTORY:
        state = await passwords.read(outside.pingone, effect.person_id)
        return pr.PasswordStateRead(state_of(effect.home, state))
    found = await _directory_state(outside, effect.dn)
    if found is None:
        raise NotFoundError("No directory is set up.")
    return pr.PasswordStateRead(found)


async def set_directory_password(effect: px.SetDirectoryPassword, context: Context, outside: Outside) -> Reply:
    """Look once more who it is in both directories, write, read back."""
    if context.secret is None:
        return r.SecretLost()
    if outside.directory is None:
        raise NotFoundError("No directory is set up.")
    user, (writer, entry) = await both(
        refuse_protected_user(effect.person_id, context, outside),
        _at_the_writer(outside.directory, effect.dn, _ATTRIBUTES),
    )
    refuse_protected_entry(entry, context, outside)
    if not user.enabled or in_directory.is_disabled(entry):
        raise ConflictError(_DISABLED)
    if why := password_rules.why_unusable(context.secret):
        return pr.PasswordRefused((why,))
    try:
        done = await directory_passwords.set_password(writer, entry, context.secret, stamp(outside, effect, context))
    except InvalidValueError as error:
        return pr.PasswordRefused(password_rules.refusal(error.rules))
    return pr.PasswordSet(Home.DIRECTORY, done.changed_at, done.unlocked, server=writer.server)


async def set_pingone_password(effect: px.SetPingOnePassword, context: Context, outside: Outside) -> Reply:
    """Look once more who it is, write, read back: set later than before, and no change demanded."""
    if context.secret is None:
        return r.SecretLost()
    api, who = outside.pingone, effect.person_id
    user, before = await both(refuse_protected_user(who, context, outside), passwords.read(api, who))
    if not user.enabled:
        raise ConflictError(_DISABLED)
    if before.is_external is not (effect.home is Home.GATEWAY):
        words = "PingOne keeps this password elsewhere than a moment ago. Nothing was changed. Begin the reset again."
        raise ConflictError(words, system=SYSTEM)
    if why := password_rules.why_unusable(context.secret):
        return pr.PasswordRefused((why,))
    try:
        got = await passwords.set_value(api, who, context.secret)
    except InvalidValueError as error:
        return pr.PasswordRefused(password_rules.refusal(error.rules), correlation_id=error.correlation_id)
    except ConflictError as error:
        if before.is_external:
            raise ConflictError(
                GATEWAY, system=SYSTEM, details=error.details, correlation_id=error.correlation_id
            ) from None
        raise
    after = state_of(effect.home, await passwords.read(api, who))
    must_be_new(after, state_of(effect.home, before), got.correlation_id)
    return pr.PasswordSet(effect.home, after.changed_at, correlation_id=got.correlation_id)


def must_be_new(after: PasswordState, before: PasswordState, correlation_id: str) -> None:
    """Raises `ReadBackError`. Both moments are PingOne's, so that no two clocks are compared.

    Of a password behind a gateway PingOne need not know when it was set; where it says a moment, it must be a new one.
    """
    old, new = before.changed_at, after.changed_at
    told = new is not None or after.home is Home.PINGONE
    if told and (new is None or (old is not None and new <= old)):
        words = "PingOne said that it was done, but shows no new password."
        raise ReadBackError(words, system=SYSTEM, details="lastChangedAt", correlation_id=correlation_id)
    if after.must_change:
        words = "The password is set, but PingOne demands that it is changed at the next sign-on."
        raise ReadBackError(words, system=SYSTEM, details="must change", correlation_id=correlation_id)


async def _at_the_writer(directory: Directory, dn: str, attributes: tuple[str, ...]) -> tuple[Directory, Entry]:
    """The entry at the one server that passwords are written to, before and after: others hear of a write later."""
    writer = await directory.writer()
    return writer, await read_entry(writer, dn, attributes)


async def _directory_state(outside: Outside, dn: str) -> PasswordState | None:
    """None where there is no directory, or no entry for this person."""
    if outside.directory is None or not dn:
        return None
    _, entry = await _at_the_writer(outside.directory, dn, directory_passwords.ATTRIBUTES)
    set_at = in_directory.password_set(entry)
    return PasswordState(Home.DIRECTORY, in_directory.moment(set_at), must_change=set_at == 0)


def state_of(home: Home, state: passwords.PasswordState) -> PasswordState:
    """PingOne's state as the desk's own value."""
    return PasswordState(home, state.last_changed_at, must_change=state.status == "MUST_CHANGE_PASSWORD")


async def _asked(place: Place, state: passwords.PasswordState, outside: Outside, dn: str) -> tuple[Requirement, ...]:
    """What each home asks; of what may not or cannot be read, nothing is shown, and its refusal has to do."""
    found: list[Requirement] = []
    for home in place.homes:
        try:
            match home:
                case Home.DIRECTORY if outside.directory:
                    found += password_rules.of_domain(await directory_passwords.read_policy(outside.directory, dn))
                case Home.PINGONE if state.password_policy:
                    policy = await password_policies.read(outside.pingone, state.password_policy.id)
                    found += password_rules.of_pingone(policy)
                case _:
                    pass
        except (NotFoundError, UnauthorizedError, UnexpectedAnswerError):
            continue
    return password_rules.together(found)
