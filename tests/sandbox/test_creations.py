from __future__ import annotations

from typing import Any

import httpx
import pytest

from csrdesk.sandbox import ids, people
from csrdesk.sandbox.person import CARE_STAFF, PATIENTS
from tests.sandbox.conftest import Desk, error_of

PASSWORD = "Winding-7-Lanes"
NEW = {"username": "nour@new.example", "email": "nour@new.example", "name": {"given": "نور", "family": "Åse-Lind"}}


async def make(desk: Desk, **changed: object) -> httpx.Response:
    return await desk.verb(desk.api("/users"), "user.import", {**NEW, **changed})


async def test_an_import_says_what_is_verified_and_which_password_counts(desk: Desk) -> None:
    made = await make(
        desk, emailVerified=True, lifecycle={"status": "ACCOUNT_OK"}, password={"value": PASSWORD, "forceChange": False}
    )
    user = made.json()
    assert made.status_code == 201
    assert made.headers["location"] == desk.api(f"/users/{user['id']}")
    assert (user["emailVerified"], user["lifecycle"]["status"], user["enabled"]) == (True, "ACCOUNT_OK", True)
    assert user["population"]["id"] == ids.stable("population", CARE_STAFF)
    assert "password" not in user
    checked = await desk.verb(desk.api(f"/users/{user['id']}/password"), "password.check", {"password": PASSWORD})
    assert checked.json()["status"] == "OK"


async def test_an_account_can_be_made_without_a_password_and_without_mfa(desk: Desk) -> None:
    user = (await make(desk, population={"id": ids.stable("population", PATIENTS)})).json()
    read = (await desk.http.get(desk.api(f"/users/{user['id']}/password"))).json()
    assert read["status"] == "NO_PASSWORD"
    assert user["mfaEnabled"] is False
    switched = await desk.http.put(desk.api(f"/users/{user['id']}/mfaEnabled"), json={"mfaEnabled": True})
    assert switched.json()["mfaEnabled"] is True


async def test_a_plain_creation_verifies_nothing_and_sets_no_password(desk: Desk) -> None:
    body = {**NEW, "emailVerified": True, "lifecycle": {"status": "ACCOUNT_OK"}, "password": {"value": PASSWORD}}
    user = (await desk.http.post(desk.api("/users"), json=body)).json()
    assert (user["emailVerified"], user["lifecycle"]["status"]) == (False, "VERIFICATION_REQUIRED")
    assert (await desk.http.get(desk.api(f"/users/{user['id']}/password"))).json()["status"] == "NO_PASSWORD"


@pytest.mark.parametrize(
    ("changed", "target"),
    [
        ({"username": "a\u0000b"}, "username"),
        ({"username": "x" * 129}, "username"),
        ({"username": ""}, "username"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b@c.example"}, "email"),
        ({"email": f"{'x' * 65}@mail.example"}, "email"),
        ({"name": {"given": "\u202eevil"}}, "name.given"),
        ({"name": {"given": "x" * 257}}, "name.given"),
        ({"name": {"family": "<b>Bold</b>"}}, "name.family"),
        ({"name": {"family": "🙂"}}, "name.family"),
        ({"population": {"id": "no"}}, "population.id"),
        ({"lifecycle": {"status": "SLEEPING"}}, "lifecycle.status"),
        ({"password": {"value": "short"}}, "password.value"),
    ],
)
async def test_what_no_account_may_have_is_refused_by_its_member_and_nothing_is_made(
    desk: Desk, changed: dict[str, Any], target: str
) -> None:
    before = len(desk.box.world.users)
    refused = await make(desk, **changed)
    detail = refused.json()["details"][0]
    assert (refused.status_code, detail["code"], detail["target"]) == (400, "INVALID_VALUE", target)
    assert len(desk.box.world.users) == before


async def test_names_of_every_script_are_taken(desk: Desk) -> None:
    names = (("🙂 Ada", "O'Neil"), ("陽翔", "佐藤"), ("प्रिया", "शर्मा"), ("X Æ", "d'A"))
    for index, (given, family) in enumerate(names):
        address = f"person{index}+tag@bücher.example"
        made = await make(desk, username=address, email=address, name={"given": given, "family": family})
        assert made.status_code == 201, made.text


async def test_a_username_is_somebodys_whatever_its_letter_case_but_an_address_may_be_shared(desk: Desk) -> None:
    await make(desk)
    again = await make(desk, username="NOUR@new.example")
    assert error_of(again) == (400, "INVALID_DATA", "UNIQUENESS_VIOLATION")
    assert again.json()["details"][0]["target"] == "username"
    assert (await make(desk, username="nour-2")).status_code == 201


async def test_a_passcode_reaches_an_address_that_is_nobodys(desk: Desk) -> None:
    one_time = {"oneTime": {"type": "EMAIL", "email": "new@new.example"}}
    started = await desk.http.post(desk.authentications, json={"selectedDevice": one_time})
    assert (started.status_code, started.json()["status"]) == (201, "OTP_REQUIRED")
    assert "user" not in started.json()
    code = desk.box.world.passcodes[-1]
    assert (code.to, code.username) == ("new@new.example", "")
    url = f"{desk.authentications}/{started.json()['id']}"
    assert error_of(await desk.verb(url, "otp.check", {"otp": "nope00"})) == (400, "INVALID_DATA", "INVALID_OTP")
    assert error_of(await desk.verb(url, "device.select", {"device": {"id": "x"}}))[2] == "CONSTRAINT_VIOLATION"
    assert (await desk.http.get(url)).json()["status"] == "OTP_REQUIRED"
    assert (await desk.verb(url, "otp.check", {"otp": code.code})).json()["status"] == "COMPLETED"
    shown = (await desk.http.get(f"{desk.at.mailbox_url}.json", params={"to": "new@new.example"})).json()
    assert [one["code"] for one in shown["passcodes"]] == [code.code]


async def test_three_wrong_passcodes_end_it_for_an_address(desk: Desk) -> None:
    one_time = {"oneTime": {"type": "EMAIL", "email": "new@new.example"}}
    started = await desk.http.post(desk.authentications, json={"selectedDevice": one_time})
    url = f"{desk.authentications}/{started.json()['id']}"
    for _ in range(3):
        await desk.verb(url, "otp.check", {"otp": "nope00"})
    ended = (await desk.http.get(url)).json()
    assert (ended["status"], ended["error"]["unavailableDevices"]) == ("FAILED", [])


async def test_somebody_is_named_where_no_address_is(desk: Desk) -> None:
    assert error_of(await desk.http.post(desk.authentications, json={})) == (400, "INVALID_DATA", "REQUIRED_VALUE")


async def test_a_new_account_is_found_by_its_address(desk: Desk) -> None:
    made = (await make(desk)).json()
    found = await desk.http.get(desk.api("/users"), params={"filter": 'email eq "nour@new.example"'})
    assert [user["id"] for user in found.json()["_embedded"]["users"]] == [made["id"]]
    assert people.ONE_DEVICE in {user.username for user in desk.box.world.users.values()}
