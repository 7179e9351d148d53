"""While an act waits for a second agent: for whom it waits, what they read, and how long is left."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from csrdesk.flows.answers import Cancelled
from csrdesk.flows.desk_prompts import SecondAgentPrompt
from csrdesk.flows.kernel import Answer
from csrdesk.screens.act_names import act_name
from csrdesk.screens.prompted import PromptScreen
from csrdesk.screens.whom import person_line
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.moments import left
from csrdesk.widgets.tones import Tone, inert


class SecondAgentScreen(PromptScreen[SecondAgentPrompt]):
    """Watches; the answer comes from another agent alone."""

    CSS_PATH = ["frame.tcss", "asked.tcss"]  # noqa: RUF012 - Textual declares it so
    prompt_class = SecondAgentPrompt
    helps: ClassVar[dict[type[Answer], str]] = {Cancelled: "ask no more; nothing is done"}

    def compose_body(self) -> ComposeResult:
        yield Static(id="whom")
        yield Facts(id="asked", label_width=12)
        yield Facts(id="clock", label_width=12)

    def paint(self) -> None:
        prompt, asked = self.prompt, self.prompt.approval
        self.query_one("#whom", Static).update(inert(person_line(prompt.person), Tone.STRONG))
        facts = (
            Fact("Act", act_name(asked.act), Tone.STRONG),
            Fact("Waits for", "another agent who may do this, or a lead. Nothing is done before that.", Tone.WARN),
            Fact("Reason", asked.reason),
            Fact("Ticket", asked.ticket),
            Fact("Shown", asked.shown),
        )
        self.query_one("#asked", Facts).facts = tuple(fact for fact in facts if fact.value)

    def paint_clocks(self, now: datetime) -> None:
        self.query_one("#clock", Facts).facts = (Fact("Time", left(self.prompt.approval.until, now)),)

    def say(self) -> str:
        return "A colleague has to look at this as well. It takes a moment; please stay on the line."
