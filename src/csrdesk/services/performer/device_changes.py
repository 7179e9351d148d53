"""Changing one device of a verified caller: looked at once more, written only where needed, and read back."""

from __future__ import annotations

from csrdesk.errors import NotFoundError, ReadBackError
from csrdesk.flows.device_effects import ChangeDevice
from csrdesk.flows.device_replies import DeviceChanged
from csrdesk.flows.doors import Context
from csrdesk.model.devices import DeviceChange
from csrdesk.services.performer.outside import Outside
from csrdesk.services.performer.protection import refuse_protected_user
from csrdesk.services.pingone import devices
from csrdesk.services.pingone.api import Api
from csrdesk.services.pingone.devices import MfaDevice
from csrdesk.services.pingone.errors import SYSTEM

_VERBS = {
    DeviceChange.BLOCK: "device.block",
    DeviceChange.UNBLOCK: "device.unblock",
    DeviceChange.UNLOCK: "device.unlock",
}


async def change_device(effect: ChangeDevice, context: Context, outside: Outside) -> DeviceChanged:
    """Raises `NotFoundError` where the device is gone, and `ReadBackError` where PingOne did not do what it said."""
    user = await refuse_protected_user(effect.person_id, context, outside)
    found = await devices.read_all(outside.pingone, user.id)
    if not any(device.id == effect.device_id for device in found):
        raise NotFoundError("That device is not registered any more. Nothing was changed.")
    if _is_done(effect, found):
        return DeviceChanged(changed=False)
    correlation_id = await _write(outside.pingone, user.id, effect, found)
    if not _is_done(effect, await devices.read_all(outside.pingone, user.id)):
        words = "PingOne said that it was done, but the device is as it was."
        raise ReadBackError(words, system=SYSTEM, correlation_id=correlation_id)
    return DeviceChanged(correlation_id=correlation_id)


async def _write(api: Api, user_id: str, effect: ChangeDevice, found: tuple[MfaDevice, ...]) -> str:
    match effect.change:
        case DeviceChange.REMOVE:
            return await devices.remove(api, user_id, effect.device_id)
        case DeviceChange.RENAME:
            return await devices.rename(api, user_id, effect.device_id, effect.nickname)
        case DeviceChange.DEFAULT:
            others = tuple(device.id for device in found if device.id != effect.device_id)
            return await devices.reorder(api, user_id, (effect.device_id, *others))
        case verb:
            return await devices.act(api, user_id, effect.device_id, _VERBS[verb])


def _is_done(effect: ChangeDevice, found: tuple[MfaDevice, ...]) -> bool:
    """Whether the devices are already as the change would make them."""
    device = next((device for device in found if device.id == effect.device_id), None)
    match effect.change:
        case DeviceChange.REMOVE:
            return device is None
        case _ if device is None:
            return False
        case DeviceChange.BLOCK | DeviceChange.UNBLOCK as wanted:
            return (device.block.status == "BLOCKED") is (wanted is DeviceChange.BLOCK)
        case DeviceChange.UNLOCK:
            return device.lock.status != "LOCKED"
        case DeviceChange.RENAME:
            return device.nickname == effect.nickname
        case _:
            return found[0].id == effect.device_id
