"""Verify a caller by the spoken address, the agent's side: say one short address and a code, and watch.

For callers whom no mail reaches. On the page that the code opens a strong device must be shown, and it alone is what is
proved. The customer's side is `challenge_acceptance`, as for a link; the two are joined by the challenge row.
"""

from __future__ import annotations

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows import spoken_effects as se
from csrdesk.flows import spoken_prompts as sp
from csrdesk.flows import way_ends as ends
from csrdesk.flows.kernel import Ask, Do, Event, Failed, Poll, State
from csrdesk.model.link import Link, LinkStage
from csrdesk.model.people import Person

SECTION = ends.SECTION


class Given(msgspec.Struct, frozen=True):
    """What every state carries along."""

    person: Person
    account: str
    """How the page names the account."""


def begin(person: Person, account: str) -> OpeningAddress:
    """Where it begins: a code is made at once, for there is nothing to send."""
    return OpeningAddress(Given(person, account))


class OpeningAddress(State, frozen=True):
    section = SECTION

    given: Given
    warned: bool = False

    def want(self) -> Do[se.OpenAddress]:
        given = self.given
        return Do(se.OpenAddress(person_id=given.person.id, account=given.account, warned=self.warned))

    def step(self, event: Event) -> AwaitingCaller | AskToOpen:
        match event:
            case se.AddressOpened(link):
                return AwaitingCaller(self.given, link)
            case se.AddressNotOpened(message, warning):
                return AskToOpen(self.given, message, warned=warning)
            case Failed(problem):
                return AskToOpen(self.given, f"Nothing was opened. {problem.message}", code=problem.code)
            case _:
                raise IllegalEventError(self, event)


class AskToOpen(State, frozen=True):
    """No code can be typed now."""

    section = SECTION

    given: Given
    note: str
    warned: bool = False
    """The note warns of many tries; to open goes on all the same."""
    code: str = ""
    """The `code` of what failed."""

    def want(self) -> Ask[sp.AddressFormPrompt]:
        return Ask(sp.AddressFormPrompt(self.given.person, self.note, self.warned, self.code))

    def step(self, event: Event) -> OpeningAddress | ends.WentBack:
        match event:
            case a.OpenAddressChosen():
                return OpeningAddress(self.given, self.warned)
            case a.Cancelled():
                return ends.WentBack()
            case _:
                raise IllegalEventError(self, event)


class AwaitingCaller(State, frozen=True):
    """The agent says address and code, and watches; the customer's side writes the row that this one reads."""

    section = SECTION

    given: Given
    link: Link
    note: str = ""

    def want(self) -> Poll[sp.SpokenAddressPrompt, fx.AwaitChallenge]:
        prompt = sp.SpokenAddressPrompt(self.given.person, self.link, self.note)
        seen = fx.AwaitChallenge(person_id=self.given.person.id, challenge_id=self.link.id, seen=self.link.rev)
        return Poll(prompt, seen)

    def step(
        self, event: Event
    ) -> After | RenewingSpokenCode | ExtendingCode | Closing | ends.LineDropped | ends.Broken:
        match event:
            case r.LinkChanged(link):
                return after(self.given, link)
            case a.NewCodeChosen():
                return RenewingSpokenCode(self.given, self.link)
            case a.MoreTimeChosen():
                return ExtendingCode(self.given, self.link)
            case a.LineDropped():
                return ends.LineDropped()
            case a.Cancelled():
                return Closing(self.given, self.link.id)
            case Failed(problem):
                return ends.Broken(problem)
            case _:
                raise IllegalEventError(self, event)


class RenewingSpokenCode(State, frozen=True):
    """Another code; the one before opens nothing any more."""

    section = SECTION

    given: Given
    link: Link

    def want(self) -> Do[fx.NewCode]:
        return Do(fx.NewCode(person_id=self.given.person.id, challenge_id=self.link.id))

    def step(self, event: Event) -> After:
        match event:
            case r.LinkChanged(link):
                return after(self.given, link)
            case Failed(problem):
                return AwaitingCaller(self.given, self.link, problem.message)
            case _:
                raise IllegalEventError(self, event)


class ExtendingCode(State, frozen=True):
    """One key gives the caller more time, audited."""

    section = SECTION

    given: Given
    link: Link

    def want(self) -> Do[fx.ExtendLink]:
        return Do(fx.ExtendLink(person_id=self.given.person.id, challenge_id=self.link.id))

    def step(self, event: Event) -> After:
        match event:
            case r.LinkChanged(link):
                return after(self.given, link)
            case r.NoMoreTime():
                return AwaitingCaller(self.given, self.link, "This code cannot have more time. Go back and open anew.")
            case Failed(problem):
                return AwaitingCaller(self.given, self.link, problem.message)
            case _:
                raise IllegalEventError(self, event)


class Closing(State, frozen=True):
    """The code ends: cancelled by the agent, or because its time is up, which is then said."""

    section = SECTION

    given: Given
    challenge_id: str
    stage: LinkStage = LinkStage.ENDED

    def want(self) -> Do[fx.EndChallenge]:
        return Do(
            fx.EndChallenge(person_id=self.given.person.id, challenge_id=self.challenge_id, stage=self.stage),
        )

    def step(self, event: Event) -> AskToOpen | ends.WentBack | ends.Broken:
        match event:
            case r.LinkChanged() if self.stage is LinkStage.EXPIRED:
                return AskToOpen(self.given, _TIME_UP)
            case r.LinkChanged():
                return ends.WentBack()
            case Failed(problem):
                return ends.Broken(problem)
            case _:
                raise IllegalEventError(self, event)


_TIME_UP = "Time ran out before the caller was verified. Nothing was approved. You can open the address again."


class StartingWindow(State, frozen=True):
    """What was approved becomes this call's verified window."""

    section = SECTION

    given: Given
    challenge_id: str

    def want(self) -> Do[fx.StartWindow]:
        return Do(fx.StartWindow(person_id=self.given.person.id, challenge_id=self.challenge_id))

    def step(self, event: Event) -> ends.Verified | AskToOpen | ends.Broken:
        match event:
            case r.WindowStarted(verified_until, evidence):
                return ends.Verified(verified_until, evidence)
            case r.WindowRefused(message):
                return AskToOpen(self.given, message)
            case Failed(problem):
                return ends.Broken(problem)
            case _:
                raise IllegalEventError(self, event)


SpokenAddressState = (
    OpeningAddress
    | AskToOpen
    | AwaitingCaller
    | RenewingSpokenCode
    | ExtendingCode
    | Closing
    | StartingWindow
    | ends.Verified
    | ends.WentBack
    | ends.NotMe
    | ends.LineDropped
    | ends.Broken
)

After = AwaitingCaller | StartingWindow | Closing | AskToOpen | ends.NotMe
"""Where news of the caller can lead."""


def after(given: Given, link: Link) -> After:
    """What the row's stage means for the agent."""
    match link.stage:
        case LinkStage.APPROVED:
            return StartingWindow(given, link.id)
        case LinkStage.EXPIRED:
            return Closing(given, link.id, LinkStage.EXPIRED)
        case LinkStage.NOT_ME:
            return ends.NotMe(ends.said_no(link))
        case LinkStage.NO_FACTOR:
            return AskToOpen(given, "The caller cannot use any of their devices. Nothing was approved.")
        case stage if stage.over:
            return AskToOpen(given, "That code was ended.")
        case _:
            return AwaitingCaller(given, link)
