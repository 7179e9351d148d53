"""While the caller opens the link: the code to say, the reference, the clocks and the link's life."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from csrdesk.flows.answers import MoreTimeChosen, NewCodeChosen
from csrdesk.flows.kernel import Answer
from csrdesk.flows.prompts import PollingPrompt
from csrdesk.model.link import Link, LinkStage
from csrdesk.screens.link_life import life, next_word, warnings
from csrdesk.screens.prompted import PromptScreen
from csrdesk.screens.whom import person_line
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.lines import Notice
from csrdesk.widgets.moments import left
from csrdesk.widgets.spoken import SpokenCode
from csrdesk.widgets.tones import Tone, inert

_SOON = 30
"""Seconds before its end at which a clock becomes a warning."""


class PollingScreen(PromptScreen[PollingPrompt]):
    """Watches; the code itself comes with the view and is nowhere in the prompt."""

    CSS_PATH = ["frame.tcss", "polling.tcss"]  # noqa: RUF012 - Textual declares it so
    prompt_class = PollingPrompt
    long_choices = False
    clock_name: ClassVar[str] = "Link"
    """What runs out before the code is right."""
    life_title: ClassVar[str] = "The link's life"

    def compose_body(self) -> ComposeResult:
        yield Static(id="whom")
        yield Notice(id="warnings")
        with Horizontal(id="columns"):
            with Vertical(id="code"):
                yield SpokenCode()
                yield Facts(label_width=11, id="clocks")
            with Vertical(id="life"):
                yield Facts(label_width=4, id="steps")

    def on_mount(self) -> None:
        self.query_one("#life").border_title = self.life_title
        super().on_mount()

    def paint(self) -> None:
        link, code = self.prompt.link, self.view.spoken_code
        self.query_one("#whom", Static).update(inert(person_line(self.prompt.person), Tone.STRONG))
        self.query_one("#code").border_title = "Say this code" if code else "Code"
        self.query_one("#warnings", Notice).tell(" ".join(self.warnings_of(link)))
        self.query_one(SpokenCode).show(
            code, "The code has been entered." if link.stage is not LinkStage.SENDING else ""
        )
        self.query_one("#steps", Facts).facts = self.life_of(link, self.around.info.zone)

    def paint_clocks(self, now: datetime) -> None:
        link = self.prompt.link
        clocks = [Fact("Reference", link.reference, Tone.STRONG)]
        for name, until in ((self.clock_name, link.expires_at), ("Page", link.page_until)):
            if until and not (name == self.clock_name and link.page_until):
                soon = (until - now).total_seconds() < _SOON
                more = ", extended" if name == self.clock_name and link.extended else ""
                clocks.append(Fact(name, left(until, now) + more, Tone.WARN if soon else Tone.PLAIN))
        self.query_one("#clocks", Facts).facts = tuple(clocks)

    def life_of(self, link: Link, zone: tzinfo | None) -> tuple[Fact, ...]:
        """How far the caller is, a line a step."""
        return life(link, zone)

    def warnings_of(self, link: Link) -> tuple[str, ...]:
        """What the agent must not overlook."""
        return warnings(link)

    def is_offered(self, kind: type[Answer]) -> bool:
        """A new code or more time helps only until the right code was typed."""
        link = self.prompt.link
        if kind is NewCodeChosen:
            return link.stage is LinkStage.SENT
        if kind is MoreTimeChosen:
            return link.stage is LinkStage.SENT and not link.extended
        return True

    def note(self) -> str:
        return self.prompt.note

    def say(self) -> str:
        return next_word(self.prompt.link)
