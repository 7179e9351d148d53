"""The caller's card where no way to verify is open now: why, and what can be done all the same."""

from __future__ import annotations

from textual.app import ComposeResult

from csrdesk.flows.prompts import UnverifiableCardPrompt
from csrdesk.screens.prompted import PromptScreen
from csrdesk.screens.whom import person_facts
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.tones import Tone


class UnverifiableCardScreen(PromptScreen[UnverifiableCardPrompt]):
    """Says why each registered device cannot be used."""

    prompt_class = UnverifiableCardPrompt

    def compose_body(self) -> ComposeResult:
        yield Facts(id="card")

    def paint(self) -> None:
        prompt = self.prompt
        labels = ["Devices", *[""] * len(prompt.obstacles)]
        self.query_one("#card", Facts).facts = (
            Fact("Not now", prompt.why, Tone.WARN),
            *person_facts(prompt.person),
            *(Fact(label, words) for label, words in zip(labels, prompt.obstacles, strict=False)),
        )

    def note(self) -> str:
        return self.prompt.note

    def say(self) -> str:
        return "I am sorry, I cannot make sure that it is you at the moment, so I may not change anything."
