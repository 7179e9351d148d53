"""Registration as customers meet it: pages over HTTP, a desk, PingOne's sandbox and its mailbox."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.customer import Customer
from csrdesk.engine.public_pages import CUSTOMER
from csrdesk.sandbox import ids, people
from tests.integration.conftest import World

ADDRESS = "grace.hopper@mail.example"
PASSWORD = "Winding-7-Lanes"
KNOWN = "Mozilla/5.0 known"
CODE = re.compile(r"\b(\d{6})\b")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(
        settings,
        flow=replace(settings.flow, ciam_agreement_enabled=True, agreement_id=ids.AGREEMENT),
        registration=replace(settings.registration, enabled=True, no_domains=("forbidden.example",)),
        limits=replace(settings.limits, recovery_answer_seconds=0.1),
    )


def visitor(world: World, address: str = ADDRESS, agent: str = KNOWN) -> Customer:
    return Customer(address, world.box.settings().mailbox_url, user_agent=agent)


async def begun(world: World, browser: Customer, address: str = ADDRESS) -> None:
    await browser.open(f"{world.desk.pages_url}/register")
    await browser.answer("RegisterEmailGiven", email=address)


async def test_a_customer_registers_with_a_password(world: World) -> None:
    async with visitor(world) as browser:
        await begun(world, browser)
        browser.reads("Type the code from our mail")
        print(world.box.world.passcodes)
        await browser.answer("PasscodeGiven", passcode=await browser.newest_passcode())
        browser.reads("What is your name?")
        await browser.answer("NamesGiven", given_name="Grace", family_name="Hopper")
        browser.reads("Choose a password")
        await browser.answer("FirstPasswordTyped", password=PASSWORD, again=PASSWORD)
        print(browser.text)
        await browser.answer("AgreementAccepted")
        browser.reads("You are registered")
