"""Every edge of Account Recovery's diagram, of the code's inside it and of Threat Detection's, driven by real steps:
over HTTP, against the sandbox, with faults where a step meets one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.customer import Customer
from csrdesk.flows import account_recovery as ar
from csrdesk.flows import recovery_code as rc
from csrdesk.flows import threat_detection as td
from csrdesk.sandbox import people
from tests.integration.conftest import World
from tests.integration.edges import Steps, fault, just_after, killed_before
from tests.integration.test_recovery import KNOWN, NEW, NOBODY, WHO, begun, code_of, typed, visitor
from tests.integration.test_recovery_faults import settled

PARTS = (ar.AccountRecoveryState, rc.RecoveryCodeState, td.ThreatDetectionState)
RESEND_SECONDS = 5
"""How long the page makes people wait for another code: the least that settings can say."""
RECOVERIES = 25
"""How many one address may begin: more than the ways here need, and few enough to reach with another."""
OFTEN = "often@mail.example"
WRONG = "AAAA2222"
ASKS = "Type the code from our mail"
STOPPED = "This cannot go on here"
NOT_NOW = "This did not work just now"
OVER = "This page is over"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    many = {
        "recoveries_per_address_in_ten_minutes": RECOVERIES,
        "recoveries_per_address_a_day": 1000,
        "recovery_tries_per_address_a_day": 100,
        "public_pages_per_source": 1000,
        "wrong_posts_per_address": 1000,
    }
    return replace(
        settings,
        protect=replace(settings.protect, timeout_seconds=0.5),
        flow=replace(settings.flow, ciam_account_recovery_enabled=True),
        recovery=replace(settings.recovery, limit=2, disable_for=("BOT_MITIGATION",)),
        limits=replace(settings.limits, **many, recovery_answer_seconds=0.1, recovery_resend_seconds=RESEND_SECONDS),
    )


@asynccontextmanager
async def page(world: World, address: str = "", *, agent: str = KNOWN) -> AsyncIterator[Customer]:
    """A recovery that was begun with that address, in a browser of its own, with no earlier mail in the mailbox."""
    world.box.world.mails.clear()
    async with visitor(world, address, agent) as browser:
        await begun(world, browser, address)
        await settled(browser)
        yield browser


def ended_after(world: World, state: str) -> AbstractAsyncContextManager[None]:
    """Somebody ends the page between the step to that state and what it wants."""
    ended = "UPDATE public_pages SET stage = 'ended', ended_at = NEW.changed_at WHERE id = NEW.id"
    return just_after(world, state, ended, restored="SELECT 1")


def missing_after(world: World, state: str) -> AbstractAsyncContextManager[None]:
    """The desk refuses what that state wants, because it does not find the page's row: the effect fails."""
    gone = "UPDATE public_pages SET id = 'gone ' || id WHERE id = NEW.id"
    return just_after(world, state, gone, restored="UPDATE public_pages SET id = NEW.id WHERE id = 'gone ' || NEW.id")


# The address, and what is judged before there is a code
async def what_is_typed_for_an_address(world: World) -> None:
    async with visitor(world) as browser:
        await browser.open(f"{world.desk.pages_url}/recover")
        await browser.answer("EmailGiven", email="not an address")
        browser.reads("Type the mail address of your account")
        await browser.answer("EmailGiven", email=NOBODY)
        await settled(browser)
        browser.reads(ASKS)
        await browser.open(f"{world.desk.pages_url}/recover")
        await browser.answer("Cancelled")
        browser.reads("Nothing was changed")


async def what_ends_it_before_a_code(world: World) -> None:
    with fault(world, path="/riskEvaluations$", status=503):
        async with page(world) as browser:
            browser.reads(NOT_NOW)
    with fault(world, method="GET", path="/users(?!/)", status=500):
        async with page(world) as browser:
            browser.reads(NOT_NOW)
    async with visitor(world, OFTEN) as browser:
        for _ in range(RECOVERIES + 1):
            await begun(world, browser, OFTEN)
            await settled(browser)
        browser.reads("Too often")


async def what_protect_says(world: World) -> None:
    user = world.box.world.user(WHO)
    async with page(world, agent="risk-high") as browser:
        browser.reads(STOPPED)
    async with page(world, agent="aitm") as browser:
        browser.reads(STOPPED)
        await browser.mail("Suspicious Activity")
    async with page(world, agent="bot") as browser:
        browser.reads(STOPPED)
        await browser.mail("Account Disabled")
    user.enabled = True
    async with page(world, agent="bot") as browser:
        browser.reads(STOPPED)
        await browser.mail("Suspicious Activity")  # settings disable nobody twice a day
    assert user.enabled


# The code
async def a_code_that_comes_or_does_not(world: World) -> None:
    async with page(world) as browser:
        await code_of(browser)
        await browser.answer("Cancelled")
        browser.reads("Nothing was changed")
    external = world.box.world.user(people.EXTERNAL_NOT_ALLOWED).email
    async with page(world, external) as browser:
        browser.reads(ASKS)
        await browser.mail("Password Change Request")


async def another_code(world: World) -> None:
    async with page(world) as browser:
        first = await code_of(browser)
        await browser.answer("ResendChosen")
        await browser.answer("BackChosen")
        await browser.answer("ResendChosen")
        await browser.answer("SendChosen")
        browser.reads("Another code can be sent in")
        await asyncio.sleep(RESEND_SECONDS)
        world.box.world.mails.clear()
        await browser.answer("ResendChosen")
        await browser.answer("SendChosen")
        await settled(browser)
        assert await code_of(browser) != first
        await browser.answer("ResendChosen")
        async with ended_after(world, "CountingResend"):
            await browser.answer("SendChosen")
        browser.reads(OVER)


# Code and password
async def tries(world: World) -> None:
    async with page(world) as browser:
        code = await code_of(browser)
        await typed(browser, code, NEW, "Another-9-Lanes")
        browser.reads("The two passwords are not the same")
        await typed(browser, WRONG)
        browser.reads("That code is not right")
        await typed(browser, code)
        browser.reads("Your new password is set")
    for address in ("", NOBODY):
        async with page(world, address) as browser:
            await typed(browser, WRONG)
            browser.reads("That code is not right")
            await typed(browser, WRONG)
            browser.reads("All tries are used")


async def tries_that_are_not_counted(world: World) -> None:
    async with page(world) as browser, missing_after(world, "CountingTry"):
        for says in ("did not work on our side just now", "All tries are used"):
            await typed(browser, WRONG)
            browser.reads(says)
    async with page(world) as browser:
        async with ended_after(world, "CountingTry"):
            await typed(browser, WRONG)
        browser.reads(OVER)


async def tries_whose_answer_is_lost(world: World) -> None:
    address = world.box.world.user(people.NO_DEVICE_PINGONE).email
    async with page(world, address) as browser:
        code = await code_of(browser)
        with fault(world, method="POST", path="/password$", cut=True):
            for says in ("could not be checked just now", "All tries are used"):
                await typed(browser, code)
                await settled(browser)
                browser.reads(says)
    async with page(world, address) as browser:
        code = await code_of(browser)
        with fault(world, method="POST", path="/password$", late_ms=2_500):
            await typed(browser, code)
            await settled(browser)
        browser.reads("Your new password is set")


async def a_sudden_end_before_sessions_ended(world: World) -> None:
    user = world.box.world.user(people.NO_DEVICE_PINGONE)
    user.sessions = list(world.box.world.user(people.SEVERAL_DEVICES).sessions)
    async with page(world, user.email) as browser:
        code = await code_of(browser)
        async with killed_before(world, "EndingSessions", "pingone.end_sessions", index=1):
            await typed(browser, code, "Another-9-Lanes")
            await settled(browser)
        browser.reads("Your new password is set")
    assert user.sessions == []


WAYS: tuple[Callable[[World], Coroutine[object, object, None]], ...] = (
    what_is_typed_for_an_address, what_ends_it_before_a_code, what_protect_says, a_code_that_comes_or_does_not,
    another_code, tries, tries_that_are_not_counted, tries_whose_answer_is_lost, a_sudden_end_before_sessions_ended,
)  # fmt: skip


async def test_every_edge_of_the_diagrams_is_driven_over_http_against_the_sandbox(world: World) -> None:
    with Steps() as steps:
        for way in WAYS:
            await way(world)
        await steps.until_driven(PARTS)
    assert steps.beside(PARTS) == ([], [])
