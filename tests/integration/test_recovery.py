"""Account recovery as customers meet it: pages over HTTP, a desk, PingOne's sandbox and its mailbox."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.customer import Customer
from csrdesk.engine.public_pages import CUSTOMER
from csrdesk.sandbox import Sandbox, people
from csrdesk.services import http
from csrdesk.wiring import open_desk
from tests.integration.conftest import World, seen

WHO = people.ONLY_PINGONE
NOBODY = "nobody.at.all@mail.example"
NEW = "Winding-7-Lanes"
KNOWN = "Mozilla/5.0 known"
CODE = re.compile(r"recovery code is (\w{8})")
TOKEN = re.compile(r'name="form" value="([0-9a-f]+)"')


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


async def comes(condition: Callable[[], bool]) -> None:
    """What goes on behind the page that is shown already; raises after some seconds."""
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come")


def written(folder: Path) -> bytes:
    """Everything that a desk wrote to its disk."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def ends(world: World) -> set[str]:
    return {one.completion for one in world.box.world.evaluations.values()}


async def audit(world: World, username: str = WHO) -> list[str]:
    """What the audit says of one person, oldest first."""
    rows = await world.desk.audit.list(person_id=world.box.world.user(username).id)
    return [row.action for row in rows if row.kind != "outcome"]


async def test_the_page_is_the_same_for_an_address_that_nobody_has(world: World) -> None:
    async with visitor(world) as known, visitor(world, NOBODY) as unknown:
        await begun(world, known)
        await begun(world, unknown, NOBODY)
        assert seen(known) == seen(unknown)
        for browser in (known, unknown):
            await typed(browser, "AAAA2222")
        assert "That code is not right" in known.text
        assert seen(known) == seen(unknown)
        for _ in range(4):
            await typed(known, "AAAA2222")
            await typed(unknown, "AAAA2222")
            assert seen(known) == seen(unknown)
        known.reads("All tries are used")
    assert not [mail for mail in world.box.world.mails if mail.to == NOBODY]


async def test_a_mismatch_is_not_counted_and_wrong_codes_are(world: World) -> None:
    async with visitor(world) as browser:
        await begun(world, browser)
        code = await code_of(browser)
        await typed(browser, code, NEW, "Another-9-Lanes")
        browser.reads("The two passwords are not the same")
        browser.reads("5 more times")
        await typed(browser, "AAAA2222")
        browser.reads("4 more times")
        await typed(browser, code.lower()[:4] + "-" + code[4:])
        browser.reads("Your new password is set")


async def test_a_password_that_breaks_the_policy_is_refused_in_plain_words_and_the_code_is_good_still(
    world: World,
) -> None:
    async with visitor(world) as browser:
        await begun(world, browser)
        code = await code_of(browser)
        for bad in ("short1A", "x" * 10_000, "\N{PILE OF POO}\0abc", "alllowercase", " "):
            await typed(browser, code, bad)
            assert not browser.offers("TryAgainChosen")
            if not browser.offers("RecoveryTyped"):
                break
        else:
            await typed(browser, code)
            browser.reads("Your new password is set")


async def test_another_code_ends_the_one_before_and_comes_no_sooner_than_the_pause(world: World) -> None:
    async with visitor(world) as browser:
        await begun(world, browser)
        first = await code_of(browser)
        await browser.answer("ResendChosen")
        browser.reads("Send another code?")
        await browser.answer("BackChosen")
        await browser.answer("ResendChosen")
        await browser.answer("SendChosen")
        browser.reads("Another code can be sent in")
        assert world.box.world.user(WHO).recovery
        await typed(browser, first)
        browser.reads("Your new password is set")


async def test_cancel_leads_back_to_signing_in_and_ends_the_page(world: World) -> None:
    async with visitor(world) as browser:
        await browser.open(f"{world.desk.pages_url}/recover")
        await browser.answer("Cancelled")
        browser.reads("Nothing was changed")
        await begun(world, browser)
        await browser.answer("Cancelled")
        browser.reads("Nothing was changed")
    await comes(lambda: ends(world) == {"FAILED"})
    assert "recovery.ended" in await audit(world)


@pytest.mark.parametrize(("agent", "told"), [("bot", True), ("aitm", True), ("risk-high", False)])
async def test_what_protect_recommends_against_stops_with_the_same_page_and_disables_nobody(
    world: World, agent: str, told: bool
) -> None:
    user = world.box.world.user(WHO)
    async with visitor(world, agent=agent) as known, visitor(world, NOBODY, agent) as unknown:
        await begun(world, known)
        await begun(world, unknown, NOBODY)
        known.reads("This cannot go on here")
        assert seen(known) == seen(unknown)
        if told:
            assert "It looked wrong, and we stopped it" in await known.mail("Suspicious Activity")
    assert user.enabled
    assert user.recovery is None
    await comes(lambda: ends(world) == {"FAILED"})


async def test_a_new_device_goes_on_and_the_owner_is_told(world: World) -> None:
    async with visitor(world, agent="Mozilla/5.0 new-device") as browser:
        await begun(world, browser)
        await code_of(browser)
        assert "on a device that we do not know" in await browser.mail("New Device Sign-in Activity")


async def test_the_evaluation_ends_as_the_recovery_did_and_names_nobody(world: World) -> None:
    user = world.box.world.user(WHO)
    async with visitor(world) as browser:
        await begun(world, browser)
        await typed(browser, await code_of(browser))
    await comes(lambda: ends(world) == {"SUCCESS"})
    (evaluation,) = world.box.world.evaluations.values()
    assert user.id not in str(evaluation)
    assert evaluation.user_type == "EXTERNAL"


@pytest.mark.parametrize("who", [people.DISABLED_BY_OTHERS, people.NO_PASSWORD, people.PINGONE_PASSWORD_LOCKED])
async def test_an_account_that_cannot_be_recovered_looks_like_any(world: World, who: str) -> None:
    address = world.box.world.user(who).email
    async with visitor(world, address) as browser, visitor(world, NOBODY) as unknown:
        await begun(world, browser, address)
        await begun(world, unknown, NOBODY)
        for one in (browser, unknown):
            await typed(one, "AAAA2222")
        assert seen(browser) == seen(unknown)
    assert world.box.world.user(who).recovery is None


async def test_an_account_whose_password_is_kept_elsewhere_is_mailed_whom_to_call(world: World) -> None:
    address = world.box.world.user(people.EXTERNAL_NOT_ALLOWED).email
    async with visitor(world, address) as browser:
        await begun(world, browser, address)
        browser.reads("Type the code from our mail")
        assert "Our page cannot change this one" in await browser.mail("Password Change Request")


async def test_a_code_of_another_account_is_a_wrong_one(world: World) -> None:
    other = world.box.world.user(people.NO_DEVICE_PINGONE).email
    async with visitor(world) as browser, visitor(world, other) as stranger:
        await begun(world, browser)
        await begun(world, stranger, other)
        await typed(stranger, await code_of(browser))
        stranger.reads("That code is not right")


async def test_r_06_a_change_of_the_address_ends_the_page(world: World) -> None:
    user = world.box.world.user(WHO)
    before = user.password.changed_at
    async with visitor(world) as browser:
        await begun(world, browser)
        code = await code_of(browser)
        user.email = "elsewhere@mail.example"
        await typed(browser, code)
        browser.reads("This page is over")
    assert user.password.changed_at == before


async def test_r_17_another_browser_gets_the_page_of_an_unknown_token(world: World) -> None:
    async with visitor(world) as browser, visitor(world, NOBODY) as other:
        await begun(world, browser)
        await other.open(f"{world.desk.pages_url}/recover")
        await other.open(browser.url)
        foreign = (other.status, other.text)
        await other.open(f"{world.desk.pages_url}/recover/nothing")
        assert foreign == (other.status, other.text)
        assert other.status == 410


async def test_nothing_is_there_where_settings_do_not_offer_it(box: Sandbox, settings: Settings) -> None:
    off = replace(settings, flow=replace(settings.flow, ciam_account_recovery_enabled=False))
    async with open_desk(off, serve_pages=True) as desk, visitor(World(box, desk)) as browser:
        await browser.open(f"{desk.pages_url}/recover")
        assert browser.status == 404


async def test_protect_disables_only_where_settings_name_it_and_once_a_day_for_one_account(
    box: Sandbox, settings: Settings
) -> None:
    named = replace(settings, recovery=replace(settings.recovery, disable_for=("BOT_MITIGATION",)))
    async with open_desk(named, serve_pages=True) as desk:
        world = World(box, desk)
        user = box.world.user(people.ONLY_PINGONE)
        async with visitor(world, agent="aitm") as browser:
            await begun(world, browser)
            await browser.mail("Suspicious Activity")
        assert user.enabled
        async with visitor(world, agent="bot") as browser:
            await begun(world, browser)
            browser.reads("This cannot go on here")
            await browser.mail("Account Disabled")
        assert not user.enabled
        assert not user.sessions
        rows = [(row.kind, row.action, row.result) for row in await desk.audit.list(person_id=user.id)]
        assert ("alert", "risk.disable", "") in rows
        assert ("outcome", "pingone.set_enabled", "done") in rows
        user.enabled = True
        async with visitor(world, agent="bot") as browser:
            await begun(world, browser)
            await comes(lambda: ends(world) == {"FAILED"})
        assert user.enabled


async def test_r_18_a_thousand_requests_for_one_address_meet_a_limit_and_change_nothing_of_the_account(
    box: Sandbox, settings: Settings
) -> None:
    many = replace(settings, limits=replace(settings.limits, public_pages_per_source=10_000))
    async with open_desk(many, serve_pages=True) as desk:
        user = box.world.user(WHO)
        before = (user.enabled, user.password.changed_at, user.password.status)

        async def robot(times: int) -> list[int]:
            """As fast as one can: the page is read once, and its form is sent again and again."""
            url = f"{desk.pages_url}/recover"
            async with http.open_browser(KNOWN) as browser:
                token = TOKEN.search((await browser.get(url)).text)
                assert token
                form = {"type": "EmailGiven", "form": token[1], "email": user.email}
                return [(await browser.post(url, data=form)).status_code for _ in range(times)]

        statuses = [status for found in await asyncio.gather(*(robot(25) for _ in range(40))) for status in found]
        assert len(statuses) == 1_000
        assert set(statuses) == {200, 429}
        assert (user.enabled, user.password.changed_at, user.password.status) == before
        codes = [mail for mail in box.world.mails if mail.to == user.email and "recovery code" in mail.subject]
        assert len(codes) == many.limits.recoveries_per_address_in_ten_minutes
        rows = [row for row in await desk.audit.list(limit=5000) if row.action == "limit.reached"]
        assert [row.details["limit"] for row in rows] == ["recoveries_per_address_in_ten_minutes"]


async def test_r_18_one_source_begins_no_more_than_settings_say(box: Sandbox, settings: Settings) -> None:
    few = replace(settings, limits=replace(settings.limits, public_pages_per_source=2))
    async with open_desk(few, serve_pages=True) as desk:
        world = World(box, desk)
        async with visitor(world) as browser:
            for n in range(3):
                await begun(world, browser, f"somebody{n}@mail.example")
            assert browser.status == 429
            browser.reads("Too many requests came from your network")


async def test_r_16_neither_code_nor_password_is_in_the_database_or_the_log(world: World, settings: Settings) -> None:
    async with visitor(world) as browser:
        await begun(world, browser)
        code = await code_of(browser)
        await typed(browser, "AAAA2222")
        await typed(browser, code)
        browser.reads("Your new password is set")
    await comes(lambda: ends(world) == {"SUCCESS"})
    kept = written(Path(settings.desk.data_dir))
    assert b"account_recovery" in kept
    for secret in (code, NEW, "AAAA2222"):
        assert secret.encode() not in kept


async def test_r_66_the_audit_masks_the_address_and_says_that_no_agent_did_it(world: World) -> None:
    async with visitor(world) as browser:
        await begun(world, browser)
        await typed(browser, await code_of(browser))
    await comes(lambda: ends(world) == {"SUCCESS"})
    rows = await world.desk.audit.list()
    assert {row.agent for row in rows} == {CUSTOMER.id}
    assert world.box.world.user(WHO).email not in str(rows)
    assert [row.details["identifier"] for row in rows if row.action == "recovery.lookup"] == ["s***a@m***.example"]


@pytest.mark.parametrize("down", ["step_up", "block", "allow"])
async def test_where_protect_is_down_it_goes_on_only_where_settings_say_so(
    box: Sandbox, settings: Settings, down: str
) -> None:
    chosen = replace(settings, protect=replace(settings.protect, when_down=down))
    async with open_desk(chosen, serve_pages=True) as desk:
        world = World(box, desk)
        box.faults.add(path="/riskEvaluations", status=503)
        async with visitor(world) as browser, visitor(world, NOBODY) as unknown:
            await begun(world, browser)
            await begun(world, unknown, NOBODY)
            browser.reads("Type the code from our mail" if down == "allow" else "This did not work just now")
            assert seen(browser) == seen(unknown)


NO_FORM: list[tuple[dict[str, str], bytes, int]] = [
    ({}, b"type=EmailGiven&email=a%40b.example", 403),
    ({"sec-fetch-site": "cross-site"}, b"type=EmailGiven&email=a%40b.example&form={form}", 403),
    ({"content-type": "application/json"}, b"{}", 415),
    ({}, b"form={form}&" + b"x" * 300_000, 413),
    ({}, b"form={form}&email=%ff&type=EmailGiven", 400),
    ({}, b"form={form}&email=a&email=b&type=EmailGiven", 422),
    ({}, b"form={form}&type=EmailGiven&email=" + b"a" * 900 + b"%40b.example", 422),
    ({}, b"form={form}&type=RecoveryTyped&code=x&password=y&again=y", 422),
    ({}, b"form={form}&type=RecoveryBegun&mark=x", 422),
    ({}, b"form={form}", 422),
]
"""Header fields, body, and the status that refuses it."""


@pytest.mark.parametrize(("fields", "body", "status"), NO_FORM)
async def test_r_20_what_is_no_form_of_the_page_begins_nothing(
    world: World, fields: dict[str, str], body: bytes, status: int
) -> None:
    async with http.Client(base_url=world.desk.pages_url) as robot:
        page = (await robot.get("/recover")).text
        token = re.search(r'name="form" value="(\w+)"', page)
        assert token
        headers = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin", **fields}
        answer = await robot.post("/recover", content=body.replace(b"{form}", token[1].encode()), headers=headers)
    assert answer.status_code == status
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert [row for row in await world.desk.audit.list() if row.agent == CUSTOMER.id] == []
    assert world.box.world.evaluations == {}


@pytest.mark.parametrize("happens", ["disabled", "locked", "no password", "elsewhere"])
async def test_an_account_that_changes_while_the_page_is_open_is_not_recovered_and_nobody_is_told_why(
    world: World, happens: str
) -> None:
    user = world.box.world.user(WHO)
    before = user.password.changed_at
    async with visitor(world) as browser:
        await begun(world, browser)
        code = await code_of(browser)
        match happens:
            case "disabled":
                user.enabled = False
            case "locked":
                user.password.locked_until = world.box.clock.now() + timedelta(hours=1)
            case "no password":
                user.password.status = "NO_PASSWORD"
            case _:
                user.password.status = "EXTERNAL"
        await typed(browser, code)
        browser.reads("That code is not right, or not good any more")
    assert user.password.changed_at == before


@pytest.mark.parametrize("where", ["roleAssignments", r"/users/[0-9a-f-]+$", r"/users/[0-9a-f-]+/password$"])
async def test_what_only_a_known_address_makes_pingone_read_shows_nowhere_when_it_fails(
    world: World, where: str
) -> None:
    world.box.faults.add(method="GET", path=where, status=500)
    async with visitor(world) as known, visitor(world, NOBODY) as unknown:
        await begun(world, known)
        await begun(world, unknown, NOBODY)
        known.reads("Type the code from our mail")
        assert seen(known) == seen(unknown)
        for browser in (known, unknown):
            await typed(browser, "AAAA2222")
        assert seen(known) == seen(unknown)
