"""The agent's open calls: how far each is, and how long it has; the arrow keys and Enter go to one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from csrdesk.screens.call_line import CallLine
from csrdesk.screens.dialog import Dialog
from csrdesk.screens.frame import named
from csrdesk.screens.info import Surroundings
from csrdesk.widgets.choices import Offer
from csrdesk.widgets.moments import left
from csrdesk.widgets.tones import Tone, column, inert

_NAME, _STATE = 20, 32
_AGAIN_SECONDS = 1.0
NEW = ""
"""The answer for another look-up."""


class CallsScreen(Dialog[str]):
    """Gives the place of the call that was chosen, `NEW`, or None."""

    CSS_PATH = ["frame.tcss", "calls.tcss"]  # noqa: RUF012 - Textual declares it so
    AUTO_FOCUS = "#calls-open"
    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        named("calls", "dismiss(None)", "Back"),
        named("new_call", "new", "New call"),
    ]

    def __init__(
        self, calls: tuple[CallLine, ...], around: Surroundings, again: Callable[[], Awaitable[tuple[CallLine, ...]]]
    ) -> None:
        super().__init__("Your open calls")
        self._calls = calls
        self._around = around
        self._again = again

    def compose_words(self) -> ComposeResult:
        yield OptionList(*self._options(), id="calls-open", markup=False)

    def offers(self) -> list[Offer]:
        return [
            Offer("enter", "Go to it", "arrow keys, or type its number first", "choose"),
            Offer(self._around.info.keys.new_call, "New call", "look up another caller; this one waits", "new"),
            Offer("escape", "Back", "to the call on the screen", "dismiss(None)"),
        ]

    def on_mount(self) -> None:
        calls = self.query_one(OptionList)
        calls.highlighted = next((n for n, call in enumerate(self._calls) if call.current), 0)
        self.set_interval(_AGAIN_SECONDS, self._read_again)

    async def _read_again(self) -> None:
        self._calls = await self._again()
        calls = self.query_one(OptionList)
        chosen = calls.highlighted
        calls.clear_options()
        calls.add_options(self._options())
        calls.highlighted = chosen

    def _options(self) -> list[Option]:
        now = self._around.now()
        return [Option(_row(n, call, now)) for n, call in enumerate(self._calls, start=1)]

    @on(OptionList.OptionSelected)
    def action_choose(self) -> None:
        """Enter or a click goes to that call."""
        row = self.query_one(OptionList).highlighted
        if row is not None and row < len(self._calls):
            self.dismiss(self._calls[row].place)

    def action_new(self) -> None:
        """Another look-up."""
        self.dismiss(NEW)

    def on_key(self, event: events.Key) -> None:
        """A digit goes to the row of that number; Enter then chooses it."""
        number = int(event.character) if event.character and event.character in "123456789" else 0
        if 0 < number <= len(self._calls):
            event.stop()
            self.query_one(OptionList).highlighted = number - 1


def _row(number: int, call: CallLine, now: datetime) -> Content:
    mark = "!" if call.needs_agent else ">" if call.current else " "
    tone = Tone.WARN if call.needs_agent else Tone.PLAIN
    clock = left(call.until, now) if call.until else ""
    return Content.assemble(
        (f"{number:>2} {mark} ", tone.value or Tone.QUIET.value),
        column(call.customer or "nobody yet", _NAME, Tone.STRONG if call.customer else Tone.QUIET),
        " ",
        column(call.state, _STATE, tone),
        " ",
        inert(clock, limit=12),
    )
