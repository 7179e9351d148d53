from __future__ import annotations

import pytest

from csrdesk.sandbox import ids, people
from tests.sandbox.conftest import Desk, error_of


def url(desk: Desk, username: str, index: int = 0, path: str = "") -> str:
    device = desk.box.world.user(username).devices[index]
    return desk.user_url(username, f"/devices/{device.id}{path}")


async def test_a_blocked_device_is_of_no_use_until_it_is_unblocked(desk: Desk) -> None:
    blocked = await desk.verb(url(desk, people.ONE_DEVICE), "device.block")
    assert blocked.json()["block"]["status"] == "BLOCKED"
    assert (await desk.authenticate(people.ONE_DEVICE)).json()["status"] == "FAILED"
    unblocked = await desk.verb(url(desk, people.ONE_DEVICE), "device.unblock")
    assert unblocked.json()["block"] == {"status": "UNBLOCKED"}
    assert (await desk.authenticate(people.ONE_DEVICE)).json()["status"] == "OTP_REQUIRED"


async def test_unlocking_ends_the_time_after_wrong_passcodes(desk: Desk) -> None:
    assert (await desk.authenticate(people.DEVICE_LOCKED)).json()["status"] == "FAILED"
    unlocked = await desk.verb(url(desk, people.DEVICE_LOCKED), "device.unlock")
    assert unlocked.json()["lock"] == {"status": "UNLOCKED"}
    assert (await desk.authenticate(people.DEVICE_LOCKED)).json()["status"] == "OTP_REQUIRED"


async def test_a_name_is_echoed_and_kept(desk: Desk) -> None:
    named = await desk.http.put(url(desk, people.ONE_DEVICE, 0, "/nickname"), json={"nickname": "Red phone"})
    assert named.json()["nickname"] == "Red phone"
    assert (await desk.http.get(url(desk, people.ONE_DEVICE))).json()["nickname"] == "Red phone"


@pytest.mark.parametrize("nickname", ["", "  ", "x" * 101])
async def test_an_empty_or_endless_name_is_refused(desk: Desk, nickname: str) -> None:
    refused = await desk.http.put(url(desk, people.ONE_DEVICE, 0, "/nickname"), json={"nickname": nickname})
    assert error_of(refused) == (400, "INVALID_DATA", "INVALID_VALUE")


async def test_a_removed_device_is_gone_with_its_passkey(desk: Desk) -> None:
    where = url(desk, people.ONLY_PASSKEY)
    assert (await desk.http.delete(where)).status_code == 204
    assert (await desk.http.get(where)).status_code == 404
    assert people.ONLY_PASSKEY not in {key.username for key in desk.box.world.passkeys}


async def test_the_order_that_is_asked_for_decides_what_comes_first(desk: Desk) -> None:
    devices = desk.box.world.user(people.SEVERAL_DEVICES).devices
    order = {"order": [{"id": devices[2].id}, {"id": devices[0].id}]}
    answer = await desk.verb(desk.user_url(people.SEVERAL_DEVICES, "/devices"), "devices.reorder", order)
    assert [device["type"] for device in answer.json()["_embedded"]["devices"]] == ["TOTP", "SMS", "EMAIL", "VOICE"]
    first = await desk.authenticate(people.SEVERAL_DEVICES, policy=ids.DEFAULT_MFA_POLICY)
    assert first.json()["selectedDevice"]["id"] == devices[2].id


async def test_an_order_of_unknown_or_doubled_devices_is_refused(desk: Desk) -> None:
    (one, *_) = desk.box.world.user(people.SEVERAL_DEVICES).devices
    for order in ([{"id": "nobody"}], [{"id": one.id}, {"id": one.id}]):
        body = {"order": order}
        refused = await desk.verb(desk.user_url(people.SEVERAL_DEVICES, "/devices"), "devices.reorder", body)
        assert error_of(refused) == (400, "INVALID_DATA", "INVALID_VALUE")


async def test_the_fido2_policy_names_the_site_of_the_passkeys(desk: Desk) -> None:
    (policy,) = (await desk.http.get(desk.api("/fido2Policies"))).json()["_embedded"]["fido2Policies"]
    assert policy["relyingPartyId"] == "localhost"
    assert (await desk.http.get(desk.api(f"/fido2Policies/{policy['id']}"))).json() == policy
    assert (await desk.http.get(desk.api("/fido2Policies/nothing"))).status_code == 404
