"""Fifty customers who register at the same moment on one server: each has an account, a device and their terms then."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.customer import Customer
from csrdesk.demo.pairing import register_device
from csrdesk.sandbox import ids
from tests.integration.conftest import World

AT_ONCE = 50
PASSWORD = "Winding-7-Lanes"
KINDS = ("", "FIDO2", "TOTP", "SMS", "EMAIL")
"""What they choose, in turns; empty for a password."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With the limits of one source address out of the way, and time for a server that has much to do."""
    return replace(
        settings,
        flow=replace(settings.flow, ciam_agreement_enabled=True, agreement_id=ids.AGREEMENT),
        registration=replace(settings.registration, enabled=True),
        limits=replace(settings.limits, recovery_answer_seconds=0.1, public_pages_per_source=10_000),
        pingone=replace(settings.pingone, timeout_seconds=60.0),
        mail=replace(settings.mail, timeout_seconds=60.0),
    )


async def registers(world: World, address: str, kind: str) -> None:
    async with Customer(address, world.box.settings().mailbox_url, webauthn="FULL") as browser:
        await browser.open(f"{world.desk.pages_url}/register")
        await browser.answer("RegisterEmailGiven", email=address)
        await browser.answer("PasscodeGiven", passcode=await browser.newest_passcode())
        await browser.answer("NamesGiven", given_name="Nour", family_name="Lind")
        if kind:
            await browser.answer("WithoutPasswordChosen")
        else:
            await browser.answer("FirstPasswordTyped", password=PASSWORD, again=PASSWORD)
        await browser.answer("AgreementAccepted")
        if kind:
            await register_device(browser, kind)
        browser.reads("You are registered")


async def test_fifty_registrations_at_once_do_not_fail(world: World) -> None:
    """Takes some seconds: fifty is the number that was asked for, and each is a whole registration."""
    wanted = {f"crowd{number}@new.example": KINDS[number % len(KINDS)] for number in range(AT_ONCE)}
    async with asyncio.TaskGroup() as group:
        for address, kind in wanted.items():
            group.create_task(registers(world, address, kind))
    made = [user for user in world.box.world.users.values() if user.email in wanted]
    assert len(made) == AT_ONCE
    for user in made:
        kind = wanted[user.email]
        active = {device.type for device in user.devices if device.status == "ACTIVE"}
        assert active == {"EMAIL", *([kind] if kind else [])}
        assert (user.password.status == "OK") is not bool(kind)
        assert [consent.revoked for consent in user.consents] == [False]
