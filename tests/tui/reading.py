"""What stands on a terminal's screen, as a person would read it."""

from __future__ import annotations

from rich.segment import Segment
from textual.app import App
from textual.strip import Strip


def strips(app: App[None]) -> list[Strip]:
    """Every line of the screen as it would be painted."""
    return app.screen._compositor.render_strips()  # noqa: SLF001 - Textual has no public way to read the screen back


def segments(app: App[None]) -> list[Segment]:
    """Every piece of text with its style."""
    return [segment for line in strips(app) for segment in line]


def words(app: App[None]) -> str:
    """The text, line by line."""
    return "\n".join(line.text for line in strips(app))
