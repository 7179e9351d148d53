"""Asked once when the agent leaves while a call is open."""

from __future__ import annotations

from typing import Literal

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static

from csrdesk.model.text import clean
from csrdesk.screens.dialog import Dialog
from csrdesk.widgets.choices import Offer

Leaving = Literal["end", "keep"]


class LeaveScreen(Dialog[Leaving]):
    """End the calls, keep them for later, or stay."""

    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        Binding("e", "end", show=False),
        Binding("k", "keep", show=False),
    ]

    def __init__(self, call_ids: list[str], *, can_end: bool) -> None:
        super().__init__("A call is open." if len(call_ids) == 1 else f"{len(call_ids)} calls are open.")
        self._call_ids = call_ids
        self._can_end = can_end

    def compose_words(self) -> ComposeResult:
        shows = "".join(f"\n  csrdesk call show {clean(call_id)}" for call_id in self._call_ids)
        words = f"A call that is kept stays open and loses nothing:{shows}"
        if not self._can_end:
            words += "\nTo end it, finish or cancel what is on its screen first."
        yield Static(Content(words), id="words")

    def offers(self) -> list[Offer]:
        end = [Offer("e", "End and leave", "links and verification end with the call", "end")] if self._can_end else []
        return [
            *end,
            Offer("k", "Keep and leave", "the call stays open", "keep"),
            Offer("escape", "Stay", "back to the call", "dismiss(None)"),
        ]

    def action_end(self) -> None:
        """End the call, then leave."""
        if self._can_end:
            self.dismiss("end")

    def action_keep(self) -> None:
        """Leave; the call stays as it is."""
        self.dismiss("keep")
