"""Hand over: a call goes to another agent, with its caller on the line. The side of whoever offers it.

A flow of its own beside the call, which goes on meanwhile. Who may take it, and what moves with it, is the engine's to
say; here it is only chosen, waited for and taken back.
"""

from __future__ import annotations

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import hand_over_answers as ha
from csrdesk.flows import hand_over_effects as hx
from csrdesk.flows import hand_over_prompts as hp
from csrdesk.flows.kernel import Ask, Do, Done, Event, Failed, Outcome, Poll, State, Terminal
from csrdesk.model.hand_overs import HandOver, Stand

SECTION = "Hand over"


class Start(msgspec.Struct, frozen=True):
    """Which call."""

    call_id: str


class HandedOver(Outcome, frozen=True):
    """The call is another agent's now."""

    hand_over: HandOver


class Kept(Outcome, frozen=True):
    """The call stays with the agent."""


def begin(start: Start) -> ReadingColleagues:
    """The first state."""
    return ReadingColleagues(start.call_id)


class ReadingColleagues(State, frozen=True):
    section = SECTION

    call_id: str
    note: str = ""
    code: str = ""

    def want(self) -> Do[hx.ReadColleagues]:
        return Do(hx.ReadColleagues(call_id=self.call_id))

    def step(self, event: Event) -> ChoosingColleague:
        match event:
            case hx.ColleaguesRead(person, stage, until, colleagues):
                prompt = hp.HandOverPrompt(self.call_id, person, stage, until, colleagues, self.note, self.code)
                return ChoosingColleague(prompt)
            case Failed(problem):
                note = f"{self.note} {problem.message}".strip()
                return ChoosingColleague(hp.HandOverPrompt(self.call_id, note=note, code=problem.code))
            case _:
                raise IllegalEventError(self, event)


class ChoosingColleague(State, frozen=True):
    section = SECTION

    prompt: hp.HandOverPrompt

    def want(self) -> Ask[hp.HandOverPrompt]:
        return Ask(self.prompt)

    def step(self, event: Event) -> ChoosingColleague | OfferingCall | CallKept:
        match event:
            case ha.CallOffered(_, note) if not note.strip():
                words = "A short note is needed, which your colleague reads. Nothing was offered."
                return ChoosingColleague(msgspec.structs.replace(self.prompt, note=words, code="needs_answer"))
            case ha.CallOffered(to, note):
                return OfferingCall(self.prompt.call_id, to, note.strip())
            case a.BackChosen():
                return CallKept()
            case _:
                raise IllegalEventError(self, event)


class OfferingCall(State, frozen=True):
    section = SECTION

    call_id: str
    to: str
    note: str

    def want(self) -> Do[hx.OfferCall]:
        return Do(hx.OfferCall(call_id=self.call_id, to=self.to, note=self.note))

    def step(self, event: Event) -> AwaitingColleague | ReadingColleagues:
        match event:
            case hx.HandOverIs(hand_over):
                return AwaitingColleague(hand_over)
            case Failed(problem):
                return ReadingColleagues(self.call_id, problem.message, problem.code)
            case _:
                raise IllegalEventError(self, event)


class AwaitingColleague(State, frozen=True):
    """The call goes on meanwhile, and can be taken back at any time."""

    section = SECTION

    hand_over: HandOver

    def want(self) -> Poll[hp.OfferedPrompt, hx.AwaitHandOver]:
        waiting = hx.AwaitHandOver(hand_over_id=self.hand_over.id)
        return Poll(hp.OfferedPrompt(self.hand_over), waiting)

    def step(self, event: Event) -> CallHandedOver | ReadingColleagues | TakingBack:
        match event:
            case hx.HandOverIs(hand_over) if hand_over.stand is Stand.ACCEPTED:
                return CallHandedOver(hand_over)
            case hx.HandOverIs(hand_over):
                return ReadingColleagues(hand_over.call_id, _words(hand_over), hand_over.stand.value)
            case a.Cancelled():
                return TakingBack(self.hand_over)
            case Failed(problem):
                return ReadingColleagues(self.hand_over.call_id, problem.message, problem.code)
            case _:
                raise IllegalEventError(self, event)


def _words(hand_over: HandOver) -> str:
    match hand_over.stand:
        case Stand.DECLINED:
            return f"{hand_over.to_name} declined: {hand_over.why} The call stays with you."
        case Stand.LAPSED:
            return f"{hand_over.to_name} did not answer in time. The call stays with you."
        case _:
            return "The offer was taken back. The call stays with you."


class TakingBack(State, frozen=True):
    """Where the colleague was faster, the call is theirs, and that is said."""

    section = SECTION

    hand_over: HandOver

    def want(self) -> Do[hx.WithdrawHandOver]:
        return Do(hx.WithdrawHandOver(hand_over_id=self.hand_over.id))

    def step(self, event: Event) -> CallHandedOver | ReadingColleagues | AwaitingColleague:
        match event:
            case hx.HandOverIs(hand_over) if hand_over.stand is Stand.ACCEPTED:
                return CallHandedOver(hand_over)
            case hx.HandOverIs(hand_over):
                return ReadingColleagues(hand_over.call_id, _words(hand_over), hand_over.stand.value)
            case Failed():
                return AwaitingColleague(self.hand_over)  # it is still offered, and lapses by itself
            case _:
                raise IllegalEventError(self, event)


class CallHandedOver(Terminal, frozen=True):
    section = SECTION

    hand_over: HandOver

    def want(self) -> Done[HandedOver]:
        return Done(HandedOver(self.hand_over))


class CallKept(Terminal, frozen=True):
    section = SECTION

    def want(self) -> Done[Kept]:
        return Done(Kept())


HandOverState = (
    ReadingColleagues | ChoosingColleague | OfferingCall | AwaitingColleague | TakingBack | CallHandedOver | CallKept
)
