"""Who is calling? The first screen: it takes keys before the desk is connected."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Label

from csrdesk.flows.answers import InviteChosen, UsernameGiven
from csrdesk.flows.kernel import Answer
from csrdesk.flows.prompts import UsernamePrompt
from csrdesk.screens.fields import field
from csrdesk.screens.prompted import PromptScreen


class UsernameScreen(PromptScreen[UsernamePrompt]):
    """An identifier, and a ticket number where policy wants one."""

    CSS_PATH = ["frame.tcss", "username.tcss"]  # noqa: RUF012 - Textual declares it so
    AUTO_FOCUS = "#identifier"
    prompt_class = UsernamePrompt
    has_fields = True

    def compose_body(self) -> ComposeResult:
        yield Label("User name, mail address, customer number or phone", classes="label")
        yield field("identifier", max_length=256)
        yield Label("", id="ticket-label", classes="label")
        yield field("ticket", max_length=256, value=self.prompt.ticket)
        yield Label("It finds an account. It does not prove who is calling.", classes="hint")

    def paint(self) -> None:
        wanted = "Ticket number" if self.prompt.ticket_required else "Ticket number (if there is one)"
        self.query_one("#ticket-label", Label).update(wanted)
        ticket = self.query_one("#ticket", Input)
        if self.prompt.ticket and not ticket.value:
            ticket.value = self.prompt.ticket

    def is_offered(self, kind: type[Answer]) -> bool:
        """An invitation only to a mail address that was looked up, and that nobody has."""
        return kind is not InviteChosen or self.prompt.invitable

    def note(self) -> str:
        prompt = self.prompt
        failed = prompt.details or prompt.reference
        return f"{prompt.note} Reference: {prompt.reference or self.view.id}" if failed else prompt.note

    def say(self) -> str:
        if self.prompt.invitable:
            return "I find no account at that address. Shall I mail you the way to make one yourself?"
        return f"Thank you for calling {self.around.info.desk}. May I have your user name or customer number?"

    def fields(self, kind: type[Answer]) -> dict[str, str] | None:
        if kind is not UsernameGiven:
            return {}
        identifier, ticket = self.query_one("#identifier", Input), self.query_one("#ticket", Input)
        if not identifier.value.strip():
            self.complain("Type something that finds the caller's account.")
            identifier.focus()
            return None
        if self.prompt.ticket_required and not ticket.value.strip():
            self.complain("A ticket number is needed before anybody is looked up.")
            ticket.focus()
            return None
        return {"identifier": identifier.value.strip(), "ticket": ticket.value.strip()}

    @on(Input.Submitted)
    def look_up(self) -> None:
        """Enter in either field looks up."""
        self.action_give(UsernameGiven.__name__)
