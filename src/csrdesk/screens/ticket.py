"""The text for the ticket: shown, so that it can be marked, and copied by one key where the terminal allows it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static

from csrdesk.screens.dialog import Dialog
from csrdesk.widgets.choices import Offer
from csrdesk.widgets.lines import Notice
from csrdesk.widgets.tones import Tone

COPIED = "Sent to the clipboard. Where nothing arrives, mark the text with the mouse: not every terminal takes it."


class TicketScreen(Dialog[None]):
    """Copies by OSC 52, which a terminal may ignore; that cannot be seen from here, and so it is said."""

    BINDINGS = [Binding("c", "copy", show=False)]  # noqa: RUF012 - Textual declares it so

    def __init__(self, words: str) -> None:
        super().__init__("For the ticket")
        self._words = words

    def compose_words(self) -> ComposeResult:
        yield Static(Content(self._words), id="words")
        yield Notice(id="copied", tone=Tone.GOOD)

    def offers(self) -> list[Offer]:
        return [
            Offer("c", "Copy", "to the clipboard, where the terminal takes it", "copy"),
            Offer("escape", "Back", "to the call", "dismiss(None)"),
        ]

    def action_copy(self) -> None:
        """Hand the text to the terminal."""
        self.app.copy_to_clipboard(self._words)
        self.query_one(Notice).tell(COPIED)
