"""Which content type does what to devices: where their verbs stand side by side. PingOne API, "MFA devices"."""

from __future__ import annotations

from starlette.responses import Response

from csrdesk.sandbox import device_acts, pairing
from csrdesk.sandbox.calls import Call, by_media, ping_media


def act_on_device(call: Call) -> Response:
    """POST device: the content type is the verb."""
    return by_media(
        call,
        {
            ping_media("device.activate"): pairing.activate,
            ping_media("device.sendActivationCode"): pairing.send_activation_code,
            ping_media("device.block"): device_acts.block,
            ping_media("device.unblock"): device_acts.unblock,
            ping_media("device.unlock"): device_acts.unlock,
        },
    )


def act_on_devices(call: Call) -> Response:
    """POST devices: plain JSON creates one, otherwise the content type is the verb."""
    return by_media(
        call, {"application/json": pairing.create_device, ping_media("devices.reorder"): device_acts.reorder}
    )
