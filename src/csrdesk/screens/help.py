"""The keys of the screen below, what always works, and where things are."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding

from csrdesk.config.keys import KeySettings
from csrdesk.screens.dialog import Dialog
from csrdesk.screens.frame import named
from csrdesk.screens.info import ConsoleInfo
from csrdesk.widgets.choices import Offer, shown
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.tones import Tone


def _always(keys: KeySettings) -> list[tuple[str, str]]:
    before, after = shown(keys.call_before), shown(keys.call_after)
    return [
        ("Tab, arrows", "go to a field or choice; Enter takes the marked one"),
        (shown(keys.calls), f"your open calls; {before} and {after} go from one to the next"),
        (shown(keys.history), "your calls so far"),
        (shown(keys.ticket), "what was proved and done, as text for the ticket"),
        (shown(keys.audit), "the audit of this call, or of all"),
        (shown(keys.copy), "copy a value that stands on the screen"),
        (shown(keys.new_call), "take another caller while this one waits"),
        (shown(keys.commands), "all commands by name, and the themes"),
        (shown(keys.leave), "leave; open calls are asked about once"),
    ]


class HelpScreen(Dialog[None]):
    """Written by the screen's own offers, so that it cannot be out of date."""

    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        named("help", "dismiss(None)", "Back"),
        Binding("question_mark", "dismiss(None)", show=False),
    ]

    def __init__(self, info: ConsoleInfo, offers: list[Offer]) -> None:
        super().__init__("Help for this screen")
        self._info = info
        self._offers = offers

    def compose_words(self) -> ComposeResult:
        keys = [Fact(shown(offer.key), f"{offer.label}: {offer.help}") for offer in self._offers]
        always = [Fact(key, words) for key, words in _always(self._info.keys)]
        places = []
        if self._info.mailbox_url:
            places.append(Fact("Demo", f"mail and phones: {self._info.mailbox_url}", Tone.STRONG))
        if self._info.log_file:
            places.append(Fact("Log", self._info.log_file))
        yield Facts((*keys, Fact("", ""), *always, *places), label_width=13)
