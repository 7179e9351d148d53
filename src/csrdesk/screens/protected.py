"""A look-up of a protected account says only that."""

from __future__ import annotations

from textual.app import ComposeResult

from csrdesk.flows.prompts import ProtectedPrompt
from csrdesk.screens.prompted import PromptScreen
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.tones import Tone


class ProtectedScreen(PromptScreen[ProtectedPrompt]):
    """Nothing can be done here, and nothing more is told."""

    prompt_class = ProtectedPrompt

    def compose_body(self) -> ComposeResult:
        yield Facts(id="card")

    def paint(self) -> None:
        self.query_one("#card", Facts).facts = (
            Fact("Name", self.prompt.name, Tone.STRONG),
            Fact("Protected", self.prompt.message, Tone.WARN),
        )

    def say(self) -> str:
        return "I am sorry, the help desk cannot do anything with this account. Please turn to your own IT contact."
