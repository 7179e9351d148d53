"""What the screen shows, value by value: one key hands one of them to the terminal's clipboard."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from csrdesk.model.text import clean
from csrdesk.screens.dialog import Dialog
from csrdesk.screens.frame import named
from csrdesk.screens.ticket import COPIED
from csrdesk.widgets.choices import Offer
from csrdesk.widgets.facts import Fact
from csrdesk.widgets.lines import Notice
from csrdesk.widgets.tones import Tone, column, inert

_LABEL = 18
_LONGEST = 4000
"""More of one value than this is not copied."""


class CopyScreen(Dialog[None]):
    """Only what stands on the screen as text anyway; the code to say aloud is never among it."""

    CSS_PATH = ["frame.tcss", "calls.tcss"]  # noqa: RUF012 - Textual declares it so
    AUTO_FOCUS = "#values"
    BINDINGS = [named("copy", "dismiss(None)", "Back")]  # noqa: RUF012 - Textual declares it so

    def __init__(self, values: tuple[Fact, ...]) -> None:
        super().__init__("Copy a value")
        self._values = values

    def compose_words(self) -> ComposeResult:
        yield OptionList(*(Option(_row(n, fact)) for n, fact in enumerate(self._values, 1)), id="values", markup=False)
        yield Notice(id="copied", tone=Tone.GOOD)

    def on_mount(self) -> None:
        self.query_one(OptionList).highlighted = 0

    def offers(self) -> list[Offer]:
        return [
            Offer("enter", "Copy", "arrow keys, or type its number first", "copy_it"),
            Offer("escape", "Back", "to the call", "dismiss(None)"),
        ]

    @on(OptionList.OptionSelected)
    def action_copy_it(self) -> None:
        """Hand the marked value to the terminal."""
        row = self.query_one(OptionList).highlighted
        if row is not None:
            fact = self._values[row]
            self.app.copy_to_clipboard(clean(fact.value, _LONGEST))
            self.query_one(Notice).tell(f"{fact.label}: {COPIED}")

    def on_key(self, event: events.Key) -> None:
        """A digit goes to the row of that number; Enter then copies it."""
        number = int(event.character) if event.character and event.character in "123456789" else 0
        if 0 < number <= len(self._values):
            event.stop()
            self.query_one(OptionList).highlighted = number - 1


def _row(number: int, fact: Fact) -> Content:
    return Content.assemble(
        (f"{number:>2}  ", Tone.QUIET.value), column(fact.label, _LABEL), " ", inert(fact.value, Tone.STRONG)
    )
