"""A try's reference and clock, as both screens that wait for a phone show them."""

from __future__ import annotations

from datetime import datetime

from csrdesk.model.link import Link
from csrdesk.widgets.facts import Fact
from csrdesk.widgets.moments import left
from csrdesk.widgets.tones import Tone

_SOON = 30
"""Seconds before its end at which a clock becomes a warning."""


def clocks(link: Link, now: datetime, ends_at: datetime | None) -> tuple[Fact, ...]:
    """The reference, and what is left until that moment."""
    found = [Fact("Reference", link.reference, Tone.STRONG)]
    if ends_at:
        soon = (ends_at - now).total_seconds() < _SOON
        more = ", extended" if link.extended else ""
        found.append(Fact("Time", left(ends_at, now) + more, Tone.WARN if soon else Tone.PLAIN))
    return tuple(found)
