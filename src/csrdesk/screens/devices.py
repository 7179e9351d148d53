"""The verified caller's devices: one is chosen, then what to do with it. A device never vouches for itself."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from csrdesk.flows import answers as a
from csrdesk.flows.device_prompts import DevicesPrompt
from csrdesk.flows.kernel import Answer
from csrdesk.model.devices import Device
from csrdesk.screens.fields import field
from csrdesk.screens.prompted import PromptScreen
from csrdesk.screens.whom import person_line
from csrdesk.widgets.choice_list import ChoiceList
from csrdesk.widgets.tones import Tone, column, inert

_LABEL, _KIND = 27, 26
_OF_ONE = (
    a.BlockDeviceChosen,
    a.UnblockDeviceChosen,
    a.UnlockDeviceChosen,
    a.RenameDeviceChosen,
    a.DefaultDeviceChosen,
    a.RemoveDeviceChosen,
)


class DevicesScreen(PromptScreen[DevicesPrompt]):
    """What can be done follows the device that is marked."""

    CSS_PATH = ["frame.tcss", "devices.tcss"]  # noqa: RUF012 - Textual declares it so
    AUTO_FOCUS = "#devices"
    prompt_class = DevicesPrompt
    long_choices = False
    helps: ClassVar[dict[type[Answer], str]] = {a.BackChosen: "to the account; the verification goes on"}

    def compose_body(self) -> ComposeResult:
        yield Static(id="whom")
        yield OptionList(id="devices", markup=False)
        yield Static(id="why-not")
        yield field("nickname", max_length=100, placeholder="a new name: type it, then Enter")

    def paint(self) -> None:
        self.query_one("#whom", Static).update(inert(person_line(self.prompt.person)))
        listed = self.query_one("#devices", OptionList)
        marked = listed.highlighted or 0
        listed.clear_options()
        listed.add_options([Option(_row(n, one), id=one.id) for n, one in enumerate(self.prompt.devices, start=1)])
        listed.highlighted = min(marked, len(self.prompt.devices) - 1) if self.prompt.devices else None
        self._say_why_not()

    def _say_why_not(self) -> None:
        device = self._marked
        words = self.prompt.evidence.missing_for_device(device.id) if device else "No device is registered."
        self.query_one("#why-not", Static).update(inert(words, Tone.WARN))
        self.query_one("#why-not", Static).display = bool(words)
        self.query_one("#nickname", Input).display = not words

    @property
    def _marked(self) -> Device | None:
        row = self.query_one("#devices", OptionList).highlighted
        return self.prompt.devices[row] if row is not None and row < len(self.prompt.devices) else None

    def is_offered(self, kind: type[Answer]) -> bool:
        """Only what changes something about the marked device, and only where enough was shown for it."""
        if kind not in _OF_ONE:
            return True
        device = self._marked if self.is_mounted else None
        if device is None or self.prompt.evidence.missing_for_device(device.id):
            return False
        if kind is a.BlockDeviceChosen:
            return not device.blocked
        if kind is a.UnblockDeviceChosen:
            return device.blocked
        if kind is a.UnlockDeviceChosen:
            return device.locked
        if kind is a.DefaultDeviceChosen:
            return len(self.prompt.devices) > 1
        return True

    def fields(self, kind: type[Answer]) -> dict[str, str] | None:
        if kind not in _OF_ONE:
            return {}
        device = self._marked
        if device is None:
            self.complain("No device is marked. Use the arrow keys.")
            return None
        if kind is not a.RenameDeviceChosen:
            return {"device_id": device.id}
        name = self.query_one("#nickname", Input)
        if not name.value.strip():
            self.complain("Type the new name, then press Enter.")
            name.focus()
            return None
        return {"device_id": device.id, "nickname": name.value.strip()}

    def note(self) -> str:
        return self.prompt.note

    def say(self) -> str:
        return "Which of your devices is it about?"

    @on(OptionList.OptionHighlighted)
    def follow(self) -> None:
        """Another device, other choices."""
        self._say_why_not()
        self.query_one(ChoiceList).show(self.offers())
        self.refresh_bindings()

    @on(Input.Submitted)
    def rename(self) -> None:
        """Enter in the field gives the name."""
        self.action_give(a.RenameDeviceChosen.__name__)

    def on_key(self, event: events.Key) -> None:
        """A digit marks the row of that number."""
        number = int(event.character) if event.character and event.character in "123456789" else 0
        if 0 < number <= len(self.prompt.devices) and not isinstance(self.focused, Input):
            event.stop()
            self.query_one("#devices", OptionList).highlighted = number - 1


def _row(number: int, device: Device) -> Content:
    state = ", ".join(_state(device)) or "usable"
    return Content.assemble(
        (f"{number:>2}  ", Tone.QUIET.value),
        column(device.label, _LABEL, Tone.STRONG),
        "  ",
        column(device.kind, _KIND),
        "  ",
        inert(state, limit=16),
    )


def _state(device: Device) -> tuple[str, ...]:
    found = {
        "blocked": device.blocked,
        "locked": device.locked,
        "not activated": device.status != "ACTIVE",
        "own mailbox": device.same_mailbox,
    }
    return tuple(words for words, holds in found.items() if holds)
