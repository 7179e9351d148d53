"""Shows a prompt that has no screen of its own: its fields as they are, and its answers, so that no call gets stuck."""

from __future__ import annotations

import msgspec
from textual.app import ComposeResult
from textual.widgets import Input

from csrdesk.flows.kernel import Answer, Prompt
from csrdesk.screens.fields import field
from csrdesk.screens.prompted import PromptScreen
from csrdesk.widgets.choices import choices_of
from csrdesk.widgets.facts import Fact, Facts


def fields_of(kind: type[Answer]) -> tuple[str, ...]:
    """The names of what an answer carries."""
    return tuple(f.name for f in msgspec.structs.fields(kind))


class FormScreen(PromptScreen[Prompt]):
    """A line a field; something to type for each thing that an answer carries."""

    has_fields = True

    def compose_body(self) -> ComposeResult:
        yield Facts(id="card")
        for name in self._typed():
            yield field(name, max_length=256, placeholder=name.replace("_", " "))

    def paint(self) -> None:
        facts = [
            Fact(f.name.replace("_", " ").capitalize()[:13], str(value))
            for f in msgspec.structs.fields(self.prompt)
            if (value := getattr(self.prompt, f.name)) not in ("", None, ())
        ]
        self.query_one("#card", Facts).facts = tuple(facts)

    def fields(self, kind: type[Answer]) -> dict[str, str] | None:
        return {name: self.query_one(f"#{name}", Input).value for name in fields_of(kind)}

    def _typed(self) -> list[str]:
        return list(dict.fromkeys(n for choice in choices_of(self.prompt_class) for n in fields_of(choice.answer)))


def form_for(prompt: type[Prompt]) -> type[FormScreen]:
    """A form class for prompts of this class."""
    return type(f"{prompt.__name__}Form", (FormScreen,), {"prompt_class": prompt, "__module__": __name__})
