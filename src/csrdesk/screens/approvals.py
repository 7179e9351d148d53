"""What other agents wait for: one request is marked, read, and approved or refused; or a call is taken over."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual.content import Content

from csrdesk.flows.answers import BackChosen
from csrdesk.flows.desk_answers import ApprovalDenied, ApprovalGiven
from csrdesk.flows.desk_prompts import ApprovalsPrompt
from csrdesk.flows.hand_over_answers import CallAccepted, CallDeclined
from csrdesk.flows.kernel import Answer
from csrdesk.model.approvals import Approval
from csrdesk.model.hand_overs import HandOver
from csrdesk.screens.act_names import act_name, act_names
from csrdesk.screens.offered_calls import LABEL, offer_facts
from csrdesk.screens.picking import PickingScreen
from csrdesk.screens.whom import person_line
from csrdesk.widgets.facts import Fact
from csrdesk.widgets.moments import time_of_day
from csrdesk.widgets.tones import Tone, column, inert

_ACT, _PERSON = 26, 24


class ApprovalsScreen(PickingScreen[ApprovalsPrompt, Approval | HandOver]):
    """A yes is somebody else's word for what one agent cannot do alone: the screen says whose and for whom."""

    prompt_class = ApprovalsPrompt
    placeholder = "why: needed to refuse or decline, and to approve an exception"
    helps: ClassVar[dict[type[Answer], str]] = {BackChosen: "to your call; what waits goes on waiting"}

    def rows(self) -> tuple[Approval | HandOver, ...]:
        # Calls first: their callers are on the line.
        return (*self.prompt.offers, *self.prompt.approvals)

    def count(self) -> str:
        waiting, offered = len(self.prompt.approvals), len(self.prompt.offers)
        if not waiting and not offered:
            return "Nobody waits for you. What other agents ask for appears here by itself."
        requests = f"{waiting} {'request waits' if waiting == 1 else 'requests wait'} for a second agent."
        calls = f"{offered} {'call is' if offered == 1 else 'calls are'} offered to you, with the caller on the line."
        return " ".join(words for words, known in ((calls, offered), (requests, waiting)) if known)

    def row_line(self, number: int, row: Approval | HandOver) -> Content:
        return Content.assemble(
            (f"{number:>2}  ", Tone.QUIET.value),
            column(LABEL if isinstance(row, HandOver) else act_name(row.act), _ACT, Tone.STRONG),
            "  ",
            column(row.person.name, _PERSON),
            "  ",
            inert(row.agent_name, limit=18),
        )

    def told(self, row: Approval | HandOver) -> tuple[Fact, ...]:
        zone = self.around.info.zone
        if isinstance(row, HandOver):
            return offer_facts(row, self.around.now(), zone)
        facts = (
            Fact("For", person_line(row.person), Tone.STRONG),
            Fact("Asked by", f"{row.agent_name} ({row.agent})"),
            Fact("Reason", row.reason),
            Fact("Ticket", row.ticket),
            Fact("Opens", act_names(row.gives), Tone.STRONG),
            Fact("Shown", row.shown, Tone.WARN if row.is_exception else Tone.PLAIN),
            Fact("Until", time_of_day(row.until, zone), self._tone(row.until)),
        )
        return tuple(fact for fact in facts if fact.value)

    def _tone(self, until: datetime) -> Tone:
        return Tone.WARN if (until - self.around.now()).total_seconds() < _SOON else Tone.PLAIN

    def paint_clocks(self, now: datetime) -> None:  # noqa: ARG002 - the facts ask the clock themselves
        if isinstance(self.marked, HandOver):
            self.tell_of_marked()

    def about_row(self, kind: type[Answer]) -> bool:
        return kind in (*_OF_REQUESTS, *_OF_CALLS)

    def is_offered(self, kind: type[Answer]) -> bool:
        kinds = _OF_CALLS if self.is_mounted and isinstance(self.marked, HandOver) else _OF_REQUESTS
        return super().is_offered(kind) and (not self.about_row(kind) or kind in kinds)

    def of_row(self, kind: type[Answer], row: Approval | HandOver, reason: str) -> dict[str, str] | None:
        if isinstance(row, HandOver):
            return self._of_call(kind, row, reason)
        if kind is ApprovalGiven and not row.is_exception:
            return {"approval_id": row.id}
        if not reason:
            approves = kind is ApprovalGiven
            words = "Type why first: it stands in the audit." if approves else _WHY_NOT
            self.complain_of_reason(words)
            return None
        return {"approval_id": row.id, "reason": reason}

    def _of_call(self, kind: type[Answer], row: HandOver, reason: str) -> dict[str, str] | None:
        if kind is CallAccepted:
            return {"hand_over_id": row.id}
        if not reason:
            self.complain_of_reason(_WHY_NOT)
            return None
        return {"hand_over_id": row.id, "reason": reason}

    def note(self) -> str:
        return self.prompt.note

    def say(self) -> str:
        return "Nothing to a caller: this is between you and the other agent."


_WHY_NOT = "Type why not first: the other agent reads it."
_OF_REQUESTS = (ApprovalGiven, ApprovalDenied)
_OF_CALLS = (CallAccepted, CallDeclined)
_SOON = 60
"""Seconds before its end at which a request becomes a warning."""
