"""PingOne Protect: have a visit judged, and say once how it ended. What follows from a judgement, flows decide."""

from __future__ import annotations

import asyncio

from csrdesk.errors import ConflictError, TimedOutError
from csrdesk.flows import replies as r
from csrdesk.flows import risk_effects as kx
from csrdesk.flows import risk_replies as kr
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Reply
from csrdesk.model.risk import Risk, RiskLevel
from csrdesk.model.text import clean
from csrdesk.services.performer.outside import Outside
from csrdesk.services.pingone import risk
from csrdesk.services.pingone.errors import SYSTEM

_WORD = 64
_AGENT = 512
"""Characters of a browser's own description that are handed on."""


async def evaluate(effect: kx.EvaluateRisk, context: Context, outside: Outside) -> Reply:
    """Judged by the address and browser of whoever is on the page; where a restart lost those, nothing is asked."""
    ip = effect.ip_address or context.source
    if not ip:
        return r.SecretLost()
    visit = risk.Visit(
        ip=ip,
        user_id=effect.person_id or effect.user_id or effect.user_name,
        known=bool(effect.person_id),
        user_name=effect.user_name if effect.user_id else "",
        flow_type=effect.flow_type,
        user_agent=clean(effect.user_agent or context.visitor.user_agent, _AGENT),
        signals=context.visitor.signals,
        application_id=effect.application_id,
        session_id=effect.session_id,
        policy_id=effect.policy_id,
    )
    try:
        async with asyncio.timeout(outside.protect.timeout_seconds):
            got = await risk.create(outside.pingone, visit)
    except TimeoutError:
        words = "PingOne Protect did not answer in time."
        raise TimedOutError(words, system=SYSTEM, details="riskEvaluations") from None
    found = got.body
    judged = Risk(
        id=found.id,
        level=RiskLevel(found.result.level),
        predictor=clean(found.result.recommended_action, _WORD),
        device_status=clean(found.device_status, _WORD),
    )
    return kr.RiskEvaluated(judged, correlation_id=got.correlation_id)


async def complete(effect: kx.CompleteEvaluation, outside: Outside) -> Reply:
    """Say it, and where PingOne takes it no more, look what it has: a lost answer is no failure.

    Raises `ConflictError` where it has something else, or took none in time.
    """
    try:
        got = await risk.complete(outside.pingone, effect.risk_id, effect.status)
    except ConflictError:
        read = await risk.read(outside.pingone, effect.risk_id)
        if read.body.event.completion_status != effect.status:
            raise
        return kr.EvaluationCompleted(correlation_id=read.correlation_id)
    if got.body.completion_status != effect.status:
        words = "PingOne Protect has another end of this visit than it was told."
        raise ConflictError(words, system=SYSTEM, details="completionStatus", correlation_id=got.correlation_id)
    return kr.EvaluationCompleted(correlation_id=got.correlation_id)
