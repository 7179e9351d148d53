"""While the caller types a new password on their own page: how far they are, and the clocks. Nothing of it is shown."""

from __future__ import annotations

from datetime import datetime

from textual.app import ComposeResult
from textual.widgets import Static

from csrdesk.flows.answers import Cancelled, OwnLinkChosen
from csrdesk.flows.kernel import Answer
from csrdesk.flows.password_prompts import WaitingForNewPasswordPrompt
from csrdesk.model.link import Link, LinkStage
from csrdesk.screens.prompted import PromptScreen
from csrdesk.screens.whom import person_line
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.moments import left
from csrdesk.widgets.tones import Tone, inert

_SOON = 30
"""Seconds before its end at which a clock becomes a warning."""


class NewPasswordScreen(PromptScreen[WaitingForNewPasswordPrompt]):
    """Watches; there is nothing to type, and nowhere to."""

    prompt_class = WaitingForNewPasswordPrompt
    long_choices = False

    def compose_body(self) -> ComposeResult:
        yield Static(id="question")
        yield Static(id="whom")
        yield Facts(label_width=4, id="steps")
        yield Facts(label_width=11, id="clocks")

    def paint(self) -> None:
        prompt = self.prompt
        where = ", then ".join(home.value for home in prompt.homes)
        self.query_one("#question", Static).update(inert(f"A new password, set in {where}", Tone.STRONG))
        self.query_one("#whom", Static).update(inert(person_line(prompt.person)))
        self.query_one("#steps", Facts).facts = steps(prompt.link)

    def paint_clocks(self, now: datetime) -> None:
        clocks = [Fact("Reference", self.prompt.link.reference, Tone.STRONG)]
        until = self.prompt.link.page_until
        if until:
            soon = (until - now).total_seconds() < _SOON
            clocks.append(Fact("Page", left(until, now), Tone.WARN if soon else Tone.PLAIN))
        self.query_one("#clocks", Facts).facts = tuple(clocks)

    def is_offered(self, kind: type[Answer]) -> bool:
        """What is being written is not interrupted."""
        return kind not in (Cancelled, OwnLinkChosen) or self.prompt.link.stage is not LinkStage.SETTING

    def note(self) -> str:
        return self.prompt.note

    def say(self) -> str:
        link = self.prompt.link
        if link.stage is LinkStage.SETTING:
            return "Thank you. One moment, please: it is being set."
        if not link.fetched:
            return "Please look at the page that you have open: it asks for a new password. Do not tell it to me."
        return "Please type the new password twice, and tell me when the page says that it is set. Do not say it aloud."


def steps(link: Link) -> tuple[Fact, ...]:
    """One line a step, marked as a link's are: `[x]` done, `[>]` awaited now, `[ ]` still to come."""
    setting = link.stage is LinkStage.SETTING
    reached = 2 if setting else 1 if link.fetched else 0
    words = ("The caller's page shows it", "The caller has typed a password", "It is set, and read back")
    return tuple(Fact(*_marked(reached, step, said)) for step, said in enumerate(words))


def _marked(reached: int, step: int, words: str) -> tuple[str, str, Tone]:
    if reached > step:
        return "[x]", words, Tone.GOOD
    return ("[>]", words, Tone.STRONG) if reached == step else ("[ ]", words, Tone.QUIET)
