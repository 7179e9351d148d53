"""What the world answers while a device is registered: expected outcomes as values."""

from __future__ import annotations

from csrdesk.flows.kernel import Reply
from csrdesk.model.secret import Secret


class PairingGathered(Reply, frozen=True):
    """What can be registered now."""

    device_types: tuple[str, ...] = ()
    """PingOne's types that may be registered, in the order of the offers; EMAIL also where it is there already."""
    registered: tuple[str, ...] = ()
    """The devices that the person has, as people tell them apart, masked; without the one at their own address."""
    full: bool = False
    """As many devices as PingOne's settings allow."""


class DevicePaired(Reply, frozen=True):
    """PingOne knows the device; unless it is active, it has still to be proved."""

    device_id: str
    address: str = ""
    """The masked number or mail address that a passcode went to."""
    active: bool = False
    """Whether nothing has to be proved."""
    shown: Secret | None = None
    """What the page shows, and no state holds: an app's key as a URI, or the options for a passkey."""


class NumberNotTaken(Reply, frozen=True):
    """No phone has that number; nothing was sent."""

    message: str


class AlreadyPaired(Reply, frozen=True):
    """The person has this very device."""


class NoRoom(Reply, frozen=True):
    """As many devices as PingOne's settings allow."""


class WrongSite(Reply, frozen=True):
    """PingOne makes passkeys for a site that these pages do not belong to."""


class DeviceActivated(Reply, frozen=True):
    """Proved, and read back."""


class AttestationWrong(Reply, frozen=True):
    """PingOne did not take what the browser made: another challenge, another site. Its challenge is used up."""


class DeviceDropped(Reply, frozen=True):
    """What was not finished is gone."""


class DeviceNamed(Reply, frozen=True):
    """Written, and read back."""


class MfaEnabled(Reply, frozen=True):
    """Whoever signs in is asked for a device, read back."""

    changed: bool = True
    """False where it was so already."""
