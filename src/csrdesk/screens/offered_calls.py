"""A call that another agent offers, as a row among what waits and whole below it: pure functions of the offer."""

from __future__ import annotations

from datetime import datetime, tzinfo

from csrdesk.model.hand_overs import HandOver
from csrdesk.screens.whom import person_line
from csrdesk.widgets.facts import Fact
from csrdesk.widgets.moments import left, time_of_day
from csrdesk.widgets.tones import Tone

LABEL = "take over the call"
_SOON = 30
"""Seconds before its end at which an offer becomes a warning."""


def stage_fact(stage: str, until: datetime | None, now: datetime, zone: tzinfo | None) -> Fact:
    """How far the call is, and how long its verified window still runs, which nothing makes longer."""
    if until is None:
        return Fact("Stage", stage)
    return Fact("Stage", f"{stage} until {time_of_day(until, zone)}, {left(until, now)}", Tone.GOOD)


def answer_fact(offer: HandOver, now: datetime) -> Fact:
    """How long the offer still stands."""
    soon = (offer.until - now).total_seconds() < _SOON
    return Fact("Answer", left(offer.until, now), Tone.WARN if soon else Tone.PLAIN)


def offer_facts(offer: HandOver, now: datetime, zone: tzinfo | None) -> tuple[Fact, ...]:
    """Who offers it, who is on the line, and what is left of the time."""
    return (
        Fact("Caller", person_line(offer.person), Tone.STRONG),
        Fact("Offered by", f"{offer.agent_name} ({offer.agent})"),
        stage_fact(offer.stage, offer.verified_until, now, zone),
        Fact("Note", offer.note),
        answer_fact(offer, now),
    )
