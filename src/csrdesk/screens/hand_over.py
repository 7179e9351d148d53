"""Handing a call over: one colleague is marked, a short note is typed, and then their answer is waited for."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from csrdesk.flows.answers import BackChosen, Cancelled
from csrdesk.flows.hand_over_answers import CallOffered
from csrdesk.flows.hand_over_prompts import HandOverPrompt, OfferedPrompt
from csrdesk.flows.kernel import Answer
from csrdesk.model.hand_overs import Colleague
from csrdesk.screens.offered_calls import answer_fact, stage_fact
from csrdesk.screens.picking import PickingScreen
from csrdesk.screens.prompted import PromptScreen
from csrdesk.screens.whom import person_line
from csrdesk.widgets.choices import Offer, shown
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.tones import Tone, column, inert

_NAME = 30


class HandOverScreen(PickingScreen[HandOverPrompt, Colleague]):
    """The call goes on meanwhile, and is the agent's own until the other one accepts."""

    prompt_class = HandOverPrompt
    placeholder = "a short note: your colleague reads it before they accept"
    helps: ClassVar[dict[type[Answer], str]] = {BackChosen: "to your call; it stays with you"}

    def rows(self) -> tuple[Colleague, ...]:
        return self.prompt.colleagues

    def count(self) -> str:
        person, known = self.prompt.person, len(self.prompt.colleagues)
        if person is None:
            return "This call cannot be handed over now."
        whom = f"The call with {person_line(person)}, {self.prompt.stage}."
        if not known:
            return f"{whom} Nobody else who is signed in at this desk may take it."
        return f"{whom} {known} {'colleague' if known == 1 else 'colleagues'} may take it."

    def row_line(self, number: int, row: Colleague) -> Content:
        return Content.assemble(
            (f"{number:>2}  ", Tone.QUIET.value), column(row.name, _NAME, Tone.STRONG), "  ", inert(row.id, limit=30)
        )

    def told(self, row: Colleague) -> tuple[Fact, ...]:
        now, zone = self.around.now(), self.around.info.zone
        return (
            Fact("To", f"{row.name} ({row.id})", Tone.STRONG),
            stage_fact(self.prompt.stage, self.prompt.verified_until, now, zone),
            Fact("Then", "they have two minutes to accept; the verified time runs on as it is."),
        )

    def about_row(self, kind: type[Answer]) -> bool:
        return kind is CallOffered

    def of_row(self, kind: type[Answer], row: Colleague, reason: str) -> dict[str, str] | None:  # noqa: ARG002 - one
        if not reason:
            self.complain_of_reason("Type a short note first: your colleague reads it.")
            return None
        return {"agent_id": row.id, "note": reason}

    def note(self) -> str:
        return self.prompt.note

    def say(self) -> str:
        if not self.rows():
            return "One moment, please. I stay on the line with you."
        return "I would like to pass you to a colleague. Please stay on the line."


class OfferedScreen(PromptScreen[OfferedPrompt]):
    """Watches; the call can be gone back to meanwhile, and taken back."""

    CSS_PATH = ["frame.tcss", "asked.tcss"]  # noqa: RUF012 - Textual declares it so
    prompt_class = OfferedPrompt
    helps: ClassVar[dict[type[Answer], str]] = {Cancelled: "take it back; the call stays with you"}

    def compose_body(self) -> ComposeResult:
        yield Static(id="whom")
        yield Facts(id="asked", label_width=12)
        yield Facts(id="clock", label_width=12)

    def paint(self) -> None:
        offer = self.prompt.hand_over
        self.query_one("#whom", Static).update(inert(person_line(offer.person), Tone.STRONG))
        self.query_one("#asked", Facts).facts = (
            Fact("Offered to", f"{offer.to_name} ({offer.to})", Tone.STRONG),
            Fact("Note", offer.note),
            Fact("Until then", "the call is yours, and goes on: go back to it with the key below.", Tone.WARN),
        )

    def paint_clocks(self, now: datetime) -> None:
        self.query_one("#clock", Facts).facts = (answer_fact(self.prompt.hand_over, now),)

    def offers(self) -> list[Offer]:
        key = self.around.info.keys.hand_over
        return [*super().offers(), Offer(key, "The call", f"back to it; the offer stands ({shown(key)} again)", _BACK)]

    def say(self) -> str:
        return "I am asking a colleague to take over. It takes a moment; please stay on the line."


_BACK = "app.hand_over"
