"""The check-up's look at PingOne Protect and at the Signals script."""

from __future__ import annotations

import base64
import hashlib

import pytest

from csrdesk.config import PingOneSettings, ProtectSettings
from csrdesk.model.checkup import Finding, Level
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Sandbox, ids
from csrdesk.services.performer import Outside
from csrdesk.services.pingone.api import open_api
from csrdesk.services.probes import protect
from tests.services.scripted import Say, by_path, scripted

AUTHN = "flow.p1RiskPolicyIdAuthn"
SCRIPT = b"window._pingOneSignals = {};"
SHA = base64.b64encode(hashlib.sha384(SCRIPT).digest()).decode()


def said(found: tuple[Finding, ...]) -> list[tuple[str, Level]]:
    return [(one.area, one.level) for one in found]


async def test_a_protect_that_answers_is_well_and_nothing_is_evaluated(outside: Outside, box: Sandbox) -> None:
    found = await protect.probe(outside.pingone, {AUTHN: ids.RISK_POLICY, "other": ""}, ProtectSettings())
    assert said(found) == [(protect.AREA, Level.OK), (protect.AREA, Level.OK)]
    assert f"{AUTHN}: Default." in found[1].what
    assert box.world.evaluations == {}


async def test_a_policy_that_does_not_exist_is_wrong_and_named(outside: Outside) -> None:
    found = await protect.probe(outside.pingone, {AUTHN: ids.PASSWORD_POLICY}, ProtectSettings())
    assert said(found)[1] == (protect.AREA, Level.WRONG)
    assert AUTHN in found[1].what


@pytest.mark.parametrize(
    ("evaluations", "policies", "levels"),
    [
        (Say(403, {"code": "ACCESS_FAILED"}), Say(403, {"code": "ACCESS_FAILED"}), [Level.WRONG, Level.WARNING]),
        (Say(500, b""), Say(500, b""), [Level.WRONG, Level.WRONG]),
        (Say(200, {"id": "e", "result": {"level": "LOW"}}), Say(200, {"id": "p"}), [Level.WARNING, Level.OK]),
    ],
)
async def test_what_protect_does_not_let_see_is_said_with_what_to_do(
    evaluations: Say, policies: Say, levels: list[Level]
) -> None:
    token = Say(body={"access_token": "t", "expires_in": 60})
    answers = by_path((("/as/token", token), ("riskEvaluations", evaluations), ("riskPolicySets", policies)))
    async with scripted(answers) as at:
        api = open_api(PingOneSettings("env", "c", api_url=f"{at.url}/v1", auth_url=at.url), Secret("s"))
        try:
            found = await protect.probe(api, {AUTHN: "set-1"}, ProtectSettings())
        finally:
            await api.close()
    assert [one.level for one in found] == levels
    assert all(one.todo for one in found if one.level is not Level.OK)


@pytest.mark.parametrize(
    ("answer", "integrity", "level"),
    [
        (Say(200, SCRIPT), f"sha384-{SHA}", Level.OK),
        (Say(200, SCRIPT + b"// changed"), f"sha384-{SHA}", Level.WRONG),
        (Say(404, b""), f"sha384-{SHA}", Level.WRONG),
        (Say(200, SCRIPT, cut=20), f"sha384-{SHA}", Level.WARNING),
    ],
)
async def test_a_script_that_browsers_would_refuse_is_found(
    outside: Outside, answer: Say, integrity: str, level: Level
) -> None:
    async with scripted(lambda _: answer) as at:
        named = ProtectSettings(signals_url=f"{at.url}/sdk.js", signals_integrity=integrity)
        found = await protect.probe(outside.pingone, {}, named)
    assert said(found)[1] == (protect.SIGNALS, level)
