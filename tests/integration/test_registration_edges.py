"""Every edge of Registration's diagrams and of Agreement's, driven by real steps: over HTTP, against the sandbox, with
faults where a step meets one. Device Registration's own are in `test_pairing_edges`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.customer import Customer
from csrdesk.demo.pairing import register_device
from csrdesk.flows import agreement as ag
from csrdesk.flows import email_code as ec
from csrdesk.flows import new_account as na
from csrdesk.flows import new_account_rest as rest
from csrdesk.flows import registration as rg
from csrdesk.sandbox import Sandbox, ids, people
from csrdesk.wiring import open_desk
from tests.integration.conftest import World
from tests.integration.edges import Steps, fault, just_after
from tests.integration.test_recovery_faults import settled
from tests.integration.test_registration import KNOWN, PASSWORD, begun, visitor

PARTS = (
    rg.RegistrationState,
    ec.EmailCodeState,
    na.NewAccountState,
    rest.NewAccountRestState,
    ag.AgreementState,
)
RESEND_SECONDS = 5
"""How long the page makes people wait for another code: the least that settings can say."""
OFTEN = "often@mail.example"
BEGUN = 6
"""How often one address may begin here."""
SHORT = "short1A"
NOT_NOW = "did not work on our side just now"
UNFINISHED = "Something is still to be done"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    many = {
        "recoveries_per_address_in_ten_minutes": BEGUN,
        "recoveries_per_address_a_day": 1000,
        "recovery_tries_per_address_a_day": 100,
        "public_pages_per_source": 1000,
        "wrong_posts_per_address": 1000,
    }
    return replace(
        settings,
        protect=replace(settings.protect, timeout_seconds=0.5),
        flow=replace(settings.flow, ciam_agreement_enabled=True, agreement_id=ids.AGREEMENT),
        registration=replace(settings.registration, enabled=True, code_tries=2),
        limits=replace(settings.limits, **many, recovery_answer_seconds=0.1, recovery_resend_seconds=RESEND_SECONDS),
    )


def ended_after(world: World, state: str) -> AbstractAsyncContextManager[None]:
    """Somebody ends the page between the step to that state and what it wants."""
    ended = "UPDATE public_pages SET stage = 'ended', ended_at = NEW.changed_at WHERE id = NEW.id"
    return just_after(world, state, ended, restored="SELECT 1")


def missing_after(world: World, state: str) -> AbstractAsyncContextManager[None]:
    """The desk refuses what that state wants, because it does not find the page's row: the effect fails."""
    gone = "UPDATE public_pages SET id = 'gone ' || id WHERE id = NEW.id"
    return just_after(world, state, gone, restored="UPDATE public_pages SET id = NEW.id WHERE id = 'gone ' || NEW.id")


class People:
    """An address for each page that needs one of its own."""

    def __init__(self) -> None:
        self._count = 0

    def another(self) -> str:
        self._count += 1
        return f"person{self._count}@mail.example"


PEOPLE = People()


@asynccontextmanager
async def page(world: World, address: str = "", *, agent: str = KNOWN) -> AsyncIterator[Customer]:
    """A registration that was begun with an address of its own, in a browser of its own."""
    address = address or PEOPLE.another()
    async with visitor(world, address, agent) as browser:
        await begun(world, browser, address)
        await settled(browser)
        yield browser


@asynccontextmanager
async def verified(world: World) -> AsyncIterator[Customer]:
    async with page(world) as browser:
        await browser.answer("PasscodeGiven", passcode=await browser.newest_passcode())
        await settled(browser)
        browser.reads("What is your name?")
        yield browser


@asynccontextmanager
async def named(world: World) -> AsyncIterator[Customer]:
    async with verified(world) as browser:
        await browser.answer("NamesGiven", given_name="Grace", family_name="Hopper")
        browser.reads("Choose a password")
        yield browser


async def password(browser: Customer, chosen: str = PASSWORD) -> None:
    await browser.answer("FirstPasswordTyped", password=chosen, again=chosen)
    await settled(browser)


# The address, and what is judged before there is a code
async def what_is_typed_for_an_address(world: World) -> None:
    async with visitor(world) as browser:
        await begun(world, browser, "grace")
        browser.reads("Type your mail address")
        await browser.answer("Cancelled")
        browser.reads("Nothing was made")
    address = PEOPLE.another()
    async with page(world, address) as browser:
        first = await browser.newest_passcode()
        await browser.answer("BackChosen")
        await browser.answer("RegisterEmailGiven", email=address)
        await settled(browser)
        await browser.answer("PasscodeGiven", passcode=await browser.newest_passcode(after=first))
        await browser.answer("BackChosen")
        browser.reads("Register")
        await browser.answer("RegisterEmailGiven", email=address)
        browser.reads("What is your name?")


async def what_ends_it_before_a_code(world: World) -> None:
    with fault(world, path="/riskEvaluations$", status=503):
        async with page(world) as browser:
            browser.reads(NOT_NOW)
    async with page(world, agent="risk-high") as browser:
        browser.reads("This cannot go on here")
    async with visitor(world, OFTEN) as browser:
        for _ in range(BEGUN + 1):
            await begun(world, browser, OFTEN)
            await settled(browser)
        browser.reads("Too often")


# The code
async def codes_of_an_address_that_somebody_has(world: World) -> None:
    owner = world.box.world.user(people.ONLY_PINGONE).email
    async with page(world, owner) as browser:
        await browser.mail("Somebody tried to register with your address")
        await browser.answer("PasscodeGiven", passcode="000000")
        browser.reads("That code is not right")
        for _ in range(RESEND_SECONDS):
            await asyncio.sleep(1)
            await browser.open(browser.url)
        await browser.answer("ResendChosen")
        await settled(browser)
        await browser.answer("PasscodeGiven", passcode="000000")
        browser.reads("All tries are used")


async def codes(world: World) -> None:
    async with page(world) as browser:
        await browser.newest_passcode()
        await browser.answer("PasscodeGiven", passcode="12")
        browser.reads("Type the code from the mail")
        await browser.answer("ResendChosen")
        browser.reads("Another code can be sent in")
        await browser.answer("PasscodeGiven", passcode="000000")
        browser.reads("That code is not right")
        await browser.answer("PasscodeGiven", passcode="000000")
        browser.reads("All tries are used")
    async with page(world) as browser:
        await browser.newest_passcode()
        async with missing_after(world, "CountingTry"):
            for says in (NOT_NOW, "All tries are used"):
                await browser.answer("PasscodeGiven", passcode="000000")
                browser.reads(says)
    for state, answer in (("CountingTry", "PasscodeGiven"), ("CountingResend", "ResendChosen")):
        async with page(world) as browser:
            await browser.newest_passcode()
            async with ended_after(world, state):
                await browser.answer(answer, **({"passcode": "000000"} if answer == "PasscodeGiven" else {}))
            browser.reads("This page is over")


async def a_code_that_is_not_noted(world: World) -> None:
    async with page(world) as browser:
        code = await browser.newest_passcode()
        async with ended_after(world, "NotingAddress"):
            await browser.answer("PasscodeGiven", passcode=code)
            await settled(browser)
        browser.reads(NOT_NOW)


# Names and the account
async def names_and_passwords(world: World) -> None:
    async with verified(world) as browser:
        await browser.answer("NamesGiven", given_name="<b>", family_name="Hopper")
        browser.reads("Type your first and your last name")
        await browser.answer("NamesGiven", given_name="Grace", family_name="Hopper")
        await browser.answer("BackChosen")
        browser.reads("What is your name?")
        await browser.answer("NamesGiven", given_name="Grace", family_name="Hopper")
        await browser.answer("FirstPasswordTyped", password=PASSWORD, again=SHORT)
        browser.reads("The two passwords are not the same")
        await password(browser, SHORT)
        browser.reads("At least 10 characters")
        with fault(world, method="POST", path="/users$", status=403):
            await password(browser)
        browser.reads(NOT_NOW)


async def accounts_whose_answer_is_lost(world: World) -> None:
    async with named(world) as browser:
        with fault(world, method="POST", path="/users$", cut=True):
            await password(browser)
        browser.reads(NOT_NOW)
        with fault(world, method="POST", path="/users$", late_ms=2_500):
            await password(browser)
        browser.reads("Terms of use")


async def accounts_that_somebody_else_made_meanwhile(world: World) -> None:
    address = PEOPLE.another()
    async with page(world, address) as browser:
        await browser.answer("PasscodeGiven", passcode=await browser.newest_passcode())
        await browser.answer("NamesGiven", given_name="Grace", family_name="Hopper")
        taken = world.box.world.user(people.ONLY_PINGONE)
        taken.username, before = address, taken.username
        await password(browser)
        taken.username = before
        browser.reads("There is an account with this address already")


async def accounts_without_a_password(bare: World) -> None:
    """Where settings ask for none, the page for the names is the last one before the account."""
    async with verified(bare) as browser:
        for lost in ({"status": 403}, {"cut": True}):
            with fault(bare, method="POST", path="/users$", **lost):
                await named_so(browser)
            browser.reads(NOT_NOW)
        await named_so(browser)
        browser.reads("Add a way to prove that it is you")


async def named_so(browser: Customer) -> None:
    await browser.answer("NamesGiven", given_name="Grace", family_name="Hopper")
    await settled(browser)


# What belongs to the account
@asynccontextmanager
async def unaccepted(world: World, *, with_password: bool = True) -> AsyncIterator[Customer]:
    """An account whose owner reads the terms."""
    async with named(world) as browser:
        if with_password:
            await password(browser)
        else:
            await browser.answer("WithoutPasswordChosen")
            await settled(browser)
        browser.reads("Terms of use")
        yield browser


async def accepts(browser: Customer) -> None:
    await browser.answer("AgreementAccepted")
    await settled(browser)


async def again(browser: Customer) -> None:
    browser.reads(UNFINISHED)
    await browser.answer("TryAgainChosen")
    await settled(browser)


async def accounts_that_are_not_noted(world: World) -> None:
    async with named(world) as browser:
        async with missing_after(world, "NotingAccount"):
            await password(browser)
        await again(browser)
        browser.reads("Terms of use")


async def agreements(world: World) -> None:
    for path in ("/agreementConsents/", "/agreements/"):
        async with named(world) as browser:
            with fault(world, method="GET", path=path, status=500):
                await password(browser)
            await again(browser)
            browser.reads("Terms of use")
    async with unaccepted(world) as browser:
        await browser.answer("AgreementDeclined")
        browser.reads("you must accept the agreement")
        with (
            fault(world, method="POST", path="/agreementConsents/", late_ms=2_500),
            fault(world, method="GET", path="/agreements/", status=500),
        ):
            await accepts(browser)
        await again(browser)
        browser.reads("You are registered")  # it was accepted, though the answer was lost


async def addresses_as_devices(world: World) -> None:
    async with unaccepted(world) as browser:
        with fault(world, method="POST", path="/devices$", status=403):
            await accepts(browser)
        await again(browser)
        browser.reads("You are registered")


async def devices(world: World) -> None:
    async with unaccepted(world, with_password=False) as browser:
        with fault(world, method="GET", path="/devices$", status=404, times=2):
            await accepts(browser)
        if browser.offers("TryAgainChosen"):
            await again(browser)
        with fault(world, method="GET", path="/devices$", status=404):
            await browser.answer("DeviceTypeChosen", device_type="SMS")
            await browser.answer("BackChosen")
            await settled(browser)
        await again(browser)
        await register_device(browser, "TOTP")
        browser.reads("You are registered")


async def passwords_after_all(world: World) -> None:
    for lost, says in (({"cut": True}, "The password was not set"), ({"late_ms": 2_500}, "You are registered")):
        async with unaccepted(world, with_password=False) as browser:
            await accepts(browser)
            await browser.answer("PasswordInsteadChosen")
            await browser.answer("BackChosen")
            await settled(browser)
            await browser.answer("PasswordInsteadChosen")
            await browser.answer("FirstPasswordTyped", password=PASSWORD, again=SHORT)
            browser.reads("The two passwords are not the same")
            await password(browser, SHORT)
            browser.reads("At least 10 characters")
            with fault(world, method="PUT", path="/password$", **lost):
                await password(browser)
            browser.reads(says)
            if browser.offers("FirstPasswordTyped"):
                await password(browser)
                browser.reads("You are registered")


WAYS: tuple[Callable[[World], Coroutine[object, object, None]], ...] = (
    what_is_typed_for_an_address, what_ends_it_before_a_code, codes_of_an_address_that_somebody_has, codes,
    a_code_that_is_not_noted, names_and_passwords, accounts_whose_answer_is_lost,
    accounts_that_somebody_else_made_meanwhile, accounts_that_are_not_noted, agreements, addresses_as_devices,
    devices, passwords_after_all,
)  # fmt: skip


@pytest.fixture
async def bare(box: Sandbox, settings: Settings, tmp_path: Path) -> AsyncIterator[World]:
    """A desk beside the other that asks nobody for a password, and for no agreement."""
    folder = tmp_path / "bare"
    folder.mkdir(mode=0o700)
    own = replace(
        settings,
        desk=replace(settings.desk, data_dir=str(folder)),
        flow=replace(settings.flow, ciam_agreement_enabled=False),
        registration=replace(settings.registration, passwordless_required=True),
    )
    async with open_desk(own, serve_pages=True) as desk:
        yield World(box, desk)


async def test_every_edge_of_the_diagrams_is_driven_over_http_against_the_sandbox(world: World, bare: World) -> None:
    """Some fifty pages, and what waits for PingOne's time to be over: most of a minute."""
    with Steps() as steps:
        for way in WAYS:
            await way(world)
        await accounts_without_a_password(bare)
        await steps.until_driven(PARTS)
    assert steps.beside(PARTS) == ([], [])
