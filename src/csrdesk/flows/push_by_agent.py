"""Mobile Push Flow, led by the agent: the caller finds in the app the number that the agent says aloud.

The customer's page has its own (`device_push`), with other ways beside it. Here a push without a number is taken back:
it would be approved by a tap, out of habit, by somebody who never called.
"""

from __future__ import annotations

from datetime import datetime

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import device_effects as dx
from csrdesk.flows import device_replies as dr
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows import try_effects as tx
from csrdesk.flows import try_ends as ends
from csrdesk.flows import try_prompts as tp
from csrdesk.flows.kernel import Do, Event, Failed, Poll, Replies, State, Together
from csrdesk.flows.try_given import Given
from csrdesk.model.devices import Device, Strength
from csrdesk.model.link import Link, LinkStage
from csrdesk.model.proofs import Proof

SECTION = "Mobile Push Flow"
NO_NUMBER = (
    "PingOne hands over no number to say, so the request was taken back. Choose another way, or set ways.push off."
)
TIMED_OUT = "Nobody answered on that phone. Nothing was verified. Ask the caller to open the app, then send it again."
_NOT_OURS = "Another phone answered than the one asked. Nothing was verified."
_NOT_ASKED = "PingOne asked no device, so nothing was verified."


class SendingPush(State, frozen=True):
    """Begin with the phone named, and follow PingOne's status."""

    section = SECTION

    given: Given
    device: Device
    link: Link

    def want(self) -> Do[fx.StartDeviceAuthentication]:
        device, given = self.device, self.given
        return Do(
            fx.StartDeviceAuthentication(
                person_id=given.person.id, policy_id=given.policy_id, device_id=device.id, device_type=device.type
            )
        )

    def step(self, event: Event) -> AwaitingPush | TakingBack | ends.Stopped:
        match event:
            case r.AuthenticationIs(r.DeviceAuthentication(status="PUSH_CONFIRMATION_REQUIRED") as asked, until):
                return self._asked(asked, until)
            case r.AuthenticationIs(authentication):
                return ends.Stopped(_words(authentication))
            case Failed(problem):
                return ends.Stopped(f"{problem.message} Nothing was verified.", problem.code)
            case _:
                raise IllegalEventError(self, event)

    def _asked(self, asked: r.DeviceAuthentication, until: datetime | None) -> AwaitingPush | TakingBack:
        waiting = AwaitingPush(self.given, self.device, self.link, asked.id, asked.number, until)
        if asked.device_id != self.device.id:
            return waiting.taking_back(_NOT_OURS)
        return waiting if asked.number else waiting.taking_back(NO_NUMBER)


class AwaitingPush(State, frozen=True):
    """The phone has the question."""

    section = SECTION

    given: Given
    device: Device
    link: Link
    authentication_id: str
    number: str
    """To say aloud."""
    until: datetime | None = None
    """When PingOne takes the question off the phone; None where that is not known."""

    def want(self) -> Poll[tp.AgentPushPrompt, dx.AwaitPush]:
        person = self.given.person
        prompt = tp.AgentPushPrompt(person, self.device, self.number, self.link, self.until)
        asking = dx.AwaitPush(person_id=person.id, authentication_id=self.authentication_id, device_id=self.device.id)
        return Poll(prompt, asking)

    def step(self, event: Event) -> TakingBack | NotingDenial | ends.Proved | ends.Stopped:
        match event:
            case dr.PushApproved(device_id) if device_id == self.device.id:
                return ends.Proved(Proof("mobile", Strength.STRONG, self.device.id, self.device.label))
            case dr.PushApproved():
                return ends.Stopped(_NOT_OURS)
            case dr.PushDenied():
                return NotingDenial(self.given, self.link.id)
            case dr.PushTimedOut():
                return ends.Stopped(TIMED_OUT)
            case r.AuthenticationIs(authentication):
                return ends.Stopped(_words(authentication))
            case Failed(problem):
                return self.taking_back(f"{problem.message} Nothing was verified.", problem.code)
            case a.OtherDeviceChosen():
                return self.taking_back("The request was taken back.")
            case a.Cancelled():
                return self.taking_back(then="left")
            case a.LineDropped():
                return self.taking_back(then="dropped")
            case _:
                raise IllegalEventError(self, event)

    def taking_back(self, note: str = "", code: str = "", *, then: str = "phones") -> TakingBack:
        """The question leaves the phone, whatever comes next."""
        return TakingBack(self.given, self.link.id, self.authentication_id, note, code, then)


class TakingBack(State, frozen=True):
    """Whether or not PingOne takes the question off the phone: its answer counts for nothing, once the try is over."""

    section = SECTION

    given: Given
    challenge_id: str
    authentication_id: str
    note: str = ""
    code: str = ""
    then: str = "phones"
    """`phones`, `left` or `dropped`."""

    def want(self) -> Do[Together[dx.CancelPush | fx.EndChallenge]]:
        who = self.given.person.id
        cancel = dx.CancelPush(person_id=who, authentication_id=self.authentication_id)
        return Do(Together(effects=(cancel, fx.EndChallenge(person_id=who, challenge_id=self.challenge_id))))

    def step(self, event: Event) -> ends.Ended | ends.Left | ends.LineDropped | ends.Stopped:
        match event:
            case Replies() if self.then == "left":
                return ends.Left()
            case Replies() if self.then == "dropped":
                return ends.LineDropped()
            case Replies((_, r.LinkChanged())):
                return ends.Ended(LinkStage.ENDED, self.note)
            case Replies() | Failed():
                return ends.Stopped(self.note, self.code)
            case _:
                raise IllegalEventError(self, event)


class NotingDenial(State, frozen=True):
    """Whoever holds the phone did not call: verification of this person is frozen."""

    section = SECTION

    given: Given
    challenge_id: str

    def want(self) -> Do[tx.RefuseTry]:
        return Do(tx.RefuseTry(person_id=self.given.person.id, challenge_id=self.challenge_id))

    def step(self, event: Event) -> ends.Denied | ends.Stopped:
        match event:
            case r.ChallengeRefused() | r.LinkOver():
                return ends.Denied()
            case Failed(problem):
                return ends.Stopped(f"The phone said no, and that could not be noted. {problem.message}", problem.code)
            case _:
                raise IllegalEventError(self, event)


PushByAgentState = (
    SendingPush
    | AwaitingPush
    | TakingBack
    | NotingDenial
    | ends.Proved
    | ends.Stopped
    | ends.Ended
    | ends.Left
    | ends.LineDropped
    | ends.Denied
)


def _words(authentication: r.DeviceAuthentication) -> str:
    """What any other status means; one that nobody knows is said, not guessed."""
    match authentication.status:
        case "COMPLETED":
            return _NOT_ASKED
        case "PUSH_CONFIRMATION_TIMED_OUT":
            return TIMED_OUT
        case "FAILED":
            return f"{authentication.error or 'PingOne refused that phone.'} Nothing was verified."
        case unknown:
            return f"PingOne's answer was not understood ({unknown}), so nothing was verified."
