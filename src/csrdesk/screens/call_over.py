"""Between two calls: how the last one ended, or a single act that was taken up, and the next one."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from csrdesk.flows.prompts import ResultLine
from csrdesk.screens.frame import FrameScreen, named
from csrdesk.screens.info import Surroundings
from csrdesk.screens.notice import result_fact
from csrdesk.widgets.choices import Offer, ticket_offer
from csrdesk.widgets.facts import Facts
from csrdesk.widgets.tones import Tone, inert


class CallOverScreen(FrameScreen):
    """Home."""

    BINDINGS = [named("enter", "app.next_call", "Next call")]  # noqa: RUF012 - Textual declares it so

    def __init__(
        self,
        around: Surroundings,
        *,
        error_message: str = "",
        error_details: str = "",
        lines: tuple[ResultLine, ...] | None = None,
        handed_over: str = "",
    ) -> None:
        """`lines`: what became of the parts of a single act; None where a call is over. `handed_over`: to whom a call
        went, in words, which is not over.
        """
        super().__init__(around)
        self._lines = lines
        self._handed_over = handed_over
        self._error_message = error_message
        self._error_details = error_details

    def compose_body(self) -> ComposeResult:
        yield Static(id="question")
        yield Static(id="words")
        yield Facts(id="lines", label_width=9)

    def paint(self) -> None:
        title, words = "The call is over.", Content("Links and verification ended with it.")
        if self._lines is not None:
            title, words = "The act that was interrupted has its end.", Content("What nobody saw was read back.")
        if self._handed_over:
            title, words = self._handed_over, Content("The caller talks to them now. You can do nothing more in it.")
        self.query_one("#question", Static).update(Content.styled(title, Tone.STRONG.value))
        self.query_one("#lines", Facts).facts = tuple(result_fact(line) for line in self._lines or ())
        if self._error_message:
            words = Content.assemble(inert(self._error_message, Tone.BAD), "\n", inert(self._error_details, Tone.QUIET))
        self.query_one("#words", Static).update(words)

    def say(self) -> str:
        if self._lines is not None:
            return "One moment, please: I am looking after a change that was cut off."
        if self._handed_over:
            return "My colleague goes on with you. Good-bye."
        return "Thank you for calling. Good-bye."

    def offers(self) -> list[Offer]:
        return [
            Offer("enter", "Next call", "look up the next caller", "app.next_call"),
            *([] if self._handed_over else [ticket_offer(self.around.info.keys)]),
            Offer(self.around.info.keys.leave, "Leave", "close the console", "app.leave"),
        ]
