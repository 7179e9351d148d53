"""Before the link is sent: to whom, and what the caller will need."""

from __future__ import annotations

from textual.app import ComposeResult

from csrdesk.flows.prompts import MagicLinkFormPrompt
from csrdesk.screens.prompted import PromptScreen
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.tones import Tone


class MagicLinkFormScreen(PromptScreen[MagicLinkFormPrompt]):
    """Send or cancel; nothing has been sent when it shows."""

    prompt_class = MagicLinkFormPrompt

    def compose_body(self) -> ComposeResult:
        yield Facts(id="card")

    def paint(self) -> None:
        person = self.prompt.person
        self.query_one("#card", Facts).facts = (
            Fact("Name", person.name, Tone.STRONG),
            Fact("Link goes to", person.email or "no mail address"),
            Fact("", ""),
            Fact("Then", "you read out a six-digit code; the caller types it on the page that the link opens."),
            Fact("", "Where a device is registered, the page asks for it as well."),
            Fact("Take care", "Say the code on this call only. Do not send or chat it.", Tone.WARN),
        )

    def note(self) -> str:
        return self.prompt.note

    def say(self) -> str:
        prompt = self.prompt
        if prompt.refused:
            return "I am sorry, I cannot send you a link now. One moment, please."
        if prompt.code or prompt.warned:
            return "One moment, please. I am looking at something."
        if prompt.note:
            return "That did not work out. May I mail you a new link, to the address that we have?"
        return "May I mail you the link now, to the address that we have? Please have your mailbox open."
