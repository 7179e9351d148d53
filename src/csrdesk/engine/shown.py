"""What pages show and nothing saves: an app's key, the options for a passkey, a number as it was typed. In the memory
of this process alone.

Where it is gone, after a restart or too long a time, the page has PingOne make another one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from csrdesk.engine.clock import Clock
from csrdesk.flows.kernel import Answer, Prompt, Reply
from csrdesk.flows.pairing_answers import NumberGiven
from csrdesk.flows.pairing_prompts import NewAppPrompt, NewPasskeyPrompt, NumberPrompt
from csrdesk.flows.pairing_replies import DeviceActivated, DeviceDropped, DevicePaired
from csrdesk.model.secret import Secret

KEPT: Final = timedelta(minutes=30)
"""As long as PingOne's own key for an app is good (PingOne API, "MFA Devices", `keyUri`)."""


class Shown:
    """The newest of each flow: what PingOne gave for a device, and the number that the customer typed before it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[datetime, str, Secret]] = {}
        self._typed: dict[str, tuple[datetime, Secret]] = {}

    def keep(self, flow_id: str, reply: Reply) -> None:
        """Keep what came with a reply, until the device is finished; what is too old goes."""
        if isinstance(reply, DeviceActivated | DeviceDropped):
            self._kept.pop(flow_id, None)
        if isinstance(reply, DeviceActivated):
            self._typed.pop(flow_id, None)
        if not isinstance(reply, DevicePaired):
            return
        now = self._clock.now()
        self._kept = {kept: found for kept, found in self._kept.items() if found[0] > now and kept != flow_id}
        if reply.shown is not None:
            self._kept[flow_id] = (now + KEPT, reply.device_id, reply.shown)

    def keep_typed(self, flow_id: str, answer: Answer) -> None:
        """Keep a typed number for the page that asks for it, where the customer comes back to it."""
        if isinstance(answer, NumberGiven):
            now = self._clock.now()
            self._typed = {kept: found for kept, found in self._typed.items() if found[0] > now}
            self._typed[flow_id] = (now + KEPT, answer.number)

    def of(self, flow_id: str, prompt: Prompt | None) -> Secret | None:
        """What that page is to show; None where it shows no such thing, and where it is gone."""
        now = self._clock.now()
        match prompt:
            case NumberPrompt():
                until, number = self._typed.get(flow_id, (now, None))
                return number if until > now else None
            case NewAppPrompt(device_id=wanted) | NewPasskeyPrompt(device_id=wanted):
                until, device_id, secret = self._kept.get(flow_id, (now, "", None))
                return secret if until > now and device_id == wanted else None
            case _:
                return None
