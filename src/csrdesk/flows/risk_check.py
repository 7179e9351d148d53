"""What PingOne Protect makes of the customer whose code was right: judged, written down for the agent, and decided.

Runs in the customer's page between the code and the device, with that browser's own address; never with the agent's,
because Protect would learn it as the customer's.
"""

from __future__ import annotations

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import replies as r
from csrdesk.flows import risk_effects as kx
from csrdesk.flows import threat_detection as td
from csrdesk.flows.kernel import Do, Done, Event, Failed, Outcome, State, Terminal, Want
from csrdesk.model.link import LinkStage
from csrdesk.model.risk import RiskCheck, WhenDown

SECTION = "Challenge Acceptance By The User"


class Check(msgspec.Struct, frozen=True):
    """What every state carries along."""

    person_id: str
    challenge_id: str
    when_down: WhenDown


class Checked(Outcome, frozen=True):
    """The parent flow goes on."""


def begin(check: Check, policy_id: str) -> Analysing:
    """The first state."""
    return Analysing(check, td.begin(td.Inputs(user_id=check.person_id, risk_policy_id=policy_id)))


class Analysing(State, frozen=True):
    """Threat Detection runs here."""

    section = SECTION

    check: Check
    sub: td.ThreatDetectionState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> Noting | BrowserLost:
        match self.sub.step(event):
            case td.ReturnError() as failed if failed.is_lost:
                return BrowserLost()
            case td.ReturnError(_, None):
                return Noting(self.check, RiskCheck(without=self.check.when_down))
            case ended:
                return Noting(self.check, RiskCheck(ended.risk))


class Noting(State, frozen=True):
    """Before anything goes on, the agent can read what was found; where it must not go on, the link ends with it."""

    section = SECTION

    check: Check
    found: RiskCheck

    def want(self) -> Do[kx.NoteRisk]:
        check = self.check
        return Do(kx.NoteRisk(person_id=check.person_id, challenge_id=check.challenge_id, found=self.found))

    def step(self, event: Event) -> Cleared | Stopped | LinkEnded | BrowserLost:
        match event:
            case r.Noted():
                return Stopped() if self.found.stops else Cleared(self.found)
            case r.LinkOver(stage):
                return LinkEnded(stage)
            case Failed():
                return BrowserLost()
            case _:
                raise IllegalEventError(self, event)


class Ended(Terminal, frozen=True):
    """A result for the parent flow alone."""

    section = SECTION

    def want(self) -> Done[Checked]:
        return Done(Checked())


class Cleared(Ended, frozen=True):
    """The page goes on; with a strong device alone, where that is what was found."""

    found: RiskCheck


class Stopped(Ended, frozen=True):
    """Nothing is approved, and the agent has been told why."""


class BrowserLost(Ended, frozen=True):
    """A restart came between, or it could not be written down: the page is asked again."""


class LinkEnded(Ended, frozen=True):
    stage: LinkStage


RiskCheckState = Analysing | Noting | Cleared | Stopped | BrowserLost | LinkEnded
