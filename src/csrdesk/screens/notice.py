"""What was done, what was not, and what nobody knows: a line each, with its word."""

from __future__ import annotations

import msgspec
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from csrdesk.flows.answers import TryAgainChosen
from csrdesk.flows.kernel import Answer
from csrdesk.flows.prompts import NoticePrompt, ResultLine
from csrdesk.model.proofs import Act
from csrdesk.screens.prompted import PromptScreen
from csrdesk.screens.whom import person_line
from csrdesk.widgets.choices import Offer, ticket_offer
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.tones import Tone, inert

_DONE = {
    Act.PROTECT: "Disabled, to protect the account",
    Act.DISABLE: "Disabled",
    Act.ENABLE: "Enabled",
    Act.UNLOCK: "Unlocked",
    Act.RESET: "New password",
    Act.EXPIRE: "Last day set",
    Act.MUST_CHANGE: "Another password asked for",
    Act.DEVICES: "Device changed",
}
_WORDS = {
    Act.PROTECT: "The account is closed now. Nobody can sign in with it.",
    Act.DISABLE: "Your account is disabled now.",
    Act.ENABLE: "Your account is enabled again.",
    Act.UNLOCK: "Your account is unlocked now.",
    Act.RESET: "Your new password is set now.",
    Act.EXPIRE: "The day on which your account ends is set now.",
    Act.MUST_CHANGE: "You will be asked for a new password when you next sign in. The old one is good for that.",
    Act.DEVICES: "Your device is changed now.",
}


def result_fact(line: ResultLine) -> Fact:
    """`done`, `FAILED`, `UNKNOWN` or, for what is to be known beside it, `note`; and what it is about."""
    if line.aside and line.ok:
        return Fact("note", line.text)
    if line.unknown:
        return Fact("UNKNOWN", line.text, Tone.WARN)
    return Fact("done", line.text, Tone.GOOD) if line.ok else Fact("FAILED", line.text, Tone.BAD)


class NoticeScreen(PromptScreen[NoticePrompt]):
    """Half done is said as half done."""

    prompt_class = NoticePrompt

    def compose_body(self) -> ComposeResult:
        yield Static(id="question")
        yield Static(id="whom")
        yield Facts(id="lines", label_width=9)

    def paint(self) -> None:
        title, tone = _DONE[self.prompt.act], Tone.GOOD
        if not self._all_done:
            title, tone = ("Half done", Tone.WARN) if self.prompt.half_done else ("Not done", Tone.BAD)
        self.query_one("#question", Static).update(Content.styled(title, f"bold {tone.value}"))
        self.query_one("#whom", Static).update(inert(person_line(self.prompt.person)))
        self.query_one("#lines", Facts).facts = tuple(result_fact(line) for line in self.prompt.lines)

    @property
    def _all_done(self) -> bool:
        return not self.prompt.half_done and all(
            line.aside or (line.ok and not line.unknown) for line in self.prompt.lines
        )

    def is_offered(self, kind: type[Answer]) -> bool:
        return kind is not TryAgainChosen or self.prompt.again

    def offers(self) -> list[Offer]:
        offers = super().offers()
        if self.prompt.again:
            offers = [_where_left_undone(offer) for offer in offers]
        return [*offers, ticket_offer(self.around.info.keys)]

    def say(self) -> str:
        if self._all_done:
            return _WORDS[self.prompt.act]
        return "Not all of it worked. One moment, please: I am looking at what is left to do."


def _where_left_undone(offer: Offer) -> Offer:
    """The choice is to try again or to leave it: said so, where otherwise nothing is left to do."""
    label, words = {
        "Try again": ("Try again", "what was left undone, and nothing else"),
        "Go on": ("Leave it", "back to the caller; what was not done stays undone"),
    }.get(offer.label, (offer.label, offer.help))
    return msgspec.structs.replace(offer, label=label, help=words)
