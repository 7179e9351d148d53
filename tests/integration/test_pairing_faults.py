"""A device is registered while PingOne refuses, breaks, is slow, cut off or answers nonsense: nobody is stuck, each
thing begun has an outcome, and nothing is registered twice or stays half made.
"""

from __future__ import annotations

import pyotp
import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.pairing import NUMBER
from csrdesk.server import pairing_texts as pt
from tests.integration.conftest import World
from tests.integration.test_device_registration import DONE, choosing, devices, visitor
from tests.integration.test_faults_everywhere import FAULTS, HTTP
from tests.integration.test_recovery_faults import outcomes_are_complete, settled

LOST: dict[str, dict[str, object]] = {"late": {"late_ms": 2_500}, "cut": {"cut": True}}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(
        settings,
        pingone=replace(settings.pingone, timeout_seconds=1.5),
        registration=replace(settings.registration, enabled=True),
        limits=replace(settings.limits, recovery_answer_seconds=0.05, passcodes_per_link=100),
    )


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_fails_is_said_and_a_retry_leads_to_one_device(world: World, fault: str) -> None:
    async with visitor(world) as browser:
        await choosing(world, browser)
        for kind in ("TOTP", "SMS"):
            placed = world.box.faults.add(path=HTTP, **FAULTS[fault])
            await browser.answer("DeviceTypeChosen", device_type=kind)
            if kind == "SMS":
                await browser.answer("NumberGiven", country="", number=NUMBER)
            await settled(browser)
            assert browser.status == 200
            browser.reads("Try again")
            assert "PingOne" not in browser.text
            world.box.faults.clear(placed)
            if kind == "SMS":
                await browser.answer("BackChosen")
            elif browser.offers("TryAgainChosen"):
                await browser.answer("TryAgainChosen")
            await settled(browser)
        await browser.answer("DeviceTypeChosen", device_type="TOTP")
        code = pyotp.TOTP(browser.app_key).now()
        placed = world.box.faults.add(path=HTTP, **FAULTS[fault])
        await browser.answer("PasscodeGiven", passcode=code)
        await settled(browser)
        browser.reads("Try again")
        world.box.faults.clear(placed)
        await browser.answer("PasscodeGiven", passcode=code)
        await settled(browser)
        browser.reads(pt.NAME_TITLE)
        await browser.answer("NicknameGiven", nickname="My app")
        await settled(browser)
        browser.reads(DONE)
    (device,) = devices(world, "TOTP")
    assert (device.status, device.nickname) == ("ACTIVE", "My app")
    assert devices(world, "SMS") == []
    await outcomes_are_complete(world)


@pytest.mark.parametrize("fault", LOST)
async def test_a_device_whose_answer_was_lost_is_found_and_not_made_twice(world: World, fault: str) -> None:
    async with visitor(world) as browser:
        await choosing(world, browser)
        world.box.faults.add(method="POST", path="/devices$", times=1, **LOST[fault])
        await browser.answer("DeviceTypeChosen", device_type="TOTP")
        await settled(browser)
        browser.reads("did not work on our side")
        await browser.answer("DeviceTypeChosen", device_type="TOTP")
        await settled(browser)
        code = pyotp.TOTP(browser.app_key).now()
        world.box.faults.add(method="POST", path="/devices/", times=1, **LOST[fault])
        await browser.answer("PasscodeGiven", passcode=code)
        await settled(browser)
        browser.reads("Try again")
        await browser.answer("PasscodeGiven", passcode=code)
        await settled(browser)
        browser.reads(pt.NAME_TITLE)
    assert [device.status for device in devices(world, "TOTP")] == ["ACTIVE"]
    await outcomes_are_complete(world)
