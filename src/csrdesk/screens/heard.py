"""While PingOne rings the number on record: the passcode that the caller hears there is typed here."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from csrdesk.flows.answers import Cancelled, LineDropped, MoreTimeChosen, PasscodeHeard
from csrdesk.flows.kernel import Answer
from csrdesk.flows.try_prompts import HeardPrompt
from csrdesk.screens.fields import Field
from csrdesk.screens.prompted import PromptScreen
from csrdesk.screens.try_clock import clocks
from csrdesk.screens.whom import person_line
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.tones import Tone, inert

_LONGEST = 16
"""Ten digits, with blanks and hyphens between them."""


class HeardScreen(PromptScreen[HeardPrompt]):
    """Digits go into the field; letters stay what they are on every other screen."""

    helps: ClassVar[dict[type[Answer], str]] = {
        Cancelled: "go back; nothing is verified",
        LineDropped: "it dropped: this ends; customer and ticket stay",
    }
    CSS_PATH = ["frame.tcss", "try.tcss"]  # noqa: RUF012 - Textual declares it so
    AUTO_FOCUS = "#passcode"
    prompt_class = HeardPrompt
    long_choices = False

    def compose_body(self) -> ComposeResult:
        yield Static(id="whom")
        with Horizontal(id="columns"):
            with Vertical(id="heard"):
                yield DigitField()
                yield Facts(label_width=11, id="clocks")
            with Vertical(id="life"):
                yield Facts(label_width=4, id="steps")

    def on_mount(self) -> None:
        self.query_one("#heard").border_title = "The passcode that they hear"
        self.query_one("#life").border_title = "On the phone"
        super().on_mount()

    def paint(self) -> None:
        prompt = self.prompt
        left = prompt.link.codes_left
        tries = "1 try" if left == 1 else f"{left} tries"
        self.query_one("#whom", Static).update(inert(person_line(prompt.person), Tone.STRONG))
        self.query_one("#steps", Facts).facts = (
            Fact("[x]", f"PingOne rings {prompt.link.to}", Tone.GOOD),
            Fact("[>]", f"The caller tells the passcode ({tries} left)", Tone.WARN if left == 1 else Tone.STRONG),
            Fact("[ ]", "Verified, by a weak proof", Tone.QUIET),
            Fact("", ""),
            Fact("", "Never read the number out.", Tone.WARN),
        )

    def paint_clocks(self, now: datetime) -> None:
        self.query_one("#clocks", Facts).facts = clocks(self.prompt.link, now, self.prompt.link.expires_at)

    def is_offered(self, kind: type[Answer]) -> bool:
        return kind is not MoreTimeChosen or not self.prompt.link.extended

    def fields(self, kind: type[Answer]) -> dict[str, str] | None:
        if kind is not PasscodeHeard:
            return {}
        typed = self.query_one("#passcode", Input)
        if not typed.value.strip():
            self.complain("Type the passcode that the caller hears, then press Enter.")
            typed.focus()
            return None
        passcode, typed.value = typed.value, ""
        return {"passcode": passcode}

    def note(self) -> str:
        return self.prompt.note

    def say(self) -> str:
        return "Your phone rings now. Please answer it, and tell me the passcode that the voice says."

    @on(Input.Submitted)
    def give_passcode(self) -> None:
        """Enter in the field hands it over."""
        self.action_give(PasscodeHeard.__name__)


class DigitField(Field):
    """Takes digits, blanks and hyphens; any other key does what it does outside a field."""

    def __init__(self) -> None:
        super().__init__("", "digits, then Enter", id="passcode", max_length=_LONGEST)
        self.cursor_blink = False

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """What is typed here, and so is no key of the screen."""
        return super().check_consume_key(key, character) and not _is_letter(character)

    def on_key(self, event: events.Key) -> None:
        """A letter is not typed: it goes on to the screen."""
        if event.is_printable and _is_letter(event.character):
            event.prevent_default()


def _is_letter(character: str | None) -> bool:
    return character is not None and not (character.isdigit() or character in " -")
