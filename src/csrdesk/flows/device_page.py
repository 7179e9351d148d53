"""Device Authentication as a page of its own, for somebody whom another flow has identified already.

The desk starts it (`engine.device_pages`), and no agent is on the other side. It brings what the flow inside leaves to
its page: the clock, "this wasn't me", trying again, and the end, which is written down once.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import device_authentication as da
from csrdesk.flows import device_effects as dx
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.device_inputs import NOT_NOW, Given, Inputs
from csrdesk.flows.kernel import Ask, Do, Event, Failed, Poll, State, Want
from csrdesk.model.link import LinkAbout, LinkStage
from csrdesk.model.proofs import Proof

GATHER, SUCCESS, ERROR = "Gather Browser And Devices Data", "Return Success", "Return Error"


class Start(msgspec.Struct, frozen=True):
    """Made by the desk in the transaction that makes the page."""

    inputs: Inputs
    about: LinkAbout
    page: p.Page


def begin(start: Start) -> Authenticating:
    """The first state of the page."""
    return _beginning(Given(start.inputs, start.about, start.page))


class Authenticating(State, frozen=True):
    """What the flow inside wants is what the page wants."""

    section = GATHER

    given: Given
    sub: da.DeviceAuthenticationState

    def want(self) -> Want:
        return self.sub.want()

    def step(
        self, event: Event
    ) -> Authenticating | AskNotMe | AddingTime | Finishing | AskAgain | RefusingChallenge | da.PageEnded:
        match event:
            case a.NotMeChosen() if isinstance(self.sub.want(), Ask | Poll):
                return AskNotMe(self.given, self)
            case a.MoreTimeChosen() if _has_clock(self.sub.want()):
                return AddingTime(self.given, self)
        match self.sub.step(event):
            case (da.ReturnSuccess() | da.CannotUseAny()) as end:
                return Finishing(self.given, end)
            case da.ReturnError(problem):
                return AskAgain(self.given, problem.message)
            case da.DeniedByCustomer():
                return RefusingChallenge(self.given, AskAgain(self.given, "Somebody else asked for this."))
            case da.PageEnded() as end:
                return end
            case sub:
                return Authenticating(self.given, sub)

    def extended(self, page: p.Page) -> Authenticating:
        return Authenticating(replace(self.given, page=page), da.on_page(self.sub, page))


class AskAgain(State, frozen=True):
    """Nothing was confirmed; the customer may try again until the page's clock ends."""

    section = ERROR

    given: Given
    note: str

    def want(self) -> Ask[p.TryAgainPrompt]:
        return Ask(p.TryAgainPrompt(self.given.about, self.note, self.given.page))

    def step(self, event: Event) -> Authenticating | Finishing | AddingTime | AskNotMe:
        match event:
            case a.TryAgainChosen():
                return _beginning(self.given)
            case a.CannotUseAnyChosen():
                return Finishing(self.given, da.CannotUseAny())
            case a.MoreTimeChosen():
                return AddingTime(self.given, self)
            case a.NotMeChosen():
                return AskNotMe(self.given, self)
            case _:
                raise IllegalEventError(self, event)

    def extended(self, page: p.Page) -> AskAgain:
        return AskAgain(replace(self.given, page=page), self.note)


class AddingTime(State, frozen=True):
    """More time, once."""

    section = GATHER

    given: Given
    back: Authenticating | AskAgain

    def want(self) -> Do[fx.AddPageTime]:
        given = self.given
        return Do(fx.AddPageTime(person_id=given.inputs.p1_user_id, challenge_id=given.about.challenge_id))

    def step(self, event: Event) -> Authenticating | AskAgain | da.PageEnded:
        match event:
            case r.PageTimeAdded(page_until):
                return self.back.extended(p.Page(page_until, more_time=False))
            case r.NoMoreTime():
                return self.back.extended(replace(self.given.page, more_time=False))
            case r.LinkOver(stage):
                return da.PageEnded(stage)
            case Failed():
                return self.back
            case _:
                raise IllegalEventError(self, event)


class AskNotMe(State, frozen=True):
    """A page of its own, so that nobody ends it by one stray click."""

    section = ERROR

    given: Given
    back: Authenticating | AskAgain
    note: str = ""

    def want(self) -> Ask[p.NotMePrompt]:
        return Ask(p.NotMePrompt(self.given.about, self.note))

    def step(self, event: Event) -> RefusingChallenge | Authenticating | AskAgain:
        match event:
            case a.NotMeAnswered("not_me"):
                return RefusingChallenge(self.given, self.back)
            case a.NotMeAnswered():
                return self.back
            case _:
                raise IllegalEventError(self, event)


class RefusingChallenge(State, frozen=True):
    section = ERROR

    given: Given
    back: Authenticating | AskAgain

    def want(self) -> Do[fx.RefuseChallenge]:
        given = self.given
        return Do(fx.RefuseChallenge(person_id=given.inputs.p1_user_id, challenge_id=given.about.challenge_id))

    def step(self, event: Event) -> da.DeniedByCustomer | AskNotMe:
        match event:
            case r.ChallengeRefused() | r.LinkOver():
                return da.DeniedByCustomer()
            case Failed():
                return AskNotMe(self.given, self.back, NOT_NOW)
            case _:
                raise IllegalEventError(self, event)


class Finishing(State, frozen=True):
    """The page's end is written down, once."""

    section = SUCCESS

    given: Given
    end: da.ReturnSuccess | da.CannotUseAny

    def want(self) -> Do[dx.FinishPage]:
        given = self.given
        stage, proof = self._how
        return Do(
            dx.FinishPage(
                person_id=given.inputs.p1_user_id,
                challenge_id=given.about.challenge_id,
                stage=stage,
                proof=proof,
            )
        )

    def step(self, event: Event) -> da.ReturnSuccess | da.CannotUseAny | da.PageEnded | AskAgain:
        match event:
            case r.Noted():
                return self.end
            case r.LinkOver(stage):
                return da.PageEnded(stage)
            case Failed():
                return AskAgain(self.given, NOT_NOW)
            case _:
                raise IllegalEventError(self, event)

    @property
    def _how(self) -> tuple[LinkStage, Proof | None]:
        if isinstance(self.end, da.CannotUseAny):
            return LinkStage.NO_FACTOR, None
        complete = self.end.subflow_result == "complete"
        return LinkStage.APPROVED if complete else LinkStage.CANCELLED, self.end.proof


DevicePageState = (
    Authenticating
    | AskAgain
    | AddingTime
    | AskNotMe
    | RefusingChallenge
    | Finishing
    | da.ReturnSuccess
    | da.CannotUseAny
    | da.DeniedByCustomer
    | da.PageEnded
)


def _beginning(given: Given) -> Authenticating:
    return Authenticating(given, da.GatheringDevices(given))


def _has_clock(want: Want) -> bool:
    return isinstance(want, Ask | Poll) and isinstance(want.prompt, p.PagePrompt)
