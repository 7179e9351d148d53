"""The caller's card where no way to verify is open now: why, and what can be done all the same."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.types import CSSPathType

from csrdesk.flows.act_words import CHOSEN
from csrdesk.flows.answers import RecoveryChosen
from csrdesk.flows.kernel import Answer
from csrdesk.flows.prompts import UnverifiableCardPrompt
from csrdesk.screens.prompted import PromptScreen
from csrdesk.screens.whom import device_words, person_facts, since_words, way_facts
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.tones import Tone


class UnverifiableCardScreen(PromptScreen[UnverifiableCardPrompt]):
    """Says why each registered device cannot be used."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["frame.tcss", "card.tcss"]
    prompt_class = UnverifiableCardPrompt

    def compose_body(self) -> ComposeResult:
        with Container(id="columns"):
            yield Facts(id="card")
            yield Facts(id="ways")

    def on_mount(self) -> None:
        self.query_one("#card").border_title = "Caller"
        self.query_one("#ways").border_title = "What they could show"
        super().on_mount()

    def paint(self) -> None:
        prompt, now, zone = self.prompt, self.around.now(), self.around.info.zone
        labels = ["Devices", *[""] * len(prompt.devices)]
        since = [since_words(device, now, zone) for device in prompt.devices]
        obstacles = (_with(why, when) for why, when in zip(prompt.obstacles, since, strict=True))
        why = zip(labels, prompt.devices, obstacles, strict=False)
        self.query_one("#card", Facts).facts = person_facts(prompt.person)
        self.query_one("#ways", Facts).facts = (
            Fact("Not now", prompt.why, Tone.WARN),
            *(
                Fact(label, ": ".join(part for part in (device_words(device), words) if part))
                for label, device, words in why
            ),
            *way_facts(prompt.ways),
            *((Fact("Reference", prompt.reference or self.view.id, Tone.STRONG),) if prompt.code else ()),
        )

    def is_offered(self, kind: type[Answer]) -> bool:
        """Recovery where settings have its page, and PingOne knows an address; an act where it is the agent's to do."""
        if CHOSEN.get(kind) in self.prompt.withheld:
            return False
        return kind is not RecoveryChosen or self.prompt.recovery

    def note(self) -> str:
        return self.prompt.note

    def say(self) -> str:
        if self.prompt.frozen:
            return "I am sorry, I cannot go on with this. Good-bye."
        return "I am sorry, I cannot make sure that it is you at the moment, so I may not change anything."


def _with(obstacle: str, since: str) -> str:
    """Why a device cannot be used, and since when it is there."""
    return f"{obstacle} ({since})" if since else obstacle
