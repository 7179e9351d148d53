"""Devices being registered, over HTTP against the sandbox."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest

from csrdesk.errors import ConflictError, InvalidValueError
from csrdesk.sandbox import Sandbox, people
from csrdesk.sandbox.authenticator import attest
from csrdesk.services.performer import Outside
from csrdesk.services.pingone import devices, pairing
from csrdesk.services.pingone.api import Api

WHO = people.NO_DEVICE_PINGONE
PHONE = "+44.7700900251"
ORIGIN = "http://localhost:8443"
SITE = pairing.Site("localhost", "Example Care")


@pytest.fixture
def api(outside: Outside) -> Api:
    return outside.pingone


@pytest.fixture
def who(box: Sandbox) -> str:
    return box.world.user(WHO).id


def begun(result: object) -> pairing.Begun:
    assert isinstance(result, pairing.Begun), result
    return result


def code(box: Sandbox) -> str:
    return box.world.passcodes[-1].code


async def statuses(api: Api, who: str) -> list[tuple[str, str]]:
    return [(device.type, device.status) for device in await devices.read_all(api, who)]


@pytest.mark.parametrize("kind", ["SMS", "VOICE", "EMAIL"])
async def test_a_number_or_address_is_a_device_once_its_passcode_came_back(
    api: Api, box: Sandbox, who: str, kind: str
) -> None:
    if kind == "EMAIL":
        begin = begun(await pairing.begin_email(api, who, "jiho@home.example"))
    else:
        begin = begun(await pairing.begin_phone(api, who, kind, PHONE))
    assert (begin.type, begin.active, begin.secret) == (kind, False, None)
    assert begin.correlation_id
    wrong = await pairing.activate(api, who, begin.device_id, "nope00")
    assert isinstance(wrong, pairing.CodeWrong)
    assert isinstance(await pairing.activate(api, who, begin.device_id, code(box)), pairing.Activated)
    assert await statuses(api, who) == [(kind, "ACTIVE")]


async def test_an_address_that_was_verified_is_a_device_at_once(api: Api, box: Sandbox, who: str) -> None:
    assert begun(await pairing.begin_email(api, who, "jiho@mail.example", active=True)).active
    assert not box.world.passcodes
    assert await statuses(api, who) == [("EMAIL", "ACTIVE")]


async def test_an_apps_secret_is_hidden_wherever_it_is_printed(api: Api, box: Sandbox, who: str) -> None:
    begin = begun(await pairing.begin_totp(api, who))
    assert begin.secret
    assert begin.key_uri
    uri = pyotp.parse_uri(begin.key_uri.reveal())
    assert isinstance(uri, pyotp.TOTP)
    assert uri.secret == begin.secret.reveal()
    assert begin.secret.reveal() not in repr(begin)
    now = uri.at(int(box.clock.now().timestamp()))
    assert isinstance(await pairing.activate(api, who, begin.device_id, now), pairing.Activated)


async def test_a_passkey_is_registered_by_what_the_browser_made(api: Api, who: str) -> None:
    begin = begun(await pairing.begin_passkey(api, who, SITE))
    _, attestation = attest(begin.options, ORIGIN)
    done = await pairing.activate_passkey(api, who, begin.device_id, attestation, ORIGIN)
    assert isinstance(done, pairing.Activated)
    assert await statuses(api, who) == [("FIDO2", "ACTIVE")]


async def test_an_attestation_for_another_challenge_is_not_taken(api: Api, who: str) -> None:
    first, other = [begun(await pairing.begin_passkey(api, who, SITE)) for _ in range(2)]
    _, attestation = attest(first.options, ORIGIN)
    for text in (attestation, "{}", "no json"):
        refused = await pairing.activate_passkey(api, who, other.device_id, text, ORIGIN)
        assert isinstance(refused, pairing.NotAttested)


async def test_a_passkey_for_another_site_is_said_at_the_beginning_and_at_the_end(api: Api, who: str) -> None:
    elsewhere = pairing.Site("desk.example", "Elsewhere")
    assert isinstance(await pairing.begin_passkey(api, who, elsewhere), pairing.WrongSite)
    begin = begun(await pairing.begin_passkey(api, who, SITE))
    _, attestation = attest(begin.options, "https://desk.example")
    ended = await pairing.activate_passkey(api, who, begin.device_id, attestation, "https://desk.example")
    assert isinstance(ended, pairing.WrongSite)


async def test_what_is_paired_already_is_said(api: Api, box: Sandbox) -> None:
    user = box.world.user(people.ONE_DEVICE)
    assert isinstance(await pairing.begin_phone(api, user.id, "SMS", user.devices[0].to), pairing.AlreadyPaired)
    owner = box.world.user(people.PASSKEY_PAIRED)
    key = next(key for key in box.world.passkeys if key.username == people.PASSKEY_PAIRED)
    begin = begun(await pairing.begin_passkey(api, owner.id, SITE))
    _, attestation = attest(begin.options, ORIGIN, key=key)
    again = await pairing.activate_passkey(api, owner.id, begin.device_id, attestation, ORIGIN)
    assert isinstance(again, pairing.AlreadyPaired)


async def test_the_limit_is_read_and_said(api: Api, box: Sandbox) -> None:
    full = box.world.user(people.AT_LIMIT)
    assert await pairing.limit(api) == len(full.devices)
    assert isinstance(await pairing.begin_totp(api, full.id), pairing.LimitReached)


async def test_who_may_not_read_the_limit_leaves_it_to_pingone(api: Api, box: Sandbox) -> None:
    box.faults.add(path="/mfaSettings$", status=403)
    assert await pairing.limit(api) == pairing.MOST
    full = box.world.user(people.AT_LIMIT)
    assert isinstance(await pairing.begin_totp(api, full.id), pairing.LimitReached)


async def test_a_type_or_number_that_pingone_does_not_take_is_said(api: Api, who: str) -> None:
    assert isinstance(await pairing.begin_phone(api, who, "MOBILE", PHONE), pairing.NotAllowed)
    assert isinstance(await pairing.begin_phone(api, who, "SMS", "not a number"), pairing.AddressRefused)
    assert isinstance(await pairing.begin_email(api, who, "not an address"), pairing.AddressRefused)
    with pytest.raises(InvalidValueError):
        await pairing.begin_totp(api, who, policy_id="no-policy")


async def test_what_cannot_be_activated_any_more_is_said(api: Api, box: Sandbox, who: str) -> None:
    gone = begun(await pairing.begin_phone(api, who, "SMS", PHONE))
    await devices.remove(api, who, gone.device_id)
    assert isinstance(await pairing.activate(api, who, gone.device_id, code(box)), pairing.PairingOver)
    gone_key = begun(await pairing.begin_passkey(api, who, SITE))
    await devices.remove(api, who, gone_key.device_id)
    over = await pairing.activate_passkey(api, who, gone_key.device_id, "{}", ORIGIN)
    assert isinstance(over, pairing.PairingOver)
    late = begun(await pairing.begin_phone(api, who, "SMS", PHONE))
    late_key = begun(await pairing.begin_passkey(api, who, SITE))
    box.clock.move(timedelta(minutes=31))
    assert isinstance(await pairing.activate(api, who, late.device_id, code(box)), pairing.PairingOver)
    over = await pairing.activate_passkey(api, who, late_key.device_id, "{}", ORIGIN)
    assert isinstance(over, pairing.PairingOver)


async def test_a_disabled_account_registers_nothing(api: Api, box: Sandbox, who: str) -> None:
    begin = begun(await pairing.begin_phone(api, who, "SMS", PHONE))
    box.world.user(WHO).enabled = False
    with pytest.raises(ConflictError):
        await pairing.activate(api, who, begin.device_id, code(box))
