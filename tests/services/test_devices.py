from __future__ import annotations

from datetime import timedelta

import pytest

from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Failed
from csrdesk.model.devices import Age, Devices, Strength
from csrdesk.sandbox import Sandbox, people
from csrdesk.services.performer.people import is_same_mailbox
from tests.services.conftest import Do, Links


async def read(do: Do, box: Sandbox, username: str) -> Devices:
    at = box.settings()
    reply = await do(fx.ReadDevices(person_id=box.world.user(username).id, policy_id=at.mfa_policy_id))
    assert isinstance(reply, r.DevicesRead), reply
    return reply.devices


async def test_devices_are_read_with_addresses_masked(do: Do, box: Sandbox) -> None:
    found = await read(do, box, people.SEVERAL_DEVICES)
    shown = {(device.type, device.nickname, device.address) for device in found.devices}
    assert shown == {
        ("TOTP", "Authenticator", ""),
        ("SMS", "Work phone", "+44 *** *** 42"),
        ("VOICE", "Ward phone", "+44 *** *** 42"),
        ("EMAIL", "Private mail", "b***o@h***.example"),
    }
    assert found.mfa_enabled
    assert found.refused == ""


async def test_a_locked_device_counts_as_registered_and_not_as_usable(do: Do, box: Sandbox) -> None:
    found = await read(do, box, people.DEVICE_LOCKED)
    assert len(found.registered) == 1
    assert found.usable(("SMS",)) == ()


async def test_r_37_a_device_says_since_when_it_is_there_and_from_when_it_counts(do: Do, box: Sandbox) -> None:
    (old,) = (await read(do, box, people.ONE_DEVICE)).devices
    assert old.since
    assert old.counts_from is None
    device = box.world.user(people.ONE_DEVICE).devices[0]
    device.created_at = box.clock.now() - timedelta(hours=71)
    (new,) = (await read(do, box, people.ONE_DEVICE)).devices
    assert new.age is Age.NEW
    assert new.since
    assert new.counts_from == new.since + timedelta(hours=72)
    device.created_at = box.clock.now() - timedelta(hours=73)
    (again,) = (await read(do, box, people.ONE_DEVICE)).devices
    assert again.counts_from is None


async def test_r_34_a_device_on_the_links_own_mailbox_proves_nothing_in_any_letter_case(do: Do, box: Sandbox) -> None:
    found = await read(do, box, people.SAME_MAILBOX)
    (device,) = found.devices
    assert device.same_mailbox
    assert device.strength is Strength.NONE
    assert found.registered == ()
    elsewhere = await read(do, box, people.EMAIL_ELSEWHERE)
    assert [one.strength for one in elsewhere.registered] == [Strength.WEAK]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a@b.example", " A@B.EXAMPLE ", True),
        ("straße@b.example", "STRASSE@b.example", True),
        ("e\u0301va@b.example", "\u00e9va@b.example", True),
        ("a@b.example", "a+x@b.example", False),
        ("", "", False),
    ],
)
def test_mailboxes_are_compared_whole_whatever_the_letter_case(one: str, other: str, same: bool) -> None:
    assert is_same_mailbox(one, other) is same


async def test_a_switch_that_is_off_is_told(do: Do, box: Sandbox) -> None:
    found = await read(do, box, people.MFA_OFF)
    assert not found.mfa_enabled
    assert len(found.registered) == 1


async def test_a_disabled_user_is_one_whom_pingone_would_not_ask(do: Do, box: Sandbox) -> None:
    assert (await read(do, box, people.DISABLED_BY_OTHERS)).refused == "disabled"


async def test_a_locked_user_can_be_asked_only_under_a_policy_that_ignores_locks(do: Do, box: Sandbox) -> None:
    assert (await read(do, box, people.PINGONE_LOCKED)).refused == ""
    default = await do(fx.ReadDevices(person_id=box.world.user(people.PINGONE_LOCKED).id))
    assert isinstance(default, r.DevicesRead)
    assert default.devices.refused == "locked"


async def test_without_the_right_to_read_policies_a_locked_user_counts_as_refused(do: Do, box: Sandbox) -> None:
    box.faults.add(path="/deviceAuthenticationPolicies", status=403)
    assert (await read(do, box, people.PINGONE_LOCKED)).refused == "locked"


async def test_the_address_just_read_is_told_so_that_links_to_another_end(do: Do, box: Sandbox, links: Links) -> None:
    await read(do, box, people.ONE_DEVICE)
    assert links.told == [("saw", f"{box.world.user('ada').id} ada@mail.example")]


async def test_a_policy_is_asked_for_once_a_minute(do: Do, box: Sandbox) -> None:
    await read(do, box, people.ONE_DEVICE)
    box.faults.add(path="/deviceAuthenticationPolicies", status=503)
    await read(do, box, people.ONE_DEVICE)


async def test_devices_that_cannot_be_read_are_a_failure_and_not_no_devices(do: Do, box: Sandbox) -> None:
    box.faults.add(path="/devices$", wrong_shape=True)
    reply = await do(fx.ReadDevices(person_id=box.world.user("ada").id))
    assert isinstance(reply, Failed)
    assert reply.problem.code == "unexpected_answer"


async def test_a_lock_that_has_run_out_is_gone(do: Do, box: Sandbox) -> None:
    box.clock.move(timedelta(days=31))
    assert not (await read(do, box, people.DEVICE_LOCKED)).devices[0].locked


async def test_r_37_a_device_registered_in_the_last_three_days_is_registered_and_cannot_be_used(
    do: Do, box: Sandbox
) -> None:
    user, now = box.world.user(people.ONE_DEVICE), box.clock.now()
    user.devices[0].created_at = now - timedelta(hours=71)
    found = await read(do, box, people.ONE_DEVICE)
    assert [device.age for device in found.registered] == [Age.NEW]
    assert found.usable(("SMS",)) == ()
    user.devices[0].created_at = now - timedelta(hours=73)
    found = await read(do, box, people.ONE_DEVICE)
    assert [device.age for device in found.usable(("SMS",))] == [Age.OLD]


@pytest.mark.parametrize(
    ("hours", "record", "age"),
    [
        (71, Age.OLD, Age.NEW),
        (73, Age.OLD, Age.OLD),
        (73, Age.NEW, Age.NEW),
        (73, Age.UNKNOWN, Age.UNKNOWN),
        (71, Age.UNKNOWN, Age.NEW),
    ],
)
async def test_r_37_of_account_and_own_record_the_strictest_decides_on_the_address(
    do: Do, box: Sandbox, links: Links, hours: int, record: Age, age: Age
) -> None:
    links.age = record
    box.world.user(people.ONE_DEVICE).created_at = box.clock.now() - timedelta(hours=hours)
    assert (await read(do, box, people.ONE_DEVICE)).address is age
