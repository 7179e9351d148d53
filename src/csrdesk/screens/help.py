"""The keys of the screen below, what always works, and where things are."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding

from csrdesk.screens.dialog import Dialog
from csrdesk.screens.info import ConsoleInfo
from csrdesk.widgets.choices import Offer, shown
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.tones import Tone

_ALWAYS = (
    ("Tab, arrows", "go to a field or choice; Enter takes the marked one"),
    ("F2", "your open calls; F3 and F4 go from one to the next"),
    ("F6", "what was proved and done, as text for the ticket"),
    ("Ctrl+N", "take another caller while this one waits"),
    ("Ctrl+P", "all commands by name, and the themes"),
    ("Ctrl+Q", "leave; open calls are asked about once"),
)


class HelpScreen(Dialog[None]):
    """Written by the screen's own offers, so that it cannot be out of date."""

    BINDINGS = [Binding("f1,question_mark", "dismiss(None)", show=False)]  # noqa: RUF012 - Textual declares it so

    def __init__(self, info: ConsoleInfo, offers: list[Offer]) -> None:
        super().__init__("Help for this screen")
        self._info = info
        self._offers = offers

    def compose_words(self) -> ComposeResult:
        keys = [Fact(shown(offer.key), f"{offer.label}: {offer.help}") for offer in self._offers]
        always = [Fact(key, words) for key, words in _ALWAYS]
        places = []
        if self._info.mailbox_url:
            places.append(Fact("Demo", f"mail and phones: {self._info.mailbox_url}", Tone.STRONG))
        if self._info.log_file:
            places.append(Fact("Log", self._info.log_file))
        yield Facts((*keys, Fact("", ""), *always, *places), label_width=13)
