"""Agents: who signed in at the desk, and the end of a sign-in by a lead. A flow of its own beside every call."""

from __future__ import annotations

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import desk_answers as da
from csrdesk.flows import desk_effects as ex
from csrdesk.flows import desk_prompts as dp
from csrdesk.flows.kernel import Ask, Do, Done, Event, Failed, Outcome, State, Terminal
from csrdesk.model.grants import AgentOnRecord

SECTION = "Agents"


class Start(msgspec.Struct, frozen=True):
    """Inputs: none."""


class Looked(Outcome, frozen=True):
    """The lead has seen enough."""


def begin(_start: Start) -> ReadingAgents:
    """The first state."""
    return ReadingAgents()


class ReadingAgents(State, frozen=True):
    section = SECTION

    note: str = ""
    code: str = ""

    def want(self) -> Do[ex.ReadAgents]:
        return Do(ex.ReadAgents())

    def step(self, event: Event) -> ShowingAgents:
        match event:
            case ex.AgentsRead(agents):
                return ShowingAgents(agents, self.note, self.code)
            case Failed(problem):
                return ShowingAgents((), f"{self.note} {problem.message}".strip(), problem.code)
            case _:
                raise IllegalEventError(self, event)


class ShowingAgents(State, frozen=True):
    section = SECTION

    agents: tuple[AgentOnRecord, ...]
    note: str = ""
    code: str = ""

    def want(self) -> Ask[dp.AgentsPrompt]:
        return Ask(dp.AgentsPrompt(self.agents, self.note, self.code))

    def step(self, event: Event) -> ShowingAgents | EndingSignIn | AgentsLeft:
        match event:
            case da.SignInEndChosen(_, reason) if not reason.strip():
                words = "A reason is needed: one line for the audit. Nobody's sign-in was ended."
                return ShowingAgents(self.agents, words, "needs_answer")
            case da.SignInEndChosen(agent_id, reason):
                return EndingSignIn(agent_id.strip(), reason.strip())
            case a.BackChosen():
                return AgentsLeft()
            case _:
                raise IllegalEventError(self, event)


class EndingSignIn(State, frozen=True):
    section = SECTION

    agent_id: str
    why: str

    def want(self) -> Do[ex.EndSignIn]:
        return Do(ex.EndSignIn(agent_id=self.agent_id, why=self.why))

    def step(self, event: Event) -> ReadingAgents:
        match event:
            case ex.SignInEnded(agent_id, calls):
                left = "1 call of theirs stays" if calls == 1 else f"{calls} calls of theirs stay"
                rest = f" {left} open, with no link and nobody verified." if calls else ""
                return ReadingAgents(f"The sign-in of {agent_id} has ended.{rest}")
            case ex.NobodySignedIn():
                return ReadingAgents("Nobody of that name has signed in here. Nobody's sign-in was ended.", "not_found")
            case Failed(problem):
                return ReadingAgents(f"Nobody's sign-in was ended. {problem.message}", problem.code)
            case _:
                raise IllegalEventError(self, event)


class AgentsLeft(Terminal, frozen=True):
    section = SECTION

    def want(self) -> Done[Looked]:
        return Done(Looked())


AgentsState = ReadingAgents | ShowingAgents | EndingSignIn | AgentsLeft
