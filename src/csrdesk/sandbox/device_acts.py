"""What an administrator does to a registered device: block, unblock, unlock, name, order, remove. PingOne API, "MFA
devices". Each answers with the device as it is afterwards.
"""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.responses import Response

from csrdesk.sandbox.answers import gone, hal, invalid, link, not_found
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.devices import device_page, device_resource
from csrdesk.sandbox.model import Device, User
from csrdesk.sandbox.users import found_user

_LONGEST_NICKNAME: Final = 100
"""Inferred: Ping's page names no limit."""


class _Ref(msgspec.Struct, frozen=True):
    id: str


class _Order(msgspec.Struct, frozen=True):
    order: list[_Ref]


class _Nickname(msgspec.Struct, frozen=True):
    nickname: str


def found_device(call: Call, user: User) -> Device:
    """The device in the path; 404 where the user has none of that id."""
    wanted = call.path["device"].lower()
    for device in user.devices:
        if device.id == wanted:
            return device
    raise not_found()


def _changed(call: Call, user: User, device: Device) -> Response:
    device.updated_at = call.clock.now()
    call.note("DEVICE.UPDATED", "Device Updated", user)
    return hal(device_resource(call, user, device))


def block(call: Call) -> Response:
    """device.block: it cannot be used until somebody unblocks it."""
    user = found_user(call)
    device = found_device(call, user)
    device.blocked_at = device.blocked_at or call.clock.now()
    return _changed(call, user, device)


def unblock(call: Call) -> Response:
    """device.unblock (its media type is inferred from `device.block`)."""
    user = found_user(call)
    device = found_device(call, user)
    device.blocked_at = None
    return _changed(call, user, device)


def unlock(call: Call) -> Response:
    """device.unlock: the time after too many wrong passcodes is over."""
    user = found_user(call)
    device = found_device(call, user)
    device.locked_until, device.failures = None, 0
    return _changed(call, user, device)


def update_nickname(call: Call) -> Response:
    """PUT nickname."""
    user = found_user(call)
    device = found_device(call, user)
    nickname = call.decode(_Nickname).nickname
    if not nickname.strip() or len(nickname) > _LONGEST_NICKNAME:
        raise invalid("nickname")
    device.nickname = nickname
    _changed(call, user, device)
    return hal({"_links": {"self": link(call.href)}, "nickname": nickname})


def delete_device(call: Call) -> Response:
    """DELETE device."""
    user = found_user(call)
    device = found_device(call, user)
    user.devices.remove(device)
    call.world.passkeys[:] = [key for key in call.world.passkeys if key.device_id != device.id]
    call.note("DEVICE.DELETED", "Device Deleted", user)
    return gone()


def reorder(call: Call) -> Response:
    """devices.reorder: those named come first, in that order; the first is the default."""
    user = found_user(call)
    wanted = [ref.id.lower() for ref in call.decode(_Order).order]
    known = {device.id: device for device in user.devices}
    if len(set(wanted)) != len(wanted) or not known.keys() >= set(wanted):
        raise invalid("order")
    user.devices = [known[id_] for id_ in wanted] + [device for device in user.devices if device.id not in wanted]
    user.updated_at = call.clock.now()
    call.note("DEVICE.UPDATED", "Devices Reordered", user)
    return hal(device_page(call, user, user.devices))
