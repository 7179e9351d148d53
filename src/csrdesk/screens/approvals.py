"""What other agents wait for: one request is marked, read, and approved or refused."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual.content import Content

from csrdesk.flows.answers import BackChosen
from csrdesk.flows.desk_answers import ApprovalDenied, ApprovalGiven
from csrdesk.flows.desk_prompts import ApprovalsPrompt
from csrdesk.flows.kernel import Answer
from csrdesk.model.approvals import Approval
from csrdesk.screens.act_names import act_name, act_names
from csrdesk.screens.picking import PickingScreen
from csrdesk.screens.whom import person_line
from csrdesk.widgets.facts import Fact
from csrdesk.widgets.moments import time_of_day
from csrdesk.widgets.tones import Tone, column, inert

_ACT, _PERSON = 26, 24


class ApprovalsScreen(PickingScreen[ApprovalsPrompt, Approval]):
    """A yes is somebody else's word for what one agent cannot do alone: the screen says whose and for whom."""

    prompt_class = ApprovalsPrompt
    placeholder = "why: needed to refuse, and to approve an exception"
    helps: ClassVar[dict[type[Answer], str]] = {BackChosen: "to your call; what waits goes on waiting"}

    def rows(self) -> tuple[Approval, ...]:
        return self.prompt.approvals

    def count(self) -> str:
        waiting = len(self.prompt.approvals)
        if not waiting:
            return "Nobody waits for you. What other agents ask for appears here by itself."
        return f"{waiting} {'request waits' if waiting == 1 else 'requests wait'} for a second agent."

    def row_line(self, number: int, row: Approval) -> Content:
        return Content.assemble(
            (f"{number:>2}  ", Tone.QUIET.value),
            column(act_name(row.act), _ACT, Tone.STRONG),
            "  ",
            column(row.person.name, _PERSON),
            "  ",
            inert(row.agent_name, limit=18),
        )

    def told(self, row: Approval) -> tuple[Fact, ...]:
        zone = self.around.info.zone
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

    def about_row(self, kind: type[Answer]) -> bool:
        return kind in (ApprovalGiven, ApprovalDenied)

    def of_row(self, kind: type[Answer], row: Approval, reason: str) -> dict[str, str] | None:
        if kind is ApprovalGiven and not row.is_exception:
            return {"approval_id": row.id}
        if not reason:
            approves = kind is ApprovalGiven
            words = "Type why first: it stands in the audit." if approves else _WHY_NOT
            self.complain_of_reason(words)
            return None
        return {"approval_id": row.id, "reason": reason}

    def note(self) -> str:
        return self.prompt.note

    def say(self) -> str:
        return "Nothing to a caller: this is between you and the other agent."


_WHY_NOT = "Type why not first: the other agent reads it."
_SOON = 60
"""Seconds before its end at which a request becomes a warning."""
