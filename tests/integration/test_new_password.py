"""A new password from the agent's key to both directories, through the real engine and the real page over HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from csrdesk.config import PasswordSettings, Settings
from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows.password_prompts import WaitingForNewPasswordPrompt
from csrdesk.sandbox import Options, Sandbox, people
from csrdesk.sandbox.digests import digest
from csrdesk.server import texts
from csrdesk.wiring import open_desk
from tests.integration.conftest import World

GOOD = "Winding-7-Lanes"
WRONG = "Kraken"
"""Part of every password of a test that is refused, and of nothing else."""


@pytest.fixture
async def box(tmp_path: Path) -> object:
    async with Sandbox(Options(record=tmp_path / "exchanges.jsonl")) as running:
        yield running


async def verified(world: World, username: str, caller: Customer) -> Call:
    """A caller who has shown all there is to show, with the page still open."""
    call, code = await world.sent(username)
    await caller.open(await caller.newest_link())
    await caller.answer("CodeGiven", code=code)
    if caller.offers("DeviceChosen"):
        await caller.answer("DeviceChosen")
    if caller.offers("PasscodeGiven"):
        await caller.answer("PasscodeGiven", passcode=await caller.newest_passcode())
    caller.reads(texts.DONE_TITLE)
    await call.waits_for(p.AccountPrompt)
    return call


async def asked(call: Call, caller: Customer) -> None:
    """The agent lets the customer choose; the open page asks at its next look."""
    await call.say(a.ResetChosen())
    await call.say(a.Confirmed("Forgot it on holiday"))
    await call.waits_for(WaitingForNewPasswordPrompt)
    url = await caller.newest_link()
    async with asyncio.timeout(10):
        await caller.open(url)
        while texts.WORKING_TITLE in caller.text:  # the page loads itself again, as browsers do
            await asyncio.sleep(0.05)
            await caller.open(url)
    caller.reads(texts.CHOOSE_TITLE)


async def types(caller: Customer, password: str, again: str | None = None) -> None:
    await caller.answer(
        "NewPasswordTyped", password=password, again=password if again is None else again, sign_out_elsewhere="yes"
    )


def in_directory(box: Sandbox, username: str, password: str) -> bool:
    entry = box.world.entry(username)
    return entry.passwords[-1] == digest(entry.first("objectGUID"), password)


def in_pingone(box: Sandbox, username: str, password: str) -> bool:
    user = box.world.user(username)
    return user.password.remembered[-1].digest == digest(user.id, password)


def below(folder: Path) -> dict[str, bytes]:
    """What is written there, with what the database has not yet folded in."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("username", [people.ONE_DEVICE, people.MUST_CHANGE, people.AD_LOCKED])
async def test_a_customer_whose_password_is_in_ad_sets_it_there(world: World, username: str) -> None:
    async with world.customer(username) as caller:
        call = await verified(world, username, caller)
        await asked(call, caller)
        caller.reads("At least 8 characters")
        await types(caller, "Short-7")
        caller.reads(texts.CHOOSE_REFUSED)
        await types(caller, GOOD)
        caller.reads(texts.CHANGED_TITLE)
        notice = await call.waits_for(p.NoticePrompt)
    assert in_directory(world.box, username, GOOD)
    said = " ".join(line.text for line in notice.lines)
    assert "AD: password set" in said
    assert ("AD: unlocked with it" in said) is (username == people.AD_LOCKED)
    assert world.box.world.user(username).sessions == []


@pytest.mark.parametrize("username", [people.NO_DEVICE_PINGONE, people.PINGONE_MUST_CHANGE, people.NO_PASSWORD])
async def test_a_customer_whose_password_is_in_pingone_sets_it_there_by_its_policy(world: World, username: str) -> None:
    good = "Seventeen quiet Boats 7"
    async with world.customer(username) as caller:
        call = await verified(world, username, caller)
        await asked(call, caller)
        await types(caller, "Password123!" if username != people.NO_PASSWORD else "correct horse battery staple")
        caller.reads("Many people use it")
        await types(caller, good)
        caller.reads(texts.CHANGED_TITLE)
        await call.waits_for(p.NoticePrompt)
    assert in_pingone(world.box, username, good)
    assert world.box.world.user(username).password.status == "OK"


async def test_r_36_a_mail_about_a_new_password_that_waits_is_said_to_be_sent_once_it_was(world: World) -> None:
    username, session = people.ONE_DEVICE, world.desk.session(world.desk.agent)
    async with world.customer(username) as caller:
        call = await verified(world, username, caller)
        await asked(call, caller)
        fault = world.box.faults.add(method="SMTP", status=450)
        await types(caller, GOOD)
        caller.reads(texts.CHANGED_TITLE)
        notice = await call.waits_for(p.NoticePrompt)
    assert not notice.half_done
    assert notice.lines[-1].text.startswith("Customer: not told yet. The mail server did not take the mail")
    world.box.faults.clear(fault)
    view = await session.changed(call.view.id, call.view.rev)
    assert isinstance(view.prompt, p.NoticePrompt)
    assert [line.text for line in view.prompt.lines if "Customer" in line.text] == ["Customer: told by mail"]
    assert "Password Changed" in {mail.subject for mail in world.box.world.mails}


async def test_where_both_keep_it_one_that_only_ad_takes_is_half_done_until_one_suits_both(
    box: Sandbox, settings: Settings
) -> None:
    who, half = people.BOTH_PASSWORDS, "Password123!"
    both = replace(settings, passwords=PasswordSettings(password_authority="both"))
    async with open_desk(both, serve_pages=True) as desk:
        world = World(box, desk)
        async with world.customer(who) as caller:
            call = await verified(world, who, caller)
            await asked(call, caller)
            await types(caller, half)
            caller.reads("suits both")
            caller.reads("Many people use it")
            assert (in_directory(box, who, half), in_pingone(box, who, half)) == (True, False)
            await types(caller, GOOD)
            caller.reads(texts.CHANGED_TITLE)
            await call.waits_for(p.NoticePrompt)
    assert in_directory(box, who, GOOD)
    assert in_pingone(box, who, GOOD)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("{SSHA}Winding-7-Lanes", "curly brackets"),
        ("Winding\0-7-Lanes", "cannot be typed"),
        ("Winding\u0085-7-Lanes", "cannot be typed"),
        ("Ab1-" * 2500, "At most 256 characters"),
        ("   7   ", "At least 8 characters"),
    ],
    ids=["encoded", "nul", "next-line", "ten-thousand", "blanks"],
)
async def test_what_no_directory_should_get_is_refused_and_another_is_asked_for(
    world: World, password: str, words: str
) -> None:
    who = people.ONE_DEVICE
    before = world.box.world.entry(who).first("pwdLastSet")
    async with world.customer(who) as caller:
        call = await verified(world, who, caller)
        await asked(call, caller)
        await types(caller, password)
        caller.reads(words)
        assert world.box.world.entry(who).first("pwdLastSet") == before
        await types(caller, f"  {GOOD} 🌊")
        caller.reads(texts.CHANGED_TITLE)
    assert in_directory(world.box, who, f"  {GOOD} 🌊")


async def test_two_tabs_that_send_at_once_make_one_write(world: World) -> None:
    who = people.ONE_DEVICE
    before = len(world.box.world.entry(who).passwords)
    async with world.customer(who) as caller:
        call = await verified(world, who, caller)
        await asked(call, caller)
        await asyncio.gather(types(caller, GOOD), types(caller, "Another-8-Lanes"))
        await caller.open(await caller.newest_link())
        caller.reads(texts.CHANGED_TITLE)
        await call.waits_for(p.NoticePrompt)
    assert len(world.box.world.entry(who).passwords) == before + 1


async def test_who_keeps_the_old_password_ends_the_reset_and_the_agent_sees_it(world: World) -> None:
    who = people.ONE_DEVICE
    before = world.box.world.entry(who).first("pwdLastSet")
    async with world.customer(who) as caller:
        call = await verified(world, who, caller)
        await asked(call, caller)
        await caller.answer("Cancelled")
        caller.reads(texts.KEPT_TITLE)
        while isinstance(call.view.prompt, WaitingForNewPasswordPrompt):
            call.view = await world.desk.session(world.desk.agent).changed(call.view.id, call.view.rev)
    assert world.box.world.entry(who).first("pwdLastSet") == before


async def test_r_23_the_page_for_a_password_opens_in_no_other_browser(world: World) -> None:
    who = people.ONE_DEVICE
    async with world.customer(who) as caller, world.customer(who) as other:
        call = await verified(world, who, caller)
        await asked(call, caller)
        await other.open(await other.newest_link())
        assert (other.status, other.offers("NewPasswordTyped")) == (410, False)


@pytest.mark.parametrize("refused", ["/directory/modify$", "/directory/search$", "/directory/"])
async def test_a_directory_that_does_not_answer_is_said_and_the_old_password_stays(world: World, refused: str) -> None:
    who = people.ONE_DEVICE
    async with world.customer(who) as caller:
        call = await verified(world, who, caller)
        await asked(call, caller)
        fault = world.box.faults.add(path=refused, status=503)
        await types(caller, GOOD)
        assert texts.CHANGED_TITLE not in caller.text
        assert not in_directory(world.box, who, GOOD)
        world.box.faults.clear(fault)
        if caller.offers("TryAgainChosen"):
            await caller.answer("TryAgainChosen")
        await types(caller, GOOD)
        caller.reads(texts.CHANGED_TITLE)
    assert in_directory(world.box, who, GOOD)


async def test_r_16_the_password_is_in_no_database_log_audit_recording_or_agents_screen(
    world: World, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    who, seen = people.ONLY_PINGONE, ""
    session = world.desk.session(world.desk.agent)
    async with world.customer(who) as caller:
        call = await verified(world, who, caller)
        await asked(call, caller)
        for password, again in (
            (f"{WRONG}-7", None),
            (f"{WRONG}-7-Harbour", f"{WRONG}-8-Harbour"),
            (f"{{SSHA}}{WRONG}-7-Harbour", None),
            (f"{WRONG}\0-7-Harbour", None),
            (f"{WRONG}-7-" * 1000, None),
            (f"{WRONG}-7-Sofia-{world.box.world.user(who).external_id}", None),
        ):
            await types(caller, password, again)
            assert WRONG not in caller.text
            seen += repr(await session.view(call.view.id))
        fault = world.box.faults.add(method="PUT", path="/password$", cut=True)
        await types(caller, f"{WRONG}-9-Harbours")
        world.box.faults.clear(fault)
        fault = world.box.faults.add(method="PUT", path="/password$", wrong_shape=True)
        await types(caller, f"{WRONG}-8-Harbours")
        world.box.faults.clear(fault)
        await types(caller, GOOD)
        caller.reads(texts.CHANGED_TITLE)
        seen += caller.text
        notice = await call.waits_for(p.NoticePrompt)
        seen += repr(notice) + msgspec.json.encode(notice).decode() + repr(await session.record(call.view.id))
    written = below(tmp_path)
    assert "desk.sqlite3" in written
    assert b"password.set" in written["exchanges.jsonl"]
    assert b"pingone.set_password" in b"".join(written.values())
    forms = [one.encode(code) for one in (GOOD, WRONG) for code in ("utf-8", "utf-16-le")]
    assert [(name, form) for name, content in written.items() for form in forms if form in content] == []
    assert [one for one in (GOOD, WRONG) if one in caplog.text + seen] == []
    assert in_pingone(world.box, who, GOOD)


async def test_by_a_link_of_its_own_a_new_browser_verifies_once_more_and_then_chooses(world: World) -> None:
    who = people.ONE_DEVICE
    async with world.customer(who) as first, world.customer(who) as caller:
        call = await verified(world, who, first)
        await asked(call, first)
        old = await first.newest_link()
        await call.say(a.OwnLinkChosen())
        if isinstance(call.view.prompt, p.MagicLinkFormPrompt):
            await call.say(a.SendChosen())
        url = await caller.newest_link(besides=old)
        await types(first, GOOD)
        assert (first.offers("NewPasswordTyped"), in_directory(world.box, who, GOOD)) == (False, False)
        passcode = await caller.newest_passcode()
        await caller.open(url)
        caller.reads("choose a new password")
        assert not caller.offers("NewPasswordTyped")
        await caller.answer("CodeGiven", code=call.code())
        await caller.answer("PasscodeGiven", passcode=await caller.newest_passcode(after=passcode))
        async with asyncio.timeout(10):
            while not caller.offers("NewPasswordTyped"):  # the page loads itself again, as browsers do
                await asyncio.sleep(0.05)
                await caller.open(url)
        await types(caller, GOOD)
        caller.reads(texts.CHANGED_TITLE)
        await call.waits_for(p.NoticePrompt)
    assert in_directory(world.box, who, GOOD)
    assert [mail.subject for mail in world.box.world.mails][1].startswith("Password Change Request")
