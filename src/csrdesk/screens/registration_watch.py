"""While somebody who was invited makes an account by themselves: what they have done, nothing that they typed."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult

from csrdesk.flows.answers import BackChosen
from csrdesk.flows.kernel import Answer
from csrdesk.flows.prompts import RegistrationWatchPrompt
from csrdesk.model.recovery import Progress, Stage
from csrdesk.screens.prompted import PromptScreen
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.moments import time_of_day
from csrdesk.widgets.tones import Tone

_WAY = (Stage.OPENED, Stage.CODE_SENT, Stage.VERIFIED, Stage.CREATED, Stage.DONE)
_ENDS = {
    Stage.DONE: ("The account is there, and nothing is left to do", Tone.GOOD),
    Stage.REFUSED: ("Stopped: a limit, too many tries, or PingOne Protect", Tone.BAD),
    Stage.ENDED: ("Ended before it was done", Tone.WARN),
}
_SAY = {
    None: "I have mailed you the address of our page. Please open it and type your mail address there.",
    Stage.OPENED: "One moment, please: the page sends you a code.",
    Stage.ANALYSED: "One moment, please: the page sends you a code.",
    Stage.CODE_SENT: "Please type the code from the second mail into the page. Do not tell it to me.",
    Stage.VERIFIED: "Thank you. Please follow the page: it asks for your name, and how you want to sign in.",
    Stage.CREATED: "Your account is there. Please follow the page to its end.",
    Stage.DONE: "Your account is ready. You can sign in with it now.",
    Stage.REFUSED: "The page cannot go on. I will look for another way.",
    Stage.ENDED: "That page has ended. You can begin again with the same mail.",
}
"""What to say, by how far they are."""


class RegistrationWatchScreen(PromptScreen[RegistrationWatchPrompt]):
    """Only looks on."""

    prompt_class = RegistrationWatchPrompt
    helps: ClassVar[dict[type[Answer], str]] = {BackChosen: "look somebody up; the customer's page goes on"}

    def compose_body(self) -> ComposeResult:
        yield Facts(id="card", label_width=16)

    def paint(self) -> None:
        prompt = self.prompt
        self.query_one("#card", Facts).facts = (
            Fact("Mailed to", f"{prompt.to}, {self._when(prompt.since)}", Tone.STRONG),
            *self._steps(prompt.progress),
        )

    def _steps(self, progress: Progress) -> tuple[Fact, ...]:
        reached = _WAY.index(progress.stage) if progress.stage in _WAY else -1
        tried = "none yet" if not progress.tries else "1 try" if progress.tries == 1 else f"{progress.tries} tries"
        result, tone = _ENDS.get(progress.stage, ("", Tone.QUIET)) if progress.stage else ("", Tone.QUIET)
        ended = f", {self._when(progress.ended_at)}" if progress.ended_at else ""
        return (
            Fact("Page opened", self._when(progress.opened_at), _tone(progress.opened_at)),
            Fact("Code asked for", self._when(progress.code_at), _tone(progress.code_at)),
            Fact("Code typed", tried, _tone(progress.tries)),
            _passed("Mailbox shown", reached, Stage.VERIFIED),
            _passed("Account made", reached, Stage.CREATED),
            Fact("Result", f"{result}{ended}" if result else "not yet", tone),
        )

    def _when(self, moment: datetime | None) -> str:
        return time_of_day(moment, self.around.info.zone) if moment else "not yet"

    def say(self) -> str:
        return _SAY[self.prompt.progress.stage]


def _passed(label: str, reached: int, stage: Stage) -> Fact:
    passed = reached >= _WAY.index(stage)
    return Fact(label, "yes" if passed else "not yet", _tone(passed))


def _tone(passed: object) -> Tone:
    return Tone.PLAIN if passed else Tone.QUIET
