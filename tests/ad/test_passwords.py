"""Passwords on a real controller: how they are written, what it refuses and why, and what it shows afterwards."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from csrdesk.errors import InvalidValueError, ServiceError, UnauthorizedError
from csrdesk.model.secret import Secret
from csrdesk.sandbox.domain import filetime
from csrdesk.services.directory.accounts import is_locked, password_set
from csrdesk.services.directory.passwords import ATTRIBUTES, DomainPolicy, read_policy, set_password
from csrdesk.services.directory.port import Change, Control, Equal
from csrdesk.services.directory.writes import read_entry
from tests.ad.conftest import Open, settings_of
from tests.ad.controller import DOMAIN, STAFF, Controller
from tests.ad.people import ELSEWHERE

if TYPE_CHECKING:
    from csrdesk.services.directory.ldap import LdapDirectory

ADA = f"CN=ada,OU=Care,{STAFF}"
GOOD = Secret("Winding-7-Lanes")


async def signs_on(dc: Controller, opened: Open, password: Secret) -> bool:
    """Whether the controller takes it from Ada."""
    as_ada = opened(settings_of(dc, user="ada"), password)
    try:
        return bool(await as_ada.search(Equal("sAMAccountName", "ada"), ("cn",)))
    except UnauthorizedError:
        return False


@pytest.mark.parametrize("password", ["Winding-7-Lanes", 'Quoted "7" \\ Lanes', "  Blanks 7 around  ", "Grüße-7-🌊"])
async def test_the_controller_takes_a_new_password_as_it_was_typed_and_the_old_one_no_more(
    dc: Controller, directory: LdapDirectory, opened: Open, password: str
) -> None:
    await set_password(directory, await read_entry(directory, ADA, ATTRIBUTES), Secret("Before-7-Lanes"))
    entry = await read_entry(directory, ADA, ATTRIBUTES)
    done = await set_password(directory, entry, Secret(password))
    assert done.changed_at is not None
    assert password_set(await read_entry(directory, ADA, ATTRIBUTES)) > password_set(entry)
    assert await signs_on(dc, opened, Secret(password))
    assert not await signs_on(dc, opened, Secret("Winding-9-Lanes"))


async def test_a_reset_ends_lock_and_must_change_in_one_modify(dc: Controller, directory: LdapDirectory) -> None:
    dc.plant(ADA, bypass=True, lockoutTime=filetime(datetime.now(UTC)), badPwdCount="5")
    dc.plant(ADA, pwdLastSet="0")
    before = await read_entry(directory, ADA, ATTRIBUTES)
    assert (is_locked(before), password_set(before)) == (True, 0)
    done = await set_password(directory, before, GOOD)
    assert (done.unlocked, done.changed_at is not None) == (True, True)
    assert not is_locked(await read_entry(directory, ADA, ATTRIBUTES))


@pytest.mark.parametrize(
    ("password", "rule"),
    [("Ab1-", "minPwdLength"), ("onlylowercase", "pwdProperties"), ("Ab1-" * 80, "length"), ("🌊" * 129, "length")],
    ids=["short", "simple", "long", "long in emoji"],
)
async def test_each_rule_of_the_domain_is_named_and_nothing_is_written(
    directory: LdapDirectory, password: str, rule: str
) -> None:
    before = await read_entry(directory, ADA, ATTRIBUTES)
    with pytest.raises(InvalidValueError) as raised:
        await set_password(directory, before, Secret(password))
    assert raised.value.rules == (rule,)
    assert password_set(await read_entry(directory, ADA, ATTRIBUTES)) == password_set(before)


async def test_a_lock_stays_where_the_password_is_refused(dc: Controller, directory: LdapDirectory) -> None:
    dc.plant(ADA, bypass=True, lockoutTime=filetime(datetime.now(UTC)), badPwdCount="5")
    before = await read_entry(directory, ADA, ATTRIBUTES)
    with pytest.raises(InvalidValueError):
        await set_password(directory, before, Secret("Ab1-"))
    assert is_locked(await read_entry(directory, ADA, ATTRIBUTES))
    await directory.modify(ADA, (Change("replace", "lockoutTime", ("0",)),))


async def test_the_domains_policy_is_read_and_no_history_promised_that_the_controller_cannot_mind(
    directory: LdapDirectory,
) -> None:
    # Samba knows no policy hints, so an administrative reset takes an old password again.
    assert await read_policy(directory, ADA) == DomainPolicy(min_length=8, complexity=True, history=0)
    for _ in range(2):
        await set_password(directory, await read_entry(directory, ADA, ATTRIBUTES), GOOD)


async def test_a_control_that_the_controller_does_not_know_leaves_everything_as_it_was(
    directory: LdapDirectory,
) -> None:
    before = await read_entry(directory, ADA, ATTRIBUTES)
    hints = Control("1.2.840.113556.1.4.2239", b"\x30\x03\x02\x01\x01")
    change = Change("replace", "pwdLastSet", ("0",))
    with pytest.raises(ServiceError):
        await directory.modify(ADA, (change,), controls=(hints,))
    assert await read_entry(directory, ADA, ATTRIBUTES) == before


async def test_outside_the_delegated_unit_the_service_account_sets_no_password(directory: LdapDirectory) -> None:
    (found,) = await directory.search(Equal("sAMAccountName", ELSEWHERE), ATTRIBUTES, base=DOMAIN)
    with pytest.raises(UnauthorizedError):
        await set_password(directory, found, GOOD)
