"""A customer without a password registers a device, of each kind: pages over HTTP, a desk, PingOne's sandbox."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.customer import Customer
from csrdesk.demo.pairing import NUMBER, register_device
from csrdesk.sandbox.authenticator import Passkey
from csrdesk.sandbox.model import Device, User
from csrdesk.server import pairing_texts as pt
from tests.integration.conftest import World

ADDRESS = "grace.hopper@mail.example"
DONE = "You are registered"
KINDS = ("FIDO2", "TOTP", "SMS", "VOICE", "EMAIL")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(
        settings,
        pingone=replace(settings.pingone, timeout_seconds=10.0),
        registration=replace(settings.registration, enabled=True),
        limits=replace(settings.limits, recovery_answer_seconds=0.05),
    )


def visitor(world: World, address: str = ADDRESS, *, webauthn: str = "FULL") -> Customer:
    return Customer(address, world.box.settings().mailbox_url, webauthn=webauthn)


async def choosing(world: World, browser: Customer, address: str = ADDRESS) -> None:
    """As far as the choice of a device."""
    await browser.open(f"{world.desk.pages_url}/register")
    await browser.answer("RegisterEmailGiven", email=address)
    await browser.answer("PasscodeGiven", passcode=await browser.newest_passcode())
    await browser.answer("NamesGiven", given_name="Grace", family_name="Hopper")
    await browser.answer("WithoutPasswordChosen")
    browser.reads(pt.CHOOSE_TITLE)


def made(world: World, address: str = ADDRESS) -> User:
    return next(user for user in world.box.world.users.values() if user.email == address)


def devices(world: World, kind: str) -> list[Device]:
    return [device for device in made(world).devices if device.type == kind]


def written(folder: Path) -> bytes:
    """Everything that a desk wrote to its disk."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("kind", KINDS)
async def test_a_device_of_each_kind_is_registered_and_pingone_asks_for_it(world: World, kind: str) -> None:
    async with visitor(world) as browser:
        await choosing(world, browser)
        await register_device(browser, kind, name="Red one")
        browser.reads(DONE)
    (device,) = devices(world, kind)
    assert device.status == "ACTIVE"
    assert device.nickname == ("Red one" if kind != "EMAIL" else "")
    assert made(world).mfa_enabled
    assert all(one.status == "ACTIVE" for one in made(world).devices)


async def test_r_16_no_key_number_passcode_or_attestation_is_written_to_any_disk(
    world: World, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    seen = ["5125550177", "512 555 0177", "512.555.0177"]
    async with visitor(world) as browser:
        await choosing(world, browser)
        await browser.answer("DeviceTypeChosen", device_type="TOTP")
        seen += [browser.app_key, browser.app_key.lower()]
        await browser.answer("PasscodeGiven", passcode="000000")
        await browser.answer("BackChosen")
        await browser.answer("DeviceTypeChosen", device_type="SMS")
        await browser.answer("NumberGiven", country="", number=NUMBER)
        seen.append(await browser.newest_passcode(kind="SMS"))
        await browser.answer("BackChosen")
        await browser.answer("BackChosen")
        key = await register_device(browser, "FIDO2")
        assert isinstance(key, Passkey)
        seen.append(key.credential_id)
        browser.reads(DONE)
    everything = written(Path(settings.desk.data_dir))
    assert b"mfa.pair" in everything
    for secret in seen:
        assert secret.encode() not in everything, secret
        assert secret not in caplog.text


async def test_a_page_that_is_loaded_again_shows_the_same_key_and_a_restart_another(world: World) -> None:
    async with visitor(world) as browser:
        await choosing(world, browser)
        await browser.answer("DeviceTypeChosen", device_type="TOTP")
        first = browser.app_key
        await browser.open(browser.url)
        assert browser.app_key == first
        world.desk.engine._runner.shown._kept.clear()  # noqa: SLF001 - as after a restart
        await browser.open(browser.url)
        browser.reads(pt.APP_GONE)
        await browser.answer("ResendChosen")
        assert browser.app_key != first
        await browser.answer("PasscodeGiven", passcode=pyotp.TOTP(first).at(world.box.clock.now() + timedelta(hours=1)))
        browser.reads("not right")
        await browser.answer("PasscodeGiven", passcode=pyotp.TOTP(browser.app_key).now())
        browser.reads(pt.NAME_TITLE)
    assert len(devices(world, "TOTP")) == 1


async def test_back_leads_to_the_page_before_and_leaves_nothing_half_made(world: World) -> None:
    async with visitor(world) as browser:
        await choosing(world, browser)
        for kind, title in (("TOTP", pt.APP_TITLE), ("FIDO2", pt.PASSKEY_TITLE)):
            await browser.answer("DeviceTypeChosen", device_type=kind)
            browser.reads(title)
            await browser.answer("BackChosen")
            browser.reads(pt.CHOOSE_TITLE)
            assert devices(world, kind) == []
        await browser.answer("DeviceTypeChosen", device_type="VOICE")
        await browser.answer("NumberGiven", country="US", number="512 555 0177")
        browser.reads("+1 *** *** 77")
        await browser.answer("BackChosen")
        browser.reads(pt.NUMBER_TITLE["VOICE"])
        assert browser.typed("number") == "512 555 0177"
        assert devices(world, "VOICE") == []
        await browser.answer("BackChosen")
        browser.reads(pt.CHOOSE_TITLE)


async def test_passcodes_are_sent_again_as_often_as_the_limit_says(world: World) -> None:
    async with visitor(world) as browser:
        await choosing(world, browser)
        await browser.answer("DeviceTypeChosen", device_type="SMS")
        await browser.answer("NumberGiven", country="", number=NUMBER)
        for _ in range(3):
            await browser.answer("ResendChosen")
            browser.reads("A new passcode is on its way")
        assert not browser.offers("ResendChosen")
        codes = [code for code in world.box.world.passcodes if code.type == "SMS"]
        assert len(codes) == 4
        await browser.answer("PasscodeGiven", passcode=codes[-1].code)
        browser.reads(pt.NAME_TITLE)


async def test_r_18_one_page_has_no_more_than_so_many_passcodes_sent_to_devices(world: World) -> None:
    async with visitor(world) as browser:
        await choosing(world, browser)
        await browser.answer("DeviceTypeChosen", device_type="SMS")
        for _ in range(6):
            await browser.answer("NumberGiven", country="", number=NUMBER)
            if browser.offers("PasscodeGiven"):
                await browser.answer("BackChosen")
        browser.reads("which is the most")
    assert sum(code.type == "SMS" for code in world.box.world.passcodes) == 5
    alerts = [row for row in await world.desk.audit.list() if row.action == "limit.reached"]
    assert [row.details["limit"] for row in alerts] == ["passcodes_per_link"]


async def test_a_browser_without_passkeys_is_told_so_before_anything_is_made(world: World) -> None:
    async with visitor(world, webauthn="NONE") as browser:
        await choosing(world, browser)
        await browser.answer("DeviceTypeChosen", device_type="FIDO2")
        browser.reads("cannot make passkeys")
    assert devices(world, "FIDO2") == []


async def test_a_password_may_stand_in_for_a_device(world: World) -> None:
    async with visitor(world) as browser:
        await choosing(world, browser)
        await browser.answer("PasswordInsteadChosen")
        await browser.answer("FirstPasswordTyped", password="Winding-7-Lanes", again="Winding-7-Lanes")
        browser.reads(DONE)
    assert made(world).password.status == "OK"
    assert {device.type for device in made(world).devices} == {"EMAIL"}
