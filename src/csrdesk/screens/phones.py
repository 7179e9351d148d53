"""Before a phone is reached: which one, and what the caller will be asked. Nothing has gone out when it shows."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from csrdesk.flows.answers import Cancelled, DeviceChosen
from csrdesk.flows.kernel import Answer
from csrdesk.flows.try_prompts import PhonesPrompt
from csrdesk.model.devices import Device
from csrdesk.model.ways import Way
from csrdesk.screens.prompted import PromptScreen
from csrdesk.screens.whom import person_line
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.tones import Tone, column, inert

_LABEL = 40


class PhonesScreen(PromptScreen[PhonesPrompt]):
    """The first phone is marked; Enter reaches it."""

    CSS_PATH = ["frame.tcss", "phones.tcss"]  # noqa: RUF012 - Textual declares it so
    AUTO_FOCUS = "#phones"
    prompt_class = PhonesPrompt
    helps: ClassVar[dict[type[Answer], str]] = {Cancelled: "go back; nothing has gone out"}

    def compose_body(self) -> ComposeResult:
        yield Static(id="whom")
        yield OptionList(id="phones", markup=False)
        yield Facts(id="then")

    def paint(self) -> None:
        prompt = self.prompt
        self.query_one("#whom", Static).update(inert(person_line(prompt.person), Tone.STRONG))
        listed = self.query_one("#phones", OptionList)
        marked = listed.highlighted or 0
        listed.clear_options()
        listed.add_options([Option(_row(n, one), id=one.id) for n, one in enumerate(prompt.phones, start=1)])
        listed.highlighted = min(marked, len(prompt.phones) - 1) if prompt.phones else None
        self.query_one("#then", Facts).facts = _THEN[prompt.way]

    def note(self) -> str:
        return self.prompt.note

    def say(self) -> str:
        return _SAY[self.prompt.way]

    def fields(self, kind: type[Answer]) -> dict[str, str] | None:
        if kind is not DeviceChosen:
            return {}
        row = self.query_one("#phones", OptionList).highlighted
        if row is None:
            self.complain("No phone is marked. Use the arrow keys, or type the number in front of it.")
            return None
        return {"device_id": self.prompt.phones[row].id}

    @on(OptionList.OptionSelected)
    def choose(self) -> None:
        """Enter or a click on a row reaches that phone."""
        self.action_give(DeviceChosen.__name__)

    def on_key(self, event: events.Key) -> None:
        """A digit marks the row of that number."""
        number = int(event.character) if event.character and event.character in "123456789" else 0
        if 0 < number <= len(self.prompt.phones):
            event.stop()
            self.query_one("#phones", OptionList).highlighted = number - 1


def _row(number: int, phone: Device) -> Content:
    return Content.assemble(
        (f"{number:>2}  ", Tone.QUIET.value), column(phone.label, _LABEL, Tone.STRONG), "  ", inert(phone.kind)
    )


_THEN = {
    Way.PUSH: (
        Fact("Then", "the phone shows a request with three numbers. You say the right one, the caller chooses it."),
        Fact("It gives", "a strong device alone, without link and code"),
        Fact("Take care", "A request that is denied freezes verification of this person.", Tone.WARN),
    ),
    Way.CALL_BACK: (
        Fact("Then", "PingOne rings that number and says a passcode. The caller tells it to you; it counts once."),
        Fact("It gives", "a weak proof: enough to unlock or to disable, and no more"),
        Fact("Take care", "Never read the number out, and take no other number from the caller.", Tone.WARN),
    ),
}
_SAY = {
    Way.PUSH: "I am sending a request to the app on your phone. Do you have that phone with you?",
    Way.CALL_BACK: "Your phone will ring in a moment, and a voice will say a passcode. Can you answer it now?",
}
