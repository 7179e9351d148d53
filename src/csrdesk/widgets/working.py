"""What is shown between prompts: what is being done, and for how long already. It does not turn or blink."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content
from textual.widgets import Static

from csrdesk.widgets.tones import Tone, inert

_LONG = 10
"""Seconds after which waiting is explained."""


class WorkingPane(Static):
    """Stands where the screen's body was; what was typed stays below it."""

    def __init__(self) -> None:
        super().__init__(id="working")
        self._words = ""
        self._since: datetime | None = None

    def begin(self, words: str, since: datetime) -> None:
        """Start counting, or go on counting with other words."""
        self._words = words
        self._since = self._since or since
        self.tick(since)

    def end(self) -> None:
        """The work is done."""
        self._since = None

    def tick(self, now: datetime) -> None:
        """Show the seconds that have passed."""
        if self._since is None:
            return
        seconds = int((now - self._since).total_seconds())
        parts: list[Content] = [inert(self._words or "Working", Tone.STRONG), Content(" ...")]
        if seconds:
            parts.append(Content.styled(f"  {seconds} s", Tone.QUIET.value))
        if seconds >= _LONG:
            parts.append(Content.styled("\n\nThis takes longer than usual. Nothing is lost; it goes on by itself.", ""))
        self.update(Content.assemble(*parts))
