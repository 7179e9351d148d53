"""What flows between agents of one desk need of it, and what comes of it: all of it rows of the desk's own.

Apart from the effects of a call, which concern one agent and one caller.
"""

from __future__ import annotations

from datetime import datetime

from csrdesk.flows.kernel import Effect, Kind, Reply
from csrdesk.model.approvals import Approval
from csrdesk.model.grants import AgentOnRecord
from csrdesk.model.hand_overs import HandOver
from csrdesk.model.people import Person
from csrdesk.model.proofs import Act


class RequestApproval(Effect, frozen=True, kw_only=True):
    """Ask the other agents to approve one act, for this call and this person. Answered with `ApprovalIs`."""

    kind = Kind.DESK
    person: Person
    dn: str = ""
    """The person's entry in AD, empty for none: whoever approves must serve it."""
    act: Act
    reason: str
    ticket: str = ""
    shown: str
    """What the caller has shown, in words."""
    until: datetime | None = None
    """When it is of no use any more; None where nobody is verified, and nothing ends."""


class RequestException(Effect, frozen=True, kw_only=True):
    """Ask the leads to let acts be done for a caller who can show nothing: for this call and this person alone.

    What it would open is settings' to say, as far as the agent may do it. Answered with `ApprovalIs`, or `NotAsked`
    where a rule says no.
    """

    kind = Kind.DESK
    person: Person
    dn: str = ""
    """As above."""
    reason: str
    ticket: str
    shown: str
    """That nothing was shown, and what else there would be, in words."""


class AwaitApproval(Effect, frozen=True, kw_only=True):
    """Wait until it is answered, or lapses, which is then written down. Answered with `ApprovalIs`."""

    kind = Kind.READ
    waits = True
    approval_id: str


class WithdrawApproval(Effect, frozen=True, kw_only=True):
    """Ask no more, where nobody has answered yet. Answered with `ApprovalIs`."""

    kind = Kind.DESK
    approval_id: str


class ReadApprovals(Effect, frozen=True, kw_only=True):
    """The requests that this agent may answer now. Answered with `ApprovalsRead`."""

    kind = Kind.READ


class AwaitApprovals(Effect, frozen=True, kw_only=True):
    """Wait until what this agent may answer has other ids than `seen`. Answered with `ApprovalsRead`."""

    kind = Kind.READ
    waits = True
    seen: tuple[str, ...]


class DecideApproval(Effect, frozen=True, kw_only=True):
    """Answer a request. Refused for the agent who asks, out of scope, and once it is answered or has lapsed.

    Answered with `ApprovalIs`.
    """

    kind = Kind.DESK
    approval_id: str
    approves: bool
    why: str = ""


class ReadAgents(Effect, frozen=True, kw_only=True):
    """Who signed in at this desk: for leads. Answered with `AgentsRead`."""

    kind = Kind.READ


class EndSignIn(Effect, frozen=True, kw_only=True):
    """End an agent's sign-in at this desk, with their links and verified callers: for leads. An alert.

    Answered with `SignInEnded`, or `NobodySignedIn`.
    """

    kind = Kind.DESK
    agent_id: str
    why: str


class ApprovalIs(Reply, frozen=True):
    approval: Approval


class NotAsked(Reply, frozen=True):
    """A rule said no; nobody was asked."""

    message: str


class ApprovalsRead(Reply, frozen=True):
    """The oldest first, and so the calls that are offered to this agent."""

    approvals: tuple[Approval, ...]
    offers: tuple[HandOver, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Of all that waits."""
        return (*(one.id for one in self.approvals), *(one.id for one in self.offers))


class AgentsRead(Reply, frozen=True):
    agents: tuple[AgentOnRecord, ...]


class SignInEnded(Reply, frozen=True):
    agent_id: str
    calls: int
    """Calls of theirs that are open, and stay so."""


class NobodySignedIn(Reply, frozen=True):
    """Nobody of that name ever signed in here."""
