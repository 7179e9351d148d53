"""What all screens share: the lines around the body, the choices below it, and the clock that repaints them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Static

from csrdesk.config.keys import first_key
from csrdesk.screens.info import Surroundings
from csrdesk.widgets import lines
from csrdesk.widgets.choice_list import ChoiceList
from csrdesk.widgets.choices import Offer
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.tones import Tone
from csrdesk.widgets.working import WorkingPane

_READY = "Connected"
_MARKS = 2
"""A label of no more letters is a mark beside words, and no name of a value."""
WIDTHS = [(0, "-narrow"), (76, "-medium"), (110, "-wide")]
HEIGHTS = [(0, "-low"), (32, "-tall")]
"""From how many columns and lines on a class of the style sheets holds."""


class FrameScreen(Screen[None]):
    """A screen with a head, a body and choices; a subclass gives the body and says what to say."""

    CSS_PATH: ClassVar[CSSPathType | None] = "frame.tcss"
    AUTO_FOCUS = ""
    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        Binding("pagedown", "scroll_body(1)", show=False),
        Binding("pageup", "scroll_body(-1)", show=False),
    ]
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    long_choices = True
    """Whether each choice has a line with its help; False puts them side by side."""

    def __init__(self, around: Surroundings, *, verified_until: datetime | None = None) -> None:
        super().__init__()
        self.around = around
        self.verified_until = verified_until
        self.by_exception = False
        """Whether that is by a lead's word alone."""
        self.locks_in = float("inf")
        """Seconds until the console locks itself."""
        self._connection = (_READY, True)
        self._who = (around.info.desk, around.info.agent)
        self._focus_before: Widget | None = None
        self._painted = False
        """Whether the widgets are there; a clock may tick before they are."""

    def compose(self) -> ComposeResult:
        # Known before the first layout, the size costs no second one.
        width, height = self.app.size
        self.add_class(fitting(WIDTHS, width), fitting(HEIGHTS, height))
        info = self.around.info
        with Horizontal(id="head"):
            yield Static(lines.heading(*self._who, short=bool(info.server)), id="who")
            yield Static(id="calls")
            yield Static(lines.connection(*self._connection[:1], well=self._connection[1]), id="connection")
        yield Static(id="window")
        yield lines.SayLine(id="say")
        yield WorkingPane()
        with VerticalScroll(id="body", can_focus=False):
            yield lines.Notice(id="problem", tone=Tone.BAD)
            yield lines.Notice(id="note")
            yield from self.compose_body()
        yield ChoiceList(self.offers(), long=self.long_choices)
        yield Static(lines.closing(info.mailbox_url, info.keys), id="closing")

    def on_mount(self) -> None:
        self._painted = True
        self.repaint()

    # What a subclass gives
    def compose_body(self) -> ComposeResult:
        """The widgets between the lines; their contents come with `paint`."""
        yield from ()

    def paint(self) -> None:
        """Fill the body's widgets."""

    def paint_clocks(self, now: datetime) -> None:
        """Fill what changes with the time alone."""

    def say(self) -> str:
        """The one thing to say to the caller; empty where there is nothing to say."""
        return ""

    def note(self) -> str:
        """What happened before this screen, if it matters."""
        return ""

    def offers(self) -> list[Offer]:
        """What can be chosen now."""
        return []

    def values(self) -> tuple[Fact, ...]:
        """What can be copied from this screen, each with what it is called."""
        shown = (fact for facts in self.query(Facts) for fact in facts.facts)
        return tuple(fact for fact in shown if len(fact.label) > _MARKS and fact.value)

    # What the application calls
    def repaint(self) -> None:
        """Draw everything as it is now; what was typed stays."""
        self.query_one(lines.SayLine).say(self.say())
        self.query_one("#note", lines.Notice).tell(self.note())
        self.query_one(ChoiceList).show(self.offers())
        self.paint()
        self.tick(self.around.now())
        self.refresh_bindings()

    def tick(self, now: datetime) -> None:
        """Let the clocks go on."""
        if not self._painted:
            return
        zone = self.around.info.zone
        window = lines.window(self.verified_until, now, zone, by_exception=self.by_exception)
        self.query_one("#window", Static).update(window + lines.locking(self.locks_in))
        self.query_one(WorkingPane).tick(now)
        self.paint_clocks(now)

    def connected(self, words: str, *, well: bool) -> None:
        """Say how the connection is."""
        self._connection = (words, well)
        if self._painted:
            self.query_one("#connection", Static).update(lines.connection(words, well=well))

    def connected_as(self, before: FrameScreen) -> None:
        """Begin with what the screen before this one said, so that nothing else flashes up."""
        self._connection, self._who = before._connection, before._who

    def introduce(self, desk: str, agent: str) -> None:
        """Say whose desk this is and who the agent is, where that was not known before."""
        if (desk, agent) != self._who:
            self._who = (desk, agent)
            if self._painted:
                short = bool(self.around.info.server)
                self.query_one("#who", Static).update(lines.heading(desk, agent, short=short))

    def others(self, calls: int, wanting: int) -> None:
        """Say how many calls are open beside this one, and how many of them want the agent."""
        if self._painted:
            self.query_one("#calls", Static).update(lines.calls(calls, wanting, self.around.info.keys))

    def complain(self, words: str) -> None:
        """Say what went wrong, in place; empty takes it back."""
        self.query_one("#problem", lines.Notice).tell(words)

    def work(self, words: str) -> None:
        """Put what is being done in the place of the body."""
        if not self._painted:
            return
        if not self.working:
            self._focus_before = self.focused
            self.set_focus(None)
            self.add_class("-working")
        self.query_one(WorkingPane).begin(words, self.around.now())

    def rest(self) -> None:
        """Bring the body back, as it was."""
        if self.working:
            self.query_one(WorkingPane).end()
            self.remove_class("-working")
            if self._focus_before and self._focus_before.is_mounted:
                self.set_focus(self._focus_before, scroll_visible=False)

    def action_scroll_body(self, pages: int) -> None:
        """For what does not fit into a small terminal."""
        body = self.query_one("#body")
        body.scroll_relative(y=pages * max(1, body.size.height - 1), animate=False)

    @property
    def working(self) -> bool:
        """Whether the body is away because something is being done."""
        return self.has_class("-working")


def named(name: str, action: str, label: str, *, priority: bool = False) -> Binding:
    """The key of that name in `KeySettings`, which settings may replace; or Enter or Esc itself."""
    return Binding(first_key(name), action, label, show=False, priority=priority, id=name)


def fitting(breakpoints: list[tuple[int, str]], size: int) -> str:
    """The class for this many columns or lines."""
    return [name for least, name in breakpoints if size >= least][-1]
