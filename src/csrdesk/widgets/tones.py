"""How a piece of text is meant; always beside a word or mark that says the same without colour."""

from __future__ import annotations

from enum import StrEnum

from textual.content import Content

from csrdesk.model.text import clean

LIMIT = 400
"""More of a stranger's text than this is cut: it cannot push the rest off the screen."""


class Tone(StrEnum):
    """A meaning, and the theme's style for it."""

    PLAIN = ""
    STRONG = "bold"
    QUIET = "$text-muted"
    GOOD = "$text-success"
    WARN = "bold $text-warning"
    BAD = "bold $text-error"


def inert(text: str, tone: Tone = Tone.PLAIN, *, limit: int = LIMIT) -> Content:
    """Anybody's text as it is: no markup, no escape sequences, no bidi controls, on one line."""
    return Content.styled(clean(text, limit), tone.value)


def column(text: str, width: int, tone: Tone = Tone.PLAIN) -> Content:
    """Anybody's text in exactly `width` columns of the screen, cut or filled up."""
    return inert(text, tone).truncate(width, ellipsis=True, pad=True)
