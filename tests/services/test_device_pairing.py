"""A customer's device comes to PingOne, of each type, over HTTP; and what PingOne, or a rule, has against it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from csrdesk.flows import pairing_effects as px
from csrdesk.flows import pairing_replies as pr
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Agent, Context
from csrdesk.flows.kernel import Effect, Failed, Reply
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Sandbox, people
from csrdesk.sandbox.authenticator import Passkey, attest
from csrdesk.sandbox.model import Device
from csrdesk.services.performer import Outside, Performer

WHO = people.NO_DEVICE
PAGES = "http://localhost:8080"
NUMBER, WRITTEN = "07700 900143", "+44.7700900143"
ALL = ("FIDO2", "TOTP", "SMS", "VOICE", "EMAIL", "MOBILE")

Do = Callable[..., Awaitable[Reply]]


@pytest.fixture
def do(outside: Outside) -> Do:
    """Performs an effect for a customer on pages that belong to the passkeys' site."""
    performer = Performer(replace_pages(outside, PAGES))

    async def perform(effect: Effect, *, secret: str | None = None) -> Reply:
        typed = Secret(secret) if secret is not None else None
        return await performer(effect, Context("flow-1", 3, "flow-1", Agent("(customer)"), secret=typed))

    return perform


def replace_pages(outside: Outside, origin: str) -> Outside:
    return replace(outside, public_url=lambda: origin)


def devices(box: Sandbox, who: str = WHO) -> list[Device]:
    return box.world.user(who).devices


def pair(box: Sandbox, kind: str, who: str = WHO, *, proven: bool = False, instead_of: str = "") -> px.PairDevice:
    person_id = box.world.user(who).id
    return px.PairDevice(person_id=person_id, device_type=kind, proven=proven, instead_of=instead_of)


def activate(box: Sandbox, paired: Reply, kind: str, who: str = WHO) -> px.ActivateDevice:
    assert isinstance(paired, pr.DevicePaired), paired
    return px.ActivateDevice(person_id=box.world.user(who).id, device_type=kind, device_id=paired.device_id)


def number(box: Sandbox, kind: str = "SMS", country: str = "GB") -> px.PairNumber:
    return px.PairNumber(person_id=box.world.user(WHO).id, device_type=kind, country=country)


def gather(box: Sandbox, who: str = WHO, allowed: tuple[str, ...] = ALL) -> px.GatherPairing:
    return px.GatherPairing(person_id=box.world.user(who).id, allowed=allowed)


def sent(box: Sandbox) -> str:
    """The newest passcode that arrived anywhere."""
    return box.world.passcodes[-1].code


def shown(paired: Reply) -> str:
    assert isinstance(paired, pr.DevicePaired), paired
    assert paired.shown is not None
    return paired.shown.reveal()


@pytest.mark.parametrize("kind", ["SMS", "VOICE"])
async def test_a_number_is_registered_by_the_passcode_that_reaches_it(do: Do, box: Sandbox, kind: str) -> None:
    paired = await do(number(box, kind), secret=NUMBER)
    assert isinstance(paired, pr.DevicePaired)
    assert (paired.address, paired.active, paired.shown) == ("+44 *** *** 43", False, None)
    (device,) = devices(box)
    assert (device.type, device.to, device.status) == (kind, WRITTEN, "ACTIVATION_REQUIRED")
    wrong = await do(activate(box, paired, kind), secret="000000" if sent(box) != "000000" else "111111")
    assert isinstance(wrong, r.PasscodeWrong)
    right = await do(activate(box, paired, kind), secret=f" {sent(box)[:3]} {sent(box)[3:]}")
    assert isinstance(right, pr.DeviceActivated), right
    assert device.status == "ACTIVE"
    assert isinstance(await do(number(box, kind), secret=NUMBER), pr.AlreadyPaired)


async def test_another_passcode_comes_of_another_device_at_the_same_number(do: Do, box: Sandbox) -> None:
    first = await do(number(box), secret=NUMBER)
    before = sent(box)
    assert isinstance(first, pr.DevicePaired)
    again = await do(pair(box, "SMS", instead_of=first.device_id))
    assert isinstance(again, pr.DevicePaired)
    assert again.device_id != first.device_id
    assert again.address == first.address
    (device,) = devices(box)
    assert (device.id, device.to) == (again.device_id, WRITTEN)
    if sent(box) != before:
        assert isinstance(await do(activate(box, again, "SMS"), secret=before), r.PasscodeWrong)
    gone = await do(pair(box, "SMS", instead_of="no-such-device"))
    assert isinstance(gone, r.PasscodeRefused)


@pytest.mark.parametrize(
    ("typed", "country", "words"),
    [
        ("12", "GB", "too short"),
        ("hello", "GB", "no phone number"),
        ("7700 900143", "", "no phone number"),
        ("+999 12345678", "", "No country"),
        ("020 7946 0018", "GB", "no text messages"),
        ("0900 1234567", "DE", "costs whoever calls"),
        ("\0" * 400, "", "no phone number"),
    ],
)
async def test_what_is_no_number_reaches_nobody(do: Do, box: Sandbox, typed: str, country: str, words: str) -> None:
    reply = await do(number(box, country=country), secret=typed)
    assert isinstance(reply, pr.NumberNotTaken)
    assert words in reply.message
    assert devices(box) == []


async def test_an_app_is_registered_by_the_passcode_that_its_key_makes(do: Do, box: Sandbox) -> None:
    paired = await do(pair(box, "TOTP"))
    uri = shown(paired)
    assert uri.startswith("otpauth://totp/")
    key = pyotp.parse_uri(uri)
    assert isinstance(key, pyotp.TOTP)
    code = key.at(box.clock.now())
    assert isinstance(await do(activate(box, paired, "TOTP"), secret=code), pr.DeviceActivated)
    (device,) = devices(box)
    assert (device.type, device.status) == ("TOTP", "ACTIVE")
    assert key.secret not in repr(paired)


async def test_a_passkey_is_registered_by_what_an_authenticator_made(do: Do, box: Sandbox) -> None:
    paired = await do(pair(box, "FIDO2"))
    _, made = attest(shown(paired), PAGES)
    assert isinstance(await do(activate(box, paired, "FIDO2"), secret=made), pr.DeviceActivated)
    (device,) = devices(box)
    assert (device.type, device.status) == ("FIDO2", "ACTIVE")
    assert device.public_key


async def test_what_another_site_or_another_challenge_made_is_no_passkey(do: Do, box: Sandbox) -> None:
    paired = await do(pair(box, "FIDO2"))
    _, phished = attest(shown(paired), "http://localhost.evil.test")
    assert isinstance(await do(activate(box, paired, "FIDO2"), secret=phished), pr.AttestationWrong)
    again = await do(pair(box, "FIDO2", instead_of=activate(box, paired, "FIDO2").device_id))
    _, old = attest(shown(paired), PAGES)
    assert isinstance(await do(activate(box, again, "FIDO2"), secret=old), pr.AttestationWrong)
    assert isinstance(await do(activate(box, again, "FIDO2"), secret="{}"), pr.AttestationWrong)
    assert [device.status for device in devices(box)] == ["ACTIVATION_REQUIRED"]


async def test_an_authenticator_that_is_paired_already_is_said_to_be(do: Do, box: Sandbox) -> None:
    own: Passkey = next(key for key in box.world.passkeys if key.username == people.PASSKEY_PAIRED)
    paired = await do(pair(box, "FIDO2", people.PASSKEY_PAIRED))
    assert own.credential_id
    _, made = attest(shown(paired), PAGES, key=own)
    reply = await do(activate(box, paired, "FIDO2", people.PASSKEY_PAIRED), secret=made)
    assert isinstance(reply, pr.AlreadyPaired)


async def test_passkeys_for_another_site_than_the_pages_are_neither_offered_nor_made(
    outside: Outside, box: Sandbox
) -> None:
    performer = Performer(replace_pages(outside, "https://desk.example"))
    context = Context("flow-1", 3, "flow-1", Agent("(customer)"))
    assert isinstance(await performer(pair(box, "FIDO2"), context), pr.WrongSite)
    gathered = await performer(gather(box), context)
    assert isinstance(gathered, pr.PairingGathered)
    assert "FIDO2" not in gathered.device_types
    assert devices(box) == []


async def test_the_own_address_needs_no_passcode_where_it_was_verified_just_now(do: Do, box: Sandbox) -> None:
    user = box.world.user(WHO)
    paired = await do(pair(box, "EMAIL", proven=True))
    assert isinstance(paired, pr.DevicePaired)
    assert paired.active
    (device,) = devices(box)
    assert (device.type, device.to, device.status) == ("EMAIL", user.email, "ACTIVE")
    again = await do(pair(box, "EMAIL"))
    assert isinstance(again, pr.DevicePaired)
    assert (again.device_id, again.active) == (device.id, True)


async def test_the_own_address_is_registered_by_a_passcode_otherwise(do: Do, box: Sandbox) -> None:
    paired = await do(pair(box, "EMAIL"))
    assert isinstance(paired, pr.DevicePaired)
    assert not paired.active
    assert isinstance(await do(activate(box, paired, "EMAIL"), secret=sent(box)), pr.DeviceActivated)


async def test_what_was_begun_and_not_finished_goes_with_the_next_device(do: Do, box: Sandbox) -> None:
    for kind in ("TOTP", "FIDO2", "TOTP"):
        await do(pair(box, kind))
    (device,) = devices(box)
    assert device.type == "TOTP"
    drop = px.DropDevice(person_id=box.world.user(WHO).id, device_id=device.id)
    assert isinstance(await do(drop), pr.DeviceDropped)
    assert devices(box) == []
    assert isinstance(await do(drop), pr.DeviceDropped)


async def test_a_device_that_counts_is_never_dropped(do: Do, box: Sandbox) -> None:
    user = box.world.user(people.ONE_DEVICE)
    await do(px.DropDevice(person_id=user.id, device_id=user.devices[0].id))
    assert len(user.devices) == 1


async def test_nothing_is_registered_beyond_the_limit(do: Do, box: Sandbox) -> None:
    gathered = await do(gather(box, people.AT_LIMIT))
    assert isinstance(gathered, pr.PairingGathered)
    assert (gathered.device_types, gathered.full, len(gathered.registered)) == ((), True, 5)
    assert isinstance(await do(pair(box, "TOTP", people.AT_LIMIT)), pr.NoRoom)


async def test_offers_follow_settings_policy_and_what_is_there(do: Do, box: Sandbox) -> None:
    everything = await do(gather(box))
    assert isinstance(everything, pr.PairingGathered)
    assert set(everything.device_types) == set(ALL) - {"MOBILE"}
    assert (everything.registered, everything.full) == ((), False)
    assert everything.device_types == tuple(kind for kind in ALL if kind in everything.device_types)
    few = await do(gather(box, allowed=("TOTP", "SMS")))
    assert isinstance(few, pr.PairingGathered)
    assert few.device_types == ("TOTP", "SMS")
    there = await do(gather(box, people.ONE_DEVICE))
    assert isinstance(there, pr.PairingGathered)
    assert len(there.registered) == 1
    assert "***" in there.registered[0]


async def test_a_passcode_is_good_for_so_many_tries_and_so_long(do: Do, box: Sandbox) -> None:
    paired = await do(pair(box, "EMAIL"))
    wrong = "000000" if sent(box) != "000000" else "111111"
    replies = [await do(activate(box, paired, "EMAIL"), secret=wrong) for _ in range(12)]
    assert isinstance(replies[0], r.PasscodeWrong)
    assert isinstance(replies[-1], r.PasscodeRefused)
    again = await do(pair(box, "EMAIL"))
    box.clock.move(timedelta(hours=1))
    assert isinstance(await do(activate(box, again, "EMAIL"), secret=sent(box)), r.PasscodeRefused)


async def test_an_activation_whose_answer_was_lost_is_found_to_be_done(do: Do, box: Sandbox) -> None:
    paired = await do(pair(box, "EMAIL"))
    code = sent(box)
    assert isinstance(await do(activate(box, paired, "EMAIL"), secret=code), pr.DeviceActivated)
    assert isinstance(await do(activate(box, paired, "EMAIL"), secret=code), pr.DeviceActivated)


async def test_a_name_and_the_switch_are_read_back(do: Do, box: Sandbox) -> None:
    user = box.world.user(WHO)
    await do(pair(box, "EMAIL", proven=True))
    (device,) = devices(box)
    name = px.NameDevice(person_id=user.id, device_id=device.id, nickname="Mail\u202e [bold]")
    assert isinstance(await do(name), pr.DeviceNamed)
    assert device.nickname == "Mail\N{REPLACEMENT CHARACTER} [bold]"
    user.mfa_enabled = False
    enable = px.EnableMfa(person_id=user.id)
    assert (await do(enable)) != pr.MfaEnabled(changed=False)
    assert user.mfa_enabled
    assert (await do(enable)) == pr.MfaEnabled(changed=False)


async def test_r_48_what_pingone_says_and_does_not_do_is_a_failure(do: Do, box: Sandbox) -> None:
    user = box.world.user(WHO)
    paired = await do(pair(box, "EMAIL"))
    user.mfa_enabled = False
    box.faults.add(path="/users/", ignore_write=True)
    for reply in (
        await do(activate(box, paired, "EMAIL"), secret=sent(box)),
        await do(px.NameDevice(person_id=user.id, device_id=devices(box)[0].id, nickname="Mine")),
        await do(px.EnableMfa(person_id=user.id)),
    ):
        assert isinstance(reply, Failed)
        assert reply.problem.code == "read_back"


async def test_what_was_typed_and_is_gone_is_asked_for_again(do: Do, box: Sandbox) -> None:
    assert isinstance(await do(number(box)), r.SecretLost)
    paired = await do(pair(box, "EMAIL"))
    assert isinstance(await do(activate(box, paired, "EMAIL")), r.SecretLost)
    assert isinstance(await do(activate(box, paired, "EMAIL"), secret="12"), r.PasscodeWrong)


async def test_every_exchange_meets_a_server_in_trouble_as_a_failure(do: Do, box: Sandbox) -> None:
    user = box.world.user(WHO)
    paired = await do(pair(box, "EMAIL"))
    box.faults.add(path="/users/", status=500)
    effects: tuple[Effect, ...] = (
        gather(box),
        pair(box, "TOTP"),
        pair(box, "FIDO2"),
        pair(box, "EMAIL"),
        number(box),
        activate(box, paired, "EMAIL"),
        px.DropDevice(person_id=user.id, device_id="dev-1"),
        px.NameDevice(person_id=user.id, device_id="dev-1", nickname="Mine"),
        px.EnableMfa(person_id=user.id),
    )
    replies = await asyncio.gather(
        *(do(effect, secret=NUMBER if effect is effects[4] else "123456") for effect in effects)
    )
    assert [type(reply) for reply in replies] == [Failed] * len(effects)
