"""How far a run is: a bar that moves on a terminal, a line now and then elsewhere. On standard error, as all talk."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable

from csrdesk.cli.result import say

_REDRAWN_EVERY = 0.2
_SAID_EVERY = 10.0
_BAR = 20
_RECENT = 0.3
"""How much of the rate is that since the last look; the rest is what it was."""


class Progress:
    """Told after each account; decides by itself when it is worth a word."""

    def __init__(self, total: int, *, now: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._now = now
        self._began = self._looked = now()
        self._counted = 0
        self._rate = 0.0
        self._moves = sys.stderr.isatty()

    @property
    def seconds(self) -> float:
        return self._now() - self._began

    def tell(self, ended: int, failed: int, held: float = 0.0) -> None:
        """`ended` accounts so far, `failed` of them not done; PingOne has everybody wait for `held` seconds."""
        passed = self._now() - self._looked
        if passed < (_REDRAWN_EVERY if self._moves else _SAID_EVERY):
            return
        fresh = (ended - self._counted) / passed
        self._rate = fresh if not self._rate else self._rate + _RECENT * (fresh - self._rate)
        self._looked, self._counted = self._now(), ended
        words = self._words(ended, failed, held)
        if self._moves:
            self._draw(ended, words)
        else:
            say(words)

    def end(self) -> None:
        """Leave the line to whatever is said next."""
        if self._moves and self._counted:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _words(self, ended: int, failed: int, held: float) -> str:
        parts = [f"{ended:,} of {self._total:,}", f"{self._rate:.1f} a second"]
        if self._rate:
            parts.append(f"{in_words((self._total - ended) / self._rate)} left")
        if failed:
            parts.append(f"{failed:,} not done")
        if held >= 1:
            parts.append(f"PingOne asks for a pause: {held:.0f} s")
        return ", ".join(parts)

    def _draw(self, ended: int, words: str) -> None:
        full = _BAR * ended // max(self._total, 1)
        width = shutil.get_terminal_size().columns - 1
        line = f"[{'#' * full}{'.' * (_BAR - full)}] {words}"
        sys.stderr.write(f"\r\x1b[K{line[:width]}")
        sys.stderr.flush()


def in_words(seconds: float) -> str:
    """`50 s`, `4 min`, `7 h 40 min`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
