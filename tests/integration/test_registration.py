"""Registration as customers meet it: pages over HTTP, a desk, PingOne's sandbox and its mailbox."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.customer import Customer
from csrdesk.sandbox import ids, people
from tests.integration.conftest import World, seen

ADDRESS = "grace.hopper@mail.example"
PASSWORD = "Winding-7-Lanes"
KNOWN = "Mozilla/5.0 known"
WAY_BACK = re.compile(r"https?://\S+/register/again/\S+")


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


async def named(world: World, browser: Customer, address: str = ADDRESS) -> None:
    """As far as the password."""
    await begun(world, browser, address)
    await browser.answer("PasscodeGiven", passcode=await browser.newest_passcode())
    await browser.answer("NamesGiven", given_name="Grace", family_name="Hopper")
    browser.reads("Choose a password")


async def with_password(browser: Customer) -> None:
    await browser.answer("FirstPasswordTyped", password=PASSWORD, again=PASSWORD)


def accounts(world: World, address: str = ADDRESS) -> list[str]:
    return [user.id for user in world.box.world.users.values() if user.email == address]


def written(folder: Path) -> bytes:
    """Everything that a desk wrote to its disk."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_a_customer_registers_with_a_password_and_the_audit_names_neither_it_nor_the_address(
    world: World,
) -> None:
    async with visitor(world) as browser:
        await named(world, browser)
        code = await browser.newest_passcode()
        await with_password(browser)
        await browser.answer("AgreementAccepted")
        browser.reads("You are registered")
        assert "is there" in await browser.mail("New Account Created")
    user = world.box.world.user(ADDRESS)
    assert (user.given, user.family, user.email_verified, user.enabled) == ("Grace", "Hopper", True, True)
    rows = [(row.action, row.result) for row in await world.desk.audit.list(person_id=user.id) if row.kind == "outcome"]
    assert ("registration.create", "done") in rows
    assert ("agreement.accept", "done") in rows
    assert ("registration.enroll_email", "done") in rows
    disk = written(world.desk.data_dir)
    for secret in (PASSWORD, code):
        assert secret.encode() not in disk
    assert all(ADDRESS not in str(row) for row in await world.desk.audit.list())


async def test_back_leads_to_the_page_before_with_what_was_typed_and_never_a_password(world: World) -> None:
    async with visitor(world) as browser:
        await named(world, browser)
        await browser.answer("FirstPasswordTyped", password=PASSWORD, again="another")
        browser.reads("The two passwords are not the same")
        assert PASSWORD not in browser.html
        await browser.answer("BackChosen")
        assert 'value="Grace"' in browser.html
        assert 'value="Hopper"' in browser.html
        await browser.answer("BackChosen")
        assert f'value="{ADDRESS}"' in browser.html
        codes = len(world.box.world.passcodes)
        await browser.answer("RegisterEmailGiven", email=ADDRESS.upper())
        browser.reads("What is your name?")  # its code was right here
        assert len(world.box.world.passcodes) == codes


async def test_the_pages_are_the_same_for_an_address_that_somebody_has_and_its_owner_is_told_once(
    world: World,
) -> None:
    owner = world.box.world.user(people.ONLY_PINGONE).email
    async with visitor(world, owner) as known, visitor(world) as unknown:
        await begun(world, known, owner)
        await begun(world, unknown)
        assert seen(known) == seen(unknown)
        for _ in range(5):
            for browser in (known, unknown):
                await browser.answer("PasscodeGiven", passcode="000000")
            assert seen(known) == seen(unknown)
        known.reads("All tries are used")
        assert "You have one" in await known.mail("Somebody tried to register with your address")
    mails = [mail for mail in world.box.world.mails if mail.to == owner]
    assert len(mails) == 1
    assert accounts(world) == []


@pytest.mark.parametrize(
    "address",
    [
        "grace+desk@mail.example",
        "grâce@mail.example",
        "グレース@mail.example",
        "grace@bücher.example",
        f"{'g' * 60}@mail.example",
    ],
)
async def test_addresses_of_every_script_get_a_code_of_their_own(world: World, address: str) -> None:
    async with visitor(world, address) as browser:
        await begun(world, browser, address)
        browser.reads("Type the code from our mail")


@pytest.mark.parametrize(
    "address",
    ["grace", "@mail.example", "grace@", "a b@mail.example", "grace@mail.example\0", "<b>@mail.example",
     "g@h@i.example", "grace@localhost", "grace@-x.example", "grace@💩..example", " "],
)  # fmt: skip
async def test_what_is_no_address_is_said_with_what_was_typed(world: World, address: str) -> None:
    async with visitor(world) as browser:
        await begun(world, browser, address)
        assert browser.status in (200, 422)
        browser.reads("Register")
        assert browser.offers("RegisterEmailGiven")
    assert not world.box.world.passcodes


async def test_a_domain_that_settings_forbid_is_refused_however_it_is_spelled(world: World) -> None:
    async with visitor(world) as browser:
        for domain in ("forbidden.example", "sub.FORBIDDEN.example", "forbidden.example."):
            await begun(world, browser, f"grace@{domain}")
            browser.reads("Addresses of that domain cannot be used here")
    assert not world.box.world.passcodes


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("Ян", True), ("李", True), ("O'Neil-Ó Briain", True), ("ก็", True), ("J. R.", True), ("n" * 256, True),
        ("n" * 257, False), ("<b>Ada</b>", False), ("Ada\0", False), ("💩", False), ("...", False),
        ("\u202eadA", False), ("   ", False),
    ],
)  # fmt: skip
async def test_names_of_every_script_are_taken_and_markup_is_not(world: World, given: str, taken: bool) -> None:
    async with visitor(world) as browser:
        await begun(world, browser)
        await browser.answer("PasscodeGiven", passcode=await browser.newest_passcode())
        await browser.answer("NamesGiven", given_name=given, family_name="Hopper")
        browser.reads("Choose a password" if taken else "What is your name?")
        if taken:
            await with_password(browser)
            browser.reads("Terms of use")
            assert world.box.world.user(ADDRESS).given == given


async def test_two_tabs_make_one_account(world: World) -> None:
    async with visitor(world) as browser:
        await named(world, browser)
        tab = browser.tab()
        await with_password(browser)
        browser.reads("Terms of use")
        await tab.answer("FirstPasswordTyped", password="Other-7-Lanes", again="Other-7-Lanes")
        tab.reads("Terms of use")  # where the page stands now: the older form answers nothing
    assert len(accounts(world)) == 1


async def test_two_registrations_of_one_address_make_one_account_and_the_second_is_told(world: World) -> None:
    async with visitor(world) as one, visitor(world) as two:
        await named(world, one)
        first = await one.newest_passcode()
        await begun(world, two)
        await two.answer("PasscodeGiven", passcode=await two.newest_passcode(after=first))
        await two.answer("NamesGiven", given_name="Grace", family_name="Hopper")
        await with_password(one)
        await with_password(two)
        two.reads("There is an account with this address already")
    assert len(accounts(world)) == 1


async def test_pingone_failing_after_the_account_was_made_is_tried_again_and_nothing_is_made_twice(
    world: World,
) -> None:
    async with visitor(world) as browser:
        await named(world, browser)
        await with_password(browser)
        world.box.faults.add(method="POST", path="/devices$", status=503)
        await browser.answer("AgreementAccepted")
        browser.reads("Something is still to be done")
        browser.reads("Your account is there.")
        browser.reads("You have accepted the agreement.")
        await browser.answer("TryAgainChosen")
        browser.reads("Something is still to be done")
        world.box.faults.clear()
        await browser.answer("TryAgainChosen")
        browser.reads("You are registered")
    assert len(accounts(world)) == 1
    user = world.box.world.user(ADDRESS)
    assert [device.type for device in user.devices] == ["EMAIL"]
    made = [row for row in await world.desk.audit.list() if (row.action, row.kind) == ("registration.create", "intent")]
    assert len(made) == 1


async def test_an_answer_that_was_lost_after_the_account_was_made_is_looked_for_and_nothing_is_made_twice(
    world: World,
) -> None:
    async with visitor(world) as browser:
        await named(world, browser)
        world.box.faults.add(method="POST", path="/users$", late_ms=2_500, times=1)
        await with_password(browser)
        browser.reads("Terms of use")
    assert len(accounts(world)) == 1


async def test_declining_the_agreement_stays_and_makes_no_consent(world: World) -> None:
    async with visitor(world) as browser:
        await named(world, browser)
        await with_password(browser)
        for _ in range(3):
            await browser.answer("AgreementDeclined")
            browser.reads("To use your account, you must accept the agreement.")
        assert world.box.world.user(ADDRESS).consents == []
        await browser.answer("AgreementAccepted")
        browser.reads("You are registered")


async def test_a_half_done_registration_is_told_to_its_owner_with_the_way_back(world: World) -> None:
    async with visitor(world) as browser, visitor(world) as later:
        await named(world, browser)
        await browser.answer("WithoutPasswordChosen")
        browser.reads("Terms of use")
        await begun(world, later)
        way = WAY_BACK.search(await later.mail("Your registration"))
        assert way
        await later.open(way[0])
        await later.answer("TakeUp")
        later.reads("Terms of use")
        await browser.open(browser.url)
        assert browser.status == 410


async def test_scripts_in_the_terms_do_not_reach_the_page(world: World) -> None:
    async with visitor(world) as browser:
        await named(world, browser)
        await with_password(browser)
        html = browser.html.split('id="terms"')[1]
        for bad in ("<script", "onclick", "onerror", "javascript:", "<iframe", "<form", "style="):
            assert bad not in html.split("</div>")[0].lower()
