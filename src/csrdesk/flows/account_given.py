"""What the account page begins with: who was verified, and what settings want of every act there."""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.flows.rules import Rules
from csrdesk.model.people import Person
from csrdesk.model.proofs import Evidence


class Verified(msgspec.Struct, frozen=True):
    """Who was verified, how, until when."""

    person: Person
    dn: str
    evidence: Evidence
    until: datetime
    ticket: str = ""


class Needs(msgspec.Struct, frozen=True):
    """What policy wants with every act."""

    ticket: bool = False
    rules: Rules = Rules()
    """For a link of its own, where a reset needs one."""
