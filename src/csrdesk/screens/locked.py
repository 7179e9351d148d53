"""The locked console: nothing of any caller, only that calls go on and how to come back."""

from __future__ import annotations

from datetime import datetime

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from csrdesk.screens.frame import FrameScreen, named
from csrdesk.screens.info import Surroundings
from csrdesk.widgets.choices import Offer
from csrdesk.widgets.tones import Tone


class LockedScreen(FrameScreen):
    """It hides; what keeps others away is the lock of the operating system."""

    BINDINGS = [named("enter", "app.unlock", "Unlock")]  # noqa: RUF012 - Textual declares it so

    def __init__(self, around: Surroundings, open_calls: int) -> None:
        super().__init__(around)
        self._open_calls = open_calls

    def compose_body(self) -> ComposeResult:
        yield Static(id="question")
        yield Static(id="words")

    def paint(self) -> None:
        self.query_one("#question", Static).update(Content.styled("The console is locked.", Tone.STRONG.value))
        words = "Nothing of any caller is shown or kept here; what was typed and not sent is gone."
        if self._open_calls:
            calls = "One call stays" if self._open_calls == 1 else f"{self._open_calls} calls stay"
            words += f"\n{calls} open: links, customers' pages and verified windows go on."
        words += (
            "\n\nThis hides what callers told you. It asks for no password: before you walk away, lock the computer."
        )
        self.query_one("#words", Static).update(Content(words))
        # Its keys do nothing now, but for those that stand among the choices.
        self.query_one("#closing", Static).display = False

    def paint_clocks(self, now: datetime) -> None:  # noqa: ARG002 - the frame's signature
        """Nothing is said of any caller, not even that nobody is verified."""
        self.query_one("#window", Static).update("")

    def offers(self) -> list[Offer]:
        return [
            Offer("enter", "Unlock", "read the open calls again", "app.unlock"),
            Offer(self.around.info.keys.leave, "Leave", "close the console; open calls stay open", "app.leave"),
        ]
