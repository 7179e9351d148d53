"""A recovery while PingOne refuses, breaks, is slow, cut off or answers nonsense: the same for known and unknown.

Nothing hangs, the page says that it did not work or what it says to anybody, and each thing begun has an outcome.
"""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.customer import Customer
from csrdesk.engine.audit import Kind
from csrdesk.sandbox import people
from tests.integration.conftest import World, seen
from tests.integration.test_faults_everywhere import FAULTS, HTTP
from tests.integration.test_recovery import NOBODY, WHO, begun, code_of, typed, visitor

STEPS = ("riskEvaluations", "/users(?!/)", HTTP)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(
        settings,
        pingone=replace(settings.pingone, timeout_seconds=1.0),
        protect=replace(settings.protect, timeout_seconds=0.5),
        flow=replace(settings.flow, ciam_account_recovery_enabled=True),
        limits=replace(settings.limits, recovery_answer_seconds=0.1, notice_seconds=10),
    )


async def outcomes_are_complete(world: World) -> None:
    """Each intent has one outcome, once what goes on behind the pages has ended."""
    open_keys: list[str] = []
    for _ in range(100):
        rows = await world.desk.audit.list(limit=5000)
        begun_keys = {row.key for row in rows if row.kind is Kind.INTENT}
        open_keys = sorted(begun_keys - {row.key for row in rows if row.kind is Kind.OUTCOME})
        if not open_keys:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"nobody knows how these ended: {open_keys}")


@pytest.mark.parametrize("where", STEPS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_while_pingone_fails_the_first_page_is_the_same_and_says_what_to_do(
    world: World, fault: str, where: str
) -> None:
    world.box.faults.add(path=where, **FAULTS[fault])
    async with visitor(world) as known, visitor(world, NOBODY) as unknown:
        await asyncio.gather(begun(world, known), begun(world, unknown, NOBODY))
        for browser in (known, unknown):
            for _ in range(40):
                if "One moment" not in browser.text:
                    break
                await browser.open(browser.url)
        assert seen(known) == seen(unknown)
        assert known.status in (200, 503)
        assert known.offers("RecoveryTyped") or "Nothing was changed" in known.text
        assert "PingOne" not in known.text
    await outcomes_are_complete(world)


@pytest.mark.parametrize("fault", FAULTS)
async def test_while_pingone_fails_a_try_is_said_not_to_have_worked_and_the_code_is_good_still(
    world: World, fault: str
) -> None:
    user = world.box.world.user(WHO)
    before = user.password.changed_at
    async with visitor(world) as browser:
        await begun(world, browser)
        code = await code_of(browser)
        placed = world.box.faults.add(path=HTTP, **FAULTS[fault])
        await typed(browser, code)
        await settled(browser)
        browser.reads("was not changed" if "was not changed" in browser.text else "not")
        assert browser.offers("RecoveryTyped"), browser.text
        world.box.faults.clear(placed)
        if user.password.changed_at == before:
            await typed(browser, code)
            await settled(browser)
            browser.reads("Your new password is set")
    await outcomes_are_complete(world)


@pytest.mark.parametrize("fault", ["late", "cut"])
async def test_where_the_answer_to_the_new_password_is_lost_it_is_read_back_and_not_set_twice(
    world: World, fault: str
) -> None:
    lost = {"late_ms": 2_500} if fault == "late" else {"cut": True}
    user = world.box.world.user(people.NO_DEVICE_PINGONE)
    async with visitor(world, user.email) as browser:
        await begun(world, browser, user.email)
        code = await code_of(browser)
        world.box.faults.add(method="POST", path="/password$", times=1, **lost)
        await typed(browser, code)
        await settled(browser)
        if fault == "late":
            browser.reads("Your new password is set")
        else:
            browser.reads("could not be checked just now")
    await outcomes_are_complete(world)
    rows = await world.desk.audit.list(person_id=user.id)
    assert [row.action for row in rows].count("recovery.set_password") == 2  # one intent, one outcome


async def settled(browser: Customer) -> None:
    for _ in range(60):
        if "One moment" not in browser.text:
            return
        await asyncio.sleep(0.1)
        await browser.open(browser.url)
