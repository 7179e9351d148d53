"""What a page of Device Authentication by itself reads of PingOne: devices beside the mailbox that its caller opened,
where a magic link could go, and the address once more before a code counts.
"""

from __future__ import annotations

import asyncio

from csrdesk.flows import device_effects as dx
from csrdesk.flows import device_replies as dr
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Reply
from csrdesk.model.devices import Age, Device, Devices
from csrdesk.services.attempts import attempt, sure
from csrdesk.services.performer.address_age import address_age
from csrdesk.services.performer.outside import Outside
from csrdesk.services.performer.people import device_of, masked
from csrdesk.services.pingone import devices, users
from csrdesk.services.pingone.devices import MfaDevice
from csrdesk.services.pingone.users import User

OfPage = dx.GatherDevices | dx.RereadAddress


async def perform(effect: OfPage, context: Context, outside: Outside) -> Reply:
    """One of them. Raises a `ServiceError`."""
    match effect:
        case dx.GatherDevices():
            return await _gather(effect, context, outside)
        case dx.RereadAddress():
            got = await users.read(outside.pingone, effect.person_id)
            await outside.links().saw_address(effect.person_id, got.body.email)
            return r.Noted(correlation_id=got.correlation_id)


async def _gather(effect: dx.GatherDevices, context: Context, outside: Outside) -> dr.DevicesGathered:
    """User and devices at the same time. Open links that went to another address end here."""
    api, who = outside.pingone, effect.person_id
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(attempt(users.read(api, who)))
        listing = group.create_task(attempt(devices.read_all(api, who)))
    got, listed = sure(reading.result()), sure(listing.result())
    age = await address_age(outside, got.body, await outside.links().saw_address(who, got.body.email))
    found = Devices(
        devices=tuple([await _device(d, context, outside) for d in listed]),
        mfa_enabled=got.body.mfa_enabled,
        address=age,
    )
    to = await _magic_link_to(got.body, age, context, outside)
    return dr.DevicesGathered(found, to, correlation_id=got.correlation_id)


async def _device(device: MfaDevice, context: Context, outside: Outside) -> Device:
    """The device, compared with the mailbox that the page stands on already, where it stands on one."""
    is_opened = device.type == "EMAIL" and await outside.links().was_opened_by(context, device.email)
    opened = device.email if is_opened else ""
    return device_of(device, opened, outside.age(device.created_at), pages=outside.public_url())


async def _magic_link_to(user: User, age: Age, context: Context, outside: Outside) -> str:
    """The masked address that a magic link would go to; empty where none can be sent, or it would prove nothing."""
    can_be_sent = bool(user.email.strip()) and user.email_verified and age is not Age.NEW
    if not can_be_sent or outside.mailer is None or not outside.public_url():
        return ""
    return "" if await outside.links().was_opened_by(context, user.email) else masked(user.email)
