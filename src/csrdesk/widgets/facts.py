"""Labels with values, wrapped under themselves: what most of every screen consists of."""

from __future__ import annotations

from typing import NamedTuple

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from csrdesk.widgets.tones import Tone, column, inert

_LEAST = 8
"""Columns for values below which a line is not worth wrapping."""


class Fact(NamedTuple):
    """A label (or a mark) and what stands beside it."""

    label: str
    value: str
    tone: Tone = Tone.PLAIN


class Facts(Widget):
    """Two columns; long values go on in their own column."""

    facts: reactive[tuple[Fact, ...]] = reactive[tuple[Fact, ...]]((), layout=True)

    def __init__(self, facts: tuple[Fact, ...] = (), *, label_width: int = 16, id: str | None = None) -> None:
        super().__init__(id=id, classes="facts")
        self._label_width = label_width
        self.set_reactive(Facts.facts, facts)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return len(self._lines(width))

    def render(self) -> Content:
        return Content("\n").join(self._lines(self.content_size.width))

    def _lines(self, width: int) -> list[Content]:
        lines: list[Content] = []
        for fact in self.facts:
            room = max(width - self._label_width, _LEAST)
            first, *others = inert(fact.value, fact.tone).wrap(room) or [Content()]
            style = fact.tone.value or Tone.QUIET.value
            label = column(fact.label, self._label_width).stylize(style)
            lines.append(label + first)
            lines += [Content(" " * self._label_width) + other for other in others]
        return lines
