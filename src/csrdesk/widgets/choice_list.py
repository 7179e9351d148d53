"""The choices of a screen, each with its key: read, pressed, tabbed to or clicked."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from csrdesk.widgets.choices import Offer, shown
from csrdesk.widgets.tones import Tone

_ROOMY, _FULL, _MOST = 6, 7, 8
"""Choices side by side that 80 columns have room for; more of them move together, then stand side by side, and at last
take the margins, too. What does not fit all the same takes a line more.
"""

_LINE, _WHOLE, _COLUMN = 76, 80, 15
"""Cells that a line of choices has at 80 columns, the same without margins, and one of five columns."""


class ChoiceLine(Static, can_focus=True):
    """One choice. Enter takes it once it has the focus, which no choice has by itself."""

    BINDINGS = [Binding("enter", "take", show=False)]  # noqa: RUF012 - Textual declares it so
    ALLOW_SELECT = False

    def __init__(self, offer: Offer, *, long: bool, tight: str, key_width: int) -> None:
        key = Content.styled(f" {shown(offer.key)} ", "bold $choice-key on $choice-key-background")
        gap = Content(" " * (key_width - len(shown(offer.key)) + 1) if long else "" if tight else " ")
        parts = [key, gap, Content.styled(f"{offer.label:<18}" if long else offer.label, "bold")]
        if long:
            parts.append(Content.styled(offer.help, Tone.QUIET.value))
        super().__init__(Content.assemble(*parts), classes=f"choice {tight}".strip())
        self.offer = offer

    async def action_take(self) -> None:
        await self.screen.run_action(self.offer.action)

    async def on_click(self) -> None:
        await self.action_take()


class ChoiceList(Container):
    """All that can be chosen now: a line each with its help, or side by side where a screen is full."""

    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        Binding("down,right", "app.focus_next", show=False),
        Binding("up,left", "app.focus_previous", show=False),
    ]

    def __init__(self, offers: list[Offer], *, long: bool) -> None:
        super().__init__(classes="-long" if long else "-row")
        self._long = long
        self._offers = offers
        self._shape()

    def _shape(self) -> None:
        """In columns where they do not fit side by side, in fewer of them where a label is long."""
        widths = [len(shown(offer.key)) + 2 + len(offer.label) for offer in self._offers]
        count = len(widths)
        between = 3 * count - 2 if count <= _ROOMY else count - 1 if count <= _FULL else 0
        full = not self._long and (count > _MOST or sum(widths) + between > _LINE)
        squeezed = full and len(widths) > _MOST and sum(widths) <= _WHOLE
        many = full and not squeezed
        self.set_class(squeezed, "-squeezed")
        self.set_class(many, "-many")
        self.set_class(many and max(widths) > _COLUMN, "-worded")

    def compose(self) -> ComposeResult:
        width = max((len(shown(offer.key)) for offer in self._offers), default=0)
        count = 0 if self._long else len(self._offers)
        tight = "-tight -full" if _FULL < count <= _MOST else "-tight" if _ROOMY < count <= _FULL else ""
        tight = "-tight -full" if self.has_class("-squeezed") or self.has_class("-worded") else tight
        for offer in self._offers:
            yield ChoiceLine(offer, long=self._long, tight=tight, key_width=width)

    def show(self, offers: list[Offer]) -> None:
        """Draw `offers`; nothing moves where they are the same."""
        if offers != self._offers:
            self._offers = offers
            self._shape()
            self.refresh(recompose=True)
