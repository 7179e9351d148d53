"""Challenge Acceptance By The User, of a magic link in place of a device: the page that such a link opens.

No agent asks here: the code stands on the page where the link was asked for. So it is typed only by somebody who has
both that page and this mailbox before them. Link and code are all of it; no device follows.
"""

from __future__ import annotations

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import device_effects as dx
from csrdesk.flows import device_prompts as dp
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.acceptance_ends import SECTION, Approved, PageClosed, Refused
from csrdesk.flows.device_inputs import NOT_NOW
from csrdesk.flows.kernel import Ask, Do, Event, Failed, State
from csrdesk.flows.magic_link import MAGIC_LINK
from csrdesk.model.link import LinkAbout
from csrdesk.model.proofs import Evidence


class Start(msgspec.Struct, frozen=True):
    """Made by the desk in the transaction that makes the link."""

    about: LinkAbout
    person_id: str


def begin(start: Start) -> AskCode:
    """The first state of the page."""
    return AskCode(start)


class AskCode(State, frozen=True):
    section = SECTION

    given: Start
    note: str = ""

    def want(self) -> Ask[p.CodePrompt]:
        return Ask(p.CodePrompt(self.given.about, self.note))

    def step(self, event: Event) -> RereadingAddress | AskNotMe:
        match event:
            case a.CodeGiven():
                return RereadingAddress(self.given)
            case a.NotMeChosen():
                return AskNotMe(self.given, self)
            case _:
                raise IllegalEventError(self, event)


class RereadingAddress(State, frozen=True):
    """Before the code counts: a link to an address that is the person's no more has ended by then."""

    section = SECTION

    given: Start

    def want(self) -> Do[dx.RereadAddress]:
        return Do(dx.RereadAddress(person_id=self.given.person_id))

    def step(self, event: Event) -> CheckingCode | AskCode:
        match event:
            case r.Noted():
                return CheckingCode(self.given)
            case Failed():
                return AskCode(self.given, NOT_NOW)
            case _:
                raise IllegalEventError(self, event)


class CheckingCode(State, frozen=True):
    """Stands in for the typed code, which is in memory only."""

    section = SECTION

    given: Start

    def want(self) -> Do[fx.CheckCode]:
        return Do(fx.CheckCode(person_id=self.given.person_id, challenge_id=self.given.about.challenge_id))

    def step(self, event: Event) -> Approving | AskCode | PageClosed:
        match event:
            case r.CodeRight():
                return Approving(self.given)
            case r.CodeWrong(left):
                return AskCode(self.given, f"That code is not right. Look at the other page again. Tries left: {left}.")
            case r.LinkOver(stage):
                return PageClosed(stage)
            case r.SecretLost():
                return AskCode(self.given, "Type the code once more.")
            case Failed():
                return AskCode(self.given, NOT_NOW)
            case _:
                raise IllegalEventError(self, event)


class Approving(State, frozen=True):
    """The link is consumed, once; the page that asked for it goes on by itself."""

    section = SECTION

    given: Start

    def want(self) -> Do[fx.ApproveChallenge]:
        given = self.given
        return Do(
            fx.ApproveChallenge(
                person_id=given.person_id,
                challenge_id=given.about.challenge_id,
                evidence=Evidence((MAGIC_LINK,)),
            )
        )

    def step(self, event: Event) -> Approved | PageClosed | AskAgain:
        match event:
            case r.ChallengeApproved():
                return Approved(self.given.about)
            case r.LinkOver(stage):
                return PageClosed(stage)
            case Failed():
                return AskAgain(self.given)
            case _:
                raise IllegalEventError(self, event)


class AskAgain(State, frozen=True):
    """The code was right, but that could not be written down."""

    section = SECTION

    given: Start

    def want(self) -> Ask[dp.LinkAgainPrompt]:
        return Ask(dp.LinkAgainPrompt(self.given.about, NOT_NOW))

    def step(self, event: Event) -> Approving | AskNotMe:
        match event:
            case a.TryAgainChosen():
                return Approving(self.given)
            case a.NotMeChosen():
                return AskNotMe(self.given, self)
            case _:
                raise IllegalEventError(self, event)


class AskNotMe(State, frozen=True):
    """A page of its own, so that nobody ends a link by one stray click."""

    section = SECTION

    given: Start
    back: AskCode | AskAgain
    note: str = ""

    def want(self) -> Ask[p.NotMePrompt]:
        return Ask(p.NotMePrompt(self.given.about, self.note))

    def step(self, event: Event) -> RefusingChallenge | AskCode | AskAgain:
        match event:
            case a.NotMeAnswered("not_me"):
                return RefusingChallenge(self.given, self.back)
            case a.NotMeAnswered():
                return self.back
            case _:
                raise IllegalEventError(self, event)


class RefusingChallenge(State, frozen=True):
    section = SECTION

    given: Start
    back: AskCode | AskAgain

    def want(self) -> Do[fx.RefuseChallenge]:
        return Do(fx.RefuseChallenge(person_id=self.given.person_id, challenge_id=self.given.about.challenge_id))

    def step(self, event: Event) -> Refused | AskNotMe:
        match event:
            case r.ChallengeRefused() | r.LinkOver():
                return Refused(self.given.about)
            case Failed():
                return AskNotMe(self.given, self.back, NOT_NOW)
            case _:
                raise IllegalEventError(self, event)


MagicLinkPageState = (
    AskCode
    | RereadingAddress
    | CheckingCode
    | Approving
    | AskAgain
    | AskNotMe
    | RefusingChallenge
    | Approved
    | Refused
    | PageClosed
)
