"""A try's reference and clock, as both screens that wait for a phone show them."""

from __future__ import annotations

from datetime import datetime

from csrdesk.model.link import Link
from csrdesk.widgets.facts import Fact
from csrdesk.widgets.moments import left
from csrdesk.widgets.tones import Tone

_SOON = 30
"""Seconds before its end at which a clock becomes a warning."""


def clocks(link: Link, now: datetime) -> tuple[Fact, ...]:
    """The reference, and what is left."""
    found = [Fact("Reference", link.reference, Tone.STRONG)]
    if link.expires_at:
        soon = (link.expires_at - now).total_seconds() < _SOON
        more = ", extended" if link.extended else ""
        found.append(Fact("Time", left(link.expires_at, now) + more, Tone.WARN if soon else Tone.PLAIN))
    return tuple(found)
