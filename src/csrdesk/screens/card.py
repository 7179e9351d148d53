"""The caller's card before verification: name, masked address, ways to verify; no account state."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.types import CSSPathType

from csrdesk.flows.act_words import CHOSEN
from csrdesk.flows.answers import RecoveryChosen
from csrdesk.flows.kernel import Answer
from csrdesk.flows.prompts import CardPrompt
from csrdesk.flows.ways import BY_ANSWER
from csrdesk.model.ways import Way
from csrdesk.screens.frame import HEIGHTS
from csrdesk.screens.prompted import PromptScreen
from csrdesk.screens.whom import device_facts, person_facts, way_facts
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.tones import Tone


class CardScreen(PromptScreen[CardPrompt]):
    """Where the agent chooses how the caller shows who they are."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["frame.tcss", "card.tcss"]
    prompt_class = CardPrompt

    def compose(self) -> ComposeResult:
        # With several ways to choose from, a low terminal has room for their keys, not for a line each.
        self.long_choices = len(self._open) < _SEVERAL or not self._is_low
        yield from super().compose()

    def compose_body(self) -> ComposeResult:
        with Container(id="columns"):
            yield Facts(id="card")
            yield Facts(id="ways")

    def on_mount(self) -> None:
        self.query_one("#card").border_title = "Caller"
        self.query_one("#ways").border_title = "What they can show"
        super().on_mount()

    def paint(self) -> None:
        prompt, now, zone = self.prompt, self.around.now(), self.around.info.zone
        warning = (Fact("Warning", prompt.warning, Tone.WARN),) if prompt.warning else ()
        self.query_one("#card", Facts).facts = person_facts(prompt.person)
        self.query_one("#ways", Facts).facts = (
            *device_facts(prompt.devices, now, zone, brief=self._is_low and len(prompt.devices) > _FEW),
            *way_facts(prompt.ways),
            *warning,
        )

    def is_offered(self, kind: type[Answer]) -> bool:
        """A way that is not open cannot be chosen; that it is there, and why not, stands beside it."""
        if CHOSEN.get(kind) in self.prompt.withheld:
            return False
        if kind is RecoveryChosen:
            return self.prompt.recovery
        return kind not in BY_ANSWER or BY_ANSWER[kind] in self._open

    @property
    def _is_low(self) -> bool:
        return self.app.size.height < HEIGHTS[-1][0]

    @property
    def _open(self) -> list[Way]:
        return [offer.way for offer in self.prompt.ways if offer.is_open]

    def note(self) -> str:
        return self.prompt.note

    def say(self) -> str:
        return _SAY[self._open[0]]


_SEVERAL = 2
_FEW = 2
"""Devices for which even a low terminal has two lines each."""
_SAY = {
    Way.LINK: "To make sure that it is you, I would like to mail you a link. Can you open your mailbox now?",
    Way.SPOKEN_ADDRESS: "To make sure that it is you, please open a web browser, on any device. Can you do that now?",
    Way.PUSH: "To make sure that it is you, I would like to send a request to the app on your phone.",
    Way.CALL_BACK: "To make sure that it is you, I would like to have your phone rung. Can you answer it now?",
    Way.EXCEPTION: "I cannot make sure that it is you by myself. I may ask a colleague, if there is no other way.",
}
"""How to begin, by the first way that is open."""
