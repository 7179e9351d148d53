from __future__ import annotations

import dataclasses
import json
from datetime import timedelta

import pytest
from msgspec.structs import replace

from csrdesk.config import PingOneSettings, ProtectSettings
from csrdesk.flows import replies as r
from csrdesk.flows.doors import NOBODY, Context, Visitor
from csrdesk.flows.kernel import Effect, Failed, Reply
from csrdesk.flows.risk_effects import CompleteEvaluation, EvaluateRisk
from csrdesk.flows.risk_replies import EvaluationCompleted, RiskEvaluated
from csrdesk.model.risk import Risk, RiskLevel
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Sandbox, ids, people
from csrdesk.sandbox.risk import HIGH_ADDRESS, MEDIUM_ADDRESS
from csrdesk.services.performer import Outside, Performer
from csrdesk.services.pingone.api import open_api
from tests.services.conftest import AGENT
from tests.services.scripted import Say, in_order, scripted

HERE = "198.51.100.7"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64)"


async def ask(
    outside: Outside, effect: Effect, *, source: str = HERE, agent: str = BROWSER, signals: str | None = None
) -> Reply:
    visitor = Visitor(agent, Secret(signals) if signals else None) if agent or signals else NOBODY
    return await Performer(outside)(effect, Context("page-1", 3, "call-1", AGENT, source=source, visitor=visitor))


async def judged(outside: Outside, effect: EvaluateRisk, *, source: str = HERE, agent: str = BROWSER) -> Risk:
    reply = await ask(outside, effect, source=source, agent=agent)
    assert isinstance(reply, RiskEvaluated), reply
    assert reply.correlation_id
    return reply.risk


@pytest.mark.parametrize(
    ("source", "agent", "expected"),
    [
        (HERE, BROWSER, ("LOW", "", "KNOWN_DEVICE")),
        (MEDIUM_ADDRESS, BROWSER, ("MEDIUM", "", "KNOWN_DEVICE")),
        (HIGH_ADDRESS, BROWSER, ("HIGH", "", "KNOWN_DEVICE")),
        (HERE, f"{BROWSER} new-device", ("LOW", "", "NEW_DEVICE")),
        (HERE, "SomeBot/1.0", ("HIGH", "BOT_MITIGATION", "KNOWN_DEVICE")),
        (HERE, "aitm", ("HIGH", "AITM_MITIGATION", "KNOWN_DEVICE")),
    ],
)
async def test_the_customers_address_and_browser_are_judged(
    outside: Outside, box: Sandbox, source: str, agent: str, expected: tuple[str, str, str]
) -> None:
    ada = box.world.user(people.ONE_DEVICE)
    risk = await judged(outside, EvaluateRisk(person_id=ada.id), source=source, agent=agent)
    assert (risk.level, risk.predictor, risk.device_status) == expected
    kept = box.world.evaluations[risk.id]
    assert (kept.ip, kept.user_agent, kept.user_id, kept.user_type) == (source, agent, ada.id, "PING_ONE")


async def test_a_throw_away_address_is_known_by_its_name(outside: Outside, box: Sandbox) -> None:
    effect = EvaluateRisk(user_id="keyed-hash", user_name="me@temporary.example")
    risk = await judged(outside, effect)
    assert risk.predictor == "TEMP_EMAIL_MITIGATION"
    assert risk.stops
    assert risk.is_mitigation
    kept = box.world.evaluations[risk.id]
    assert (kept.user_id, kept.user_type) == ("keyed-hash", "EXTERNAL")


async def test_where_a_restart_lost_the_address_nothing_is_asked(outside: Outside, box: Sandbox) -> None:
    assert await ask(outside, EvaluateRisk(person_id="p"), source="", agent="") == r.SecretLost()
    assert box.world.evaluations == {}


async def test_how_it_ended_is_said_once_and_a_lost_answer_is_no_failure(outside: Outside, box: Sandbox) -> None:
    risk = await judged(outside, EvaluateRisk(person_id=box.world.user("ada").id))
    for _ in range(2):
        assert isinstance(
            await ask(outside, CompleteEvaluation(risk_id=risk.id, status="SUCCESS")), EvaluationCompleted
        )
    assert box.world.evaluations[risk.id].completion == "SUCCESS"
    other = await ask(outside, CompleteEvaluation(risk_id=risk.id, status="FAILED"))
    assert isinstance(other, Failed)
    assert other.problem.code == "conflict"
    assert box.world.evaluations[risk.id].completion == "SUCCESS"


async def test_after_half_an_hour_it_is_too_late(outside: Outside, box: Sandbox) -> None:
    risk = await judged(outside, EvaluateRisk(person_id=box.world.user("ada").id))
    box.clock.move(timedelta(minutes=31))
    late = await ask(outside, CompleteEvaluation(risk_id=risk.id, status="FAILED"))
    assert isinstance(late, Failed)
    assert late.problem.code == "conflict"


async def test_protect_is_waited_for_as_long_as_settings_say(outside: Outside, box: Sandbox) -> None:
    box.faults.add(path="/riskEvaluations", latency_ms=5000)
    hasty = dataclasses.replace(outside, protect=ProtectSettings(timeout_seconds=0.5))
    reply = await ask(hasty, EvaluateRisk(person_id=box.world.user("ada").id))
    assert isinstance(reply, Failed)
    assert reply.problem.code == "timed_out"


JUDGED = {"id": "e-1", "result": {"level": "MEDIUM"}, "event": {"completionStatus": "IN_PROGRESS"}}
SETTINGS = PingOneSettings(ids.ENVIRONMENT, "client-1")


async def said(*says: Say, effect: Effect, signals: str | None = None) -> tuple[Reply, list[bytes]]:
    """What becomes of an effect where PingOne says that, and the bodies that it was sent."""
    async with scripted(in_order(*says)) as at:
        settings = replace(SETTINGS, api_url=f"{at.url}/v1", auth_url=at.url)
        outside = Outside(pingone=open_api(settings, Secret("s")), links=lambda: pytest.fail("no link"))
        try:
            reply = await ask(outside, effect, signals=signals)
        finally:
            await outside.close()
        return reply, [one.body for one in at.asked if "riskEvaluations" in one.path]


async def test_everything_that_is_known_of_a_visit_goes_where_pingone_looks_for_it() -> None:
    effect = EvaluateRisk(
        person_id="p-1", flow_type="REGISTRATION", policy_id="set-1", application_id="app-1", session_id="s-1"
    )
    reply, (body,) = await said(Say(201, JUDGED), effect=effect, signals="R/o1.payload")
    assert isinstance(reply, RiskEvaluated)
    assert reply.risk == Risk("e-1", RiskLevel.MEDIUM)
    assert json.loads(body) == {
        "event": {
            "ip": HERE,
            "user": {"id": "p-1", "type": "PING_ONE"},
            "flow": {"type": "REGISTRATION"},
            "session": {"id": "s-1"},
            "targetResource": {"id": "app-1"},
            "browser": {"userAgent": BROWSER},
            "sdk": {"signals": {"data": "R/o1.payload"}},
            "completionStatus": "IN_PROGRESS",
        },
        "riskPolicySet": {"id": "set-1"},
    }


@pytest.mark.parametrize(
    "details", [{"newDevice": {"status": 3}}, {"newDevice": "NEW"}, [], "text", {"other": {"status": "NEW_DEVICE"}}]
)
async def test_details_of_another_shape_take_nothing_from_the_rest(details: object) -> None:
    reply, _ = await said(Say(201, {**JUDGED, "details": details}), effect=EvaluateRisk(person_id="p-1"))
    assert isinstance(reply, RiskEvaluated)
    assert reply.risk.device_status == ""


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Say(201, {**JUDGED, "result": {"level": "SEVERE"}}), "unexpected_answer"),
        (Say(201, {"id": "e-1"}), "unexpected_answer"),
        (Say(201, b"<html>"), "unexpected_answer"),
        (Say(403, {"code": "ACCESS_FAILED"}), "unauthorized"),
        (Say(429, {"code": "REQUEST_LIMITED"}), "rate_limited"),
        (Say(500, b""), "unavailable"),
        (Say(201, JUDGED, cut=40), "unreachable"),
    ],
)
async def test_no_judgement_is_guessed_from_another_answer(answer: Say, code: str) -> None:
    reply, bodies = await said(answer, effect=EvaluateRisk(person_id="p-1"))
    assert isinstance(reply, Failed)
    assert (reply.problem.code, len(bodies)) == (code, 1)


async def test_what_pingone_says_of_a_visit_is_made_harmless() -> None:
    answer = {**JUDGED, "result": {"level": "LOW", "recommendedAction": "\x1b[31mBOT\u202e"}}
    reply, _ = await said(Say(201, answer), effect=EvaluateRisk(person_id="p-1"))
    assert isinstance(reply, RiskEvaluated)
    assert not {"\x1b", "\u202e"} & set(reply.risk.predictor)


async def test_an_end_that_pingone_turned_round_is_a_failure() -> None:
    answer = Say(200, {"completionStatus": "FAILED"})
    reply, _ = await said(answer, effect=CompleteEvaluation(risk_id="e-1", status="SUCCESS"))
    assert isinstance(reply, Failed)
    assert reply.problem.code == "conflict"
