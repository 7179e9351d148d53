"""A whole screen of rows above the call: what the audit screen and the history share."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.types import CSSPathType
from textual.widgets import Static

from csrdesk.screens.dialog import Dialog
from csrdesk.widgets.choice_list import ChoiceList
from csrdesk.widgets.lines import Notice
from csrdesk.widgets.row_list import RowList
from csrdesk.widgets.tones import Tone


class Listing(Dialog[None]):
    """A title, what is wrong if anything, the heads of the columns, the rows, and the choices."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["frame.tcss", "listing.tcss"]
    AUTO_FOCUS = "#rows"
    empty: ClassVar[str] = "Nothing yet."

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static(Content.styled(self._title, Tone.STRONG.value), id="question")
            yield Notice(id="problem", tone=Tone.BAD)
            yield Static(id="heads")
            yield RowList(self.line_at, empty=self.empty, id="rows")
            yield ChoiceList(self.offers(), long=False)

    def line_at(self, row: int) -> Content:
        """The line of a row."""
        raise NotImplementedError

    @property
    def rows(self) -> RowList:
        return self.query_one(RowList)

    def tell(self, title: str, heads: str) -> None:
        """What is listed, and what its columns are."""
        self.query_one("#question", Static).update(Content.styled(title, Tone.STRONG.value))
        self.query_one("#heads", Static).update(Content.styled(f"  {heads}", Tone.QUIET.value))

    def complain(self, words: str) -> None:
        """Say what went wrong, in place; empty takes it back."""
        self.query_one("#problem", Notice).tell(words)
