"""Return Error: what happened in plain words, the details, and a reference that the agent can quote."""

from __future__ import annotations

from textual.app import ComposeResult

from csrdesk.flows.prompts import ErrorPrompt
from csrdesk.screens.prompted import PromptScreen
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.tones import Tone


class ErrorScreen(PromptScreen[ErrorPrompt]):
    """The call goes on: try again, or end it."""

    prompt_class = ErrorPrompt

    def compose_body(self) -> ComposeResult:
        yield Facts(id="card")

    def paint(self) -> None:
        facts = [Fact("Error", self.prompt.error_message, Tone.BAD)]
        if self.prompt.error_details:
            facts.append(Fact("Details", self.prompt.error_details, Tone.QUIET))
        # PingOne's own reference where its answer carried one; otherwise the call's id, which the audit lists.
        facts.append(Fact("Reference", self.prompt.reference or self.view.id, Tone.STRONG))
        self.query_one("#card", Facts).facts = tuple(facts)

    def say(self) -> str:
        return "I am sorry, something does not work on our side. One moment, please."
