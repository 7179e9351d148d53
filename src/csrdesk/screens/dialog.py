"""A small box above a screen: some words and choices. The screen below waits."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.types import CSSPathType
from textual.widgets import Static

from csrdesk.widgets.choice_list import ChoiceList
from csrdesk.widgets.choices import Offer
from csrdesk.widgets.tones import Tone

T = TypeVar("T")


class Dialog(ModalScreen[T], Generic[T]):
    """Escape closes it, and nothing has happened."""

    CSS_PATH: ClassVar[CSSPathType | None] = "frame.tcss"
    AUTO_FOCUS = ""
    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        Binding("escape", "dismiss(None)", show=False),
        Binding("pagedown", "scroll_box(1)", show=False),
        Binding("pageup", "scroll_box(-1)", show=False),
    ]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="box", can_focus=False):
            yield Static(Content.styled(self._title, Tone.STRONG.value), id="question")
            yield from self.compose_words()
            yield ChoiceList(self.offers(), long=True)

    def compose_words(self) -> ComposeResult:
        """What stands between title and choices."""
        yield from ()

    def action_scroll_box(self, pages: int) -> None:
        """For what does not fit into a small terminal."""
        box = self.query_one("#box")
        box.scroll_relative(y=pages * max(1, box.size.height - 1), animate=False)

    def offers(self) -> list[Offer]:
        """What can be chosen."""
        return [Offer("escape", "Back", "close this box", "dismiss(None)")]
