"""Something went wrong that nobody expected: said in words with a reference, never as a traceback."""

from __future__ import annotations

from textual.app import ComposeResult

from csrdesk.screens.frame import FrameScreen, named
from csrdesk.screens.info import Surroundings
from csrdesk.widgets.choices import Offer
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.tones import Tone


class TroubleScreen(FrameScreen):
    """The call itself stays saved: the agent reads it again, or leaves."""

    BINDINGS = [named("try_again", "app.recover", "Try again")]  # noqa: RUF012 - Textual declares it so

    def __init__(self, around: Surroundings, *, message: str, reference: str = "") -> None:
        super().__init__(around)
        self.message = message
        self.reference = reference

    def compose_body(self) -> ComposeResult:
        yield Facts(id="card")

    def paint(self) -> None:
        facts = [Fact("Error", self.message, Tone.BAD)]
        if self.reference:
            facts.append(Fact("Reference", self.reference, Tone.STRONG))
            facts.append(Fact("", "Quote it to whoever looks after csrdesk; the log has the rest."))
        self.query_one("#card", Facts).facts = tuple(facts)

    def say(self) -> str:
        return "I am sorry, something does not work on our side. One moment, please."

    def offers(self) -> list[Offer]:
        return [
            Offer(
                self.around.info.keys.try_again,
                "Try again",
                "read the call again; nothing of it is lost",
                "app.recover",
            ),
            Offer(self.around.info.keys.leave, "Leave", "close the console; the call stays open", "app.leave"),
        ]
