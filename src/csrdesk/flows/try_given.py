"""What every part of verifying without a link carries along: the caller, the way, and what can be reached by it."""

from __future__ import annotations

import msgspec

from csrdesk.model.devices import Device
from csrdesk.model.people import Person
from csrdesk.model.ways import Way

ON_RECORD = "on-record"
"""Stands for the number on record where a device is chosen: it is none."""


class Given(msgspec.Struct, frozen=True):
    """Fixed when the way was chosen."""

    person: Person
    way: Way
    """`PUSH` or `CALL_BACK`."""
    phones: tuple[Device, ...]
    """The apps that can be asked, or the one number on record."""
    policy_id: str = ""
    registered: bool = False
    """Whether a device is registered: which acts a proof opens depends on it."""

    def phone(self, device_id: str) -> Device | None:
        """The one of that id."""
        return next((phone for phone in self.phones if phone.id == device_id), None)
