"""What came of showing a passkey or answering a push, and of looking which devices there are."""

from __future__ import annotations

from csrdesk.flows.kernel import Reply
from csrdesk.model.devices import Devices


class DevicesGathered(Reply, frozen=True):
    devices: Devices
    magic_link: str = ""
    """The masked address that a magic link would go to; empty where it would prove nothing, or cannot be sent."""


class AssertionRight(Reply, frozen=True):
    """PingOne answered COMPLETED to an assertion of the named device in this authentication."""

    device_id: str


class AssertionWrong(Reply, frozen=True):
    """PingOne did not take what was signed: another key, another site, a copy. Its challenge is used up."""


class PushApproved(Reply, frozen=True):
    """PingOne answered COMPLETED after a push that the person of the named device was asked in this authentication."""

    device_id: str


class PushDenied(Reply, frozen=True):
    """Somebody pressed Deny on the phone, or chose another number."""


class PushDenialNoted(Reply, frozen=True):
    times: int
    """How often it was denied on this link's page, this time included."""


class PushTimedOut(Reply, frozen=True):
    """Nobody answered in time."""


class DeviceChanged(Reply, frozen=True):
    changed: bool = True
    """False where it was so already, and nothing was written."""
