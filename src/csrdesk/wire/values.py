"""The bodies of the desk API that are no records of the flows themselves."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Raw, Struct

from csrdesk.flows.doors import CallRecord, CallSummary
from csrdesk.flows.kernel import AccountEffect, Outcome, Problem, Prompt
from csrdesk.model.people import Person
from csrdesk.model.sign_in import Agent

Id = Annotated[str, Meta(max_length=64, pattern="^[0-9A-Za-z_-]*$")]
NOTHING = Raw(b"null")


class Started(Struct, frozen=True):
    """Begin a flow."""

    flow: Annotated[str, Meta(max_length=40)]
    inputs: Raw
    """What that flow takes."""
    call_id: Id = ""
    """The open call of the same agent that it belongs to; empty for a call of its own."""
    key: Id = ""
    """Random: the same key begins the same flow once, however often it is sent."""


class Answered(Struct, frozen=True):
    """One answer to the prompt of revision `rev`."""

    rev: int
    answer: Raw
    """One of those that the prompt takes, with its `type`."""


class Reason(Struct, frozen=True):
    """Why somebody leaves an act as it is whose outcome nobody knows."""

    reason: Annotated[str, Meta(min_length=1, max_length=1000)]


class Shown(Struct, frozen=True):
    """A `View` on its way to the agent who owns the flow, and to nobody else."""

    id: str
    flow: str
    rev: int
    prompt: Prompt | None
    outcome: Outcome | None
    working: str
    trouble: str
    spoken_code: str
    """The digits to say aloud; empty where there are none."""


class Read(Struct, frozen=True):
    """The same as it arrives: which prompt and outcome these are is decided by their `type`."""

    id: str
    flow: str
    rev: int
    prompt: Raw
    outcome: Raw
    working: str
    trouble: str
    spoken_code: str


class TakenUp(Struct, frozen=True):
    """A flow that was taken up; the view is as `Shown`."""

    view: Raw
    links_ended: int


class Calls(Struct, frozen=True):
    """The agent's own calls, newest first."""

    calls: tuple[CallSummary, ...]


class History(Struct, frozen=True):
    """The agent's own calls as the audit has them, newest first."""

    records: tuple[CallRecord, ...]


class Told(Struct, frozen=True):
    """A row of the audit: names with values."""

    told: tuple[tuple[str, str], ...]


class Would(Struct, frozen=True):
    """A change that would be made; with a `refusal`, policy would not let it happen."""

    effect: AccountEffect
    refusal: Problem | None


class WouldRead(Struct, frozen=True):
    """The same as it arrives."""

    effect: Raw
    refusal: Problem | None


class Rehearsal(Struct, frozen=True):
    """How far a flow came with nothing changed."""

    person: Person | None
    planned: tuple[Would, ...]
    outcome: Outcome | None


class RehearsalRead(Struct, frozen=True):
    """The same as it arrives."""

    person: Person | None
    planned: tuple[WouldRead, ...]
    outcome: Raw


class About(Struct, frozen=True):
    """The desk, and who asks, as far as a front end needs to know."""

    agent: Agent
    company: str
    """Who customers' pages and mails say they are from."""
    ticket_required: bool
    without_call: bool
    """Whether settings let this agent disable and enable without any verified caller."""
    unknown: int
    """Acts that were begun and have no outcome on record."""
    trouble: str
    """What must be said loudly of the desk itself; empty while all is well."""
    lock_seconds: int
    """How long an agent may do nothing before the console locks itself."""
    lock_seconds_in_call: int
    second_agent: bool = False
    """Whether settings let nobody do some acts alone, so that agents may wait for one another."""
    hand_over: bool = False
    """Whether agents sign in here, so that a call can go from one to another."""
    mailbox_url: str = ""
    """Of the demo alone: where the mails of the invented people can be read."""


class State(Struct, frozen=True):
    """What of the desk cannot be used now."""

    down: tuple[str, ...] = ()
    """`Audit`, `PingOne`, `AD`, `mail`."""


class Wrong(Struct, frozen=True, omit_defaults=True):
    """An error: `code` for programs, `message` for people, `details` for a log."""

    code: str
    message: str
    details: str = ""
    correlation_id: str = ""
    """PingOne's, to quote; of a crash, its place in the desk's log."""
    after: float = 0.0
    """Seconds until it may go better."""
    fields: dict[str, str] = {}
    """What was wrong with which field."""
