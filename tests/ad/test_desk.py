"""The desk's rules with a real controller beside the sandbox's PingOne: whom it finds, and whom it leaves alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from msgspec.structs import replace as with_

from csrdesk.config import PingOneSettings
from csrdesk.flows import directory_effects as de
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import AccountEffect, Effect, Failed, Reply
from csrdesk.flows.result_lines import result_line
from csrdesk.model.account import AccountStatus
from csrdesk.model.devices import Age
from csrdesk.model.proofs import Act
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Options, Sandbox, people
from csrdesk.services.directory.accounts import filetime
from csrdesk.services.directory.port import Change, Control, Directory
from csrdesk.services.directory.protection import HeldAccounts, ProtectedAccounts
from csrdesk.services.performer import Outside, Performer
from csrdesk.services.pingone.api import open_api
from tests.ad.conftest import Open
from tests.ad.controller import DOMAIN, STAFF, Controller
from tests.ad.people import BARE, ELSEWHERE, PASSWORD
from tests.ad.relay import Relay
from tests.services.conftest import AGENT, Links

Make = Callable[[Sandbox, str, str], AccountEffect]
GROUPS = ("Domain Admins", "Enterprise Admins", "Schema Admins", "Administrators", "Account Operators")


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(Options()) as running:
        yield running


@pytest.fixture
def links() -> Links:
    return Links()


@pytest.fixture
async def outside(box: Sandbox, opened: Open, links: Links) -> AsyncIterator[Outside]:
    at = box.settings()
    pingone = PingOneSettings(
        environment_id=at.environment_id, client_id=at.client_id, api_url=at.api_url, auth_url=at.auth_url
    )
    made = Outside(
        pingone=open_api(pingone, Secret(at.client_secret)),
        links=lambda: links,
        directory=opened(),
        protected=ProtectedAccounts(GROUPS),
    )
    yield made
    await made.pingone.close()


async def do(outside: Outside, effect: Effect) -> Reply:
    return await Performer(outside)(effect, Context("flow-1", 3, "call-1", AGENT))


class DiesAfterWriting:
    """A directory whose controller is gone right after it took a change."""

    def __init__(self, directory: Directory, relay: Relay) -> None:
        self._directory = directory
        self._relay = relay

    def __getattr__(self, name: str) -> object:
        return getattr(self._directory, name)

    async def writer(self) -> Directory:
        return cast("Directory", DiesAfterWriting(await self._directory.writer(), self._relay))

    async def modify(self, dn: str, changes: tuple[Change, ...], *, controls: tuple[Control, ...] = ()) -> None:
        await self._directory.modify(dn, changes, controls=controls)
        await self._relay.stop()


def dn_of(username: str) -> str:
    return f"CN={username},OU=Care,{STAFF}"


def disable(box: Sandbox, username: str, dn: str, *, enabled: bool = False) -> fx.SetDirectoryEnabled:
    return fx.SetDirectoryEnabled(
        person_id=box.world.user(username).id, dn=dn, enabled=enabled, act=Act.PROTECT, reason="asked", ticket="INC-1"
    )


def tie(box: Sandbox, username: str, number: str) -> str:
    """Let PingOne keep that customer number for somebody, and no `objectGUID`; gives their id."""
    user = box.world.user(username)
    user.account_id, user.external_id = "", number
    return user.id


async def protection(outside: Outside, person_id: str) -> r.ProtectionRead:
    reply = await do(outside, fx.ReadProtection(person_id=person_id))
    assert isinstance(reply, r.ProtectionRead), reply
    return reply


async def test_somebody_is_tied_to_their_account_by_its_guid(outside: Outside, box: Sandbox) -> None:
    found = await protection(outside, box.world.user("ada").id)
    assert (found.protection.dn, found.protection.reasons) == (dn_of("ada"), ())


async def test_one_account_is_read_whole_from_both_directories(outside: Outside, box: Sandbox) -> None:
    reply = await do(outside, fx.ReadAccount(person_id=box.world.user("ada").id, dn=dn_of("ada")))
    assert isinstance(reply, r.AccountRead)
    assert reply.account.directory is not None
    assert (reply.account.status, reply.account.directory.username) == (AccountStatus.ACTIVE, "ada")


async def test_a_change_names_the_controller_and_says_that_others_follow(outside: Outside, box: Sandbox) -> None:
    for enabled, words in ((False, "disabled"), (True, "enabled")):
        reply = await do(outside, disable(box, "ada", dn_of("ada"), enabled=enabled))
        assert reply == r.DirectoryEnabledSet(enabled, server="dc1.csrdesk.test")
        assert result_line("AD", words, reply).text == f"AD: {words} at dc1.csrdesk.test; other sites follow"


async def test_r_39_an_administrator_whom_ad_itself_does_not_protect_is_refused_by_the_desk(
    outside: Outside, box: Sandbox, dc: Controller
) -> None:
    """The controller would let the service account do it: adm.bare lives in the delegated unit, without adminCount."""
    dn = f"CN={BARE},OU=Administration,{STAFF}"
    who = tie(box, "karim", "4711-009001")
    found = await protection(outside, who)
    assert "administrator in the directory" in found.protection.reasons
    # Whatever was read before, it is looked at once more just before the write.
    reply = await do(outside, disable(box, "karim", dn))
    assert isinstance(reply, Failed)
    assert reply.problem.code == "forbidden"
    assert dc.value(BARE, "userAccountControl") == "512"


@pytest.mark.parametrize("username", [people.PROTECTED, people.PROTECTED_BY_GROUP])
async def test_r_39_an_administrator_by_nested_groups_or_by_their_ids_is_refused(
    outside: Outside, box: Sandbox, dc: Controller, username: str
) -> None:
    dn = f"CN={username},OU=Administration,{STAFF}"
    for protected in (ProtectedAccounts(GROUPS), ProtectedAccounts()):  # by name, and without any name by id
        reply = await do(replace(outside, protected=protected), disable(box, username, dn))
        assert isinstance(reply, Failed)
        assert reply.problem.code == "forbidden"
    assert dc.value(username, "userAccountControl") == "512"


async def test_r_41_whoever_lives_outside_the_desks_units_is_neither_found_nor_changed(
    outside: Outside, box: Sandbox, dc: Controller
) -> None:
    scoped = replace(outside, protected=ProtectedAccounts(GROUPS, scope=(f"OU=Care,{STAFF}",)))
    dn = f"CN={ELSEWHERE},OU=Elsewhere,{DOMAIN}"
    who = tie(box, "karim", "4711-009002")
    assert (await protection(scoped, who)).protection.reasons
    reply = await do(scoped, disable(box, "karim", dn))
    assert isinstance(reply, Failed)
    assert reply.problem.code == "forbidden"
    assert isinstance(await do(scoped, fx.FindUser(person_id="", identifier="elsewhere")), r.NoSuchUser)
    assert isinstance(await do(outside, fx.FindUser(person_id="", identifier="elsewhere")), r.OnlyInDirectory)
    assert not (await protection(scoped, box.world.user("ada").id)).protection.reasons


async def test_r_54_an_account_that_fits_several_people_in_pingone_is_left_alone(
    outside: Outside, box: Sandbox
) -> None:
    number = box.world.user("ada").external_id
    who = tie(box, "karim", number)
    found = await protection(outside, who)
    assert (found.protection.dn, "Several people in PingOne" in found.protection.unchecked) == ("", True)
    # Whom the guid ties is not in doubt.
    assert (await protection(outside, box.world.user("ada").id)).protection.dn == dn_of("ada")


async def test_r_54_an_account_that_only_one_person_fits_is_theirs(outside: Outside, box: Sandbox) -> None:
    who = tie(box, "karim", box.world.user("karim").external_id)
    assert (await protection(outside, who)).protection.dn == dn_of("karim")


async def test_r_54_two_accounts_that_fit_one_person_are_both_left_alone(outside: Outside, box: Sandbox) -> None:
    box.world.user("ada").external_id = box.world.user("bruno").external_id
    found = (await protection(outside, box.world.user("ada").id)).protection
    assert (found.dn, found.reasons) == ("", ("several accounts in the directory match",))


@pytest.mark.parametrize("attribute", ["mail", "userPrincipalName", "sAMAccountName"])
async def test_accounts_are_matched_by_the_attributes_that_settings_name(
    outside: Outside, box: Sandbox, attribute: str
) -> None:
    user = box.world.user("ada")
    user.account_id = user.external_id = ""
    if attribute == "userPrincipalName":
        user.username = "ada@csrdesk.test"
    assert (await protection(outside, user.id)).protection.dn == ""
    assert (await protection(replace(outside, match=(attribute,)), user.id)).protection.dn == dn_of("ada")


async def test_r_37_an_address_that_was_written_to_ad_yesterday_proves_nobody(
    outside: Outside, box: Sandbox, links: Links, dc: Controller
) -> None:
    user = box.world.user("elif")

    async def address() -> Age:
        reply = await do(outside, fx.ReadDevices(person_id=user.id))
        assert isinstance(reply, r.DevicesRead)
        return reply.devices.address

    links.age = Age.UNKNOWN
    assert await address() is Age.OLD
    dc.plant(dn_of("elif"), mail="somebody.else@mail.example")
    assert await address() is Age.UNKNOWN  # not the address that the link goes to
    dc.plant(dn_of("elif"), mail=user.email)
    links.age = Age.OLD
    assert await address() is Age.NEW


async def test_r_49_a_controller_that_is_down_leaves_ads_half_undone_and_says_so(
    outside: Outside, box: Sandbox, opened: Open
) -> None:
    away = opened(with_(opened.settings, controllers=("ldaps://127.255.255.1",)))
    down = replace(outside, directory=away)
    reply = await do(down, disable(box, "ada", dn_of("ada")))
    line = result_line("AD", "disabled", reply)
    assert (line.ok, line.unknown) == (False, False)
    assert line.text.startswith("AD: not disabled. The domain controller 127.255.255.1 cannot be reached")
    account = await do(down, fx.ReadAccount(person_id=box.world.user("ada").id, dn=dn_of("ada")))
    assert isinstance(account, r.AccountRead)
    assert account.account.pingone is not None
    assert "cannot be reached" in account.account.directory_problem


async def test_r_49_a_controller_that_dies_between_write_and_read_back_is_unknown_and_a_retry_is_safe(
    outside: Outside, box: Sandbox, opened: Open, dc: Controller
) -> None:
    async with Relay(dc.address, 636) as relay:
        settings = with_(opened.settings, controllers=(relay.url, dc.url), ad_write_to="first", timeout_seconds=2)
        cut = replace(outside, directory=cast("Directory", DiesAfterWriting(opened(settings), relay)))
        line = result_line("AD", "disabled", await do(cut, disable(box, "bruno", dn_of("bruno"))))
    assert (line.ok, line.unknown) == (False, True)
    again = await do(outside, disable(box, "bruno", dn_of("bruno")))
    assert again == r.DirectoryEnabledSet(enabled=False, changed=False, server="dc1.csrdesk.test")
    assert await do(outside, disable(box, "bruno", dn_of("bruno"), enabled=True)) == r.DirectoryEnabledSet(
        enabled=True, server="dc1.csrdesk.test"
    )


async def test_a_lock_is_ended_and_said(outside: Outside, box: Sandbox, dc: Controller) -> None:
    dc.wrong_passwords("nadia")
    effect = fx.UnlockDirectory(
        person_id=box.world.user("nadia").id, dn=dn_of("nadia"), act=Act.UNLOCK, reason="asked", ticket="INC-2"
    )
    assert await do(outside, effect) == r.Unlocked(server="dc1.csrdesk.test")
    assert await do(outside, effect) == r.Unlocked(changed=False, server="dc1.csrdesk.test")


async def test_the_stamp_names_agent_ticket_and_time(outside: Outside, box: Sandbox, dc: Controller) -> None:
    """`wWWHomePage` stands in for an attribute that the service account may write."""
    at = datetime(2026, 3, 4, 10, 30, tzinfo=UTC)
    stamped = replace(outside, stamp_attribute="wWWHomePage", now=lambda: at)
    sid = dc.value("svc-csrdesk", "objectSid")
    dc.tool(
        "dsacl", "set", f"--objectdn={dn_of('dmitri')}",
        f"--sddl=(OA;CI;RPWP;bf967a7a-0de6-11d0-a285-00aa003049e2;;{sid})",
    )  # fmt: skip
    assert isinstance(await do(stamped, disable(box, "dmitri", dn_of("dmitri"))), r.DirectoryEnabledSet)
    assert dc.value("dmitri", "wWWHomePage") == "csrdesk ad.set_enabled mira INC-1 2026-03-04T10:30:00Z"


SPRING = datetime(2031, 4, 1, tzinfo=UTC)


def let_end(box: Sandbox, username: str, dn: str, was: datetime | None = None) -> AccountEffect:
    who = box.world.user(username).id
    return de.SetDirectoryExpiry(person_id=who, dn=dn, ends_at=SPRING, was=was, act=Act.EXPIRE, reason="leaves")


def ask_anew(box: Sandbox, username: str, dn: str) -> AccountEffect:
    who = box.world.user(username).id
    return de.DemandPasswordChange(person_id=who, dn=dn, act=Act.MUST_CHANGE, reason="on a note")


@pytest.fixture
def leaver(dc: Controller) -> Iterator[str]:
    """An account of the test's own, which may end."""
    dn = dn_of("leaver.test")
    dc.add(dn, objectClass="user", sAMAccountName="leaver.test", userAccountControl="512", password=PASSWORD)
    yield dn
    dc.delete(dn)


BOTH = pytest.mark.parametrize("make", [let_end, ask_anew], ids=["last day", "must change"])


@BOTH
async def test_what_is_changed_in_ad_alone_names_the_controller_and_is_not_written_twice(
    outside: Outside, box: Sandbox, leaver: str, make: Make
) -> None:
    assert await do(outside, make(box, "ada", leaver)) == r.DirectoryChanged(server="dc1.csrdesk.test")
    again = await do(outside, make(box, "ada", leaver))
    assert again == r.DirectoryChanged(changed=False, server="dc1.csrdesk.test")
    read = await do(outside, fx.ReadAccount(person_id=box.world.user("ada").id, dn=leaver))
    assert isinstance(read, r.AccountRead)
    found = read.account.directory
    assert found is not None
    assert (found.expires_at == SPRING) is (make is let_end)
    assert found.must_change_password is (make is ask_anew)


@BOTH
async def test_r_39_neither_is_done_to_an_administrator_whom_ad_itself_does_not_protect(
    outside: Outside, box: Sandbox, dc: Controller, make: Make
) -> None:
    before = [dc.value(BARE, name) for name in ("accountExpires", "pwdLastSet")]
    reply = await do(outside, make(box, "karim", f"CN={BARE},OU=Administration,{STAFF}"))
    assert isinstance(reply, Failed)
    assert reply.problem.code == "forbidden"
    assert [dc.value(BARE, name) for name in ("accountExpires", "pwdLastSet")] == before


@BOTH
async def test_r_49_either_is_unknown_where_the_controller_dies_before_it_is_read_back(
    outside: Outside, box: Sandbox, opened: Open, dc: Controller, leaver: str, make: Make
) -> None:
    async with Relay(dc.address, 636) as relay:
        settings = with_(opened.settings, controllers=(relay.url, dc.url), ad_write_to="first", timeout_seconds=2)
        cut = replace(outside, directory=cast("Directory", DiesAfterWriting(opened(settings), relay)))
        line = result_line("AD", "set", await do(cut, make(box, "ada", leaver)))
    assert (line.ok, line.unknown) == (False, True)
    again = await do(outside, make(box, "ada", leaver))
    assert again == r.DirectoryChanged(changed=False, server="dc1.csrdesk.test")


async def test_r_53_no_account_that_is_held_is_let_live_longer(
    outside: Outside, box: Sandbox, dc: Controller, leaver: str
) -> None:
    was = SPRING - timedelta(days=30)
    dc.plant(leaver, accountExpires=filetime(was))
    held = replace(outside, held=HeldAccounts(units=(f"OU=Care,{STAFF}",)))
    reply = await do(held, let_end(box, "ada", leaver, was))
    assert isinstance(reply, Failed)
    assert reply.problem.code == "forbidden"
    assert dc.value("leaver.test", "accountExpires") == filetime(was)
