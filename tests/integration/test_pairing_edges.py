"""Every edge of Device Registration's diagram, driven by real steps: over HTTP, against the sandbox, with faults where
a step meets one.
"""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pyotp
import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.customer import Customer
from csrdesk.demo.pairing import NUMBER, register_device
from csrdesk.flows import device_pairing as dp
from csrdesk.flows import device_registration as dr
from csrdesk.sandbox.authenticator import attest
from csrdesk.sandbox.policies import MAX_DEVICES
from csrdesk.server import pairing_texts as pt
from tests.integration.conftest import World
from tests.integration.edges import Steps, fault, just_after
from tests.integration.test_device_registration import DONE, choosing, made

PARTS = (dr.DeviceRegistrationState, dp.DevicePairingState)
DEVICES = "/devices$"
ADDRESSES = (f"customer-{number}@mail.example" for number in range(100))


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(
        settings,
        pingone=replace(settings.pingone, timeout_seconds=10.0),
        registration=replace(settings.registration, enabled=True),
        limits=replace(
            settings.limits,
            recovery_answer_seconds=0.05,
            passcodes_per_link=100,
            public_pages_per_source=1000,
            wrong_posts_per_address=1000,
        ),
    )


class AtPage(Customer):
    """Posts what only a script posts, or what the page does not offer, by a form of it that was changed by hand."""

    address = ""

    async def post(self, kind: str, **typed: str) -> None:
        form = self._page.forms[0]
        await self._post(form, {**form.values, **typed, "type": kind})

    @property
    def options(self) -> str:
        return next(form.options for form in self._page.forms if form.options)

    async def sms(self) -> None:
        await self.answer("DeviceTypeChosen", device_type="SMS")
        await self.answer("NumberGiven", country="", number=NUMBER)

    async def at_choice(self) -> None:
        """Back to the kinds of device, from wherever a page was closed or left."""
        for _ in range(3):
            if self.offers("DeviceTypeChosen"):
                return
            await self.answer("TryAgainChosen" if self.offers("TryAgainChosen") else "BackChosen")


@asynccontextmanager
async def at_choice(world: World) -> AsyncIterator[AtPage]:
    """A registration of somebody new, as far as the choice of a device."""
    address = next(ADDRESSES)
    async with AtPage(address, world.box.settings().mailbox_url, webauthn="FULL") as browser:
        browser.address = address
        await choosing(world, browser, address)
        yield browser


def ended_after(world: World, state: str) -> AbstractAsyncContextManager[None]:
    """The page ends between the step to that state and what it wants; with the next step it is open again."""
    ended = "UPDATE public_pages SET stage = 'ended', ended_at = NEW.changed_at WHERE id = NEW.id"
    again = "UPDATE public_pages SET stage = 'created', ended_at = NULL WHERE id = NEW.id AND stage = 'ended'"
    return just_after(world, state, ended, restored=again)


async def what_can_be_chosen(world: World) -> None:
    async with at_choice(world) as browser:
        await browser.answer("DeviceTypeChosen", device_type="MOBILE")
        browser.reads("Choose one of the possibilities")
        await browser.answer("DeviceTypeChosen", device_type="SMS")
        with fault(world, method="GET", path=DEVICES, status=403):
            await browser.answer("BackChosen")
        browser.reads("could not find out")
        await browser.answer("TryAgainChosen")
        await browser.answer("DeviceTypeChosen", device_type="SMS")
        with fault(world, method="GET", path="/users/[^/]+$", status=404):
            await browser.answer("BackChosen")
        await browser.answer("TryAgainChosen")
        browser.reads(pt.CHOOSE_TITLE)
        await browser.answer("PasswordInsteadChosen")


async def a_number(world: World) -> None:
    async with at_choice(world) as browser:
        await browser.answer("DeviceTypeChosen", device_type="SMS")
        with fault(world, method="POST", path=DEVICES, status=500):
            await browser.answer("NumberGiven", country="", number=NUMBER)
        browser.reads("did not work on our side")
        devices = made(world, browser.address).devices
        filled = [copy.copy(devices[0]) for _ in range(MAX_DEVICES)]
        devices.extend(filled)
        await browser.answer("NumberGiven", country="", number=NUMBER)
        browser.reads("as many devices as")
        del devices[-MAX_DEVICES:]
        await browser.post("TryAgainChosen")
        await browser.answer("DeviceTypeChosen", device_type="SMS")
        async with ended_after(world, "PairingNumber"):
            await browser.answer("NumberGiven", country="", number=NUMBER)
        await browser.at_choice()
        await browser.sms()
        await browser.answer("PasscodeGiven", passcode="12")
        await browser.answer("ResendChosen")
        await browser.answer("PasscodeGiven", passcode="000000x")
        browser.reads("not right")
        devices[:] = [device for device in devices if device.status == "ACTIVE"]
        await browser.answer("PasscodeGiven", passcode="000000x")
        browser.reads("cannot be used any more")
        await browser.sms()
        async with ended_after(world, "Activating"):
            await browser.answer("PasscodeGiven", passcode="000000x")
        await browser.at_choice()
        await browser.sms()
        async with ended_after(world, "DroppingDevice"):
            await browser.answer("BackChosen")
        await browser.at_choice()
        await browser.sms()
        await browser.answer("BackChosen")
        await browser.answer("BackChosen")
        await register_device(browser, "SMS", name="")
        browser.reads(DONE)


async def an_app(world: World) -> None:
    async with at_choice(world) as browser:
        with fault(world, method="POST", path=DEVICES, status=500):
            await browser.answer("DeviceTypeChosen", device_type="TOTP")
        browser.reads("did not work on our side")
        async with ended_after(world, "PairingDevice"):
            await browser.answer("DeviceTypeChosen", device_type="TOTP")
        await browser.at_choice()
        await browser.answer("DeviceTypeChosen", device_type="TOTP")
        await browser.answer("PasscodeGiven", passcode="12")
        await browser.answer("PasscodeGiven", passcode="000000x")
        browser.reads("not right")
        await browser.answer("BackChosen")
        await browser.answer("DeviceTypeChosen", device_type="TOTP")
        await browser.answer("ResendChosen")
        await browser.answer("PasscodeGiven", passcode=pyotp.TOTP(browser.app_key).now())
        await browser.answer("NicknameGiven", nickname="My app")
        browser.reads(DONE)


async def a_passkey(world: World) -> None:
    async with at_choice(world) as browser:
        await browser.answer("DeviceTypeChosen", device_type="FIDO2")
        await browser.post("NewPasskeyFailed", reason="cancelled")
        browser.reads("No passkey was made")
        await browser.post("NewPasskeyFailed", reason="unsupported")
        await browser.answer("DeviceTypeChosen", device_type="FIDO2")
        await browser.post("ResendChosen")
        _, foreign = attest(browser.options, "http://localhost.evil.test")
        await browser.post("AttestationGiven", attestation=foreign)
        browser.reads("not accepted")
        with fault(world, method="POST", path="/devices/", status=500):
            await browser.post("AttestationGiven", attestation=json.dumps({}))
        browser.reads("did not work on our side")
        await browser.post("ResendChosen")
        with fault(world, method="PUT", path="/mfaEnabled$", status=500):
            await browser.make_passkey()
            await browser.answer("NicknameGiven", nickname="")
        browser.reads(pt.NOT_ENABLED_TITLE)
        async with ended_after(world, "EnablingMfa"):
            await browser.answer("TryAgainChosen")
        await browser.answer("TryAgainChosen")
        browser.reads(pt.REGISTERED)
        await browser.answer("RegisteredChosen")
        browser.reads(DONE)


async def the_own_mailbox(world: World) -> None:
    async with at_choice(world) as browser:
        await register_device(browser, "EMAIL")
        browser.reads(DONE)


WAYS: tuple[Callable[[World], Coroutine[object, object, None]], ...] = (
    what_can_be_chosen, a_number, an_app, a_passkey, the_own_mailbox,
)  # fmt: skip


async def test_every_edge_of_device_registrations_diagram_is_driven_over_http(world: World) -> None:
    """Takes some seconds: five registrations, and everything that can go wrong in each."""
    with Steps() as steps:
        for way in WAYS:
            await way(world)
        await steps.until_driven(PARTS)
    assert steps.beside(PARTS) == ([], [])
