"""A screen of rows of which one is marked, with a line to type below: what is chosen is chosen for the marked row."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from csrdesk.flows.kernel import Answer, Prompt
from csrdesk.screens.fields import field
from csrdesk.screens.prompted import PromptScreen
from csrdesk.widgets.choice_list import ChoiceList
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.tones import inert

P = TypeVar("P", bound=Prompt)
Row = TypeVar("Row")


class PickingScreen(PromptScreen[P], Generic[P, Row]):
    """A subclass says what the rows are, and what an answer carries of the marked one."""

    CSS_PATH = ["frame.tcss", "asked.tcss"]  # noqa: RUF012 - Textual declares it so
    AUTO_FOCUS = "#rows"
    long_choices = False
    placeholder = ""

    def rows(self) -> tuple[Row, ...]:
        """What can be marked."""
        return ()

    def count(self) -> str:
        """How many there are, in words."""
        return ""

    def row_line(self, number: int, row: Row) -> Content:
        """A row on one line."""
        return Content(f"{number} {row}")

    def told(self, row: Row) -> tuple[Fact, ...]:  # noqa: ARG002 - a subclass looks at it
        """The marked row whole."""
        return ()

    def of_row(self, kind: type[Answer], row: Row, reason: str) -> dict[str, str] | None:  # noqa: ARG002 - as above
        """What the answer carries; None (after `complain`) where something is missing, and {} where nothing is."""
        return {}

    def about_row(self, kind: type[Answer]) -> bool:  # noqa: ARG002 - as above
        """Whether the answer is about the marked row."""
        return False

    @property
    def marked(self) -> Row | None:
        """The row under the mark."""
        rows, at = self.rows(), self.query_one("#rows", OptionList).highlighted
        return rows[at] if at is not None and at < len(rows) else None

    def compose_body(self) -> ComposeResult:
        yield Static(id="count")
        yield OptionList(id="rows", markup=False)
        yield Facts(id="marked", label_width=12)
        yield field("reason", max_length=200, placeholder=self.placeholder)

    def paint(self) -> None:
        rows = self.rows()
        self.query_one("#count", Static).update(inert(self.count()))
        listed = self.query_one("#rows", OptionList)
        at = listed.highlighted or 0
        listed.clear_options()
        listed.add_options([Option(self.row_line(n, row)) for n, row in enumerate(rows, start=1)])
        listed.display = bool(rows)
        listed.highlighted = min(at, len(rows) - 1) if rows else None
        self.query_one("#reason", Input).display = bool(rows)
        self.tell_of_marked()

    def tell_of_marked(self) -> None:
        """Say what the marked row holds."""
        marked = self.marked
        self.query_one("#marked", Facts).facts = self.told(marked) if marked is not None else ()

    def is_offered(self, kind: type[Answer]) -> bool:
        """What concerns a row only where one is marked."""
        return not self.about_row(kind) or (self.is_mounted and self.marked is not None)

    def fields(self, kind: type[Answer]) -> dict[str, str] | None:
        marked = self.marked
        if not self.about_row(kind) or marked is None:
            return {}
        return self.of_row(kind, marked, self.query_one("#reason", Input).value.strip())

    def complain_of_reason(self, words: str) -> None:
        """Say that a reason is missing, and go to its field."""
        self.complain(words)
        self.query_one("#reason", Input).focus()

    @on(OptionList.OptionHighlighted)
    def follow(self) -> None:
        """Another row, other facts and other choices."""
        self.tell_of_marked()
        self.query_one(ChoiceList).show(self.offers())
        self.refresh_bindings()

    def on_key(self, event: events.Key) -> None:
        """A digit marks the row of that number."""
        number = int(event.character) if event.character and event.character in "123456789" else 0
        if 0 < number <= len(self.rows()) and not isinstance(self.focused, Input):
            event.stop()
            self.query_one("#rows", OptionList).highlighted = number - 1
