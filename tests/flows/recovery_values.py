"""The events of an account recovery, with the contents that matter, and the rules that its walks begin with."""

from __future__ import annotations

from datetime import UTC, datetime

from csrdesk.flows import account_recovery as ar
from csrdesk.flows import password_replies as pr
from csrdesk.flows import public_answers as pa
from csrdesk.flows import recovery_replies as rr
from csrdesk.flows import replies as r
from csrdesk.flows import risk_replies as kr
from csrdesk.flows.kernel import Answer, Failed, Problem, Replies, Reply
from csrdesk.flows.recovery_inputs import RecoveryRules, Start
from csrdesk.model.passwords import Home, PasswordState, Requirement
from csrdesk.model.risk import Risk, RiskLevel, WhenDown
from csrdesk.model.secret import Secret

ADDRESS, TYPED_CODE, TYPED_PASSWORD = "ada@mail.example", "AB2C-D3EF", "Correct horse 8 battery"
BEFORE, AFTER = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 3, 4, 9, 25, tzinfo=UTC)
TEN = Requirement("At least 10 characters", "min_length", 10)
TYPED = pa.RecoveryTyped(Secret(TYPED_CODE), Secret(TYPED_PASSWORD), Secret(TYPED_PASSWORD))
RULES = RecoveryRules()
HARD = RecoveryRules(recovery_limit=1, resends=1, disable_for=frozenset({"BOT_MITIGATION"}))
LENIENT = RecoveryRules(recovery_limit=2, resends=0, when_down=WhenDown.ALLOW)
FIRST = tuple(ar.begin(Start(rules)) for rules in (HARD, LENIENT))

LOW = Risk("risk-1", RiskLevel.LOW, "", "KNOWN_DEVICE")
MEDIUM = Risk("risk-1", RiskLevel.MEDIUM, "", "NEW_DEVICE")
HIGH = Risk("risk-1", RiskLevel.HIGH, "DENY", "NEW_DEVICE")
BOT = Risk("risk-1", RiskLevel.LOW, "BOT_MITIGATION", "KNOWN_DEVICE")
AITM = Risk("risk-1", RiskLevel.LOW, "AITM_MITIGATION", "KNOWN_DEVICE")
FOUND, NOBODY = rr.RecoveryUser("ada-1"), rr.RecoveryUser()
ASKED_OF_ALL, ASKED_OF_MOST = rr.RecoveryPolicy((TEN,), for_everybody=True), rr.RecoveryPolicy((TEN,))
CODE_SENT = rr.RecoveryCodeSent(Home.PINGONE, BEFORE)
ELSEWHERE, DISABLED = rr.RecoveryNotPossible(call_help_desk=True), rr.RecoveryNotPossible()
TIME, TOLD = r.TimeCame(), r.CustomerTold()
DOWN = Failed(Problem("PingOne did not answer in time.", "POST", "timed_out", "corr-2"))
NOT_DONE = Failed(Problem("csrdesk stopped before it was done.", code="not_done"))
NOT_CHANGED = pr.PasswordStateRead(PasswordState(Home.PINGONE, BEFORE))
SAID_NO = Failed(Problem("PingOne said no.", "403", "conflict"))

ANSWERS: tuple[Answer, ...] = (
    pa.EmailGiven(ADDRESS),
    pa.EmailGiven("nobody"),
    TYPED,
    pa.RecoveryTyped(Secret(TYPED_CODE), Secret(TYPED_PASSWORD), Secret("another one 123")),
    pa.RecoveryTyped(Secret(" "), Secret(TYPED_PASSWORD), Secret(TYPED_PASSWORD)),
    pa.RecoveryTyped(Secret(TYPED_CODE), Secret(""), Secret("")),
    pa.RecoveryTyped(Secret(TYPED_CODE), Secret("tiny"), Secret("tiny")),
)
REPLIES: tuple[Reply, ...] = (
    rr.RecoveryBegun("mark-1"),
    rr.RecoveryLimited("Too often. It is possible again in 4 minutes.", 4),
    rr.TryCounted(),
    rr.ResendCounted(),
    rr.RecoveryOver(),
    NOT_CHANGED,
)
"""Beside those of every flow."""


def analysed(risk: Reply, found: Reply = FOUND, policy: Reply = ASKED_OF_ALL) -> Replies:
    """What comes of the threat analysis and the look-up beside it."""
    return Replies((TIME, risk, found, policy))


def updated(reply: Reply) -> Replies:
    """PingOne's answer to code and password, in its time."""
    return Replies((TIME, reply))


GROUPS: tuple[Reply, ...] = (
    *(analysed(kr.RiskEvaluated(risk)) for risk in (LOW, MEDIUM, HIGH, BOT, AITM)),
    analysed(kr.RiskEvaluated(BOT), NOBODY),
    analysed(kr.RiskEvaluated(LOW), NOBODY),
    analysed(kr.RiskEvaluated(LOW), DOWN),
    analysed(kr.RiskEvaluated(LOW), policy=DOWN),
    analysed(DOWN),
    analysed(r.SecretLost()),
    *(Replies((sent,)) for sent in (CODE_SENT, ELSEWHERE, DISABLED, DOWN)),
    *(Replies((sent, TOLD)) for sent in (CODE_SENT, ELSEWHERE)),
    *map(updated, (pr.PasswordSet(Home.PINGONE, AFTER), pr.PasswordRefused(("It was used before.",)), SAID_NO, DOWN)),
    *map(updated, (rr.RecoveryCodeWrong(), DISABLED, r.SecretLost())),
    Replies((TOLD, r.SessionsEnded(2))),
    Replies((TOLD, NOT_DONE)),
)
