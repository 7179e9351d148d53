"""What PingOne's counting of failures means to whoever shows a device: the tries left, and whether it is locked.

PingOne's answer to a wrong passcode says neither, so the policy tells the limit, this desk's audit the wrong ones in a
row, and the device, read again, whether PingOne has locked it by now.
"""

from __future__ import annotations

import asyncio

from csrdesk.errors import ServiceError
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.device_inputs import NOT_USABLE
from csrdesk.flows.kernel import Failed, Problem
from csrdesk.services.attempts import attempt
from csrdesk.services.performer.outside import Outside
from csrdesk.services.pingone import devices
from csrdesk.services.pingone.devices import MfaDevice
from csrdesk.services.pingone.policies import MfaPolicy


async def after_wrong(effect: fx.CheckPasscode, outside: Outside, correlation_id: str) -> r.PasscodeWrong:
    """The wrong passcode, with the tries that are left where that can be known."""
    async with asyncio.TaskGroup() as group:
        listing = group.create_task(attempt(devices.read_all(outside.pingone, effect.person_id)))
        deciding = group.create_task(attempt(outside.remembered.policy(outside.pingone, effect.policy_id)))
    found, policy = listing.result(), deciding.result()
    device = None if isinstance(found, ServiceError) else _named(found, effect.device_id)
    left = None
    if device is not None:
        wrong = await outside.links().wrong_passcodes(effect.person_id, device.id)
        left = 0 if device.lock.status == "LOCKED" else _left(policy, device, wrong + 1)
    return r.PasscodeWrong(left, correlation_id=correlation_id)


def _left(policy: MfaPolicy | ServiceError | None, device: MfaDevice, wrong: int) -> int | None:
    """None where the policy does not say, and where PingOne counts in another way than its policy reads."""
    if policy is None or isinstance(policy, ServiceError):
        return None
    left = policy.tries(device.type) - wrong
    return left if left > 0 else None


async def why_not_usable(person_id: str, device_id: str, outside: Outside, error: ServiceError) -> Failed | None:
    """The device that PingOne refused to ask, read again: with why it takes nothing more; None where it is not that."""
    found = await attempt(devices.read_all(outside.pingone, person_id)) if device_id else ()
    if isinstance(found, ServiceError) or not device_id:
        return None
    device = _named(found, device_id)
    if device is None:
        words = "That device is not registered any more."
    elif device.lock.status == "LOCKED":
        words = "That device is locked after wrong tries."
    elif device.block.status == "BLOCKED":
        words = "That device is blocked."
    else:
        return None
    return Failed(Problem(words, error.details, NOT_USABLE, error.correlation_id))


def _named(found: tuple[MfaDevice, ...], device_id: str) -> MfaDevice | None:
    return next((device for device in found if device.id == device_id), None)
