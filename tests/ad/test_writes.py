"""Changes on a real controller, as an account that may do exactly this in exactly these units."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from csrdesk.errors import (
    ConflictError,
    InvalidValueError,
    NotFoundError,
    ServiceError,
    UnauthorizedError,
    UnreachableError,
)
from csrdesk.services.directory import must_change
from csrdesk.services.directory.accounts import COMPUTED, CONTROL, EXPIRES, filetime
from csrdesk.services.directory.expiry import set_expiry
from csrdesk.services.directory.must_change import demand_change
from csrdesk.services.directory.port import Change, Directory, Entry, Equal
from csrdesk.services.directory.rights import RIGHTS, missing, windows_commands
from csrdesk.services.directory.writes import read_entry, set_enabled, unlock
from tests.ad.conftest import Open
from tests.ad.controller import DOMAIN, STAFF, Controller
from tests.ad.people import ELSEWHERE, PASSWORD, POWERLESS
from tests.ad.relay import Relay

if TYPE_CHECKING:
    from csrdesk.services.directory.ldap import LdapDirectory

WHO = "writes.test"
DN = f"CN={WHO},OU=Care,{STAFF}"


@pytest.fixture
def someone(dc: Controller) -> Iterator[str]:
    """An account of the test's own, with a bit that is none of the desk's."""
    dc.add(DN, objectClass="user", sAMAccountName=WHO, userAccountControl=str(512 | 0x10000), password=PASSWORD)
    yield DN
    dc.delete(dc.value(WHO, "dn"))


async def control(directory: Directory, dn: str = DN) -> Entry:
    return await read_entry(directory, dn, (CONTROL,))


async def test_r_48_disable_and_enable_change_one_bit_and_are_read_back(
    directory: LdapDirectory, dc: Controller, someone: str
) -> None:
    for enabled, expected in ((False, 0x10202), (False, 0x10202), (True, 0x10200)):
        before = dc.value(WHO, CONTROL)
        changed = await set_enabled(directory, await control(directory), enabled=enabled)
        assert (dc.value(WHO, CONTROL), changed) == (str(expected), str(expected) != before)


async def test_what_somebody_else_wrote_in_between_is_not_overwritten(
    directory: LdapDirectory, dc: Controller, someone: str
) -> None:
    entry = await control(directory)
    dc.plant(someone, userAccountControl=str(512 | 0x40000))
    with pytest.raises(ConflictError, match="Nothing was changed"):
        await set_enabled(directory, entry, enabled=False)
    assert dc.value(WHO, CONTROL) == str(512 | 0x40000)


async def test_an_unlock_is_read_back(directory: LdapDirectory, dc: Controller, someone: str) -> None:
    dc.wrong_passwords(WHO)
    entry = await read_entry(directory, DN, (COMPUTED,))
    assert await unlock(directory, entry)
    assert not await unlock(directory, await read_entry(directory, DN, (COMPUTED,)))
    assert dc.value(WHO, "badPwdCount") == "0"


async def test_the_stamp_goes_with_the_change_or_neither_is_made(
    directory: LdapDirectory, dc: Controller, someone: str
) -> None:
    """The service account may not write `info`: then nothing is changed at all."""
    entry = await control(directory)
    stamp = (Change("replace", "info", ("csrdesk mira INC-1",)),)
    with pytest.raises(UnauthorizedError):
        await set_enabled(directory, entry, stamp, enabled=False)
    assert (dc.value(WHO, CONTROL), dc.value(WHO, "info")) == (str(0x10200), "")
    sid = (await directory.search(Equal("sAMAccountName", "svc-csrdesk"), ("objectSid",)))[0].first("objectSid")
    info = f"(OA;CI;RPWP;bf96793e-0de6-11d0-a285-00aa003049e2;;{sid})"
    dc.tool("dsacl", "set", f"--objectdn={someone}", f"--sddl={info}")
    assert await set_enabled(directory, entry, stamp, enabled=False)
    assert (dc.value(WHO, CONTROL), dc.value(WHO, "info")) == (str(0x10202), "csrdesk mira INC-1")


@pytest.mark.parametrize(
    "change",
    [
        Change("replace", "mail", ("taken.over@evil.example",)),
        Change("replace", "servicePrincipalName", ("http/x",)),
        Change("replace", "memberOf", (f"CN=Domain Admins,CN=Users,{DOMAIN}",)),
        Change("replace", "userAccountControl", (str(512 | 0x80000),)),
    ],
    ids=lambda change: change.attribute,
)
async def test_the_service_account_may_do_nothing_that_was_not_granted(
    directory: LdapDirectory, someone: str, change: Change
) -> None:
    with pytest.raises(ServiceError):
        await directory.modify(DN, (change,))


@pytest.mark.parametrize("dn", [f"CN={ELSEWHERE},OU=Elsewhere,{DOMAIN}", f"CN=Administrator,CN=Users,{DOMAIN}"])
async def test_the_service_account_may_do_nothing_elsewhere(directory: LdapDirectory, dn: str) -> None:
    with pytest.raises(UnauthorizedError, match=r"does not let csrdesk do this\. Nothing was changed"):
        await set_enabled(directory, await control(directory, dn), enabled=False)
    with pytest.raises(UnauthorizedError):
        await directory.modify(dn, (Change("replace", "lockoutTime", ("0",)),))


async def test_an_account_that_was_moved_renamed_or_deleted_in_between_is_said_to_be_gone(
    directory: LdapDirectory, dc: Controller, someone: str
) -> None:
    entry = await control(directory)
    dc.rename(someone, "CN=renamed")
    with pytest.raises(NotFoundError):
        await set_enabled(directory, entry, enabled=False)
    with pytest.raises(NotFoundError):
        await control(directory)
    assert dc.value(WHO, CONTROL) == str(0x10200)


async def test_a_value_that_ad_takes_for_no_other_reason_than_being_lax_is_never_written(
    directory: LdapDirectory, someone: str
) -> None:
    """Samba makes 512 of a control that is no number; csrdesk writes none that it did not read."""
    for lax in ("abc", ""):
        with pytest.raises(ServiceError):
            await set_enabled(directory, Entry(DN, {CONTROL: (lax,)}), enabled=False)
    assert (await control(directory)).first(CONTROL) == str(0x10200)


async def test_a_controller_that_dies_between_write_and_read_back_leaves_it_unknown_never_done(
    dc: Controller, opened: Open, someone: str
) -> None:
    async with Relay(dc.address, 636) as relay:
        settings = replace(opened.settings, controllers=(relay.url, dc.url), ad_write_to="first", timeout_seconds=2)
        writer = await opened(settings).writer()
        entry = await control(writer)
        relay.answers = 1  # the write's; the read-back is cut, though another controller could tell
        with pytest.raises(UnreachableError):
            await set_enabled(writer, entry, enabled=False)
    assert dc.value(WHO, CONTROL) == str(0x10202)


async def test_a_controller_that_dies_in_the_middle_of_a_write_leaves_it_unknown(
    dc: Controller, opened: Open, someone: str
) -> None:
    async with Relay(dc.address, 636) as relay:
        settings = replace(opened.settings, controllers=(relay.url,), ad_write_to="first", timeout_seconds=2)
        writer = await opened(settings).writer()
        entry = await control(writer)
        relay.answers = 0
        with pytest.raises(UnreachableError):
            await set_enabled(writer, entry, enabled=False)


async def test_ad_tells_which_rights_are_missing_and_the_command_grants_them(
    directory: LdapDirectory, opened: Open
) -> None:
    async def allowed(asking: LdapDirectory, dn: str) -> tuple[str, ...]:
        return (await read_entry(asking, dn, ("allowedAttributesEffective",))).values("allowedAttributesEffective")

    ada = f"CN=ada,OU=Care,{STAFF}"
    assert missing(await allowed(directory, ada)) == ()
    powerless = opened(replace(opened.settings, user=f"{POWERLESS}@csrdesk.test"))
    wanted = missing(await allowed(powerless, ada))
    assert wanted == RIGHTS
    commands = windows_commands(STAFF, "CSRDESK\\svc-reader", wanted[:1])
    assert commands == (f'dsacls "{STAFF}" /I:S /G "CSRDESK\\svc-reader:RPWP;userAccountControl;user"',)


async def test_the_last_day_is_set_moved_taken_away_and_read_back(
    directory: LdapDirectory, dc: Controller, someone: str
) -> None:
    was: datetime | None = None
    for days in (30, 10, None):
        ends = datetime(2031, 5, 1, tzinfo=UTC) + timedelta(days=days) if days else None
        entry = await read_entry(directory, DN, (EXPIRES,))
        assert await set_expiry(directory, entry, was=was, ends=ends)
        assert not await set_expiry(directory, await read_entry(directory, DN, (EXPIRES,)), was=was, ends=ends)
        assert dc.value(WHO, EXPIRES) == filetime(ends)
        was = ends


async def test_a_last_day_that_somebody_else_set_in_between_is_not_overwritten(
    directory: LdapDirectory, dc: Controller, someone: str
) -> None:
    theirs, ours = (datetime(2031, month, 1, tzinfo=UTC) for month in (3, 6))
    entry = await read_entry(directory, DN, (EXPIRES,))
    dc.plant(someone, accountExpires=filetime(theirs))
    with pytest.raises(ConflictError, match="Nothing was changed"):
        await set_expiry(directory, entry, was=None, ends=ours)
    with pytest.raises(ConflictError, match="Nothing was changed"):
        await set_expiry(directory, await read_entry(directory, DN, (EXPIRES,)), was=None, ends=ours)
    assert dc.value(WHO, EXPIRES) == filetime(theirs)


async def test_another_password_is_asked_for_and_the_sign_in_says_so(
    directory: LdapDirectory, dc: Controller, opened: Open, someone: str
) -> None:
    dc.plant(someone, userAccountControl="512")
    assert await demand_change(directory, await read_entry(directory, DN, must_change.ATTRIBUTES))
    assert dc.value(WHO, "pwdLastSet") == "0"
    assert not await demand_change(directory, await read_entry(directory, DN, must_change.ATTRIBUTES))
    with pytest.raises(UnauthorizedError, match="must change its password first"):
        await opened(replace(opened.settings, user=f"{WHO}@csrdesk.test")).search(Equal("cn", WHO), ("cn",))


@pytest.mark.parametrize("sid", ["WD", "PS"], ids=["everyone", "itself"])
async def test_none_is_asked_for_where_the_access_list_lets_the_account_change_none(
    directory: LdapDirectory, dc: Controller, someone: str, sid: str
) -> None:
    """What "User cannot change password" of AD's tools writes."""
    dc.plant(someone, userAccountControl="512")
    denied = f"(OD;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;{sid})"
    dc.tool("dsacl", "set", f"--objectdn={someone}", f"--sddl={denied}")
    before = dc.value(WHO, "pwdLastSet")
    with pytest.raises(InvalidValueError, match=r"does not let this account change its password"):
        await demand_change(directory, await read_entry(directory, DN, must_change.ATTRIBUTES))
    assert dc.value(WHO, "pwdLastSet") == before


async def test_none_is_asked_for_where_the_password_never_expires(
    directory: LdapDirectory, dc: Controller, someone: str
) -> None:
    with pytest.raises(InvalidValueError, match="never to expire"):
        await demand_change(directory, await read_entry(directory, DN, must_change.ATTRIBUTES))
    assert dc.value(WHO, "pwdLastSet") != "0"
