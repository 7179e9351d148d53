"""While a caller recovers their account by themselves: what they have done so far, and what PingOne Protect
made of it; nothing that they typed.
"""

from __future__ import annotations

from datetime import datetime

from textual.app import ComposeResult

from csrdesk.flows.prompts import RecoveryWatchPrompt
from csrdesk.model.recovery import Progress, Stage
from csrdesk.screens.link_life import risk_tone
from csrdesk.screens.prompted import PromptScreen
from csrdesk.widgets.facts import Fact, Facts
from csrdesk.widgets.moments import time_of_day
from csrdesk.widgets.tones import Tone

_ENDS = {
    Stage.DONE: ("The new password is set", Tone.GOOD),
    Stage.REFUSED: ("Stopped: a limit, too many tries, or something did not answer", Tone.BAD),
    Stage.ENDED: ("Ended without a new password", Tone.WARN),
}
_SAY = {
    None: "I have mailed you the address of our page. Please open it and type the mail address of your account.",
    Stage.OPENED: "One moment, please: the page sends you a code.",
    Stage.ANALYSED: "One moment, please: the page sends you a code.",
    Stage.CODE_SENT: "Please type the code from the second mail, and your new password. Tell me neither of them.",
    Stage.DONE: "Your new password is set. You can sign in with it now.",
    Stage.REFUSED: "The page cannot go on. I will look for another way.",
    Stage.ENDED: "That page has ended. You can begin again with the same mail.",
}
"""What to say, by how far they are."""
_STOPPED = ("Stopped: PingOne Protect advises against it", Tone.BAD)


class RecoveryWatchScreen(PromptScreen[RecoveryWatchPrompt]):
    """Only looks on: nothing here gives access to the account."""

    prompt_class = RecoveryWatchPrompt

    def compose_body(self) -> ComposeResult:
        yield Facts(id="card", label_width=16)

    def paint(self) -> None:
        prompt = self.prompt
        doubt = (Fact("Warning", prompt.doubt, Tone.WARN),) if prompt.doubt else ()
        self.query_one("#card", Facts).facts = (
            Fact("Name", prompt.person.name, Tone.STRONG),
            Fact("Mailed to", f"{prompt.to}, {self._when(prompt.since)}"),
            *doubt,
            *self._steps(prompt.progress),
        )

    def _steps(self, progress: Progress) -> tuple[Fact, ...]:
        tried = "none yet" if not progress.tries else "1 try" if progress.tries == 1 else f"{progress.tries} tries"
        result, tone = _ENDS.get(progress.stage, ("", Tone.QUIET)) if progress.stage else ("", Tone.QUIET)
        if progress.stopped_by_protect:
            result, tone = _STOPPED
        risk = progress.risk
        ended = f", {self._when(progress.ended_at)}" if progress.ended_at else ""
        return (
            Fact("Page opened", self._when(progress.opened_at), Tone.PLAIN if progress.opened_at else Tone.QUIET),
            *((Fact("PingOne Protect", risk.label, risk_tone(risk)),) if risk else ()),
            Fact("Code asked for", self._when(progress.code_at), Tone.PLAIN if progress.code_at else Tone.QUIET),
            Fact("Code typed", tried, Tone.PLAIN if progress.tries else Tone.QUIET),
            Fact("Result", f"{result}{ended}" if result else "not yet", tone),
        )

    def _when(self, moment: datetime | None) -> str:
        return time_of_day(moment, self.around.info.zone) if moment else "not yet"

    def say(self) -> str:
        return _SAY[self.prompt.progress.stage]
