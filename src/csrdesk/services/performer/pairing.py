"""A customer who was just registered adds a device: what can be registered, begun, proved, named, and MFA switched on.

Numbers, passcodes and what a browser makes are the context's secret; the person's own address is read here and stays
here. Policy has let through only changes of the account that the page made.
"""

from __future__ import annotations

import asyncio

from csrdesk.errors import NotFoundError, ReadBackError
from csrdesk.flows import pairing_effects as px
from csrdesk.flows import pairing_replies as pr
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Reply
from csrdesk.model.masking import mask_phone
from csrdesk.model.phones import NoNumberError, read_number
from csrdesk.model.secret import Secret
from csrdesk.model.text import clean, passcode
from csrdesk.services.attempts import attempt, both, sure
from csrdesk.services.performer.outside import Outside
from csrdesk.services.performer.people import device_of, fits, is_same_mailbox, masked
from csrdesk.services.pingone import devices, fido2_policies, pairing, users
from csrdesk.services.pingone.api import Api
from csrdesk.services.pingone.devices import MfaDevice
from csrdesk.services.pingone.errors import SYSTEM
from csrdesk.services.pingone.pairing import Begun, Refused, Site
from csrdesk.services.pingone.policies import MfaPolicy

Pairing = (
    px.GatherPairing | px.PairDevice | px.PairNumber | px.ActivateDevice | px.DropDevice | px.NameDevice | px.EnableMfa
)
_KINDS = ("FIDO2", "TOTP", "SMS", "VOICE", "EMAIL")
"""What customers can register on a page, in the order of the offers."""
_ACTIVE = "ACTIVE"
_OVER = "This passcode cannot be used any more. Choose again what to register."
_GONE = "What was begun is not there any more. Choose again what to register."
_NOT_ALLOWED = "This cannot be registered here. Choose something else."
_REFUSED = "No passcode can be sent to that number. Use another one."
_NAME = 60


async def perform(effect: Pairing, context: Context, outside: Outside) -> Reply:
    """One of them. Raises a `ServiceError`."""
    match effect:
        case px.GatherPairing():
            return await _gather(effect, outside)
        case px.PairDevice():
            return await _pair(effect, outside)
        case px.PairNumber():
            return await _pair_number(effect, context, outside)
        case px.ActivateDevice():
            return await _activate(effect, context, outside)
        case px.DropDevice():
            return await _drop(effect, outside)
        case px.NameDevice():
            return await _name(effect, outside)
        case px.EnableMfa():
            return await _enable(effect, outside)


async def _gather(effect: px.GatherPairing, outside: Outside) -> pr.PairingGathered:
    """All that decides at the same time. A kind of which nobody can add another is not offered."""
    api, who = outside.pingone, effect.person_id
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(attempt(users.read(api, who)))
        listing = group.create_task(attempt(devices.read_all(api, who)))
        counting = group.create_task(attempt(pairing.limit(api)))
        policy = group.create_task(attempt(outside.remembered.policy(api, effect.policy_id)))
    user, there = sure(reading.result()).body, sure(listing.result())
    most, rules = sure(counting.result()), sure(policy.result())
    active = [device for device in there if device.status == _ACTIVE]
    own = [device for device in active if device.type == "EMAIL" and is_same_mailbox(device.email, user.email)]
    kinds = await _open_kinds(effect.allowed, rules, outside)
    full = len(active) >= most
    return pr.PairingGathered(
        device_types=tuple(kind for kind in kinds if not full or (kind == "EMAIL" and own)),
        registered=tuple(device_of(device, user.email).label for device in active if device not in own),
        full=full,
    )


async def _open_kinds(allowed: tuple[str, ...], policy: MfaPolicy | None, outside: Outside) -> list[str]:
    """The kinds that settings and policy let be registered on these pages."""
    if policy is None:
        return []
    kinds = [kind for kind in _KINDS if kind in allowed and policy.kinds[kind] and kind not in policy.closed]
    if "FIDO2" in kinds and not await _site(policy, outside):
        kinds.remove("FIDO2")
    return kinds


async def _site(policy: MfaPolicy | None, outside: Outside) -> str:
    """The domain that the policy's passkeys are for; empty where these pages do not belong to it."""
    every = await fido2_policies.read_all(outside.pingone)
    wanted = policy.fido2.fido2_policy_id if policy else ""
    found = next((one for one in every if (one.id == wanted if wanted else one.default)), None)
    site = found.relying_party_id if found else ""
    return site if site and fits(site, outside.public_url()) else ""


async def _pair(effect: px.PairDevice, outside: Outside) -> Reply:
    api, who = outside.pingone, effect.person_id
    user, there = await both(users.read(api, who), devices.read_all(api, who))
    before = next((device for device in there if device.id == effect.instead_of), None)
    if effect.instead_of and before and before.status == _ACTIVE:
        return pr.DevicePaired(before.id, active=True)
    match effect.device_type:
        case "EMAIL":
            own = (d for d in there if d.type == "EMAIL" and is_same_mailbox(d.email, user.body.email))
            if active := next((device for device in own if device.status == _ACTIVE), None):
                return pr.DevicePaired(active.id, masked(active.email), active=True)
            await _clear(api, who, there)
            address, proven = user.body.email, effect.proven
            begun = await pairing.begin_email(api, who, address, policy_id=effect.policy_id, active=proven)
            return _paired(begun, masked(address))
        case "TOTP":
            await _clear(api, who, there)
            return _paired(await pairing.begin_totp(api, who, policy_id=effect.policy_id))
        case "FIDO2":
            return await _begin_passkey(effect, there, outside)
        case kind:
            if before is None or not before.phone:
                return r.PasscodeRefused(_GONE)
            await _clear(api, who, there)
            begun = await pairing.begin_phone(api, who, kind, before.phone, policy_id=effect.policy_id)
            return _paired(begun, mask_phone(clean(before.phone)))


async def _begin_passkey(effect: px.PairDevice, there: tuple[MfaDevice, ...], outside: Outside) -> Reply:
    api, who = outside.pingone, effect.person_id
    site = await _site(await outside.remembered.policy(api, effect.policy_id), outside)
    if not site:
        return pr.WrongSite()
    await _clear(api, who, there)
    company = Site(site, outside.company.name)
    return _paired(await pairing.begin_passkey(api, who, company, policy_id=effect.policy_id))


async def _pair_number(effect: px.PairNumber, context: Context, outside: Outside) -> Reply:
    if context.secret is None:
        return r.SecretLost()
    try:
        number = read_number(context.secret.reveal(), effect.country, texts=effect.device_type == "SMS")
    except NoNumberError as why:
        return pr.NumberNotTaken(str(why))
    api, who = outside.pingone, effect.person_id
    there = await devices.read_all(api, who)
    if any(d.status == _ACTIVE and d.type == effect.device_type and _plain(d.phone) == _plain(number) for d in there):
        return pr.AlreadyPaired()
    await _clear(api, who, there)
    begun = await pairing.begin_phone(api, who, effect.device_type, number, policy_id=effect.policy_id)
    return _paired(begun, mask_phone(number))


async def _clear(api: Api, who: str, there: tuple[MfaDevice, ...]) -> None:
    """What was begun and not finished goes: it counts against the limit, and its passcode is good no more."""
    for device in there:
        if device.status != _ACTIVE:
            await _remove(api, who, device.id)


async def _remove(api: Api, who: str, device_id: str) -> None:
    try:
        await devices.remove(api, who, device_id)
    except NotFoundError:
        return  # gone already


def _paired(begun: Begun | Refused, address: str = "") -> Reply:
    told = begun.correlation_id
    match begun:
        case Begun():
            options = Secret(begun.options) if begun.options else begun.key_uri
            return pr.DevicePaired(begun.device_id, address, active=begun.active, shown=options, correlation_id=told)
        case pairing.LimitReached():
            return pr.NoRoom(correlation_id=told)
        case pairing.AlreadyPaired():
            return pr.AlreadyPaired(correlation_id=told)
        case pairing.WrongSite():
            return pr.WrongSite(correlation_id=told)
        case pairing.AddressRefused():
            return pr.NumberNotTaken(_REFUSED, correlation_id=told)
        case pairing.NotAllowed():
            return r.PasscodeRefused(_NOT_ALLOWED, correlation_id=told)


async def _activate(effect: px.ActivateDevice, context: Context, outside: Outside) -> Reply:
    """PingOne judges; what it then says of the device is read, also where an answer of before was lost."""
    if context.secret is None:
        return r.SecretLost()
    api, who, typed = outside.pingone, effect.person_id, context.secret.reveal()
    if effect.device_type != "FIDO2" and not passcode(typed):
        return r.PasscodeWrong()
    judged = (
        await pairing.activate_passkey(api, who, effect.device_id, typed, outside.public_url())
        if effect.device_type == "FIDO2"
        else await pairing.activate(api, who, effect.device_id, passcode(typed))
    )
    told = judged.correlation_id
    match judged:
        case pairing.Activated():
            if not await _is_active(effect, api):
                words = "PingOne said that the device is registered, but it is not."
                raise ReadBackError(words, system=SYSTEM, correlation_id=told)
            return pr.DeviceActivated(correlation_id=told)
        case pairing.CodeWrong():
            return r.PasscodeWrong(correlation_id=told)
        case pairing.NotAttested():
            return pr.AttestationWrong(correlation_id=told)
        case pairing.AlreadyPaired():
            return pr.AlreadyPaired(correlation_id=told)
        case pairing.WrongSite():
            return pr.WrongSite(correlation_id=told)
        case pairing.PairingOver():
            done = await _is_active(effect, api)
            return pr.DeviceActivated(correlation_id=told) if done else r.PasscodeRefused(_OVER, correlation_id=told)


async def _is_active(effect: px.ActivateDevice, api: Api) -> bool:
    there = await devices.read_all(api, effect.person_id)
    return any(device.id == effect.device_id and device.status == _ACTIVE for device in there)


async def _drop(effect: px.DropDevice, outside: Outside) -> pr.DeviceDropped:
    """Only what is not finished: a device that counts is not taken away by a page."""
    there = await devices.read_all(outside.pingone, effect.person_id)
    for device in there:
        if device.id == effect.device_id and device.status != _ACTIVE:
            await _remove(outside.pingone, effect.person_id, device.id)
    return pr.DeviceDropped()


async def _name(effect: px.NameDevice, outside: Outside) -> pr.DeviceNamed:
    name = clean(effect.nickname, _NAME)
    told = await devices.rename(outside.pingone, effect.person_id, effect.device_id, name)
    there = await devices.read_all(outside.pingone, effect.person_id)
    if not any(device.id == effect.device_id and device.nickname == name for device in there):
        words = "PingOne said that the device has its name, but it has not."
        raise ReadBackError(words, system=SYSTEM, correlation_id=told)
    return pr.DeviceNamed(correlation_id=told)


async def _enable(effect: px.EnableMfa, outside: Outside) -> pr.MfaEnabled:
    api, who = outside.pingone, effect.person_id
    if await users.is_mfa_enabled(api, who):
        return pr.MfaEnabled(changed=False)
    told = await users.set_mfa_enabled(api, who, enabled=True)
    if not await users.is_mfa_enabled(api, who):
        words = "PingOne said that MFA is on, but it is not."
        raise ReadBackError(words, system=SYSTEM, correlation_id=told)
    return pr.MfaEnabled(correlation_id=told)


def _plain(number: str) -> str:
    """Digits alone, to compare two ways to write one number."""
    return "".join(c for c in number if c.isdigit())
