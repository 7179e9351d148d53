from __future__ import annotations

import pytest

from csrdesk.sandbox import people
from csrdesk.sandbox.gateway_values import BRANCH, MAIN
from tests.sandbox.conftest import Desk, Json, error_of
from tests.sandbox.test_passwords import GOOD, post, put, state

ALLOWED, NOT_ALLOWED, OFFLINE = people.EXTERNAL_ALLOWED, people.EXTERNAL_NOT_ALLOWED, people.EXTERNAL_OFFLINE


async def test_a_state_leads_to_the_gateway_and_user_type_that_say_whether_changes_are_allowed(desk: Desk) -> None:
    listed = (await desk.http.get(desk.api("/gateways"))).json()["_embedded"]["gateways"]
    assert [gateway["id"] for gateway in listed] == [MAIN.id, BRANCH.id]
    allowed = {}
    for username in (ALLOWED, NOT_ALLOWED, OFFLINE):
        external = (await desk.http.get(desk.user_url(username, "/password"))).json()["external"]["gateway"]
        gateway = (await desk.http.get(desk.api(f"/gateways/{external['id']}"))).json()
        assert (gateway["type"], gateway["enabled"]) == ("LDAP", True)
        (user_type,) = [one for one in gateway["userTypes"] if one["id"] == external["userType"]["id"]]
        allowed[username] = user_type["allowPasswordChanges"]
    assert allowed == {ALLOWED: True, NOT_ALLOWED: False, OFFLINE: True}
    assert (await desk.http.get(desk.api("/gateways/nothing"))).status_code == 404


async def test_an_allowed_change_reaches_the_directory_and_stays_external(desk: Desk) -> None:
    before = await desk.entry(ALLOWED, "pwdLastSet")
    answer = await put(desk, ALLOWED, "password.set", {"value": GOOD})
    assert (answer.status_code, answer.json()["status"]) == (200, "EXTERNAL")
    assert await desk.entry(ALLOWED, "pwdLastSet") != before
    assert (await post(desk, ALLOWED, "password.check", {"password": GOOD})).status_code == 200
    old = {"password": people.person(ALLOWED).password}
    assert error_of(await post(desk, ALLOWED, "password.check", old)) == (400, "INVALID_DATA", "INVALID_VALUE")


@pytest.mark.parametrize(
    ("verb", "body", "target"),
    [
        ("password.set", {"value": "short"}, "value"),
        ("password.set", {"value": "short", "bypassPolicy": True}, "value"),
        ("password.reset", {"newPassword": "short"}, "newPassword"),
    ],
)
async def test_the_directory_judges_what_comes_through_the_gateway(
    desk: Desk, verb: str, body: Json, target: str
) -> None:
    before = await desk.entry(ALLOWED)
    refused = await put(desk, ALLOWED, verb, body)
    assert error_of(refused) == (400, "INVALID_DATA", "INVALID_VALUE")
    (detail,) = refused.json()["details"]
    assert detail["target"] == target
    assert "0000052D" in detail["message"]
    assert await desk.entry(ALLOWED) == before


@pytest.mark.parametrize(("username", "target"), [(NOT_ALLOWED, "userType"), (OFFLINE, "gateway")])
@pytest.mark.parametrize(("verb", "member"), [("password.set", "value"), ("password.reset", "newPassword")])
async def test_where_the_way_is_closed_nothing_is_changed(
    desk: Desk, username: str, target: str, verb: str, member: str
) -> None:
    before = await desk.entry(username), await state(desk, username)
    refused = await put(desk, username, verb, {member: GOOD})
    assert error_of(refused) == (400, "REQUEST_FAILED", "CONSTRAINT_VIOLATION")
    assert refused.json()["details"][0]["target"] == target
    assert (await desk.entry(username), await state(desk, username)) == before


async def test_a_gateway_that_comes_back_lets_changes_through(desk: Desk) -> None:
    desk.box.world.offline_gateways.clear()
    assert (await put(desk, OFFLINE, "password.set", {"value": GOOD})).status_code == 200


async def test_a_protected_entry_is_refused_through_the_gateway_as_well(desk: Desk) -> None:
    refused = await put(desk, people.PROTECTED, "password.set", {"value": GOOD})
    assert error_of(refused)[1] == "REQUEST_FAILED"


async def test_an_administrators_reset_through_the_gateway_leaves_must_change_in_the_directory(desk: Desk) -> None:
    answer = await put(desk, ALLOWED, "password.reset", {"newPassword": GOOD})
    assert (answer.status_code, answer.json()["status"]) == (200, "MUST_CHANGE_PASSWORD")
    assert (await state(desk, ALLOWED))["status"] == "EXTERNAL"
    assert (await desk.entry(ALLOWED, "pwdLastSet"))["pwdLastSet"] == ["0"]


async def test_ones_own_reset_through_the_gateway_needs_the_directorys_current_password(desk: Desk) -> None:
    body = {"currentPassword": people.person(ALLOWED).password, "newPassword": GOOD}
    taken = await put(desk, ALLOWED, "password.reset", body)
    assert (taken.status_code, taken.json()["status"]) == (200, "OK")
    again = await put(desk, ALLOWED, "password.reset", body)
    assert (again.status_code, again.json()["details"][0]["target"]) == (400, "currentPassword")


async def test_wrong_passwords_through_the_gateway_lock_in_the_directory(desk: Desk) -> None:
    computed = "msDS-User-Account-Control-Computed"
    for _ in range(5):
        assert (await desk.entry(ALLOWED, computed))[computed] == ["0"]
        await post(desk, ALLOWED, "password.check", {"password": "wrong"})
    assert (await desk.entry(ALLOWED, computed))[computed] == ["16"]
    right = {"password": people.person(ALLOWED).password}
    assert (await post(desk, ALLOWED, "password.check", right)).status_code == 400
    assert (await state(desk, ALLOWED))["status"] == "EXTERNAL"


@pytest.mark.parametrize("verb", ["password.unlock", "password.forceChange"])
async def test_what_is_pingones_alone_is_refused_where_the_directory_has_the_password(desk: Desk, verb: str) -> None:
    assert error_of(await post(desk, ALLOWED, verb)) == (400, "REQUEST_FAILED", "CONSTRAINT_VIOLATION")


async def test_a_link_can_be_made_and_taken_away(desk: Desk) -> None:
    both = people.BOTH_PASSWORDS
    link = {"id": MAIN.id, "userType": {"id": MAIN.user_types[0].id}, "correlationAttributes": {"employeeID": "x"}}
    assert (await put(desk, both, "password.setGateway", link)).json()["status"] == "EXTERNAL"
    assert (await put(desk, both, "password.setGateway", {})).json()["status"] == "NO_PASSWORD"
    with_value = {"value": GOOD, "external": {"gateway": link}}
    assert (await put(desk, both, "password.set", with_value)).json()["status"] == "EXTERNAL"
    assert (await post(desk, both, "password.check", {"password": GOOD})).status_code == 200


async def test_a_link_whose_value_is_refused_is_not_made(desk: Desk) -> None:
    both = people.BOTH_PASSWORDS
    link = {"id": MAIN.id, "userType": {"id": MAIN.user_types[0].id}}
    refused = await put(desk, both, "password.set", {"value": "short", "external": {"gateway": link}})
    assert refused.status_code == 400
    assert (await state(desk, both))["status"] == "OK"
