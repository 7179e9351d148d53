"""The six digits to say aloud: large, in threes, and in words, so that nobody mishears them."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Digits, Static

from csrdesk.model.secret import Secret
from csrdesk.widgets.tones import Tone

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def in_threes(code: str) -> str:
    """`417 209`."""
    return " ".join(code[start : start + 3] for start in range(0, len(code), 3))


def in_words(code: str) -> str:
    """`four - one - seven`, a new line for the next three."""
    threes = in_threes(code).split()
    return "\n".join(" - ".join(_WORDS[int(digit)] for digit in three) for three in threes)


class SpokenCode(Widget):
    """Empty but for a line of words where there is no code to say."""

    def compose(self) -> ComposeResult:
        yield Digits(id="digits")
        yield Static(id="digit-words")

    def show(self, code: Secret | None, instead: str) -> None:
        """Show `code`, or `instead` where there is none."""
        digits, words = self.query_one("#digits", Digits), self.query_one("#digit-words", Static)
        digits.display = code is not None
        digits.update(in_threes(code.reveal()) if code else "")
        words.update(Content(in_words(code.reveal())) if code else Content.styled(instead, Tone.GOOD.value))
