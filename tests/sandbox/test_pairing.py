from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pyotp
import pytest

from csrdesk.sandbox import people
from csrdesk.sandbox.authenticator import Passkey, attest, decode, sign
from tests.sandbox.conftest import Desk, error_of
from tests.sandbox.test_passkeys import ORIGIN, altered, check, options_of

WHO = people.NO_DEVICE_PINGONE
PHONE = "+44.7700900250"
SITE = {"id": "localhost", "name": "Example Care"}


async def begin(desk: Desk, username: str = WHO, **body: object) -> httpx.Response:
    return await desk.http.post(desk.user_url(username, "/devices"), json=body)


async def activate(desk: Desk, begun: httpx.Response, username: str = WHO, **body: object) -> httpx.Response:
    url = desk.user_url(username, f"/devices/{begun.json()['id']}")
    return await desk.verb(url, "device.activate", body)


def sent(desk: Desk) -> str:
    return desk.box.world.passcodes[-1].code


def creation_of(begun: httpx.Response) -> str:
    return str(begun.json()["publicKeyCredentialCreationOptions"])


@pytest.mark.parametrize(
    ("kind", "address"),
    [("SMS", {"phone": PHONE}), ("VOICE", {"phone": PHONE}), ("EMAIL", {"email": "jiho@home.example"})],
)
async def test_a_device_with_an_address_counts_once_its_passcode_came_back(
    desk: Desk, kind: str, address: dict[str, str]
) -> None:
    begun = await begin(desk, type=kind, status="ACTIVATION_REQUIRED", **address)
    assert (begun.status_code, begun.json()["status"]) == (201, "ACTIVATION_REQUIRED")
    assert "device.activate" in begun.json()["_links"]
    assert desk.box.world.passcodes[-1].to == next(iter(address.values()))
    done = await activate(desk, begun, otp=sent(desk))
    assert (done.status_code, done.json()["status"]) == (200, "ACTIVE")
    desk.box.world.user(WHO).mfa_enabled = True
    started = await desk.authenticate(WHO)
    assert started.json()["selectedDevice"]["id"] == begun.json()["id"]


async def test_a_device_that_waits_is_not_asked(desk: Desk) -> None:
    await begin(desk, type="SMS", phone=PHONE, status="ACTIVATION_REQUIRED")
    assert (await desk.authenticate(WHO)).json()["status"] == "FAILED"


async def test_an_administrator_may_make_a_device_that_counts_at_once(desk: Desk) -> None:
    begun = await begin(desk, type="EMAIL", email="jiho@mail.example", status="ACTIVE")
    assert begun.json()["status"] == "ACTIVE"
    assert not desk.box.world.passcodes


async def test_wrong_passcodes_end_the_beginning_and_a_new_code_ends_the_old(desk: Desk) -> None:
    begun = await begin(desk, type="SMS", phone=PHONE, status="ACTIVATION_REQUIRED")
    first = sent(desk)
    url = desk.user_url(WHO, f"/devices/{begun.json()['id']}")
    assert (await desk.verb(url, "device.sendActivationCode")).status_code == 200
    if first != sent(desk):
        assert error_of(await activate(desk, begun, otp=first)) == (400, "INVALID_DATA", "INVALID_OTP")
    assert error_of(await activate(desk, begun, otp="")) == (400, "INVALID_DATA", "EMPTY_VALUE")
    for _ in range(3):
        await activate(desk, begun, otp="no")
    assert error_of(await activate(desk, begun, otp=sent(desk))) == (400, "REQUEST_FAILED", "CONSTRAINT_VIOLATION")


async def test_nothing_is_activated_too_late_or_twice(desk: Desk) -> None:
    begun = await begin(desk, type="SMS", phone=PHONE, status="ACTIVATION_REQUIRED")
    desk.box.clock.move(timedelta(minutes=31))
    assert error_of(await activate(desk, begun, otp=sent(desk)))[2] == "CONSTRAINT_VIOLATION"
    again = await begin(desk, type="VOICE", phone=PHONE, status="ACTIVATION_REQUIRED")
    assert (await activate(desk, again, otp=sent(desk))).status_code == 200
    assert error_of(await activate(desk, again, otp=sent(desk)))[2] == "CONSTRAINT_VIOLATION"


async def test_an_authenticator_app_is_given_its_secret_once(desk: Desk) -> None:
    begun = await begin(desk, type="TOTP")
    secret = begun.json()["secret"]
    assert f"secret={secret}" in begun.json()["keyUri"]
    assert pyotp.parse_uri(begun.json()["keyUri"]).secret == secret
    read = await desk.http.get(desk.user_url(WHO, f"/devices/{begun.json()['id']}"))
    assert not {"secret", "keyUri"} & read.json().keys()
    code = pyotp.TOTP(secret).at(int(desk.box.clock.now().timestamp()))
    assert (await activate(desk, begun, otp=code)).json()["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"type": "SMS"}, ("REQUIRED_VALUE", "phone")),
        ({"type": "SMS", "phone": "07700 900250"}, ("INVALID_VALUE", "phone")),
        ({"type": "EMAIL", "email": "nobody"}, ("INVALID_VALUE", "email")),
        ({"type": "MOBILE"}, ("INVALID_VALUE", "type")),
        ({"type": "TOTP", "policy": {"id": "no"}}, ("INVALID_VALUE", "policy.id")),
        ({"type": "SMS", "phone": PHONE, "status": "BLOCKED"}, ("INVALID_VALUE", "status")),
        ({"type": "FIDO2", "rp": {"id": "desk.example", "name": "x"}}, ("INVALID_VALUE", "rp.id")),
        ({"type": "FIDO2"}, ("INVALID_VALUE", "rp.id")),
    ],
)
async def test_what_cannot_be_registered_is_refused_by_the_member_that_is_wrong(
    desk: Desk, body: dict[str, Any], refusal: tuple[str, str]
) -> None:
    answer = await begin(desk, **body)
    detail = answer.json()["details"][0]
    assert (answer.status_code, detail["code"], detail["target"]) == (400, *refusal)
    assert not desk.box.world.user(WHO).devices


async def test_the_same_number_is_registered_once_for_each_type(desk: Desk) -> None:
    number = desk.box.world.user(people.ONE_DEVICE).devices[0].to
    again = await begin(desk, people.ONE_DEVICE, type="SMS", phone=number)
    assert error_of(again) == (400, "INVALID_DATA", "UNIQUENESS_VIOLATION")
    assert (await begin(desk, people.ONE_DEVICE, type="VOICE", phone=number)).status_code == 201


async def test_nobody_has_more_devices_than_allowed(desk: Desk) -> None:
    most = (await desk.http.get(desk.api("/mfaSettings"))).json()["pairing"]["maxAllowedDevices"]
    assert len(desk.box.world.user(people.AT_LIMIT).devices) == most
    assert error_of(await begin(desk, people.AT_LIMIT, type="TOTP")) == (400, "REQUEST_FAILED", "CONSTRAINT_VIOLATION")


async def paired(desk: Desk) -> Passkey:
    begun = await begin(desk, type="FIDO2", rp=SITE)
    key, attestation = attest(creation_of(begun), ORIGIN)
    done = await activate(desk, begun, origin=ORIGIN, attestation=attestation)
    assert (done.status_code, done.json()["status"]) == (200, "ACTIVE")
    return key


async def test_a_passkey_that_was_attested_signs_in(desk: Desk) -> None:
    key = await paired(desk)
    desk.box.world.user(WHO).mfa_enabled = True
    started = await desk.authenticate(WHO)
    assert (await check(desk, started, sign(key, options_of(started), ORIGIN))).json()["status"] == "COMPLETED"


async def test_creation_options_are_for_the_site_and_leave_out_what_is_registered(desk: Desk) -> None:
    key = await paired(desk)
    asked = json.loads(creation_of(await begin(desk, type="FIDO2", rp=SITE)))
    assert asked["rp"]["id"] == "localhost"
    excluded = [bytes(byte % 256 for byte in one["id"]) for one in asked["excludeCredentials"]]
    assert excluded == [decode(key.credential_id)]


async def test_an_authenticator_is_not_registered_twice(desk: Desk) -> None:
    mine = next(key for key in desk.box.world.passkeys if key.username == people.PASSKEY_PAIRED)
    begun = await begin(desk, people.PASSKEY_PAIRED, type="FIDO2", rp=SITE)
    _, attestation = attest(creation_of(begun), ORIGIN, key=mine)
    again = await activate(desk, begun, people.PASSKEY_PAIRED, origin=ORIGIN, attestation=attestation)
    assert error_of(again) == (400, "INVALID_DATA", "UNIQUENESS_VIOLATION")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "{}",
        lambda _: "not json",
        lambda _: "[]",
        altered(lambda response: response.update(attestationObject="AAAA")),
        altered(lambda response: response.update(clientDataJSON="%%%")),
        altered(lambda response: response.__delitem__("attestationObject")),
    ],
)
async def test_an_attestation_that_was_altered_is_refused_and_its_challenge_is_gone(
    desk: Desk, spoil: Callable[[str], str]
) -> None:
    begun = await begin(desk, type="FIDO2", rp=SITE)
    _, right = attest(creation_of(begun), ORIGIN)
    for attestation in (spoil(right), right):
        refused = await activate(desk, begun, origin=ORIGIN, attestation=attestation)
        assert error_of(refused) == (400, "INVALID_DATA", "INVALID_VALUE")


async def test_an_attestation_for_another_origin_or_challenge_is_refused(desk: Desk) -> None:
    begun, other = [await begin(desk, type="FIDO2", rp=SITE) for _ in range(2)]
    _, elsewhere = attest(creation_of(begun), "https://desk.evil.example")
    refused = await activate(desk, begun, origin="https://desk.evil.example", attestation=elsewhere)
    assert refused.json()["details"][0]["target"] == "origin"
    _, foreign = attest(creation_of(begun), ORIGIN)
    refused = await activate(desk, other, origin=ORIGIN, attestation=foreign)
    assert refused.json()["details"][0]["target"] == "attestation"


async def test_a_device_is_named_while_it_waits_and_may_be_given_up(desk: Desk) -> None:
    begun = await begin(desk, type="TOTP")
    url = desk.user_url(WHO, f"/devices/{begun.json()['id']}")
    named = await desk.http.put(f"{url}/nickname", json={"nickname": "My app"})
    assert named.json()["nickname"] == "My app"
    assert (await desk.http.delete(url)).status_code == 204
    assert (await activate(desk, begun, otp="123456")).status_code == 404
