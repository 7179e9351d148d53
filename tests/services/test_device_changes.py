from __future__ import annotations

import pytest

from csrdesk.flows.device_effects import ChangeDevice
from csrdesk.flows.device_replies import DeviceChanged
from csrdesk.flows.kernel import Failed
from csrdesk.model.devices import DeviceChange
from csrdesk.model.proofs import Act
from csrdesk.sandbox import Sandbox, people
from csrdesk.sandbox.model import Device
from tests.services.conftest import Do

WHO = people.SEVERAL_DEVICES


def first(box: Sandbox) -> Device:
    return box.world.user(WHO).devices[0]


def effect(box: Sandbox, change: DeviceChange, index: int = 0, **more: str) -> ChangeDevice:
    user = box.world.user(WHO)
    device_id = more.pop("device_id", user.devices[index].id)
    why = {"act": Act.DEVICES, "reason": "Lost", "nickname": more.pop("nickname", "")}
    return ChangeDevice(person_id=user.id, device_id=device_id, change=change, **why)  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [DeviceChange.BLOCK, DeviceChange.RENAME, DeviceChange.REMOVE])
async def test_a_change_is_made_and_not_made_twice(do: Do, box: Sandbox, change: DeviceChange) -> None:
    wanted = effect(box, change, nickname="Red phone" if change is DeviceChange.RENAME else "")
    reply = await do(wanted)
    assert isinstance(reply, DeviceChanged), reply
    assert reply.changed
    assert reply.correlation_id
    again = await do(wanted)
    if change is DeviceChange.REMOVE:
        assert isinstance(again, Failed)
        assert again.problem.code == "not_found"
    else:
        assert again == DeviceChanged(changed=False)


async def test_blocking_unlocking_and_order_are_what_pingone_has_then(do: Do, box: Sandbox) -> None:
    await do(effect(box, DeviceChange.BLOCK))
    assert first(box).blocked_at
    await do(effect(box, DeviceChange.UNBLOCK))
    assert first(box).blocked_at is None
    first(box).locked_until = box.clock.now().replace(year=box.clock.now().year + 1)
    assert await do(effect(box, DeviceChange.UNLOCK)) != DeviceChanged(changed=False)
    assert first(box).locked_until is None
    third = box.world.user(WHO).devices[2].id
    await do(effect(box, DeviceChange.DEFAULT, 2))
    assert first(box).id == third
    assert await do(effect(box, DeviceChange.DEFAULT)) == DeviceChanged(changed=False)


async def test_r_48_a_change_that_pingone_ignores_is_a_failure(do: Do, box: Sandbox) -> None:
    box.faults.add(path="/devices/", ignore_write=True)
    reply = await do(effect(box, DeviceChange.BLOCK))
    assert isinstance(reply, Failed)
    assert "the device is as it was" in reply.problem.message


async def test_r_39_no_device_of_a_protected_person_is_changed(do: Do, box: Sandbox) -> None:
    user = box.world.user(people.PROTECTED)
    change = ChangeDevice(
        person_id=user.id, device_id=user.devices[0].id, change=DeviceChange.REMOVE, act=Act.DEVICES, reason="Lost"
    )
    reply = await do(change)
    assert isinstance(reply, Failed)
    assert user.devices
