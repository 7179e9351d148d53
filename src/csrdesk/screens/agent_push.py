"""While the phone has the question: the number to say aloud, large, and how long is left."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from csrdesk.flows.answers import Cancelled, LineDropped
from csrdesk.flows.kernel import Answer
from csrdesk.flows.try_prompts import AgentPushPrompt
from csrdesk.model.secret import Secret
from csrdesk.screens.prompted import PromptScreen
from csrdesk.screens.try_clock import clocks
from csrdesk.screens.whom import person_line
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.spoken import SpokenCode
from csrdesk.widgets.tones import Tone, inert


class AgentPushScreen(PromptScreen[AgentPushPrompt]):
    """Watches; the answer comes from the phone alone."""

    helps: ClassVar[dict[type[Answer], str]] = {
        Cancelled: "go back; nothing is verified",
        LineDropped: "it dropped: this ends; customer and ticket stay",
    }
    CSS_PATH = ["frame.tcss", "try.tcss"]  # noqa: RUF012 - Textual declares it so
    prompt_class = AgentPushPrompt

    def compose_body(self) -> ComposeResult:
        yield Static(id="whom")
        with Horizontal(id="columns"):
            with Vertical(id="number"):
                yield SpokenCode()
                yield Facts(label_width=11, id="clocks")
            with Vertical(id="life"):
                yield Facts(label_width=4, id="steps")

    def on_mount(self) -> None:
        self.query_one("#number").border_title = "Say this number"
        self.query_one("#life").border_title = "On the phone"
        super().on_mount()

    def paint(self) -> None:
        prompt = self.prompt
        self.query_one("#whom", Static).update(inert(person_line(prompt.person), Tone.STRONG))
        self.query_one(SpokenCode).show(Secret(prompt.number), "")
        self.query_one("#steps", Facts).facts = (
            Fact("[x]", f"Request sent to {prompt.device.label}", Tone.GOOD),
            Fact("[>]", "The caller opens the app, and chooses the number among three", Tone.STRONG),
            Fact("[ ]", "Verified", Tone.QUIET),
            Fact("", ""),
            Fact("", "Deny, or a wrong number, freezes verification of this person.", Tone.WARN),
        )

    def paint_clocks(self, now: datetime) -> None:
        self.query_one("#clocks", Facts).facts = clocks(self.prompt.link, now, self.prompt.ends_at)

    def say(self) -> str:
        number = " ".join(self.prompt.number)
        return f"Please open the app on your phone, and choose the number {number}. Only if you called us yourself."
