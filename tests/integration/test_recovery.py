"""Account recovery as customers meet it: pages over HTTP, a desk, PingOne's sandbox and its mailbox."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.customer import Customer
from csrdesk.engine.public_pages import CUSTOMER
from csrdesk.sandbox import people
from tests.integration.conftest import World

WHO = people.ONLY_PINGONE
NOBODY = "nobody.at.all@mail.example"
NEW = "Winding-7-Lanes"
KNOWN = "Mozilla/5.0 known"
CODE = re.compile(r"recovery code is (\w{8})")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(
        settings,
        flow=replace(settings.flow, ciam_account_recovery_enabled=True),
        limits=replace(settings.limits, recovery_answer_seconds=0.1),
    )


def visitor(world: World, address: str = "", agent: str = KNOWN) -> Customer:
    address = address or world.box.world.user(WHO).email
    return Customer(address, world.box.settings().mailbox_url, user_agent=agent)


async def begun(world: World, browser: Customer, address: str = "") -> None:
    await browser.open(f"{world.desk.pages_url}/recover")
    await browser.answer("EmailGiven", email=address or world.box.world.user(WHO).email)


async def code_of(browser: Customer) -> str:
    found = CODE.search(await browser.mail("Your recovery code"))
    assert found
    return found[1]


async def typed(browser: Customer, code: str, password: str = NEW, again: str = "") -> None:
    await browser.answer("RecoveryTyped", code=code, password=password, again=again or password)


async def test_a_customer_recovers_their_account_by_the_code_of_the_mail(world: World) -> None:
    user = world.box.world.user(WHO)
    before = user.password.changed_at
    async with visitor(world) as browser:
        await begun(world, browser)
        browser.reads("Type the code from our mail")
        await typed(browser, await code_of(browser))
        browser.reads("Your new password is set")
        assert "password was set for your account" in await browser.mail("Password Changed")
    assert user.password.changed_at != before
    assert not user.sessions
    actions = [(row.action, row.agent) for row in await world.desk.audit.list(person_id=user.id)]
    assert ("recovery.set_password", CUSTOMER.id) in actions
