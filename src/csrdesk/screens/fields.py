"""A text field as all forms have it: what is typed or pasted is shown inert, and the cursor stands still."""

from __future__ import annotations

from textual.widgets import Input

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def printable(text: str) -> str:
    """`text` without anything that moves, hides or turns what stands beside it; each such character leaves a mark."""
    return "".join(c if c.isprintable() else " " if c.isspace() else _REPLACEMENT for c in text)


class Field(Input):
    """One line, of printable characters alone."""

    def validate_value(self, value: str) -> str:
        """Holds for typing, pasting and what a prompt fills in."""
        return printable(value)

    def restricted(self) -> None:
        """What does not fit is left out as a whole, and that is said: half an address would find somebody else."""
        super().restricted()
        self.notify(f"At most {self.max_length} characters fit here. What was added last is left out.", markup=False)


def field(name: str, *, max_length: int, value: str = "", placeholder: str = "") -> Field:
    """A one-line field that takes at most `max_length` characters."""
    made = Field(printable(value), placeholder, id=name, max_length=max_length)
    made.cursor_blink = False
    return made
