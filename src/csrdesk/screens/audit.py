"""The audit in the console: the newest rows first, of every call or of one, and each row whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, tzinfo

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content

from csrdesk.errors import CsrdeskError
from csrdesk.flows.doors import AuditLine, AuditPage
from csrdesk.screens.dialog import Dialog
from csrdesk.screens.frame import named
from csrdesk.screens.info import Surroundings
from csrdesk.screens.listing import Listing
from csrdesk.widgets.choices import Offer
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.moments import short
from csrdesk.widgets.row_list import RowList
from csrdesk.widgets.tones import Tone, column, inert

PAGE = 500
"""Rows that are read at once; each reading is a row of the audit."""
_AHEAD = 100
"""Rows before the last one at which the next page is read, so that nobody waits for it."""

_HEADS_OF_ALL = f"{'ROW':>7} {'AT':<14} {'ACTION':<20} {'RESULT':<9} {'AGENT':<7} {'CALL':<6} REASON, TICKET"
_BAD = ("failed", "refused", "found not done", "maybe sent")
"""Results that somebody may want to look at."""
_HEADS = f"{'ROW':>7} {'AT':<14} {'ACTION':<20} {'RESULT':<9} REASON, TICKET"

Pairs = tuple[tuple[str, str], ...]
ReadPage = Callable[[str, int], Awaitable[AuditPage]]
"""Of that call or of all, before that row or from the newest."""
ReadRow = Callable[[int], Awaitable[Pairs]]


class AuditScreen(Listing):
    """Every page, and every row that is opened, is written down as a look; the screen says so."""

    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        Binding("c", "this_call", show=False),
        Binding("r", "again", show=False),
        named("audit", "dismiss(None)", "Back"),
    ]
    empty = "No rows."

    def __init__(self, around: Surroundings, read: ReadPage, read_row: ReadRow, *, call_id: str = "") -> None:
        super().__init__("The audit")
        self._around = around
        self._read = read
        self._read_row = read_row
        self._call_id = call_id
        self._lines: list[AuditLine] = []
        self._more = False

    def on_mount(self) -> None:
        self._work(self._fill())

    def offers(self) -> list[Offer]:
        return [
            Offer("enter", "Open", "the row whole", "open"),
            Offer("c", "Call only / all", "the rows of this row's call alone, or every row", "this_call"),
            Offer("r", "Reload", "read the newest rows", "again"),
            Offer("escape", "Back", "to the call on the screen", "dismiss(None)"),
        ]

    def line_at(self, row: int) -> Content:
        return _line(self._lines[row], self._around.now(), self._around.info.zone, whose=not self._call_id)

    def action_this_call(self) -> None:
        """The rows of the marked row's call, or all again."""
        if self._call_id:
            self._call_id = ""
        elif self._lines and (call_id := self._lines[self.rows.at].call_id):
            self._call_id = call_id
        else:
            self.complain("This row belongs to no call.")
            return
        self._work(self._fill())

    def action_again(self) -> None:
        """From the newest row on."""
        self._work(self._fill())

    def action_open(self) -> None:
        """The marked row."""
        self.rows.action_choose()

    @on(RowList.Chosen)
    def _open(self, chosen: RowList.Chosen) -> None:
        self._work(self._show(self._lines[chosen.row].seq))

    @on(RowList.Reached)
    def _read_on(self, reached: RowList.Reached) -> None:
        if self._more and reached.row > len(self._lines) - _AHEAD:
            self._more = False  # until this page is there
            self._work(self._next(), exclusive=False)

    def _work(self, work: Coroutine[None, None, None], *, exclusive: bool = True) -> None:
        self.run_worker(self._said(work), group="audit", exclusive=exclusive)

    async def _said(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except CsrdeskError as error:
            self.complain(error.message)

    async def _fill(self) -> None:
        page = await self._read(self._call_id, 0)
        self._lines, self._more = list(page.lines), page.more
        self.complain("")
        self._show_count()
        self.rows.show(len(self._lines), 0)

    async def _next(self) -> None:
        before = self._lines[-1].seq
        try:
            page = await self._read(self._call_id, before)
        except CsrdeskError:
            self._more = True
            raise
        if self._lines and self._lines[-1].seq == before:
            self._lines += page.lines
            self._more = page.more
            self._show_count()
            self.rows.show(len(self._lines))

    async def _show(self, seq: int) -> None:
        await self.app.push_screen(AuditRowScreen(seq, await self._read_row(seq)))

    def _show_count(self) -> None:
        whose = f"Audit of call {self._call_id}" if self._call_id else "Audit"
        rows = f"{len(self._lines)} rows" + (", more below" if self._more else "")
        self.tell(f"{whose}: {rows}. Looking adds rows.", _HEADS if self._call_id else _HEADS_OF_ALL)


class AuditRowScreen(Dialog[None]):
    """Everything that one row holds."""

    BINDINGS = [Binding("enter", "dismiss(None)", show=False)]  # noqa: RUF012 - Textual declares it so

    def __init__(self, seq: int, pairs: Pairs) -> None:
        super().__init__(f"Row {seq} of the audit")
        self._pairs = pairs

    def compose_words(self) -> ComposeResult:
        yield Facts(tuple(Fact(name, value) for name, value in self._pairs), label_width=18)

    def offers(self) -> list[Offer]:
        return [Offer("escape", "Back", "to the rows", "dismiss(None)")]


def _line(line: AuditLine, now: datetime, zone: tzinfo | None, *, whose: bool) -> Content:
    """A row; `whose` has agent and call in it, which are the same in all rows of one call."""
    bad = line.kind in ("alert", "refused") or line.result in _BAD
    how = line.result or line.kind
    cells = [
        Content.styled(f"{line.seq:>7}", Tone.QUIET.value),
        column(short(line.at, now, zone), 14),
        column(line.action, 20, Tone.STRONG),
        column(f"!{how}" if bad else how, 9, Tone.WARN if bad else Tone.PLAIN),
        *((column(line.agent, 7), column(line.call_id, 6, Tone.QUIET)) if whose else ()),
        inert(", ".join(part for part in (line.reason, line.ticket) if part), limit=120),
    ]
    return Content(" ").join(cells)
