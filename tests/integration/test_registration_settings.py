"""What settings say of new accounts and of their codes reaches PingOne."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.customer import Customer
from csrdesk.sandbox import Sandbox, ids, people
from csrdesk.sandbox.person import PATIENTS
from tests.integration.conftest import World

ADDRESS = "nour@new.example"
POPULATION = ids.stable("population", PATIENTS)


@pytest.fixture
def settings(settings: Settings, box: Sandbox) -> Settings:
    in_the_name_of = box.world.user(people.NO_DEVICE_PINGONE).id
    named = {"population_id": POPULATION, "code_user_id": in_the_name_of}
    return replace(
        settings,
        registration=replace(settings.registration, enabled=True, **named),
        limits=replace(settings.limits, recovery_answer_seconds=0.1),
    )


async def test_an_account_is_made_in_the_population_of_settings_and_codes_go_in_the_name_of_their_user(
    world: World,
) -> None:
    async with Customer(ADDRESS, world.box.settings().mailbox_url) as browser:
        await browser.open(f"{world.desk.pages_url}/register")
        await browser.answer("RegisterEmailGiven", email=ADDRESS)
        code = await browser.newest_passcode()
        assert world.box.world.passcodes[-1].username == people.NO_DEVICE_PINGONE
        await browser.answer("PasscodeGiven", passcode=code)
        await browser.answer("NamesGiven", given_name="Nour", family_name="Lind")
        await browser.answer("FirstPasswordTyped", password="Winding-7-Lanes", again="Winding-7-Lanes")
        browser.reads("You are registered")
    assert world.box.world.user(ADDRESS).population_id == POPULATION
