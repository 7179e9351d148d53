from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from csrdesk.sandbox.risk import HIGH_ADDRESS, MEDIUM_ADDRESS
from tests.sandbox.conftest import Desk, error_of


async def evaluated(
    desk: Desk, *, ip: str = "198.51.100.7", agent: str = "Mozilla/5.0", name: str = ""
) -> httpx.Response:
    user = {"id": "keyed-hash", "type": "EXTERNAL", "name": name}
    event = {"ip": ip, "user": user, "flow": {"type": "AUTHENTICATION"}, "browser": {"userAgent": agent}}
    return await desk.http.post(desk.api("/riskEvaluations"), json={"event": event})


@pytest.mark.parametrize(
    ("steered", "level", "action"),
    [
        ({}, "LOW", ""),
        ({"ip": MEDIUM_ADDRESS}, "MEDIUM", ""),
        ({"ip": HIGH_ADDRESS}, "HIGH", ""),
        ({"agent": "Mozilla/5.0 (risk-medium)"}, "MEDIUM", ""),
        ({"agent": "risk-high"}, "HIGH", ""),
        ({"agent": "SomeBot/1.0"}, "HIGH", "BOT_MITIGATION"),
        ({"agent": "aitm-proxy"}, "HIGH", "AITM_MITIGATION"),
        ({"name": "me@temporary.example"}, "MEDIUM", "TEMP_EMAIL_MITIGATION"),
    ],
)
async def test_address_browser_and_name_steer_the_judgement(
    desk: Desk, steered: dict[str, str], level: str, action: str
) -> None:
    made = await evaluated(desk, **steered)
    assert made.status_code == 201
    result = made.json()["result"]
    assert (result["level"], result.get("recommendedAction", "")) == (level, action)
    assert (await desk.http.get(made.headers["location"])).json() == made.json()


@pytest.mark.parametrize(("agent", "status"), [("Mozilla/5.0", "KNOWN_DEVICE"), ("new-device", "NEW_DEVICE")])
async def test_the_device_is_known_or_new(desk: Desk, agent: str, status: str) -> None:
    assert (await evaluated(desk, agent=agent)).json()["details"]["newDevice"]["status"] == status


async def test_how_it_ended_is_taken_once(desk: Desk) -> None:
    url = f"{(await evaluated(desk)).headers['location']}/event"
    ended = await desk.http.put(url, json={"completionStatus": "SUCCESS"})
    assert (ended.status_code, ended.json()["completionStatus"]) == (200, "SUCCESS")
    again = await desk.http.put(url, json={"completionStatus": "FAILED"})
    assert error_of(again) == (400, "REQUEST_FAILED", "CONSTRAINT_VIOLATION")


async def test_after_half_an_hour_it_takes_no_end(desk: Desk) -> None:
    url = f"{(await evaluated(desk)).headers['location']}/event"
    desk.box.clock.move(timedelta(minutes=31))
    late = await desk.http.put(url, json={"completionStatus": "SUCCESS"})
    assert error_of(late) == (400, "REQUEST_FAILED", "CONSTRAINT_VIOLATION")


async def test_an_address_that_is_none_is_refused(desk: Desk) -> None:
    assert error_of(await evaluated(desk, ip="nowhere")) == (400, "INVALID_DATA", "INVALID_VALUE")


async def test_a_known_users_own_address_is_judged_and_another_policy_refused(desk: Desk) -> None:
    user = desk.box.world.user("ada")
    user.email = "ada@temporary.example"
    event = {"ip": "198.51.100.7", "user": {"id": user.id, "type": "PING_ONE"}}
    made = await desk.http.post(desk.api("/riskEvaluations"), json={"event": event})
    assert made.json()["result"]["recommendedAction"] == "TEMP_EMAIL_MITIGATION"
    other = {"event": event, "riskPolicySet": {"id": user.id}}
    refused = await desk.http.post(desk.api("/riskEvaluations"), json=other)
    assert error_of(refused) == (400, "INVALID_DATA", "INVALID_VALUE")


async def test_the_policy_set_can_be_listed_and_read(desk: Desk) -> None:
    (only,) = (await desk.http.get(desk.api("/riskPolicySets"))).json()["_embedded"]["riskPolicySets"]
    assert (await desk.http.get(desk.api(f"/riskPolicySets/{only['id']}"))).json() == only
    assert error_of(await desk.http.get(desk.api("/riskPolicySets/none")))[0] == 404
