"""Every reason why somebody cannot sign in, made real on the controller and read as AD computes it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import msgspec
import pytest
from msgspec.structs import replace

from csrdesk.model.account import Account, AccountStatus, DirectoryAccount
from csrdesk.sandbox.domain import filetime
from csrdesk.screens.both_directories import directory_facts
from csrdesk.services.directory.port import Equal
from csrdesk.services.directory.status import read_account
from csrdesk.services.directory.writes import read_entry, unlock
from tests.ad.conftest import Open
from tests.ad.controller import DOMAIN, STAFF, Controller
from tests.ad.people import PASSWORD
from tests.ad.relay import Relay

if TYPE_CHECKING:
    from csrdesk.services.directory.ldap import LdapDirectory

WHO = "status.test"
DN = f"CN={WHO},OU=Care,{STAFF}"
NEVER = "9223372036854775807"
NOW = datetime.now(UTC)


@pytest.fixture
def someone(dc: Controller) -> Iterator[str]:
    """An account of the test's own; gives its name."""
    dc.add(DN, objectClass="user", sAMAccountName=WHO, userAccountControl="512", password=PASSWORD)
    yield DN
    dc.delete(DN)


async def read(directory: LdapDirectory, now: datetime | None = None) -> DirectoryAccount:
    return await read_account(directory, DN, now or datetime.now(UTC))


def status(found: DirectoryAccount) -> tuple[AccountStatus, tuple[str, ...]]:
    account = Account(directory=found)
    return account.status, account.obstacles


async def test_an_account_that_is_fine_is_said_to_be_fine(directory: LdapDirectory, someone: str) -> None:
    found = await read(directory)
    assert status(found) == (AccountStatus.ACTIVE, ())
    assert found.password_expires_at is not None
    assert timedelta(days=41) < found.password_expires_at - NOW < timedelta(days=43)
    assert (found.wrong_passwords, found.last_logon_at, found.smart_card) == ((), None, False)


async def test_five_wrong_passwords_lock_until_the_domains_lockout_ends(
    dc: Controller, directory: LdapDirectory, someone: str
) -> None:
    dc.wrong_passwords(WHO)
    found = await read(directory)
    assert status(found) == (AccountStatus.LOCKED, ("locked in AD",))
    assert found.locked_at is not None
    assert found.lock_ends_at == found.locked_at + timedelta(minutes=30)
    (counted,) = found.wrong_passwords
    assert (counted.controller, counted.count) == ("dc1.csrdesk.test", 5)
    assert counted.last_at is not None
    assert abs(counted.last_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_lock_that_has_run_out_is_none_though_its_moment_stays(
    dc: Controller, directory: LdapDirectory, someone: str
) -> None:
    dc.wrong_passwords(WHO)
    dc.plant(someone, bypass=True, lockoutTime=filetime(NOW - timedelta(hours=2)))
    found = await read(directory)
    assert (found.locked, found.locked_at, found.lock_ends_at) == (False, None, None)


async def test_a_lock_that_lasts_until_somebody_unlocks_has_no_end(
    dc: Controller, directory: LdapDirectory, someone: str
) -> None:
    with lockout(dc, str(-(2**63))):
        dc.wrong_passwords(WHO)
        found = await read(directory)
        assert (found.locked, found.lock_ends_at) == (True, None)
        assert await unlock(directory, await read_entry(directory, DN, ("msDS-User-Account-Control-Computed",)))
        after = await read(directory)
        assert (after.locked, after.wrong_passwords) == (False, ())


@pytest.mark.parametrize("never", ["0", NEVER])
async def test_both_ways_of_never_expiring_are_never(
    dc: Controller, directory: LdapDirectory, someone: str, never: str
) -> None:
    dc.plant(someone, accountExpires=never)
    found = await read(directory)
    assert (found.expires_at, found.expired) == (None, False)


async def test_an_account_expires_at_its_moment(dc: Controller, directory: LdapDirectory, someone: str) -> None:
    at = NOW.replace(microsecond=0) - timedelta(days=1)
    dc.plant(someone, accountExpires=filetime(at))
    assert status(await read(directory)) == (AccountStatus.EXPIRED, ("the AD account has expired",))
    assert (await read(directory)).expires_at == at
    assert not (await read(directory, at - timedelta(seconds=1))).expired


async def test_a_password_runs_out_by_the_domains_policy(
    dc: Controller, directory: LdapDirectory, someone: str
) -> None:
    dc.plant(someone, bypass=True, pwdLastSet=filetime(NOW - timedelta(days=50)))
    found = await read(directory)
    assert status(found) == (AccountStatus.PASSWORD_EXPIRED, ("AD password expired",))
    assert found.password_expires_at is not None
    assert timedelta(days=-9) < found.password_expires_at - NOW < timedelta(days=-7)


@pytest.mark.parametrize(("age", "shown"), [(32, "expires {:%Y-%m-%d}, in 10 days"), (20, "ok")])
async def test_a_password_that_runs_out_within_two_weeks_is_said_to_in_the_agents_zone(
    dc: Controller, directory: LdapDirectory, someone: str, age: int, shown: str
) -> None:
    dc.plant(someone, bypass=True, pwdLastSet=filetime(NOW - timedelta(days=age)))
    found, zone = await read(directory), timezone(timedelta(hours=2))
    assert status(found)[0] is AccountStatus.ACTIVE
    facts = {fact.label: fact.value for fact in directory_facts(Account(directory=found), NOW, zone)}
    assert facts["Password"] == shown.format(NOW.astimezone(zone) + timedelta(days=42 - age))
    told = msgspec.json.decode(msgspec.json.encode(found))
    assert datetime.fromisoformat(told["passwordExpiresAt"]) == found.password_expires_at


async def test_a_password_runs_out_by_the_policy_that_is_made_for_the_account(
    dc: Controller, directory: LdapDirectory, someone: str
) -> None:
    dc.plant(someone, bypass=True, pwdLastSet=filetime(NOW - timedelta(days=12)))
    days = ("--min-pwd-age=0", "--max-pwd-age=10", "--account-lockout-duration=60", "--account-lockout-threshold=5")
    dc.tool("domain", "passwordsettings", "pso", "create", "short", "1", *days, "--reset-account-lockout-after=60")
    try:
        dc.tool("domain", "passwordsettings", "pso", "apply", "short", WHO)
        assert status(await read(directory))[0] is AccountStatus.PASSWORD_EXPIRED
    finally:
        dc.tool("domain", "passwordsettings", "pso", "delete", "short")
    assert status(await read(directory))[0] is AccountStatus.ACTIVE


async def test_a_password_that_never_runs_out_has_no_day(
    dc: Controller, directory: LdapDirectory, someone: str
) -> None:
    dc.plant(someone, userAccountControl=str(512 | 0x10000))
    assert (await read(directory)).password_expires_at is None


async def test_must_change_is_told_from_expired(dc: Controller, directory: LdapDirectory, someone: str) -> None:
    dc.plant(someone, pwdLastSet="0")
    found = await read(directory)
    assert status(found) == (AccountStatus.MUST_CHANGE_PASSWORD, ("must change the AD password",))
    assert (found.password_changed_at, found.password_expires_at) == (None, None)


async def test_disabled_stands_before_everything_else(dc: Controller, directory: LdapDirectory, someone: str) -> None:
    dc.plant(someone, userAccountControl="514", accountExpires=filetime(NOW - timedelta(days=1)))
    dc.plant(someone, bypass=True, lockoutTime=filetime(NOW))
    found = await read(directory)
    assert status(found) == (AccountStatus.DISABLED, ("disabled in AD", "the AD account has expired", "locked in AD"))


async def test_hours_in_which_ad_lets_nobody_in_are_no_hours_to_sign_in(
    dc: Controller, directory: LdapDirectory, someone: str
) -> None:
    at = datetime(2026, 3, 4, 10, 30, tzinfo=UTC)  # a Wednesday
    hours = bytearray(21)
    hours[3 * 3 + 10 // 8] |= 1 << 10 % 8
    dc.plant(someone, logonHours=bytes(hours))
    assert not (await read(directory, at)).outside_hours
    for other in (at + timedelta(hours=1), at - timedelta(hours=1), at + timedelta(days=1)):
        found = await read(directory, other)
        assert "outside the hours in which AD lets them sign in" in Account(directory=found).obstacles


async def test_a_smart_card_that_is_required_is_said(dc: Controller, directory: LdapDirectory, someone: str) -> None:
    dc.plant(someone, userAccountControl=str(512 | 0x40000))
    found = await read(directory)
    assert status(found) == (AccountStatus.ACTIVE, ("AD takes a smart card only",))


async def test_the_last_sign_in_is_told(dc: Controller, opened: Open, directory: LdapDirectory, someone: str) -> None:
    as_them = opened(replace(opened.settings, user=f"{WHO}@csrdesk.test"))
    await as_them.search(Equal("cn", WHO), ("cn",))
    found = await read(directory)
    assert found.last_logon_at is not None
    assert abs(found.last_logon_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_each_controllers_count_is_told_and_one_that_is_away_is_named(
    dc: Controller, opened: Open, someone: str
) -> None:
    async with Relay(dc.address, 636) as relay:
        settings = replace(opened.settings, controllers=(dc.url, relay.url, "ldaps://127.255.255.1"))
        directory = opened(settings)
        dc.wrong_passwords(WHO, times=2)
        found = await read(directory)
    counts = [(one.count, bool(one.problem)) for one in found.wrong_passwords]
    assert counts == [(2, False), (2, False), (0, True)]
    assert found.wrong_passwords[2].controller == "127.255.255.1"


async def test_a_lock_and_its_causes_are_shown_to_agents_and_to_scripts_alike(
    dc: Controller, directory: LdapDirectory, someone: str
) -> None:
    dc.plant(someone, userAccountControl=str(512 | 0x40000))
    dc.plant(someone, bypass=True, lockoutTime=filetime(NOW), badPwdCount="5", badPasswordTime=filetime(NOW))
    dc.plant(someone, logonHours=bytes(21))
    found = Account(directory=await read(directory))
    zone = timezone(timedelta(hours=2))
    shown = {fact.label: fact.value for fact in directory_facts(found, NOW, zone)}
    ends = (NOW + timedelta(minutes=30)).astimezone(zone)
    assert f"{ends:%H:%M}" in shown["Locked"]
    assert shown["Locked"].startswith("LOCKED until ")
    assert shown["Wrong pw"].startswith("5 at dc1.csrdesk.test, last ")
    assert "SMART CARD ONLY" in shown["Sign-in"]
    assert "NOT NOW" in shown["Hours"]
    told = msgspec.json.decode(msgspec.json.encode(found))["directory"]
    assert (told["locked"], told["smartCard"], told["outsideHours"]) == (True, True, True)
    assert told["wrongPasswords"][0]["controller"] == "dc1.csrdesk.test"
    assert datetime.fromisoformat(told["lockEndsAt"]) == ends


@contextlib.contextmanager
def lockout(dc: Controller, duration: str) -> Iterator[None]:
    """The domain's policy otherwise for a while."""
    dc.plant(DOMAIN, lockoutDuration=duration)
    yield
    dc.plant(DOMAIN, lockoutDuration=str(-30 * 60 * 10_000_000))
