"""Call-back: PingOne rings the number on record, and the caller tells the agent the passcode that they hear there.

It proves that somebody answers that number now, and no more: numbers are moved to other people's phones (a SIM swap).
"""

from __future__ import annotations

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows import try_effects as tx
from csrdesk.flows import try_ends as ends
from csrdesk.flows import try_prompts as tp
from csrdesk.flows import try_replies as tr
from csrdesk.flows.kernel import Do, Event, Failed, Poll, State
from csrdesk.flows.try_given import Given
from csrdesk.model.devices import Strength
from csrdesk.model.link import Link, LinkStage
from csrdesk.model.proofs import CALL_BACK, Proof
from csrdesk.model.text import passcode

SECTION = ends.SECTION
_NOT_RUNG = "PingOne did not ask for a passcode, so nothing was verified."
_OVER = {
    LinkStage.EXPIRED: "Time is up. Nothing was verified. Ring once more while the caller has that phone at hand.",
    LinkStage.TOO_MANY_CODES: "Too many wrong passcodes. Nothing was verified.",
}


class Ringing(State, frozen=True):
    section = SECTION

    given: Given
    link: Link

    def want(self) -> Do[tx.RingNumber]:
        given = self.given
        return Do(tx.RingNumber(person_id=given.person.id, policy_id=given.policy_id, to=self.link.to))

    def step(self, event: Event) -> AwaitingHeard | ends.Stopped:
        match event:
            case r.AuthenticationIs(r.DeviceAuthentication(status="OTP_REQUIRED") as asked):
                return AwaitingHeard(self.given, self.link, asked.id)
            case r.AuthenticationIs():
                return ends.Stopped(_NOT_RUNG)
            case tr.NumberNotRung(message):
                return ends.Stopped(message)
            case Failed(problem):
                return ends.Stopped(f"{problem.message} Nothing was verified.", problem.code)
            case _:
                raise IllegalEventError(self, event)


class AwaitingHeard(State, frozen=True):
    """The phone rings; the try's clock and its end are watched meanwhile."""

    section = SECTION

    given: Given
    link: Link
    authentication_id: str
    note: str = ""

    def want(self) -> Poll[tp.HeardPrompt, fx.AwaitChallenge]:
        person, link = self.given.person, self.link
        watching = fx.AwaitChallenge(person_id=person.id, challenge_id=link.id, seen=link.rev)
        return Poll(tp.HeardPrompt(person, link, self.note), watching)

    def step(
        self, event: Event
    ) -> (
        AwaitingHeard
        | CheckingHeard
        | GivingTime
        | ends.Again
        | ends.Left
        | ends.LineDropped
        | ends.Ended
        | ends.Stopped
    ):
        match event:
            case a.PasscodeHeard(secret) if not passcode(secret.reveal()):
                return self.saying("A passcode has 6 to 10 letters or digits. Ask the caller once more.")
            case a.PasscodeHeard():
                return CheckingHeard(self.given, self.link, self.authentication_id)
            case a.RingAgainChosen():
                return ends.Again()
            case a.MoreTimeChosen():
                return GivingTime(self.given, self.link, self.authentication_id)
            case a.LineDropped():
                return ends.LineDropped()
            case a.Cancelled():
                return ends.Left()
            case r.LinkChanged(link):
                return watched(self, link)
            case Failed(problem):
                return ends.Stopped(f"{problem.message} Nothing was verified.", problem.code)
            case _:
                raise IllegalEventError(self, event)

    def saying(self, note: str) -> AwaitingHeard:
        """The same, with a note."""
        return AwaitingHeard(self.given, self.link, self.authentication_id, note)


class CheckingHeard(State, frozen=True):
    """Stands in for the passcode, which is in memory only."""

    section = SECTION

    given: Given
    link: Link
    authentication_id: str

    def want(self) -> Do[tx.CheckHeard]:
        return Do(
            tx.CheckHeard(
                person_id=self.given.person.id,
                challenge_id=self.link.id,
                authentication_id=self.authentication_id,
            )
        )

    def step(self, event: Event) -> AwaitingHeard | ends.Proved | ends.Stopped | ends.Ended:
        waiting = AwaitingHeard(self.given, self.link, self.authentication_id)
        match event:
            case tr.PasscodeHeardRight():
                label = f"call-back to {self.link.to}"
                return ends.Proved(Proof(CALL_BACK, Strength.WEAK, label=label))
            case r.PasscodeWrong():
                return waiting.saying("That passcode is not right. Ask the caller to say it once more.")
            case r.PasscodeRefused(message):
                return ends.Stopped(f"{message} Nothing was verified.")
            case r.LinkOver(stage):
                return over(stage)
            case r.SecretLost():
                return waiting.saying("Type the passcode once more.")
            case Failed(problem):
                return waiting.saying(f"{problem.message} Nothing was verified.")
            case _:
                raise IllegalEventError(self, event)


class GivingTime(State, frozen=True):
    section = SECTION

    given: Given
    link: Link
    authentication_id: str

    def want(self) -> Do[fx.ExtendLink]:
        return Do(fx.ExtendLink(person_id=self.given.person.id, challenge_id=self.link.id))

    def step(self, event: Event) -> AwaitingHeard | ends.Ended:
        waiting = AwaitingHeard(self.given, self.link, self.authentication_id)
        match event:
            case r.LinkChanged(link):
                return watched(waiting, link)
            case r.NoMoreTime():
                return waiting.saying("This cannot have more time. Ring once more instead.")
            case Failed(problem):
                return waiting.saying(problem.message)
            case _:
                raise IllegalEventError(self, event)


CallBackState = (
    Ringing
    | AwaitingHeard
    | CheckingHeard
    | GivingTime
    | ends.Proved
    | ends.Stopped
    | ends.Ended
    | ends.Again
    | ends.Left
    | ends.LineDropped
)


def watched(waiting: AwaitingHeard, link: Link) -> AwaitingHeard | ends.Ended:
    """What news of the try mean."""
    if link.stage.over:
        return over(link.stage)
    return AwaitingHeard(waiting.given, link, waiting.authentication_id, waiting.note)


def over(stage: LinkStage) -> ends.Ended:
    """The try has ended of itself."""
    return ends.Ended(stage, _OVER.get(stage, "That try has ended. Nothing was verified."))
