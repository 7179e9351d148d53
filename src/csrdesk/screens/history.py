"""The agent's own calls, over or not, as the audit has them: what was proved and done in each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo

from textual import on
from textual.binding import Binding
from textual.content import Content

from csrdesk.flows.doors import CallRecord
from csrdesk.screens.frame import named
from csrdesk.screens.info import Surroundings
from csrdesk.screens.listing import Listing
from csrdesk.screens.ticket import TicketScreen
from csrdesk.widgets.choices import Offer
from csrdesk.widgets.moments import short
from csrdesk.widgets.row_list import RowList
from csrdesk.widgets.tones import Tone, column, inert

_HEADS = f"{'SINCE':<14} {'ACCOUNT':<20} {'TICKET':<10} WHAT"


class HistoryScreen(Listing):
    """Each call has its text for the ticket and its rows of the audit."""

    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        Binding("a", "rows_of_it", show=False),
        named("history", "dismiss(None)", "Back"),
    ]
    empty = "No calls yet."

    def __init__(
        self,
        calls: tuple[CallRecord, ...],
        around: Surroundings,
        words_of: Callable[[CallRecord], str],
        open_audit: Callable[[str], object],
    ) -> None:
        super().__init__("Your calls so far")
        self._calls = calls
        self._around = around
        self._words_of = words_of
        self._open_audit = open_audit

    def on_mount(self) -> None:
        self.tell(f"Your calls so far: {len(self._calls)}, newest first", _HEADS)
        self.rows.show(len(self._calls), 0)

    def offers(self) -> list[Offer]:
        return [
            Offer("enter", "Ticket text", "what was proved and done, to copy into the ticket", "open"),
            Offer("a", "Audit", "the rows of this call", "rows_of_it"),
            Offer("escape", "Back", "to the call on the screen", "dismiss(None)"),
        ]

    def line_at(self, row: int) -> Content:
        return _line(self._calls[row], self._around.now(), self._around.info.zone)

    def action_open(self) -> None:
        """The text of the marked call."""
        self.rows.action_choose()

    def action_rows_of_it(self) -> None:
        """The audit of the marked call."""
        if self._calls:
            self._open_audit(self._calls[self.rows.at].call_id)

    @on(RowList.Chosen)
    def _show_text(self, chosen: RowList.Chosen) -> None:
        self.app.push_screen(TicketScreen(self._words_of(self._calls[chosen.row])))


def _line(call: CallRecord, now: datetime, zone: tzinfo | None) -> Content:
    done = ", ".join(dict.fromkeys(f"{deed.act} {deed.result}" for deed in call.deeds))
    words = f"{'verified' if call.proofs else 'not verified'}, {done or 'no change'}"
    wrong = any(deed.result != "done" for deed in call.deeds)
    cells = (
        column(short(call.since, now, zone), 14),
        column(call.account or "nobody was found", 20, Tone.STRONG if call.account else Tone.QUIET),
        column(call.ticket, 10),
        inert(f"! {words}" if wrong else words, Tone.WARN if wrong else Tone.PLAIN, limit=120),
    )
    return Content(" ").join(cells)
