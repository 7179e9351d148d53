"""A long list, a line a row: only the lines on the screen are ever made, so ten thousand rows cost what fifty do.

Textual's own tables lay out every row before the first one is shown.
"""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from csrdesk.widgets.tones import Tone

_KEPT = 1000
"""Painted rows that are kept: scrolling paints all but one of them again."""


class RowList(ScrollView, can_focus=True):
    """Asks for a row's line when it is painted; the arrow keys, pages, Home and End go through it."""

    COMPONENT_CLASSES = {"row-list--chosen"}  # noqa: RUF012 - Textual declares it so
    ALLOW_SELECT = False
    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "first", show=False),
        Binding("end", "last", show=False),
        Binding("enter", "choose", show=False),
    ]

    class Chosen(Message):
        """Enter, or a second click, on a row."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    class Reached(Message):
        """The mark went to another row."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    def __init__(self, line_at: Callable[[int], Content], *, empty: str, id: str) -> None:
        super().__init__(id=id)
        self.at = 0
        """The chosen row, from 0."""
        self.count = 0
        self._line_at = line_at
        self._painted: dict[tuple[int, bool], Strip] = {}
        """What was made for this width and these colours, by row and whether it was the chosen one."""
        self._empty = empty

    def show(self, count: int, at: int | None = None) -> None:
        """There are that many rows now; the mark stays where it was, unless `at` says where it goes."""
        self.count = count
        self._painted.clear()
        self.at = min(max(self.at if at is None else at, 0), max(count - 1, 0))
        self.virtual_size = Size(self.size.width, max(count, 1))
        self._bring_into_view()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        row = self.scroll_offset.y + y
        chosen = row == self.at and self.count > 0
        if (row, chosen) not in self._painted:
            if len(self._painted) > _KEPT:
                self._painted.clear()
            self._painted[row, chosen] = self._paint(row, chosen=chosen)
        return self._painted[row, chosen]

    def _paint(self, row: int, *, chosen: bool) -> Strip:
        width = self.scrollable_content_region.width
        style = self.get_visual_style("row-list--chosen") if chosen else self.visual_style
        if row < self.count:
            line = Content("> " if chosen else "  ") + self._line_at(row)
        else:
            line = Content.styled(self._empty if row == 0 else "", Tone.QUIET.value)
        strips = Visual.to_strips(self, line.truncate(width, ellipsis=True, pad=True), width, 1, style)
        return strips[0] if strips else Strip.blank(width)

    def notify_style_update(self) -> None:
        self._painted.clear()
        super().notify_style_update()

    def on_resize(self) -> None:
        self._painted.clear()
        self.virtual_size = Size(self.size.width, max(self.count, 1))
        self._bring_into_view()

    def on_click(self, event: events.Click) -> None:
        row = self.scroll_offset.y + event.y
        if row == self.at:
            self.action_choose()
        elif row < self.count:
            self._go(row)

    def action_move(self, rows: int) -> None:
        self._go(self.at + rows)

    def action_page(self, pages: int) -> None:
        self._go(self.at + pages * max(1, self._height - 1))

    def action_first(self) -> None:
        self._go(0)

    def action_last(self) -> None:
        self._go(self.count - 1)

    def action_choose(self) -> None:
        if self.count:
            self.post_message(self.Chosen(self.at))

    @property
    def _height(self) -> int:
        return self.scrollable_content_region.height

    def _go(self, row: int) -> None:
        before, self.at = self.at, min(max(row, 0), max(self.count - 1, 0))
        if self.at != before:
            self.refresh_line(before)
            self.refresh_line(self.at)
            self._bring_into_view()
            self.post_message(self.Reached(self.at))

    def _bring_into_view(self) -> None:
        top, height = self.scroll_offset.y, max(1, self._height)
        lowest = top + height - 1
        if self.at < top:
            self.scroll_to(y=self.at, animate=False, force=True)
        elif self.at > lowest:
            self.scroll_to(y=self.at - height + 1, animate=False, force=True)
