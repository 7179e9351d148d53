"""What agents say to one another, for the walks over every flow: one of every answer and reply between them."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from csrdesk.flows import agents, approvals, hand_over
from csrdesk.flows import desk_answers as da
from csrdesk.flows import desk_effects as ex
from csrdesk.flows import hand_over_answers as ha
from csrdesk.flows import hand_over_effects as hx
from csrdesk.flows.kernel import Answer, Reply, State
from csrdesk.model.approvals import Approval, Decision
from csrdesk.model.grants import AgentOnRecord, Role
from csrdesk.model.hand_overs import Colleague, HandOver, Stand
from csrdesk.model.people import Person
from csrdesk.model.proofs import Act

AT, UNTIL = datetime(2026, 3, 4, 9, 20, tzinfo=UTC), datetime(2026, 3, 4, 9, 25, tzinfo=UTC)
WHO = Person("ada-1", "ada.lovelace", "Ada", "Lovelace", "a***a@e***.example")
ASKED = Approval("ap-1", "sam", "Sam Porter", WHO, Act.RESET, "Forgot it.", "HD-1", "link and code", AT, UNTIL)
GRACE = AgentOnRecord("grace", "Grace", (Role.AGENT,), AT, UNTIL)
EXCEPTION = replace(ASKED, act=Act.EXCEPTION, shown="Nothing digital.", gives=(Act.UNLOCK, Act.DEVICES))
DECIDED = tuple(replace(ASKED, decision=decision, by="grace", why="Call them back first.") for decision in Decision)

OFFERED = HandOver("ho-1", "call-1", "sam", "Sam Porter", "grace", "Grace", WHO, "Speaks French.", AT, UNTIL)
STANDING = tuple(replace(OFFERED, stand=stand, why="In a meeting.") for stand in Stand)

ANSWERS: tuple[Answer, ...] = (
    da.ApprovalGiven("ap-1"),
    da.ApprovalGiven("ap-1", "I know her voice."),
    da.ApprovalDenied("ap-1", "Call them back first."),
    da.ApprovalDenied("ap-1", " "),
    ha.CallOffered("grace", "Speaks French."),
    ha.CallOffered("grace", " "),
    ha.CallAccepted("ho-1"),
    ha.CallDeclined("ho-1", "In a meeting."),
    ha.CallDeclined("ho-1", " "),
    da.SignInEndChosen("grace", "Left the company."),
    da.SignInEndChosen("grace", " "),
)
REPLIES: tuple[Reply, ...] = (
    *map(ex.ApprovalIs, DECIDED),
    ex.ApprovalsRead((ASKED,)),
    ex.ApprovalsRead((EXCEPTION,)),
    ex.NotAsked("You have asked for 5 exceptions in an hour. Nobody was asked."),
    ex.ApprovalsRead(()),
    ex.ApprovalsRead((ASKED,), (OFFERED,)),
    *map(hx.HandOverIs, STANDING),
    hx.ColleaguesRead(WHO, "verified", UNTIL, (Colleague("grace", "Grace"),)),
    ex.AgentsRead((GRACE,)),
    ex.SignInEnded("grace", 0),
    ex.SignInEnded("grace", 1),
    ex.SignInEnded("grace", 2),
    ex.NobodySignedIn(),
)
APPROVALS: tuple[State, ...] = (approvals.begin(approvals.Start()),)
AGENTS: tuple[State, ...] = (agents.begin(agents.Start()),)
HAND_OVER: tuple[State, ...] = (hand_over.begin(hand_over.Start("call-1")),)
