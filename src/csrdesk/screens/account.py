"""The verified caller's account: AD and PingOne side by side, and on top the one line that agents need."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from csrdesk.flows.act_words import CHOSEN
from csrdesk.flows.answers import (
    DisableChosen,
    EnableChosen,
    ExpireChosen,
    MustChangeChosen,
    ResetChosen,
    UnlockChosen,
)
from csrdesk.flows.kernel import Answer
from csrdesk.flows.prompts import AccountPrompt
from csrdesk.screens.both_directories import directory_facts, pingone_facts, why_not
from csrdesk.screens.prompted import PromptScreen
from csrdesk.screens.whom import person_line
from csrdesk.widgets.facts import Facts
from csrdesk.widgets.moments import zone_name
from csrdesk.widgets.tones import Tone, inert


class AccountScreen(PromptScreen[AccountPrompt]):
    """One button by the read's label; where the directories differ, the other act beside it."""

    CSS_PATH = ["frame.tcss", "account.tcss"]  # noqa: RUF012 - Textual declares it so
    prompt_class = AccountPrompt
    long_choices = False

    def compose_body(self) -> ComposeResult:
        yield Static(id="why")
        yield Static(id="whom")
        yield Static(id="evidence")
        yield Static(id="risk")
        yield Static(id="no-reset")
        with Container(id="panels"):
            yield Facts(id="directory", label_width=10)
            yield Facts(id="pingone", label_width=10)

    def on_mount(self) -> None:
        self.query_one("#directory").border_title = "Active Directory"
        self.query_one("#pingone").border_title = "PingOne"
        super().on_mount()

    def paint(self) -> None:
        prompt, zone, now = self.prompt, self.around.info.zone, self.around.now()
        words, tone = why_not(prompt.account)
        self.query_one("#why", Static).update(
            Content.assemble(("Why can't they sign in:  ", Tone.STRONG.value), inert(words, tone))
        )
        self.query_one("#whom", Static).update(inert(person_line(prompt.person)))
        excepted = bool(prompt.evidence.exception)
        shown = f"Nothing shown: {prompt.evidence.label}." if excepted else f"Shown: {prompt.evidence.label}."
        self.query_one("#evidence", Static).update(
            inert(f"{shown} Times in {zone_name(now, zone)}.", Tone.WARN if excepted else Tone.QUIET)
        )
        risk = prompt.evidence.risk
        self.query_one("#risk", Static).display = risk is not None
        if risk is not None:
            tone = Tone.WARN if risk.is_notable else Tone.QUIET
            self.query_one("#risk", Static).update(inert(f"PingOne Protect: {risk.label}", tone))
        self.query_one("#no-reset", Static).display = bool(prompt.why_no_reset)
        self.query_one("#no-reset", Static).update(inert(f"No reset: {prompt.why_no_reset}", Tone.QUIET))
        self.query_one("#directory", Facts).facts = directory_facts(prompt.account, now, zone)
        self.query_one("#pingone", Facts).facts = pingone_facts(prompt.account, now, zone)

    def is_offered(self, kind: type[Answer]) -> bool:
        """What is the agent's to do: the act that the read names; the other, too, where one directory alone has the
        account.
        """
        if CHOSEN.get(kind) in self.prompt.withheld:
            return False
        enable = self.prompt.button_value == "enableUser"
        if kind is EnableChosen:
            return enable or self.prompt.account.differs
        if kind is DisableChosen:
            return not enable or self.prompt.account.differs
        if kind is ResetChosen:
            return not self.prompt.why_no_reset
        directory = self.prompt.account.directory
        if kind is ExpireChosen:
            return bool(directory and not directory.expired)
        if kind is MustChangeChosen:
            return bool(directory and not directory.must_change_password and not directory.why_no_must_change)
        if kind is UnlockChosen:
            return bool(self.prompt.account.locks)
        return True

    def note(self) -> str:
        return self.prompt.note

    def say(self) -> str:
        if self.prompt.evidence.exception:
            return "Thank you for waiting. A colleague lets me help you with this, and nothing else, for now."
        if self.prompt.account.obstacles:
            return "Thank you, I know that it is you. I can see what is wrong: one moment, I will tell you."
        return "Thank you, I know that it is you. Your account looks fine from here. What happens when you sign in?"
