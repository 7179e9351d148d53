from __future__ import annotations

from datetime import timedelta

import pytest

from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import AccountEffect, Failed
from csrdesk.model.account import Account, Lock
from csrdesk.model.proofs import Act
from csrdesk.sandbox import Sandbox, people
from csrdesk.sandbox.model import Lock as PingOneLock
from tests.services.conftest import Do
from tests.services.test_accounts import dn_of, read


def unlock(box: Sandbox, username: str, lock: Lock) -> AccountEffect:
    who, why = box.world.user(username).id, "typed it wrong"
    match lock:
        case Lock.DIRECTORY:
            return fx.UnlockDirectory(person_id=who, dn=dn_of(box, username), act=Act.UNLOCK, reason=why)
        case Lock.PINGONE:
            return fx.UnlockPingOne(person_id=who, act=Act.UNLOCK, reason=why)
        case Lock.PASSWORD:
            return fx.UnlockPassword(person_id=who, act=Act.UNLOCK, reason=why)


def locked(box: Sandbox, username: str = "bruno") -> str:
    """Somebody whose account and password and one device are locked everywhere."""
    user, now = box.world.user(username), box.clock.now()
    user.lock = PingOneLock(locked_at=now, unlock_at=now + timedelta(hours=1))
    user.password.status = "OK"
    user.password.locked_until = now + timedelta(hours=1)
    user.devices[0].locked_until = now + timedelta(hours=1)
    mateo = box.world.entry(people.AD_LOCKED).attributes["lockoutTime"]
    box.world.entry(username).attributes["lockoutTime"] = mateo
    return username


async def locks(do: Do, box: Sandbox, username: str) -> tuple[Lock, ...]:
    account: Account = await read(do, box, username)
    return account.locks


@pytest.mark.parametrize("lock", Lock)
async def test_r_52_each_act_ends_one_lock_and_leaves_the_others(do: Do, box: Sandbox, lock: Lock) -> None:
    who = locked(box)
    assert await locks(do, box, who) == tuple(Lock)
    reply = await do(unlock(box, who, lock))
    assert isinstance(reply, r.Unlocked), reply
    assert reply.changed
    assert bool(reply.correlation_id) is (lock is not Lock.DIRECTORY)
    assert await locks(do, box, who) == tuple(other for other in Lock if other is not lock)


async def test_r_52_no_unlock_opens_a_device_or_enables_an_account(do: Do, box: Sandbox) -> None:
    who = locked(box)
    user, entry = box.world.user(who), box.world.entry(who)
    user.enabled = False
    entry.attributes["userAccountControl"] = ["514"]
    before = user.devices[0].locked_until
    for lock in Lock:
        assert isinstance(await do(unlock(box, who, lock)), r.Unlocked)
    assert (user.enabled, entry.first("userAccountControl"), user.devices[0].locked_until) == (False, "514", before)


async def test_r_52_an_enable_leaves_every_lock_as_it_is(do: Do, box: Sandbox) -> None:
    who = locked(box)
    box.world.user(who).enabled = False
    enable = fx.SetPingOneEnabled(person_id=box.world.user(who).id, enabled=True, act=Act.ENABLE, reason="found")
    assert isinstance(await do(enable), r.PingOneEnabledSet)
    assert await locks(do, box, who) == tuple(Lock)


@pytest.mark.parametrize("lock", Lock)
async def test_what_is_not_locked_is_not_written(do: Do, box: Sandbox, lock: Lock) -> None:
    box.faults.add(method="POST", path="/(users/[^/]+|password|modify)$", status=500)
    assert await do(unlock(box, "ada", lock)) == r.Unlocked(changed=False)


@pytest.mark.parametrize("lock", Lock)
async def test_r_48_an_unlock_that_is_ignored_is_a_failure(do: Do, box: Sandbox, lock: Lock) -> None:
    who = locked(box)
    box.faults.add(method="POST", path="/(users/[^/]+|password|modify)$", ignore_write=True)
    reply = await do(unlock(box, who, lock))
    assert isinstance(reply, Failed)
    assert reply.problem.code == "read_back"
    assert "still locked" in reply.problem.message


@pytest.mark.parametrize("lock", Lock)
async def test_r_49_one_side_down_leaves_the_others_to_be_unlocked_and_can_be_tried_again(
    do: Do, box: Sandbox, lock: Lock
) -> None:
    who = locked(box)
    where = {Lock.DIRECTORY: "/modify$", Lock.PINGONE: "/users/[^/]+$", Lock.PASSWORD: "/password$"}[lock]
    fault = box.faults.add(method="POST", path=where, status=503)
    replies = [await do(unlock(box, who, each)) for each in Lock]
    assert [isinstance(reply, Failed) for reply in replies] == [each is lock for each in Lock]
    assert await locks(do, box, who) == (lock,)
    box.faults.clear(fault)
    again = [await do(unlock(box, who, each)) for each in Lock]
    assert [reply.changed for reply in again if isinstance(reply, r.Unlocked)] == [each is lock for each in Lock]
    assert await locks(do, box, who) == ()


@pytest.mark.parametrize("lock", Lock)
async def test_a_protected_account_is_not_unlocked(do: Do, box: Sandbox, lock: Lock) -> None:
    reply = await do(unlock(box, locked(box, people.PROTECTED), lock))
    assert isinstance(reply, Failed)
    assert reply.problem.code == "forbidden"


async def test_without_a_directory_there_is_nothing_to_unlock_there(do: Do, box: Sandbox) -> None:
    reply = await do(fx.UnlockDirectory(person_id=box.world.user("ada").id, dn="CN=x", act=Act.UNLOCK, reason="r"))
    assert isinstance(reply, Failed)
    assert reply.problem.code == "not_found"
