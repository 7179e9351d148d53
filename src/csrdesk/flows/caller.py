"""What a call carries along, and whom it is about: the person, their devices, and what could be asked about them."""

from __future__ import annotations

import msgspec

from csrdesk.flows import protective_disable as pd
from csrdesk.flows.rules import Rules
from csrdesk.flows.ways import warning
from csrdesk.model.devices import Devices
from csrdesk.model.people import Person


class Given(msgspec.Struct, frozen=True):
    """What a call carries along."""

    rules: Rules
    ticket: str = ""


class Caller(msgspec.Struct, frozen=True):
    """The person found, their devices and their directory entry."""

    person: Person
    devices: Devices
    dn: str = ""
    unchecked: str = ""
    """Why AD could not be asked, in words; empty where it was."""

    def protect(self, ticket: str, *, alone: bool = True) -> pd.Confirming:
        """Where a protective disable of this person begins; `alone`: settings let one agent do it."""
        return pd.Confirming(self.person, self.dn, ticket, unchecked=self.unchecked, alone=alone)

    @property
    def warning(self) -> str:
        """What to know before anything is done."""
        return " ".join(words for words in (warning(self.devices), self.half) if words)

    @property
    def half(self) -> str:
        """What can still be done where AD is down; empty where it is not."""
        return f"AD cannot be asked now: {_HALF} {self.unchecked}" if self.unchecked else ""


_HALF = "only PingOne's half can be disabled or unlocked, nothing enabled or reset."
