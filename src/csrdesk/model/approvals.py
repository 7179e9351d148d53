"""What one agent asks another for: an act that settings let nobody do alone, or an exception for a caller."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from csrdesk.model.people import Person
from csrdesk.model.proofs import Act


class Decision(StrEnum):
    """How far a request is."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    """By whoever asked, or because the call is over."""
    LAPSED = "lapsed"
    """Nobody answered in time."""


class Approval(msgspec.Struct, frozen=True):
    """One request, as both agents may see it: addresses masked."""

    id: str
    agent: str
    """Who asks: the id, and below the name as people read it."""
    agent_name: str
    person: Person
    act: Act
    reason: str
    ticket: str
    shown: str
    """What the caller has shown, in words."""
    asked_at: datetime
    until: datetime
    """When it lapses; of one that is approved, until when it counts."""
    decision: Decision = Decision.ASKED
    by: str = ""
    """Who answered."""
    why: str = ""
    """What they wrote with it."""
    gives: tuple[Act, ...] = ()
    """What an exception would open (`act` is `EXCEPTION`); empty where one act waits."""

    @property
    def is_exception(self) -> bool:
        """Whether a lead is asked to let acts be done for a caller who can show nothing."""
        return self.act is Act.EXCEPTION
