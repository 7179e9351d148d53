"""How long from a key to its paint in the console's audit list: does a list of 10,000 rows cost more than one of 50?

The real console in a terminal (80x24), on a database that holds the rows. What is timed ends when the row that the key
leads to is written with its mark.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench import programs
from bench.audit_verify import INSERT, columns
from bench.figure import Figure, Judged, sample
from bench.terminal import Terminal
from csrdesk.engine.audit import START
from csrdesk.wiring.store import DATABASE

MANY, FEW = 10_000, 50
ARROWS, PAGES = 200, 60
PAUSE_SECONDS = 0.05
"""Of quiet before each key, so that each is painted for itself."""
DOWN, UP, PAGE_DOWN, PAGE_UP, END, HOME, F7 = "\x1b[B", "\x1b[A", "\x1b[6~", "\x1b[5~", "\x1b[F", "\x1b[H", "\x1b[18~"


def measure(*, quick: bool) -> list[Figure]:
    arrows, pages = (ARROWS // 4, PAGES // 4) if quick else (ARROWS, PAGES)
    with programs.sandbox() as settings, _listed(settings, MANY) as many, _listed(settings, FEW) as few:
        down = [(many.press(DOWN), few.press(UP if number % 2 else DOWN)) for number in range(arrows)]
        keys = [PAGE_UP if number % 2 else PAGE_DOWN for number in range(pages)]
        paged = [(many.press(key), few.press(key)) for key in keys]
    return [
        Figure(
            question=f"audit list, {MANY:,} rows: arrow key to paint", ours=sample(pair[0] for pair in down),
            baseline=f"{FEW} rows", base=sample(pair[1] for pair in down), judged=Judged.P95, target=50,
        ),
        Figure(
            question=f"audit list, {MANY:,} rows: PageDown to paint", ours=sample(pair[0] for pair in paged),
            baseline=f"{FEW} rows", base=sample(pair[1] for pair in paged), target=1.3,
        ),
    ]  # fmt: skip


class _List:
    """A console whose audit list is open."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._at = ""
        """The row that has the mark."""

    def press(self, key: str) -> float:
        """Milliseconds until another row has the mark."""
        self._terminal.rest(PAUSE_SECONDS)
        self._terminal.type(key)
        began = time.perf_counter()
        self._find_mark()
        return (time.perf_counter() - began) * 1000

    def _find_mark(self) -> None:
        """Wait until another row has it: the one that lost it may be painted once more."""
        self._at = self._terminal.find(rf"> +(?!{self._at or 0} )(\d+) ").group(1)

    def fill(self, rows: int) -> None:
        """Go down until the list holds that many, and back to its first row."""
        held = self._held()
        while held < rows:
            self._terminal.type(END)
            held = self._held()
        self._terminal.rest(0.3)
        self._terminal.type(HOME)
        self._find_mark()

    def _held(self) -> int:
        return int(self._terminal.find(r"Audit: (\d+) rows").group(1))


@contextmanager
def _listed(settings: str, rows: int) -> Iterator[_List]:
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as folder:
        mine = programs.with_data_in(Path(folder), Path(settings))
        environment = programs.environment(CSRDESK_CONFIG=str(mine))
        # A first run makes the database.
        programs.milliseconds([programs.CSRDESK, "audit", "list"], environment)
        _fill(Path(folder) / "data" / DATABASE, rows)
        terminal = Terminal([programs.CSRDESK], environment)
        try:
            terminal.wait_for("Connected")
            terminal.type(F7)
            opened = _List(terminal)
            opened.fill(rows)
            yield opened
        finally:
            terminal.end()


def _fill(database: Path, rows: int) -> None:
    """Rows beside what the first run left there; nobody verifies this audit."""
    with sqlite3.connect(database) as connection:
        (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM audit").fetchone()
        for seq in range(last + 1, last + rows + 1):
            connection.execute(INSERT, (*msgspec.structs.astuple(columns(seq, START)), START))
    connection.close()
