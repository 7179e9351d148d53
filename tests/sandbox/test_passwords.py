from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import httpx
import pytest

from csrdesk.sandbox import ids, people
from csrdesk.sandbox.clock import stamp
from tests.sandbox.conftest import Desk, Json, error_of, token

GOOD = "Winding-7-Lanes"
ONLY = people.ONLY_PINGONE


async def put(desk: Desk, username: str, verb: str, body: Mapping[str, object]) -> httpx.Response:
    return await desk.verb(desk.user_url(username, "/password"), verb, body, method="PUT")


async def post(desk: Desk, username: str, verb: str, body: Mapping[str, object] | None = None) -> httpx.Response:
    return await desk.verb(desk.user_url(username, "/password"), verb, body)


async def state(desk: Desk, username: str) -> Json:
    answer = await desk.http.get(desk.user_url(username, "/password"))
    assert answer.status_code == 200
    found: Json = answer.json()
    return found


async def pass_time(desk: Desk, days: int) -> None:
    """The clock moves on, and a new token with it."""
    desk.box.clock.move(timedelta(days=days))
    desk.http.headers["authorization"] = f"Bearer {await token(desk.http, desk.at)}"


def unmet(answer: httpx.Response) -> tuple[int, str, str, list[str]]:
    """Status, code, target, and what the policy missed."""
    body = answer.json()
    (detail,) = body["details"]
    assert detail["code"] == "INVALID_VALUE"
    return answer.status_code, body["code"], detail["target"], detail["innerError"]["unsatisfiedRequirements"]


@pytest.mark.parametrize(
    ("username", "status"),
    [
        (people.ONLY_PINGONE, "OK"),
        (people.NO_PASSWORD, "NO_PASSWORD"),
        (people.PINGONE_PASSWORD_EXPIRED, "PASSWORD_EXPIRED"),
        (people.PINGONE_PASSWORD_LOCKED, "PASSWORD_LOCKED_OUT"),
        (people.PINGONE_MUST_CHANGE, "MUST_CHANGE_PASSWORD"),
        (people.BOTH_PASSWORDS, "OK"),
        (people.EXTERNAL_ALLOWED, "EXTERNAL"),
        (people.MUST_CHANGE, "EXTERNAL"),
    ],
)
async def test_each_state_has_its_person(desk: Desk, username: str, status: str) -> None:
    found = await state(desk, username)
    assert found["status"] == status
    assert ("secondsUntilUnlock" in found) == (status == "PASSWORD_LOCKED_OUT")
    assert ("lastChangedAt" in found) == (status != "NO_PASSWORD")
    assert ("external" in found) == (status == "EXTERNAL")


async def test_a_password_grows_too_old_by_the_policys_age(desk: Desk) -> None:
    await pass_time(desk, 183)
    assert (await state(desk, ONLY))["status"] == "PASSWORD_EXPIRED"


async def test_a_set_password_is_the_right_one_from_then_on(desk: Desk) -> None:
    before = stamp(desk.box.clock.now())
    answer = await put(desk, ONLY, "password.set", {"value": GOOD, "forceChange": False, "bypassPolicy": False})
    assert (answer.status_code, answer.json()["status"]) == (200, "OK")
    assert answer.json()["lastChangedAt"] >= before
    assert (await post(desk, ONLY, "password.check", {"password": GOOD})).status_code == 200
    old = people.person(ONLY).password
    assert error_of(await post(desk, ONLY, "password.check", {"password": old}))[1:] == (
        "INVALID_DATA",
        "INVALID_VALUE",
    )


async def test_a_set_password_ends_lock_out_must_change_and_age(desk: Desk) -> None:
    for username in (people.PINGONE_PASSWORD_LOCKED, people.PINGONE_MUST_CHANGE, people.PINGONE_PASSWORD_EXPIRED):
        assert (await put(desk, username, "password.set", {"value": GOOD})).json()["status"] == "OK"
    assert (await put(desk, ONLY, "password.set", {"value": GOOD, "forceChange": True})).json()["status"] == (
        "MUST_CHANGE_PASSWORD"
    )


@pytest.mark.parametrize(
    ("value", "missed"),
    [
        ("Ab3-efgh", ["length"]),
        ("Ab3-" + "efgh" * 63, ["length"]),
        ("x" * 10_000, ["length", "minCharacters", "minUniqueCharacters", "maxRepeatedCharacters"]),
        ("winding-7-lanes", ["minCharacters"]),
        ("WINDING-7-LANES", ["minCharacters"]),
        ("Winding-x-Lanes", ["minCharacters"]),
        ("Aa1Aa1Aa1Aa1", ["minUniqueCharacters"]),
        ("Wiiinding-7-Lanes", ["maxRepeatedCharacters"]),
        ("Password123", ["excludesCommonlyUsed"]),
        ("Mrs-Papadopoulou-7-ΠΑΠΑΔΟΠΟΎΛΟΥ", ["excludesProfileData"]),
        ("Sofia@mail.example-7", ["excludesProfileData"]),
        ("X-447700900060-yz", ["maxRepeatedCharacters", "excludesProfileData"]),
        (people.person(ONLY).password, ["history"]),
        ("short", ["length", "minCharacters"]),
    ],
)
async def test_a_password_is_refused_by_the_names_of_what_it_does_not_meet(
    desk: Desk, value: str, missed: list[str]
) -> None:
    before = await state(desk, ONLY)
    refused = await put(desk, ONLY, "password.set", {"value": value, "bypassPolicy": False})
    assert unmet(refused) == (400, "INVALID_DATA", "value", missed)
    assert await state(desk, ONLY) == before


@pytest.mark.parametrize("value", ["Win\x00ding-7-Lanes", "  Winding-7-Lanes", "Winding-7-🔑🗝️", "Wínding-7-Länes"])
async def test_characters_beyond_the_usual_are_kept_as_they_are(desk: Desk, value: str) -> None:
    assert (await put(desk, ONLY, "password.set", {"value": value})).status_code == 200
    assert (await post(desk, ONLY, "password.check", {"password": value})).status_code == 200
    assert (await post(desk, ONLY, "password.check", {"password": value.strip("\x00 ") + "."})).status_code == 400


async def test_history_forgets_after_its_count_and_after_its_time(desk: Desk) -> None:
    first = people.person(ONLY).password
    for turn in range(5):
        assert (await put(desk, ONLY, "password.set", {"value": f"{GOOD}{turn}"})).status_code == 200
    assert unmet(await put(desk, ONLY, "password.set", {"value": first}))[3] == ["history"]
    assert (await put(desk, ONLY, "password.set", {"value": f"{GOOD}5"})).status_code == 200
    assert (await put(desk, ONLY, "password.set", {"value": first})).status_code == 200
    await pass_time(desk, 366)
    assert (await put(desk, ONLY, "password.set", {"value": first})).status_code == 200


async def test_a_bypass_and_an_encoded_value_are_not_judged(desk: Desk) -> None:
    assert (await put(desk, ONLY, "password.set", {"value": "x", "bypassPolicy": True})).status_code == 200
    assert (await put(desk, ONLY, "password.set", {"value": "{SSHA}x"})).status_code == 200
    assert unmet(await put(desk, ONLY, "password.set", {"value": "{xyz}x"}))[3]


async def test_each_population_has_its_policy(desk: Desk) -> None:
    patient = people.SHARED_ADDRESS[0]
    expanded = (await desk.http.get(desk.user_url(patient, "/password"), params={"expand": "passwordPolicy"})).json()
    assert expanded["_embedded"]["passwordPolicy"]["name"] == "Passphrase"
    assert unmet(await put(desk, patient, "password.set", {"value": "Winding-7-Lane"}))[3] == ["length"]
    assert (await put(desk, patient, "password.set", {"value": "seven winding lanes"})).status_code == 200
    listed = (await desk.http.get(desk.api("/passwordPolicies"))).json()["_embedded"]["passwordPolicies"]
    assert [policy["name"] for policy in listed] == ["Standard", "Passphrase"]
    assert sum(policy["populationCount"] for policy in listed) == 4
    one = await desk.http.get(desk.api(f"/passwordPolicies/{ids.PASSPHRASE_POLICY}"))
    assert one.json()["length"] == {"min": 15, "max": 255}


@pytest.mark.parametrize(
    ("verb", "body", "code"),
    [
        ("password.set", {}, "REQUIRED_VALUE"),
        ("password.set", {"value": ""}, "EMPTY_VALUE"),
        ("password.set", {"value": 7}, "INVALID_VALUE"),
        ("password.reset", {}, "REQUIRED_VALUE"),
        ("password.reset", {"newPassword": ""}, "EMPTY_VALUE"),
        ("password.setValue", {"value": ""}, "EMPTY_VALUE"),
        ("password.setGateway", {"id": ids.CLIENT}, "INVALID_VALUE"),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(desk: Desk, verb: str, body: Json, code: str) -> None:
    assert error_of(await put(desk, ONLY, verb, body)) == (400, "INVALID_DATA", code)


async def test_verbs_are_told_apart_by_media_type_alone(desk: Desk) -> None:
    assert (await put(desk, ONLY, "password.steal", {"value": GOOD})).status_code == 415
    assert (await desk.http.put(desk.user_url(ONLY, "/password"), json={"value": GOOD})).status_code == 415
    for verb in ("password.unlock", "password.forceChange"):
        for suffix in ("", "+json"):
            headers = {"content-type": f"application/vnd.pingidentity.{verb}{suffix}"}
            answer = await desk.http.post(desk.user_url(ONLY, "/password"), headers=headers)
            assert answer.status_code == 200, (verb, suffix)


async def test_wrong_passwords_lock_by_the_policy_and_time_or_unlock_ends_it(desk: Desk) -> None:
    right = people.person(ONLY).password
    for _ in range(5):
        wrong = await post(desk, ONLY, "password.check", {"password": "wrong"})
        assert error_of(wrong) == (400, "INVALID_DATA", "INVALID_VALUE")
    locked = await post(desk, ONLY, "password.check", {"password": right})
    (detail,) = locked.json()["details"]
    assert (locked.status_code, detail["code"]) == (400, "PASSWORD_LOCKED_OUT")
    assert 890 <= detail["innerError"]["secondsUntilUnlock"] <= 900
    assert (await state(desk, ONLY))["status"] == "PASSWORD_LOCKED_OUT"
    assert (await post(desk, ONLY, "password.unlock")).json()["status"] == "OK"
    assert (await post(desk, ONLY, "password.check", {"password": right})).status_code == 200
    for _ in range(5):
        await post(desk, ONLY, "password.check", {"password": "wrong"})
    desk.box.clock.move(timedelta(minutes=16))
    assert (await post(desk, ONLY, "password.check", {"password": right})).status_code == 200


async def test_a_right_password_forgets_the_wrong_ones_before_it(desk: Desk) -> None:
    for _ in range(2):
        for _ in range(4):
            await post(desk, ONLY, "password.check", {"password": "wrong"})
        await post(desk, ONLY, "password.check", {"password": people.person(ONLY).password})
    assert (await state(desk, ONLY))["status"] == "OK"


async def test_an_account_that_cannot_be_used_or_has_no_password_checks_none(desk: Desk) -> None:
    assert error_of(await post(desk, people.NO_PASSWORD, "password.check", {"password": "x"}))[1:] == (
        "REQUEST_FAILED",
        "NO_PASSWORD",
    )
    desk.box.world.user(ONLY).enabled = False
    assert error_of(await post(desk, ONLY, "password.check", {"password": "x"}))[2] == "ACCOUNT_NOT_USABLE"


async def test_a_forced_change_unlocks_and_leaves_the_password_right(desk: Desk) -> None:
    locked = people.PINGONE_PASSWORD_LOCKED
    assert (await post(desk, locked, "password.forceChange")).json()["status"] == "MUST_CHANGE_PASSWORD"
    right = {"password": people.person(locked).password}
    assert (await post(desk, locked, "password.check", right)).json()["status"] == "MUST_CHANGE_PASSWORD"
    assert error_of(await post(desk, people.NO_PASSWORD, "password.forceChange"))[2] == "NO_PASSWORD"


async def test_unlocking_ends_the_lock_out_and_no_account_lock(desk: Desk) -> None:
    user = desk.box.world.user(people.PINGONE_PASSWORD_LOCKED)
    user.lock = desk.box.world.user(people.PINGONE_LOCKED).lock
    assert (await post(desk, user.username, "password.unlock")).json()["status"] == "OK"
    assert (await desk.http.get(desk.user_url(user.username))).json()["account"]["status"] == "LOCKED"
    assert desk.box.world.activities[-1].type == "PASSWORD.UNLOCKED"


async def test_an_administrators_reset_is_not_judged_and_leaves_must_change(desk: Desk) -> None:
    locked = people.PINGONE_PASSWORD_LOCKED
    answer = await put(desk, locked, "password.reset", {"newPassword": "x"})
    assert (answer.status_code, answer.json()["status"]) == (200, "MUST_CHANGE_PASSWORD")
    assert [activity.type for activity in desk.box.world.activities[-2:]] == ["USER.UNLOCKED", "PASSWORD.RESET"]


async def test_an_administrators_reset_forgets_wrong_passcodes_and_leaves_locked_devices_locked(desk: Desk) -> None:
    several = desk.box.world.user(people.SEVERAL_DEVICES)
    first, second = several.devices[:2]
    first.failures = 2
    second.locked_until = locked = desk.box.clock.now() + timedelta(hours=1)
    assert (await put(desk, several.username, "password.reset", {"newPassword": GOOD})).status_code == 200
    assert (first.failures, second.locked_until) == (0, locked)


async def test_ones_own_reset_needs_the_current_password_and_is_judged(desk: Desk) -> None:
    right = people.person(ONLY).password
    wrong = {"currentPassword": "wrong", "newPassword": GOOD}
    refused = await put(desk, ONLY, "password.reset", wrong)
    assert (error_of(refused)[2], refused.json()["details"][0]["target"]) == ("INVALID_VALUE", "currentPassword")
    similar = {"currentPassword": right, "newPassword": right + "!"}
    assert unmet(await put(desk, ONLY, "password.reset", similar)) == (
        400,
        "INVALID_DATA",
        "newPassword",
        ["notSimilarToCurrent"],
    )
    taken = await put(desk, ONLY, "password.reset", {"currentPassword": right, "newPassword": GOOD})
    assert (taken.status_code, taken.json()["status"]) == (200, "OK")


async def test_a_value_can_be_taken_away_and_given_again(desk: Desk) -> None:
    assert (await put(desk, ONLY, "password.setValue", {})).json()["status"] == "NO_PASSWORD"
    assert (await put(desk, ONLY, "password.setValue", {"value": GOOD})).json()["status"] == "OK"


async def test_each_change_is_an_activity(desk: Desk) -> None:
    await put(desk, ONLY, "password.set", {"value": GOOD})
    await post(desk, ONLY, "password.check", {"password": GOOD})
    await post(desk, ONLY, "password.check", {"password": "wrong"})
    types = [activity.type for activity in desk.box.world.activities[-3:]]
    assert types == ["PASSWORD.SET", "PASSWORD.CHECK_SUCCEEDED", "PASSWORD.CHECK_FAILED"]


@pytest.mark.parametrize("fault", [{"status": 503}, {"cut": True}, {"wrong_shape": True}, {"ignore_write": True}])
@pytest.mark.parametrize("username", [ONLY, people.EXTERNAL_ALLOWED])
async def test_under_a_fault_no_password_changes(desk: Desk, username: str, fault: Json) -> None:
    world = desk.box.world
    before = world.user(username).password.changed_at
    kept = world.entry(people.EXTERNAL_ALLOWED).passwords
    desk.box.faults.add(method="PUT", path="/password$", **fault)
    try:
        answer = await put(desk, username, "password.set", {"value": GOOD})
    except httpx.TransportError:
        assert "cut" in fault
    else:
        assert answer.status_code == fault.get("status", 200)
    assert world.user(username).password.changed_at == before
    assert world.entry(people.EXTERNAL_ALLOWED).passwords == kept


@pytest.mark.parametrize("verb", ["password.unlock", "password.forceChange"])
async def test_an_ignored_unlock_answers_as_ever_and_unlocks_nothing(desk: Desk, verb: str) -> None:
    desk.box.faults.add(method="POST", path="/password$", ignore_write=True)
    locked = people.PINGONE_PASSWORD_LOCKED
    assert (await post(desk, locked, verb)).json()["status"] != "PASSWORD_LOCKED_OUT"
    assert (await state(desk, locked))["status"] == "PASSWORD_LOCKED_OUT"


@pytest.mark.parametrize("path", ["/passwordPolicies", "/gateways", "/users/x/password"])
async def test_reads_of_passwords_take_part_in_faults(desk: Desk, path: str) -> None:
    desk.box.faults.add(path=f"{path}$", status=429)
    assert (await desk.http.get(desk.api(path))).status_code == 429
