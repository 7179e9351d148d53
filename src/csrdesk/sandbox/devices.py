"""Registered devices: list and read. PingOne API, "MFA devices". Also what makes a device usable."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import Json, hal, link, malformed, not_found, page
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.clock import stamp
from csrdesk.sandbox.model import Device, User
from csrdesk.sandbox.scim import FilterError, parse, reading
from csrdesk.sandbox.users import found_user

PHONE_TYPES = frozenset({"SMS", "VOICE"})


def is_locked(device: Device, now: datetime) -> bool:
    """True while the time after too many wrong passcodes runs."""
    return device.locked_until is not None and device.locked_until > now


def is_usable(device: Device, now: datetime) -> bool:
    """True for an active device that is neither blocked nor locked."""
    return device.status == "ACTIVE" and device.blocked_at is None and not is_locked(device, now)


def device_resource(call: Call, user: User, device: Device) -> Json:
    """The device as PingOne shows it. A TOTP secret is shown at creation only, and so never here."""
    now = call.clock.now()
    self_href = f"{call.api}/users/{user.id}/devices/{device.id}"
    links = {"self": self_href, "environment": call.api, "user": f"{call.api}/users/{user.id}"}
    if device.status != "ACTIVE":
        links["device.activate"] = self_href
    body: dict[str, object] = {
        "_links": {name: link(href) for name, href in links.items()},
        "id": device.id,
        "environment": {"id": ids.ENVIRONMENT},
        "user": {"id": user.id},
        "type": device.type,
        "status": device.status,
        "lock": {"status": "UNLOCKED"},
        "block": {"status": "UNBLOCKED"},
        "createdAt": stamp(device.created_at),
        "updatedAt": stamp(device.updated_at),
    }
    if device.nickname:
        body["nickname"] = device.nickname
    if device.type == "EMAIL":
        body["email"] = device.to
    elif device.type in PHONE_TYPES:
        body["phone"] = device.to
    elif device.type == "FIDO2":
        body["rp"] = {"id": device.rp_id, "name": "csrdesk sandbox"}
    elif device.type == "MOBILE":
        body |= {"os": {"type": "ANDROID", "version": "16"}, "application": {"id": ids.APPLICATION}}
    if device.locked_until is not None and is_locked(device, now):
        body["lock"] = {"status": "LOCKED", "expiresAt": stamp(device.locked_until)}
    if device.blocked_at is not None:
        body["block"] = {"status": "BLOCKED", "blockedAt": stamp(device.blocked_at)}
    return body


def _filter_attribute(name: str) -> None:
    if name not in {"status", "type"}:
        raise FilterError("The filter uses an attribute that is not supported.", unsupported="attribute")


def _filtered(devices: list[Device], text: str) -> list[Device]:
    try:
        wanted = parse(text)
        for comparison in wanted.comparisons():
            _filter_attribute(comparison.attribute)
    except FilterError as error:
        inner: Json = {"supportedAttributes": ["status", "type"]} if error.unsupported == "attribute" else {}
        raise malformed(str(error), code="INVALID_FILTER", target="filter", inner=inner) from None
    return [device for device in devices if wanted.holds(reading({"status": device.status, "type": device.type}))]


def device_page(call: Call, user: User, devices: list[Device]) -> Json:
    """Some of the user's devices, in their own order."""
    body = dict(page("devices", [device_resource(call, user, device) for device in devices], call.href))
    body["_links"] = {"self": link(call.href), "devices.reorder": link(f"{call.api}/users/{user.id}/devices")}
    return body


def list_devices(call: Call) -> Response:
    """GET devices, in the user's own order."""
    user = found_user(call)
    devices = user.devices
    if "filter" in call.query:
        devices = _filtered(devices, call.query["filter"])
    return hal(device_page(call, user, devices))


def read_device(call: Call) -> Response:
    """GET device."""
    user = found_user(call)
    wanted = call.path["device"].lower()
    for device in user.devices:
        if device.id == wanted:
            return hal(device_resource(call, user, device))
    raise not_found()
