"""For a caller who can show nothing: why a lead should let something be done, and then that one is asked."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Label, Static

from csrdesk.flows.answers import Cancelled, Declined, ExceptionAsked, LineDropped
from csrdesk.flows.exception_prompts import AwaitingLeadPrompt, ExceptionPrompt
from csrdesk.flows.kernel import Answer
from csrdesk.screens.act_names import act_names
from csrdesk.screens.fields import field
from csrdesk.screens.prompted import PromptScreen
from csrdesk.screens.whom import person_line
from csrdesk.widgets.choices import Offer
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.moments import left
from csrdesk.widgets.tones import Tone, inert


class ExceptionScreen(PromptScreen[ExceptionPrompt]):
    """Enter asks nobody: it goes to the next field, and from the last one to No."""

    CSS_PATH = ["frame.tcss", "exception.tcss"]  # noqa: RUF012 - Textual declares it so
    AUTO_FOCUS = "#reason"
    prompt_class = ExceptionPrompt
    has_fields = True
    long_choices = False
    helps: ClassVar[dict[type[Answer], str]] = {Declined: "go back; nobody is asked"}

    def compose_body(self) -> ComposeResult:
        yield Static(id="question")
        yield Facts(id="what", label_width=11)
        with Horizontal(classes="row"):
            yield Label("Reason", classes="label")
            yield field(
                "reason", max_length=1000, placeholder="needed: why they can show nothing, and how you know them"
            )
        with Horizontal(classes="row"):
            yield Label("Ticket", classes="label")
            yield field("ticket", max_length=256, value=self.prompt.ticket, placeholder="needed")

    def paint(self) -> None:
        prompt = self.prompt
        question = Content.styled("Ask a lead for an exception?", Tone.STRONG.value)
        self.query_one("#question", Static).update(question)
        facts = (
            Fact("Whom", person_line(prompt.person), Tone.STRONG),
            Fact("Opens", act_names(prompt.gives)),
            Fact(
                "Other ways", ", ".join(prompt.others) or "none is open now", Tone.WARN if prompt.others else Tone.PLAIN
            ),
            Fact(
                "Take care",
                "It proves nobody. A lead answers for it, by name, in the audit and the customer's mail.",
                Tone.WARN,
            ),
        )
        self.query_one("#what", Facts).facts = facts

    def note(self) -> str:
        return self.prompt.note

    def say(self) -> str:
        return "I cannot make sure that it is you, so I have to ask somebody else. What has happened to your devices?"

    def offers(self) -> list[Offer]:
        """No stands first."""
        return list(reversed(super().offers()))

    def fields(self, kind: type[Answer]) -> dict[str, str] | None:
        if kind is not ExceptionAsked:
            return {}
        reason, ticket = self.query_one("#reason", Input), self.query_one("#ticket", Input)
        for typed, words in ((reason, "Say why: a reason is needed."), (ticket, "A ticket number is needed.")):
            if not typed.value.strip():
                self.complain(words)
                typed.focus()
                return None
        return {"reason": reason.value.strip(), "ticket": ticket.value.strip()}

    @on(Input.Submitted)
    def go_on(self) -> None:
        """Enter goes to the next field; it asks nobody."""
        self.focus_next()


class AwaitingLeadScreen(PromptScreen[AwaitingLeadPrompt]):
    """Watches; the answer comes from a lead alone."""

    CSS_PATH = ["frame.tcss", "exception.tcss"]  # noqa: RUF012 - as above
    prompt_class = AwaitingLeadPrompt
    helps: ClassVar[dict[type[Answer], str]] = {
        Cancelled: "ask no more; nothing is opened",
        LineDropped: "nobody is asked any more; customer and ticket stay",
    }

    def compose_body(self) -> ComposeResult:
        yield Static(id="whom")
        yield Facts(id="asked", label_width=11)
        yield Facts(id="clock", label_width=11)

    def paint(self) -> None:
        prompt, asked = self.prompt, self.prompt.approval
        self.query_one("#whom", Static).update(inert(person_line(prompt.person), Tone.STRONG))
        self.query_one("#asked", Facts).facts = (
            Fact("Waits for", "a lead other than you. Nothing is opened before that.", Tone.WARN),
            Fact("Opens", act_names(asked.gives)),
            Fact("Reason", asked.reason),
            Fact("Ticket", asked.ticket),
            Fact("Shown", asked.shown),
        )

    def paint_clocks(self, now: datetime) -> None:
        self.query_one("#clock", Facts).facts = (Fact("Time", left(self.prompt.approval.until, now)),)

    def say(self) -> str:
        return "A colleague has to decide about this. It takes a moment; please stay on the line."
