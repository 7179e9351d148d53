"""What the agent reads on the terminal's screen: that it is whole, and the code to say aloud."""

from __future__ import annotations

import re

from tests.e2e.tmux import Tmux

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
EVERYWHERE = ("Connected", "F1 Help", "Say", "/mailbox")


def code_of(screen: str) -> str:
    """The code as the agent reads it aloud: two lines of three words."""
    lines = re.findall(r"│ +(\w+ - \w+ - \w+) ", screen)
    digits = "".join(str(WORDS.index(word)) for line in lines for word in line.split(" - "))
    assert len(digits) == 6, screen
    return digits


def fills(screen: str, columns: int, lines: int) -> None:
    """The screen is drawn for the whole pane: its head reaches the last column, its foot stands on the last line."""
    rows = screen.splitlines()
    assert len(rows) == lines
    assert len(rows[0]) == columns - 1, screen
    assert "F1 Help" in rows[-1], screen


async def readable(console: Tmux, pattern: str, *essentials: str) -> str:
    """Wait for a screen on which nothing essential is missing, cut or left over from another one; the whole screen."""

    def flaws(screen: str) -> list[str]:
        found = [] if re.search(pattern, screen, re.DOTALL) else [f"{pattern!r} does not appear"]
        found += [f"{words!r} is not whole" for words in (*EVERYWHERE, *essentials) if words not in screen]
        # The name of a caller's browser may be long; nothing else is cut.
        found += [f"cut: {line!r}" for line in screen.splitlines() if "…" in line and "last by" not in line]
        if len({screen.count(corner) for corner in "╭╮╰╯"}) > 1:
            found.append("a box is not whole")
        return found

    return await console.settles(flaws)
