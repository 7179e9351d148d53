from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from csrdesk.sandbox import ids, people
from csrdesk.sandbox.passcodes import totp_now
from tests.sandbox.conftest import Desk, error_of


def at(desk: Desk, answer: httpx.Response) -> str:
    return f"{desk.authentications}/{answer.json()['id']}"


def last_code(desk: Desk) -> str:
    return desk.box.world.passcodes[-1].code


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def select(desk: Desk, answer: httpx.Response, username: str, type_: str) -> httpx.Response:
    device = next(device for device in desk.box.world.user(username).devices if device.type == type_)
    return await desk.verb(at(desk, answer), "device.select", {"device": {"id": device.id}})


async def check(desk: Desk, answer: httpx.Response, otp: str) -> httpx.Response:
    return await desk.verb(at(desk, answer), "otp.check", {"otp": otp})


@pytest.mark.parametrize(
    ("username", "type_", "to"),
    [
        (people.ONE_DEVICE, "SMS", "+44.7700900041"),
        (people.VOICE, "VOICE", "+44.7700900066"),
        (people.EMAIL_ELSEWHERE, "EMAIL", "zofia.zak@home.example"),
        (people.SAME_MAILBOX, "EMAIL", "Farah@Mail.example"),
    ],
)
async def test_the_only_passcode_device_gets_a_code_that_completes(
    desk: Desk, username: str, type_: str, to: str
) -> None:
    started = await desk.authenticate(username)
    assert started.status_code == 201
    assert started.headers["location"] == at(desk, started)
    assert started.json()["status"] == "OTP_REQUIRED"
    sent = desk.box.world.passcodes[-1]
    assert (sent.type, sent.to, sent.username) == (type_, to, username)
    checked = await check(desk, started, sent.code)
    assert (checked.status_code, checked.json()["status"]) == (200, "COMPLETED")
    assert set(checked.json()["_links"]) == {"self"}
    assert (await desk.http.get(at(desk, started))).json()["status"] == "COMPLETED"


async def test_a_totp_code_counts_once(desk: Desk) -> None:
    started = await desk.authenticate(people.TOTP)
    assert not desk.box.world.passcodes
    code = totp_now(desk.box.world.user(people.TOTP).devices[0], desk.box.clock.now())
    assert (await check(desk, started, code)).json()["status"] == "COMPLETED"
    again = await desk.authenticate(people.TOTP)
    assert error_of(await check(desk, again, code)) == (400, "INVALID_DATA", "INVALID_OTP")


async def test_several_devices_are_asked_for_and_one_is_selected(desk: Desk) -> None:
    started = await desk.authenticate(people.SEVERAL_DEVICES)
    assert started.json()["status"] == "DEVICE_SELECTION_REQUIRED"
    assert [offer["type"] for offer in started.json()["_embedded"]["devices"]] == ["SMS", "EMAIL", "TOTP", "VOICE"]
    selected = await select(desk, started, people.SEVERAL_DEVICES, "VOICE")
    assert selected.json()["status"] == "OTP_REQUIRED"
    assert (await check(desk, started, last_code(desk))).json()["status"] == "COMPLETED"


async def test_the_default_policy_goes_to_the_first_device(desk: Desk) -> None:
    started = await desk.authenticate(people.SEVERAL_DEVICES, policy=ids.DEFAULT_MFA_POLICY)
    assert started.json()["status"] == "OTP_REQUIRED"


async def test_selecting_again_sends_a_new_code_and_ends_the_old_one(desk: Desk) -> None:
    started = await desk.authenticate(people.ONE_DEVICE)
    old = last_code(desk)
    await select(desk, started, people.ONE_DEVICE, "SMS")
    new = last_code(desk)
    assert len(desk.box.world.passcodes) == 2
    if old != new:
        assert error_of(await check(desk, started, old)) == (400, "INVALID_DATA", "INVALID_OTP")
    assert (await check(desk, started, new)).json()["status"] == "COMPLETED"


@pytest.mark.parametrize("username", [people.NO_DEVICE, people.MFA_OFF, people.DEVICE_LOCKED])
async def test_without_a_usable_device_it_fails(desk: Desk, username: str) -> None:
    answer = await desk.authenticate(username)
    body = answer.json()
    assert (answer.status_code, body["status"], body["error"]["code"]) == (201, "FAILED", "NO_USABLE_DEVICES")
    devices = [{"id": device.id} for device in desk.box.world.user(username).devices]
    assert body["error"]["unavailableDevices"] == devices


@pytest.mark.parametrize("username", [people.DISABLED_BY_DESK, people.DISABLED_BY_OTHERS])
async def test_a_disabled_account_is_refused(desk: Desk, username: str) -> None:
    assert error_of(await desk.authenticate(username)) == (400, "REQUEST_FAILED", "ACCOUNT_NOT_USABLE")


async def test_a_locked_account_is_refused_unless_the_policy_takes_it(desk: Desk) -> None:
    refused = await desk.authenticate(people.PINGONE_LOCKED, policy=ids.DEFAULT_MFA_POLICY)
    assert error_of(refused) == (400, "REQUEST_FAILED", "ACCOUNT_NOT_USABLE")
    assert (await desk.authenticate(people.PINGONE_LOCKED)).json()["status"] == "OTP_REQUIRED"


async def test_an_account_disabled_meanwhile_completes_nothing(desk: Desk) -> None:
    started = await desk.authenticate(people.ONE_DEVICE)
    desk.box.world.user(people.ONE_DEVICE).enabled = False
    answer = await check(desk, started, last_code(desk))
    assert error_of(answer) == (400, "REQUEST_FAILED", "ACCOUNT_NOT_USABLE")


async def test_too_many_wrong_codes_lock_the_only_device(desk: Desk) -> None:
    started = await desk.authenticate(people.ONE_DEVICE)
    code = last_code(desk)
    for _ in range(3):
        assert error_of(await check(desk, started, other_than(code))) == (400, "INVALID_DATA", "INVALID_OTP")
    assert error_of(await check(desk, started, code)) == (400, "REQUEST_FAILED", "CONSTRAINT_VIOLATION")
    now = (await desk.http.get(at(desk, started))).json()
    assert (now["status"], now["error"]["code"]) == ("FAILED", "NO_USABLE_DEVICES")
    devices = (await desk.http.get(desk.user_url(people.ONE_DEVICE, "/devices"))).json()["_embedded"]["devices"]
    assert devices[0]["lock"]["status"] == "LOCKED"
    assert (await desk.authenticate(people.ONE_DEVICE)).json()["status"] == "FAILED"


async def test_a_locked_device_can_be_used_again_after_the_policys_time(desk: Desk) -> None:
    started = await desk.authenticate(people.ONE_DEVICE)
    for _ in range(3):
        await check(desk, started, other_than(last_code(desk)))
    desk.box.clock.move(timedelta(minutes=3))
    assert (await desk.authenticate(people.ONE_DEVICE)).json()["status"] == "OTP_REQUIRED"


async def test_wrong_codes_add_up_over_authentications_and_are_forgotten_by_a_right_one(desk: Desk) -> None:
    first = await desk.authenticate(people.ONE_DEVICE)
    await check(desk, first, other_than(last_code(desk)))
    second = await desk.authenticate(people.ONE_DEVICE)
    await check(desk, second, other_than(last_code(desk)))
    assert (await check(desk, second, last_code(desk))).json()["status"] == "COMPLETED"
    third = await desk.authenticate(people.ONE_DEVICE)
    await check(desk, third, other_than(last_code(desk)))
    assert (await desk.http.get(at(desk, third))).json()["status"] == "OTP_REQUIRED"


async def test_with_another_device_left_a_lock_leads_back_to_the_choice(desk: Desk) -> None:
    started = await desk.authenticate(people.SEVERAL_DEVICES)
    await select(desk, started, people.SEVERAL_DEVICES, "SMS")
    for _ in range(3):
        await check(desk, started, other_than(last_code(desk)))
    now = (await desk.http.get(at(desk, started))).json()
    assert now["status"] == "DEVICE_SELECTION_REQUIRED"
    assert "SMS" not in [offer["type"] for offer in now["_embedded"]["devices"]]


async def test_a_code_ends_with_its_life(desk: Desk) -> None:
    started = await desk.authenticate(people.ONE_DEVICE)
    authentication = desk.box.world.authentications[started.json()["id"]]
    authentication.code_sent_at = desk.box.clock.now() - timedelta(minutes=31)
    assert error_of(await check(desk, started, last_code(desk)))[2] == "INVALID_OTP"


async def test_an_authentication_ends_after_a_quarter_of_an_hour(desk: Desk) -> None:
    started = await desk.authenticate(people.ONE_DEVICE)
    desk.box.clock.move(timedelta(minutes=16))
    assert (await desk.http.get(at(desk, started))).status_code == 404


async def test_a_one_time_address_needs_no_device(desk: Desk) -> None:
    selected = {"oneTime": {"type": "EMAIL", "email": "new@mail.example"}}
    started = await desk.authenticate(people.NO_DEVICE, selectedDevice=selected)
    assert started.json()["status"] == "OTP_REQUIRED"
    assert started.json()["selectedDevice"]["oneTime"]["email"] == "new@mail.example"
    assert desk.box.world.passcodes[-1].to == "new@mail.example"
    assert (await check(desk, started, last_code(desk))).json()["status"] == "COMPLETED"


@pytest.mark.parametrize("one_time", [{"type": "EMAIL"}, {"type": "FIDO2"}, {"type": "SMS", "email": "a@b.example"}])
async def test_a_one_time_address_must_fit_its_type(desk: Desk, one_time: dict[str, str]) -> None:
    answer = await desk.authenticate(people.NO_DEVICE, selectedDevice={"oneTime": one_time})
    assert error_of(answer)[:2] == (400, "INVALID_DATA")


async def test_another_persons_device_cannot_be_selected(desk: Desk) -> None:
    theirs = desk.box.world.user(people.VOICE).devices[0].id
    answer = await desk.authenticate(people.ONE_DEVICE, selectedDevice={"id": theirs})
    assert error_of(answer) == (400, "INVALID_DATA", "INVALID_VALUE")


async def test_an_unknown_user_or_policy_is_refused(desk: Desk) -> None:
    nobody = await desk.http.post(desk.authentications, json={"user": {"id": ids.CLIENT}})
    assert error_of(nobody) == (400, "INVALID_DATA", "INVALID_VALUE")
    assert error_of(await desk.authenticate(people.ONE_DEVICE, policy=ids.CLIENT))[:2] == (400, "INVALID_DATA")


async def test_an_unknown_verb_is_refused(desk: Desk) -> None:
    started = await desk.authenticate(people.ONE_DEVICE)
    assert error_of(await desk.verb(at(desk, started), "otp.guess", {}))[:2] == (415, "INVALID_REQUEST")
    assertion = {"origin": "http://localhost", "assertion": "{}"}
    assert error_of(await desk.verb(at(desk, started), "assertion.check", assertion))[:2] == (400, "REQUEST_FAILED")


async def test_an_empty_code_is_not_counted(desk: Desk) -> None:
    started = await desk.authenticate(people.ONE_DEVICE)
    for _ in range(5):
        assert error_of(await check(desk, started, "  ")) == (400, "INVALID_DATA", "EMPTY_VALUE")
    assert (await check(desk, started, last_code(desk))).json()["status"] == "COMPLETED"


async def test_devices_are_listed_filtered_and_read(desk: Desk) -> None:
    url = desk.user_url(people.SEVERAL_DEVICES, "/devices")
    everything = (await desk.http.get(url)).json()["_embedded"]["devices"]
    phones = (await desk.http.get(url, params={"filter": 'status eq "ACTIVE" and type eq "SMS"'})).json()
    assert (len(everything), phones["size"]) == (4, 1)
    assert (await desk.http.get(f"{url}/{everything[0]['id']}")).json() == everything[0]
    assert "secret" not in everything[0]
    assert (await desk.http.get(f"{url}/{desk.at.client_id}")).status_code == 404
    assert error_of(await desk.http.get(url, params={"filter": 'email eq "x"'}))[2] == "INVALID_FILTER"


async def test_the_desks_policy_takes_locked_users_and_the_default_does_not(desk: Desk) -> None:
    listed = (await desk.http.get(desk.api("/deviceAuthenticationPolicies"))).json()
    by_id = {policy["id"]: policy for policy in listed["_embedded"]["deviceAuthenticationPolicies"]}
    assert by_id[desk.at.mfa_policy_id]["ignoreUserLock"] is True
    (default,) = [policy for policy in by_id.values() if policy["default"]]
    assert default["ignoreUserLock"] is False
    one = (await desk.http.get(desk.api(f"/deviceAuthenticationPolicies/{default['id']}"))).json()
    assert one == default
