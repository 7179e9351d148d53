from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Failed
from csrdesk.model.account import Account, AccountStatus
from csrdesk.model.proofs import Act
from csrdesk.sandbox import Sandbox, people
from csrdesk.services.directory.accounts import moment
from csrdesk.services.performer import Outside, Performer
from tests.services.conftest import AGENT, Do, Links


def dn_of(box: Sandbox, username: str) -> str:
    try:
        return box.world.entry(username).dn
    except KeyError:
        return ""


async def read(do: Do, box: Sandbox, username: str) -> Account:
    reply = await do(fx.ReadAccount(person_id=box.world.user(username).id, dn=dn_of(box, username)))
    assert isinstance(reply, r.AccountRead), reply
    return reply.account


def set_pingone(box: Sandbox, username: str, *, enabled: bool) -> fx.SetPingOneEnabled:
    who = box.world.user(username).id
    return fx.SetPingOneEnabled(person_id=who, enabled=enabled, act=Act.DISABLE, reason="asked for it")


def set_directory(box: Sandbox, username: str, *, enabled: bool) -> fx.SetDirectoryEnabled:
    who = box.world.user(username).id
    return fx.SetDirectoryEnabled(
        person_id=who, dn=dn_of(box, username), enabled=enabled, act=Act.DISABLE, reason="asked for it"
    )


def end_sessions(box: Sandbox, username: str) -> fx.EndSessions:
    return fx.EndSessions(person_id=box.world.user(username).id, act=Act.DISABLE, reason="asked for it")


@pytest.mark.parametrize(
    ("username", "status", "obstacle"),
    [
        (people.ONE_DEVICE, AccountStatus.ACTIVE, None),
        (people.DISABLED_BY_DESK, AccountStatus.DISABLED, "disabled in AD"),
        (people.AD_LOCKED, AccountStatus.LOCKED, "locked in AD"),
        (people.PINGONE_LOCKED, AccountStatus.LOCKED, "locked in PingOne"),
        (people.EXPIRED, AccountStatus.EXPIRED, "the AD account has expired"),
        (people.PASSWORD_EXPIRED, AccountStatus.PASSWORD_EXPIRED, "AD password expired"),
        (people.MUST_CHANGE, AccountStatus.MUST_CHANGE_PASSWORD, "must change the AD password"),
    ],
)
async def test_each_trouble_is_read_as_what_it_is(
    do: Do, box: Sandbox, username: str, status: AccountStatus, obstacle: str | None
) -> None:
    account = await read(do, box, username)
    assert account.status is status
    assert obstacle is None or obstacle in account.obstacles
    assert (account.pingone_problem, account.directory_problem) == ("", "")


async def test_somebody_only_in_pingone_has_that_half_alone(do: Do, box: Sandbox) -> None:
    account = await read(do, box, people.ONLY_PINGONE)
    assert account.pingone is not None
    assert account.directory is None
    assert account.directory_problem == ""


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 401}, {"wrong_shape": True}, {"cut": True}])
async def test_a_directory_that_fails_is_said_beside_pingones_half(
    do: Do, box: Sandbox, fault: dict[str, object]
) -> None:
    box.faults.add(path="^/directory", **fault)
    account = await read(do, box, "ada")
    assert account.pingone_enabled
    assert account.directory is None
    assert account.directory_problem.startswith("The directory")


@pytest.mark.parametrize("where", ["/users/[^/]+$", "/password$"])
async def test_pingone_failing_is_said_beside_the_directorys_half(do: Do, box: Sandbox, where: str) -> None:
    box.faults.add(path=where, status=503)
    account = await read(do, box, "ada")
    assert account.directory_enabled
    assert account.pingone is None
    assert account.pingone_problem.startswith("PingOne")


async def test_only_both_failing_is_a_failure(do: Do, box: Sandbox) -> None:
    box.faults.add(path="^/(v1|directory)", status=503)
    reply = await do(fx.ReadAccount(person_id=box.world.user("ada").id, dn=dn_of(box, "ada")))
    assert isinstance(reply, Failed)
    alone = await do(fx.ReadAccount(person_id=box.world.user("ada").id))
    assert isinstance(alone, Failed)


async def test_the_switch_is_written_in_both_directories_and_back(do: Do, box: Sandbox) -> None:
    for enabled in (False, True):
        one = await do(set_pingone(box, "ada", enabled=enabled))
        other = await do(set_directory(box, "ada", enabled=enabled))
        assert isinstance(one, r.PingOneEnabledSet)
        assert isinstance(other, r.DirectoryEnabledSet)
        assert one.correlation_id
        assert (one.enabled, one.changed, other.enabled, other.changed) == (enabled, True, enabled, True)
        account = await read(do, box, "ada")
        assert (account.pingone_enabled, account.directory_enabled) == (enabled, enabled)


async def test_what_is_so_already_is_not_written_again(do: Do, box: Sandbox) -> None:
    box.faults.add(method="PUT", status=500)
    box.faults.add(path="^/directory/modify", status=500)
    assert await do(set_pingone(box, "ada", enabled=True)) == r.PingOneEnabledSet(enabled=True, changed=False)
    assert await do(set_directory(box, "ada", enabled=True)) == r.DirectoryEnabledSet(enabled=True, changed=False)


async def test_r_48_a_write_that_pingone_ignores_is_a_failure(do: Do, box: Sandbox) -> None:
    box.faults.add(method="PUT", path="/enabled$", ignore_write=True)
    reply = await do(set_pingone(box, "ada", enabled=False))
    assert isinstance(reply, Failed)
    assert reply.problem.code == "read_back"
    assert "still enabled" in reply.problem.message


async def test_r_48_a_write_that_the_directory_ignores_is_a_failure(do: Do, box: Sandbox) -> None:
    box.faults.add(path="^/directory/modify", ignore_write=True)
    reply = await do(set_directory(box, "ada", enabled=False))
    assert isinstance(reply, Failed)
    assert reply.problem.code == "read_back"


async def test_r_48_sessions_that_do_not_end_are_a_failure(do: Do, box: Sandbox) -> None:
    box.faults.add(method="DELETE", ignore_write=True)
    reply = await do(end_sessions(box, "ada"))
    assert isinstance(reply, Failed)
    assert reply.problem.code == "read_back"


async def test_only_the_one_bit_of_the_directorys_control_bits_changes(do: Do, box: Sandbox) -> None:
    box.world.entry("ada").attributes["userAccountControl"] = [str(0x10200)]
    await do(set_directory(box, "ada", enabled=False))
    assert box.world.entry("ada").first("userAccountControl") == str(0x10202)
    await do(set_directory(box, "ada", enabled=True))
    assert box.world.entry("ada").first("userAccountControl") == str(0x10200)


async def test_r_50_every_session_is_ended_though_a_listing_shows_ten(do: Do, box: Sandbox) -> None:
    count = len(box.world.user(people.SEVERAL_DEVICES).sessions)
    assert count > 10
    reply = await do(end_sessions(box, people.SEVERAL_DEVICES))
    assert isinstance(reply, r.SessionsEnded)
    assert reply.count == count
    assert box.world.user(people.SEVERAL_DEVICES).sessions == []


async def test_r_50_what_no_end_of_a_session_reaches_is_told_with_the_count(
    do: Do, box: Sandbox, outside: Outside
) -> None:
    telling = Performer(replace(outside, lives_on="apps up to 60 min"))
    reply = await telling(end_sessions(box, people.SEVERAL_DEVICES), Context("flow-1", 3, "call-1", AGENT))
    assert isinstance(reply, r.SessionsEnded)
    assert (reply.count > 10, reply.lives_on) == (True, "apps up to 60 min")


async def test_no_sessions_are_no_failure(do: Do, box: Sandbox) -> None:
    assert await do(end_sessions(box, people.NO_DEVICE)) == r.SessionsEnded(0)


async def test_somebody_whom_pingone_does_not_know_is_not_found(do: Do) -> None:
    reply = await do(fx.ReadAccount(person_id="00000000-0000-0000-0000-000000000000"))
    assert isinstance(reply, Failed)
    assert reply.problem.code == "not_found"


async def test_whether_sign_ins_are_left_is_read_without_ending_one(do: Do, box: Sandbox) -> None:
    user = box.world.user("ada")
    left = fx.ReadSessions(person_id=user.id)
    assert await do(left) == r.SessionsRead(len(user.sessions))
    await do(end_sessions(box, "ada"))
    assert await do(left) == r.SessionsRead(0)


async def test_where_the_directory_was_down_its_entry_is_looked_for_when_the_account_is_read(
    do: Do, box: Sandbox
) -> None:
    effect = fx.ReadAccount(person_id=box.world.user("ada").id)
    fault = box.faults.add(path="^/directory", status=503)
    reply = await do(effect)
    assert isinstance(reply, r.AccountRead)
    assert (reply.account.directory, bool(reply.account.directory_problem)) == (None, True)
    box.faults.clear(fault)
    reply = await do(effect)
    assert isinstance(reply, r.AccountRead)
    assert reply.account.directory
    assert reply.account.directory.dn == dn_of(box, "ada")


@pytest.mark.parametrize("username", [people.ONLY_PINGONE])
async def test_somebody_without_an_entry_has_none_and_no_problem(do: Do, box: Sandbox, username: str) -> None:
    account = await read(do, box, username)
    assert (account.directory, account.directory_problem) == (None, "")


async def test_r_39_an_entry_that_is_found_late_and_is_protected_is_not_read_for_an_act(do: Do, box: Sandbox) -> None:
    reply = await do(fx.ReadAccount(person_id=box.world.user(people.PROTECTED_BY_GROUP).id))
    assert isinstance(reply, Failed)
    assert reply.problem.code == "forbidden"
    box.world.entry("bruno").attributes["employeeID"] = ["4711-000041"]
    reply = await do(fx.ReadAccount(person_id=box.world.user("ada").id))
    assert isinstance(reply, Failed)
    assert "several accounts" in reply.problem.details


@pytest.mark.parametrize(("minutes", "again"), [(1, True), (29, True), (31, False)])
async def test_a_lock_soon_after_the_desks_own_unlock_is_told_with_what_causes_it(
    do: Do, box: Sandbox, links: Links, minutes: int, *, again: bool
) -> None:
    user, entry = box.world.user(people.AD_LOCKED), box.world.entry(people.AD_LOCKED)
    locked_at = moment(int(entry.first("lockoutTime")))
    assert locked_at is not None
    links.unlocked = locked_at - timedelta(minutes=minutes)
    reply = await do(fx.ReadAccount(person_id=user.id, dn=entry.dn))
    assert isinstance(reply, r.AccountRead)
    said = "an old password is saved on a phone, a drive or a VPN"
    assert any(said in words for words in reply.account.obstacles) is again
