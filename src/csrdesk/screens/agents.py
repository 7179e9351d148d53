"""Who signed in at the desk, for leads: one is marked, and their sign-in can be ended."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content

from csrdesk.flows.answers import BackChosen
from csrdesk.flows.desk_answers import SignInEndChosen
from csrdesk.flows.desk_prompts import AgentsPrompt
from csrdesk.flows.kernel import Answer
from csrdesk.model.grants import AgentOnRecord
from csrdesk.screens.picking import PickingScreen
from csrdesk.widgets.facts import Fact
from csrdesk.widgets.moments import dated
from csrdesk.widgets.tones import Tone, column, inert

_ID, _NAME = 24, 24


class AgentsScreen(PickingScreen[AgentsPrompt, AgentOnRecord]):
    """Ending a sign-in ends the links and the verified callers of that agent, at once."""

    prompt_class = AgentsPrompt
    placeholder = "why: needed to end a sign-in, it stands in the audit"
    helps: ClassVar[dict[type[Answer], str]] = {BackChosen: "to your call"}

    def rows(self) -> tuple[AgentOnRecord, ...]:
        return self.prompt.agents

    def count(self) -> str:
        known = len(self.prompt.agents)
        if not known:
            return "Nobody has signed in at this desk, as far as you may see."
        return f"{known} {'agent has' if known == 1 else 'agents have'} signed in at this desk."

    def row_line(self, number: int, row: AgentOnRecord) -> Content:
        return Content.assemble(
            (f"{number:>2}  ", Tone.QUIET.value),
            column(row.id, _ID, Tone.STRONG),
            "  ",
            column(row.name, _NAME),
            "  ",
            inert("ended" if row.ended_by else ", ".join(row.roles) or "no role", limit=22),
        )

    def told(self, row: AgentOnRecord) -> tuple[Fact, ...]:
        now, zone = self.around.now(), self.around.info.zone
        facts = (
            Fact("Agent", f"{row.id}, {row.name}" if row.name else row.id, Tone.STRONG),
            Fact("Roles", ", ".join(row.roles) or "none"),
            Fact("Signed in", dated(row.signed_in_at, now, zone)),
            Fact("Until", dated(row.until, now, zone)),
            Fact("Ended by", row.ended_by, Tone.WARN),
        )
        return tuple(fact for fact in facts if fact.value)

    def about_row(self, kind: type[Answer]) -> bool:
        return kind is SignInEndChosen

    def of_row(self, kind: type[Answer], row: AgentOnRecord, reason: str) -> dict[str, str] | None:  # noqa: ARG002 - one
        if not reason:
            self.complain_of_reason("Type why first: it stands in the audit.")
            return None
        return {"agent_id": row.id, "reason": reason}

    def note(self) -> str:
        return self.prompt.note

    def say(self) -> str:
        return "Nothing to a caller: this is about the desk itself."
