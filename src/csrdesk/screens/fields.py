"""A text field as all forms have it; the cursor stands still, so that nothing on the screen moves by itself."""

from __future__ import annotations

from textual.widgets import Input


def field(name: str, *, max_length: int, value: str = "", placeholder: str = "") -> Input:
    """A one-line field that takes at most `max_length` characters."""
    made = Input(value, placeholder, id=name, max_length=max_length)
    made.cursor_blink = False
    return made
