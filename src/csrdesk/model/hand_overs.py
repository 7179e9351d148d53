"""What one agent offers another: the call that they have, with its caller on the line."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from csrdesk.model.people import Person


class Stand(StrEnum):
    """How far an offer is."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    """By whoever offered, or because the call is over or serves somebody else."""
    LAPSED = "lapsed"
    """Nobody answered in time."""


class Colleague(msgspec.Struct, frozen=True):
    """Somebody who is signed in and may take the call."""

    id: str
    name: str


class HandOver(msgspec.Struct, frozen=True):
    """One offer, as both agents may see it: addresses masked."""

    id: str
    call_id: str
    agent: str
    """Who offers: the id, and below the name as people read it."""
    agent_name: str
    to: str
    """Whom it is offered to, in the same way."""
    to_name: str
    person: Person
    note: str
    offered_at: datetime
    until: datetime
    """When it lapses."""
    stand: Stand = Stand.OFFERED
    why: str = ""
    """What was written with a no."""
    stage: str = ""
    """How far the call was when this was read, in words."""
    verified_until: datetime | None = None
    """When its verified window ends; None where none is open."""
