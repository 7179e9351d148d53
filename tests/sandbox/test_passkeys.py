from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from csrdesk.sandbox import people
from csrdesk.sandbox.authenticator import Passkey, decode, encode, make_passkey, sign
from tests.sandbox.conftest import Desk, error_of

ORIGIN = "http://localhost:8443"


def passkey_of(desk: Desk, username: str = people.ONLY_PASSKEY) -> Passkey:
    return next(key for key in desk.box.world.passkeys if key.username == username)


def options_of(answer: httpx.Response) -> str:
    return str(answer.json()["publicKeyCredentialRequestOptions"])


def at(desk: Desk, started: httpx.Response) -> str:
    return f"{desk.authentications}/{started.json()['id']}"


async def check(desk: Desk, started: httpx.Response, assertion: str, origin: str = ORIGIN) -> httpx.Response:
    return await desk.verb(at(desk, started), "assertion.check", {"origin": origin, "assertion": assertion})


async def test_an_assertion_that_the_persons_key_signed_completes(desk: Desk) -> None:
    started = await desk.authenticate(people.ONLY_PASSKEY)
    assert started.json()["status"] == "ASSERTION_REQUIRED"
    assert "assertion.check" in started.json()["_links"]
    asked = json.loads(options_of(started))
    assert asked["rpId"] == "localhost"
    assert all(-128 <= byte <= 127 for byte in asked["challenge"])
    checked = await check(desk, started, sign(passkey_of(desk), options_of(started), ORIGIN))
    assert (checked.status_code, checked.json()["status"]) == (200, "COMPLETED")


async def test_bytes_may_come_as_plain_base64_too(desk: Desk) -> None:
    started = await desk.authenticate(people.ONLY_PASSKEY)
    signed = json.loads(sign(passkey_of(desk), options_of(started), ORIGIN))
    padded = {name: value + "=" * (-len(value) % 4) for name, value in signed["response"].items()}
    plain = {name: value.replace("-", "+").replace("_", "/") for name, value in padded.items()}
    assert (await check(desk, started, json.dumps({**signed, "response": plain}))).json()["status"] == "COMPLETED"


def altered(change: Callable[[dict[str, str]], None]) -> Callable[[str], str]:
    def apply(assertion: str) -> str:
        body = json.loads(assertion)
        change(body["response"])
        return json.dumps(body)

    return apply


def other_bit(response: dict[str, str]) -> None:
    data = bytearray(decode(response["authenticatorData"]))
    data[32] ^= 0x04
    response["authenticatorData"] = encode(bytes(data))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "{}",
        lambda _: "not json",
        lambda _: "[]",
        lambda assertion: assertion[: len(assertion) // 2],
        altered(other_bit),
        altered(lambda response: response.update(signature="AAAA")),
        altered(lambda response: response.update(clientDataJSON="%%%")),
    ],
)
async def test_an_assertion_that_was_altered_is_refused_and_its_challenge_is_gone(
    desk: Desk, spoil: Callable[[str], str]
) -> None:
    started = await desk.authenticate(people.ONLY_PASSKEY)
    right = sign(passkey_of(desk), options_of(started), ORIGIN)
    assert error_of(await check(desk, started, spoil(right))) == (400, "INVALID_DATA", "INVALID_VALUE")
    assert error_of(await check(desk, started, right)) == (400, "INVALID_DATA", "INVALID_VALUE")


async def test_a_new_challenge_comes_with_selecting_the_device_again(desk: Desk) -> None:
    started = await desk.authenticate(people.ONLY_PASSKEY)
    await check(desk, started, "{}")
    device = desk.box.world.user(people.ONLY_PASSKEY).devices[0]
    again = await desk.verb(at(desk, started), "device.select", {"device": {"id": device.id}})
    assert options_of(again) != options_of(started)
    checked = await check(desk, started, sign(passkey_of(desk), options_of(again), ORIGIN))
    assert checked.json()["status"] == "COMPLETED"


async def test_an_assertion_for_another_origin_is_refused(desk: Desk) -> None:
    started = await desk.authenticate(people.ONLY_PASSKEY)
    elsewhere = sign(passkey_of(desk), options_of(started), "https://desk.evil.example")
    assert error_of(await check(desk, started, elsewhere)) == (400, "INVALID_DATA", "INVALID_VALUE")
    refused = await check(desk, started, elsewhere, "https://desk.evil.example")
    assert refused.json()["details"][0]["target"] == "origin"


async def test_an_assertion_of_another_persons_key_is_refused(desk: Desk) -> None:
    started = await desk.authenticate(people.ONLY_PASSKEY)
    foreign = sign(passkey_of(desk, people.PASSKEY_AND_PHONE), options_of(started), ORIGIN)
    assert error_of(await check(desk, started, foreign)) == (400, "INVALID_DATA", "INVALID_VALUE")


async def test_an_assertion_for_another_site_is_refused(desk: Desk) -> None:
    started = await desk.authenticate(people.ONLY_PASSKEY)
    device = desk.box.world.user(people.ONLY_PASSKEY).devices[0]
    options = options_of(started).replace("localhost", "other.example")
    signed = sign(make_passkey(device.id, people.ONLY_PASSKEY, "other.example"), options, ORIGIN)
    assert error_of(await check(desk, started, signed)) == (400, "INVALID_DATA", "INVALID_VALUE")


async def test_a_counter_that_went_back_is_refused(desk: Desk) -> None:
    key = passkey_of(desk)
    key.sign_count = 8
    started = await desk.authenticate(people.ONLY_PASSKEY)
    assert (await check(desk, started, sign(key, options_of(started), ORIGIN))).json()["status"] == "COMPLETED"
    key.sign_count = 4
    again = await desk.authenticate(people.ONLY_PASSKEY)
    copied = await check(desk, again, sign(key, options_of(again), ORIGIN))
    assert error_of(copied) == (400, "INVALID_DATA", "INVALID_VALUE")


async def test_a_device_blocked_meanwhile_is_refused(desk: Desk) -> None:
    started = await desk.authenticate(people.ONLY_PASSKEY)
    desk.box.world.user(people.ONLY_PASSKEY).devices[0].blocked_at = desk.box.clock.now()
    refused = await check(desk, started, sign(passkey_of(desk), options_of(started), ORIGIN))
    assert error_of(refused) == (400, "REQUEST_FAILED", "CONSTRAINT_VIOLATION")


async def test_the_mailbox_hands_a_passkey_to_whoever_names_its_owner(desk: Desk) -> None:
    everybody = (await desk.http.get(f"{desk.at.mailbox_url}.json")).json()
    assert everybody["passkeys"] == []
    hers = (await desk.http.get(f"{desk.at.mailbox_url}.json", params={"to": people.ONLY_PASSKEY})).json()
    assert [key["username"] for key in hers["passkeys"]] == [people.ONLY_PASSKEY]
