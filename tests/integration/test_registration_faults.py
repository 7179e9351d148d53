"""A registration while PingOne refuses, breaks, is slow, cut off or answers nonsense, at each of its steps: nobody is
stuck, each thing begun has an outcome, and one account comes of it with everything that belongs to it.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.customer import Customer
from csrdesk.sandbox import ids
from tests.integration.conftest import World
from tests.integration.test_faults_everywhere import FAULTS, HTTP
from tests.integration.test_recovery_faults import outcomes_are_complete, settled
from tests.integration.test_registration import ADDRESS, PASSWORD, accounts, begun, visitor

STILL_ASKED = {
    "PasscodeGiven": ("could not be checked", "not right"),
    "FirstPasswordTyped": ("did not work", "could not", "still to be done"),
    "AgreementAccepted": ("did not work", "could not", "still to be done"),
}
"""What a page may say where its form could not be worked on."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(
        settings,
        pingone=replace(settings.pingone, timeout_seconds=1.0),
        protect=replace(settings.protect, timeout_seconds=0.5),
        flow=replace(settings.flow, ciam_agreement_enabled=True, agreement_id=ids.AGREEMENT),
        registration=replace(settings.registration, enabled=True),
        limits=replace(settings.limits, recovery_answer_seconds=0.1, notice_seconds=10),
    )


async def failing(world: World, browser: Customer, fault: str, answer: str, **typed: str) -> None:
    """The form is posted while everything of PingOne fails; it stays above a page of our own, which says so."""
    placed = world.box.faults.add(path=HTTP, **FAULTS[fault])
    await browser.answer(answer, **typed)
    await settled(browser)
    world.box.faults.clear(placed)
    assert browser.status == 200
    assert "PingOne" not in browser.text
    assert any(words in browser.text for words in STILL_ASKED[answer]), browser.text


async def goes_on(browser: Customer, answer: str, **typed: str) -> None:
    """What was asked before it failed is asked again, or only whether to try again."""
    if browser.offers("TryAgainChosen"):
        await browser.answer("TryAgainChosen")
        await settled(browser)
    if browser.offers(answer):
        await browser.answer(answer, **typed)
        await settled(browser)


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_fails_at_whichever_step_it_goes_on_to_one_whole_account(world: World, fault: str) -> None:
    """Some seconds for each fault that is slow: PingOne is waited for at every step."""
    async with visitor(world) as browser:
        await begun(world, browser)
        code = await browser.newest_passcode()
        await failing(world, browser, fault, "PasscodeGiven", passcode=code)
        await goes_on(browser, "PasscodeGiven", passcode=code)
        await browser.answer("NamesGiven", given_name="Grace", family_name="Hopper")
        await failing(world, browser, fault, "FirstPasswordTyped", password=PASSWORD, again=PASSWORD)
        await goes_on(browser, "FirstPasswordTyped", password=PASSWORD, again=PASSWORD)
        browser.reads("Terms of use")
        await failing(world, browser, fault, "AgreementAccepted")
        await goes_on(browser, "AgreementAccepted")
        browser.reads("You are registered")
    assert len(accounts(world)) == 1
    user = world.box.world.user(ADDRESS)
    assert [device.type for device in user.devices] == ["EMAIL"]
    assert len(user.consents) == 1
    assert user.password.changed_at is not None
    await outcomes_are_complete(world)
