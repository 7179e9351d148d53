"""Between two calls: how the last one ended, and the next one."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from csrdesk.screens.frame import FrameScreen, named
from csrdesk.screens.info import Surroundings
from csrdesk.widgets.choices import Offer, ticket_offer
from csrdesk.widgets.tones import Tone, inert


class CallOverScreen(FrameScreen):
    """Home."""

    BINDINGS = [named("enter", "app.next_call", "Next call")]  # noqa: RUF012 - Textual declares it so

    def __init__(self, around: Surroundings, *, error_message: str = "", error_details: str = "") -> None:
        super().__init__(around)
        self._error_message = error_message
        self._error_details = error_details

    def compose_body(self) -> ComposeResult:
        yield Static(id="question")
        yield Static(id="words")

    def paint(self) -> None:
        self.query_one("#question", Static).update(Content.styled("The call is over.", Tone.STRONG.value))
        words = Content("Links and verification ended with it.")
        if self._error_message:
            words = Content.assemble(inert(self._error_message, Tone.BAD), "\n", inert(self._error_details, Tone.QUIET))
        self.query_one("#words", Static).update(words)

    def say(self) -> str:
        return "Thank you for calling. Good-bye."

    def offers(self) -> list[Offer]:
        return [
            Offer("enter", "Next call", "look up the next caller", "app.next_call"),
            ticket_offer(self.around.info.keys),
            Offer(self.around.info.keys.leave, "Leave", "close the console", "app.leave"),
        ]
