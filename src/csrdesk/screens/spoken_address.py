"""While the caller opens the spoken address: what to say, large; the clocks; how far the caller is."""

from __future__ import annotations

from datetime import tzinfo

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from csrdesk.flows.spoken_prompts import AddressFormPrompt, SpokenAddressPrompt
from csrdesk.model.link import Link
from csrdesk.screens import address_life
from csrdesk.screens.polling import PollingScreen
from csrdesk.screens.prompted import PromptScreen
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.lines import Notice
from csrdesk.widgets.spoken import SpokenCode
from csrdesk.widgets.tones import Tone, inert


class SpokenAddressScreen(PollingScreen):
    """As for a link, but the address is said as well; the code itself comes with the view."""

    prompt_class = SpokenAddressPrompt
    clock_name = "Code"
    life_title = "How far the caller is"

    def compose_body(self) -> ComposeResult:
        yield Static(id="whom")
        yield Notice(id="warnings")
        with Horizontal(id="columns"):
            with Vertical(id="code"):
                yield Static(id="address")
                yield SpokenCode()
                yield Facts(label_width=11, id="clocks")
            with Vertical(id="life"):
                yield Facts(label_width=4, id="steps")

    def paint(self) -> None:
        super().paint()
        self.query_one("#code").border_title = "Say address and code" if self.view.spoken_code else "Code"
        self.query_one("#address", Static).update(inert(self.prompt.link.to, Tone.STRONG))

    def life_of(self, link: Link, zone: tzinfo | None) -> tuple[Fact, ...]:
        return address_life.life(link, zone)

    def warnings_of(self, link: Link) -> tuple[str, ...]:
        return address_life.warnings(link)

    def say(self) -> str:
        return address_life.next_word(self.prompt.link)


class AddressFormScreen(PromptScreen[AddressFormPrompt]):
    """No code can be typed now: why, and make another or go back."""

    prompt_class = AddressFormPrompt

    def compose_body(self) -> ComposeResult:
        yield Facts(id="card")

    def paint(self) -> None:
        self.query_one("#card", Facts).facts = (
            Fact("Name", self.prompt.person.name, Tone.STRONG),
            Fact("", ""),
            Fact("Open", "shows an address and nine digits, which you say; the caller types both in any browser."),
            Fact("Then", "the page asks for a passkey, an app with a number, or an authenticator app. Nothing less."),
            Fact("Take care", "Say the code on this call only. Do not send or chat it.", Tone.WARN),
        )

    def note(self) -> str:
        return self.prompt.note

    def say(self) -> str:
        return "One moment, please. I will tell you an address and a code to type."
