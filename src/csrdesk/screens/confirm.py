"""Are you sure? Whom and what in full, a reason, and No unless the agent says Yes with a key of its own."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Label, Static

from csrdesk.flows.answers import Confirmed
from csrdesk.flows.kernel import Answer
from csrdesk.flows.prompts import ConfirmPrompt
from csrdesk.model.days import ends_of
from csrdesk.model.proofs import Act
from csrdesk.screens.both_directories import ends
from csrdesk.screens.fields import field
from csrdesk.screens.prompted import PromptScreen
from csrdesk.screens.whom import person_line
from csrdesk.widgets.choices import Offer
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.tones import Tone

_QUESTIONS = {
    Act.PROTECT: "Disable this account because somebody else may have it?",
    Act.DISABLE: "Disable this account?",
    Act.ENABLE: "Enable this account?",
    Act.UNLOCK: "Unlock this account?",
    Act.RESET: "Let the caller set a new password?",
    Act.EXPIRE: "Set the last day of this account?",
    Act.MUST_CHANGE: "Ask for another password at the next sign-in?",
    Act.DEVICES: "Change this device?",
}
_WORDS = {
    Act.PROTECT: "I will close the account now, so that nobody can use it. It can be opened again later.",
    Act.DISABLE: "I am going to disable your account. You will be signed out everywhere. Is that what you want?",
    Act.ENABLE: "I am going to enable your account again. Is that what you want?",
    Act.UNLOCK: "I am going to unlock your account. Is that what you want?",
    Act.RESET: "You will set a new password yourself, on the page that you have open. Is that what you want?",
    Act.EXPIRE: "I am going to set the day on which your account ends. Is that what you want?",
    Act.MUST_CHANGE: "At your next sign-in you will be asked for a new password. Is that what you want?",
    Act.DEVICES: "I am going to change one of the devices that you sign in with. Is that what you want?",
}


class ConfirmScreen(PromptScreen[ConfirmPrompt]):
    """Enter never says Yes while typing: it goes to the next field, and from the last one to No."""

    CSS_PATH = ["frame.tcss", "confirm.tcss"]  # noqa: RUF012 - Textual declares it so
    AUTO_FOCUS = "#day, #reason"
    prompt_class = ConfirmPrompt
    has_fields = True
    long_choices = False

    def compose_body(self) -> ComposeResult:
        yield Static(id="question")
        yield Facts(id="what", label_width=11)
        if self.prompt.act is Act.EXPIRE:
            with Horizontal(classes="row"):
                yield Label("Last day", classes="label")
                yield field("day", max_length=10, placeholder="YYYY-MM-DD, or never")
        with Horizontal(classes="row"):
            yield Label("Reason", classes="label")
            yield field("reason", max_length=1000, placeholder="needed; goes into the audit")
        with Horizontal(classes="row"):
            yield Label("Ticket", classes="label")
            yield field("ticket", max_length=256, value=self.prompt.ticket)

    def paint(self) -> None:
        prompt = self.prompt
        self.query_one("#question", Static).update(Content.styled(_QUESTIONS[prompt.act], Tone.STRONG.value))
        facts = [Fact("Whom", person_line(prompt.person), Tone.STRONG)]
        if prompt.person.population or prompt.person.number_ending:
            ending = f"number ends {prompt.person.number_ending}" if prompt.person.number_ending else ""
            facts.append(Fact("", ", ".join(part for part in (prompt.person.population, ending) if part)))
        labels = ["What", *[""] * len(prompt.effects)]
        facts += [Fact(label, f"- {effect}") for label, effect in zip(labels, prompt.effects, strict=False)]
        directory = prompt.account.directory if prompt.account else None
        if prompt.act is Act.EXPIRE and directory:
            facts.append(Fact("Ends now", ends(directory, self.around.now(), self.around.info.zone)))
        if prompt.unverified:
            facts.append(Fact("Unverified", "Nobody has proved anything. This is marked in the audit.", Tone.WARN))
        self.query_one("#what", Facts).facts = tuple(facts)
        self.query_one("#ticket", Input).placeholder = "needed" if prompt.ticket_required else "if there is one"

    def note(self) -> str:
        return self.prompt.note

    def say(self) -> str:
        return _WORDS[self.prompt.act]

    def offers(self) -> list[Offer]:
        """No stands first."""
        return list(reversed(super().offers()))

    def fields(self, kind: type[Answer]) -> dict[str, str] | None:
        if kind is not Confirmed:
            return {}
        reason, ticket = self.query_one("#reason", Input), self.query_one("#ticket", Input)
        if self.prompt.act is Act.EXPIRE and not self._ends():
            self.complain("Type the last day as 2026-12-24, or never.")
            self.query_one("#day", Input).focus()
            return None
        if not reason.value.strip():
            self.complain("Say why: a reason is needed.")
            reason.focus()
            return None
        if self.prompt.ticket_required and not ticket.value.strip():
            self.complain("A ticket number is needed.")
            ticket.focus()
            return None
        return {"reason": reason.value.strip(), "ticket": ticket.value.strip(), **self._ends()}

    def _ends(self) -> dict[str, str]:
        """The last day as the answer carries it, in the agent's zone; empty where none is asked for, or wrong."""
        if self.prompt.act is not Act.EXPIRE:
            return {}
        try:
            return {"ends": ends_of(self.query_one("#day", Input).value, self.around.info.zone)}
        except ValueError:
            return {}

    @on(Input.Submitted)
    def go_on(self) -> None:
        """Enter goes to the next field; it does not say Yes."""
        self.focus_next()
