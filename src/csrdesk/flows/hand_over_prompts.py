"""What an agent is asked who hands a call over; whom it is offered to is asked among what other agents wait for."""

from __future__ import annotations

from datetime import datetime

from csrdesk.flows import answers as a
from csrdesk.flows import hand_over_answers as ha
from csrdesk.flows.kernel import Prompt
from csrdesk.model.hand_overs import Colleague, HandOver
from csrdesk.model.people import Person


class HandOverPrompt(Prompt, frozen=True):
    """To whom, and with which words."""

    answers = ha.CallOffered | a.BackChosen
    call_id: str
    person: Person | None = None
    """None where the call cannot be handed over now; the note says why."""
    stage: str = ""
    """How far the call is, in words."""
    verified_until: datetime | None = None
    colleagues: tuple[Colleague, ...] = ()
    note: str = ""
    code: str = ""
    """The `code` of the problem behind the note, for scripts; empty where there was none."""


class OfferedPrompt(Prompt, frozen=True):
    """The colleague has not answered; the call is still the agent's own, and goes on."""

    answers = a.Cancelled
    hand_over: HandOver
