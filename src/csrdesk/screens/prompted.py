"""A screen that is a function of one prompt: bindings and choices come from the prompt's answers."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Generic, TypeVar

import msgspec
from textual.binding import Binding
from textual.message import Message

from csrdesk.config.keys import key_of
from csrdesk.flows.doors import View
from csrdesk.flows.kernel import Answer, Prompt
from csrdesk.model.secret import decode_hook
from csrdesk.screens.following import FLOW
from csrdesk.screens.frame import FrameScreen, named
from csrdesk.screens.info import Surroundings
from csrdesk.widgets.choices import Choice, Offer, choices_of, hand_over_offer
from csrdesk.widgets.facts import Fact

P = TypeVar("P", bound=Prompt)


class Given(Message):
    """The agent's answer to the prompt of revision `rev`."""

    def __init__(self, answer: Answer, rev: int) -> None:
        super().__init__()
        self.answer = answer
        self.rev = rev


class PromptScreen(FrameScreen, Generic[P]):
    """Draws prompts of one class and posts `Given`. A new prompt of the same class is painted in place."""

    prompt_class: ClassVar[type[Prompt]]
    has_fields: ClassVar[bool] = False
    """Whether there is something to type: then the choices show the keys that work while typing."""
    helps: ClassVar[dict[type[Answer], str]] = {}
    """What an answer does here, where that is not what the table of choices says of it."""

    def __init_subclass__(cls) -> None:
        if "prompt_class" in cls.__dict__:
            cls.BINDINGS = [binding for choice in choices_of(cls.prompt_class) for binding in _bindings(choice)]
        super().__init_subclass__()

    def __init__(self, view: View, prompt: P, around: Surroundings, *, verified_until: datetime | None = None) -> None:
        super().__init__(around, verified_until=verified_until)
        self.view = view
        self.prompt: P = prompt

    def show(self, view: View, prompt: P, verified_until: datetime | None) -> None:
        """Paint a newer prompt of the same class in place."""
        asked_before = self.view.rev >= 0
        self.view, self.prompt, self.verified_until = view, prompt, verified_until
        self.rest()
        if asked_before:  # what was said of the fields holds when the call asks for the first time, too
            self.complain("")
        self.repaint()

    def is_offered(self, kind: type[Answer]) -> bool:  # noqa: ARG002 - a subclass looks at it
        """Whether this answer makes sense now; all do unless a screen says otherwise."""
        return True

    def fields(self, kind: type[Answer]) -> dict[str, str] | None:  # noqa: ARG002 - a subclass looks at it
        """What the answer carries; None (after `complain`) where something is still missing."""
        return {}

    def offers(self) -> list[Offer]:
        choices = [
            Offer(
                key_of((choice.form_key if self.has_fields else "") or choice.key, self.around.info.keys),
                choice.label,
                self.helps.get(choice.answer, choice.help),
                f"give({choice.answer.__name__!r})",
            )
            for choice in choices_of(self.prompt_class)
            if self.is_offered(choice.answer)
        ]
        info, person = self.around.info, getattr(self.prompt, "person", None)
        if info.hand_over and person and self.view.flow == FLOW:
            choices.append(hand_over_offer(info.keys))
        return choices

    def values(self) -> tuple[Fact, ...]:
        """What the prompt holds in plain text beside what its screen shows; one value once."""
        person, link = getattr(self.prompt, "person", None), getattr(self.prompt, "link", None)
        held = {
            "Call": self.view.id,
            "Ticket": getattr(self.prompt, "ticket", ""),
            "Name": getattr(person, "name", ""),
            "User name": getattr(person, "username", ""),
            "Mail": getattr(person, "email", ""),
            "PingOne id": getattr(person, "id", ""),
            "Reference": getattr(link, "reference", ""),
        }
        found = {value: Fact(label, value) for label, value in held.items() if value}
        return (*found.values(), *(fact for fact in super().values() if fact.value not in found))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No answer while something is being done, and none that is not offered."""
        if action == "give":
            return not self.working and any(
                choice.answer.__name__ == parameters[0] and self.is_offered(choice.answer)
                for choice in choices_of(self.prompt_class)
            )
        return super().check_action(action, parameters)

    def action_give(self, name: str) -> None:
        """Make the answer from what the prompt allows, and post it."""
        kind = next(choice.answer for choice in choices_of(self.prompt_class) if choice.answer.__name__ == name)
        fields = self.fields(kind)
        if fields is not None:
            self.complain("")
            answer = msgspec.convert({"type": name, **fields}, kind, dec_hook=decode_hook)
            self.post_message(Given(answer, self.view.rev))


def _bindings(choice: Choice) -> list[Binding]:
    action = f"give({choice.answer.__name__!r})"
    found = [named(choice.key, action, choice.label)] if choice.key else []
    if choice.form_key:
        # First of all: a text field knows some of these keys, too.
        found.append(named(choice.form_key, action, choice.label, priority=True))
    return found
