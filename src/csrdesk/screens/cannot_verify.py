"""The way "none": nothing is done, and the agent has the words for it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from csrdesk.flows.prompts import CannotVerifyPrompt
from csrdesk.screens.prompted import PromptScreen
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.tones import Tone

WORDS = (
    "I believe you, but I have to be sure before I change anything. Without that I may not touch an account.",
    "Nothing has been changed.",
    "When you have your mailbox and your phone or your security key at hand, please call again.",
    "If you think that somebody else is using your account, tell me: I can close it right away.",
)


class CannotVerifyScreen(PromptScreen[CannotVerifyPrompt]):
    """A page to read from."""

    prompt_class = CannotVerifyPrompt

    def compose_body(self) -> ComposeResult:
        yield Facts(id="card")
        yield Static(Content("\n\n").join(Content(words) for words in WORDS), id="words")

    def paint(self) -> None:
        self.query_one("#card", Facts).facts = (
            Fact("Name", self.prompt.person.name, Tone.STRONG),
            Fact("Not verified", "Nothing was done. It is noted in the audit.", Tone.WARN),
        )

    def say(self) -> str:
        return "I am sorry. I cannot make sure that it is you today."
