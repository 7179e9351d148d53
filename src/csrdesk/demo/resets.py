"""The demo's scenes of a new password: in the page that verified, by a link of its own, and where nobody guesses."""

from __future__ import annotations

from collections.abc import AsyncIterator

from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.demo.stage import Stage
from csrdesk.demo.telling import Step, expect, expect_that
from csrdesk.flows import answers as a
from csrdesk.flows import password_prompts as pp
from csrdesk.flows import prompts as p
from csrdesk.sandbox import password_cast

_NEW = "Seven teal otters, 2 boats"
_SHORT = "short1A"


async def reset_in_page(on_stage: Stage) -> AsyncIterator[Step]:
    """A forgotten password: the page that verified asks for a new one, without another mail, code or factor."""
    who = password_cast.EXTERNAL_ALLOWED
    call, directory = await _call_of(on_stage), on_stage.directory
    before = await directory.password_set(who)
    await call.look_up(who)
    code = await call.send_link()
    async with _customer(on_stage, who) as caller:
        await caller.open(await caller.newest_link())
        await _prove(caller, code)
        caller.reads("keep this page open")
        await call.waits_for(p.AccountPrompt)
        yield Step("agent", f"has verified {who!r}, who has forgotten the password")
        await call.say(a.ResetChosen())
        await call.say(a.Confirmed("Forgot the password", "INC-1010"))
        waiting = call.sees(pp.WaitingForNewPasswordPrompt)
        expect([home.value for home in waiting.homes], ["AD"], "where the password is kept")
        yield Step("agent", "lets the customer choose a new one, and sees nothing of it")
        await caller.waits_for("NewPasswordTyped")
        await _type(caller, _SHORT)
        yield Step("customer", "types one that is too short: refused on the page, and nothing is written")
        expect(await directory.password_set(who), before, "the password in AD")
        await _type(caller, _NEW)
        caller.reads("your new password is set")
        yield Step("customer", "types a longer one, twice, in the same page")
    notice = await call.waits_for(p.NoticePrompt)
    expect([line.ok for line in notice.lines], [True] * len(notice.lines), f"all done: {notice.lines}")
    expect_that(await directory.password_set(who) != before, "AD has a new password")
    expect_that(not on_stage.box.world.user(who).sessions, "no session is left")
    yield Step("agent", "reads: " + "; ".join(line.text for line in notice.lines))
    await call.say(a.NoticeRead())
    call.sees(p.AccountPrompt)
    await call.end()


async def reset_by_own_link(on_stage: Stage) -> AsyncIterator[Step]:
    """The page is closed: a link of its own verifies once more, and its page goes on to the new password."""
    who = password_cast.PINGONE_MUST_CHANGE
    call = await _call_of(on_stage)
    await call.look_up(who)
    code = await call.send_link()
    async with _customer(on_stage, who) as caller:
        first = await caller.newest_link()
        await caller.open(first)
        await _prove(caller, code)
        shown = await caller.newest_passcode()
        await call.waits_for(p.AccountPrompt)
    await call.say(a.ResetChosen())
    await call.say(a.Confirmed("Must change the password", "INC-1011"))
    await call.say(a.OwnLinkChosen())
    await call.say(a.SendChosen())
    if isinstance(call.view.prompt, p.MagicLinkFormPrompt):
        await call.say(a.SendChosen())
    yield Step("agent", f"hears that {who!r} has closed the page, and sends a link of its own")
    async with _customer(on_stage, who) as caller:
        await caller.open(await caller.newest_link(besides=first))
        caller.reads("choose a new password")
        await caller.answer("CodeGiven", code=call.code())
        await caller.answer("PasscodeGiven", passcode=await caller.newest_passcode(after=shown))
        await call.waits_for(pp.WaitingForNewPasswordPrompt)
        await caller.waits_for("NewPasswordTyped")
        yield Step("customer", "shows the device once more, and the page goes on to the new password")
        await _type(caller, _NEW)
        caller.reads("your new password is set")
    notice = await call.waits_for(p.NoticePrompt)
    expect([line.ok for line in notice.lines], [True] * len(notice.lines), f"all done: {notice.lines}")
    expect(on_stage.box.world.user(who).password.status, "OK", "the password in PingOne")
    yield Step("agent", "reads: " + "; ".join(line.text for line in notice.lines))
    await call.end()


async def nothing_guessed(on_stage: Stage) -> AsyncIterator[Step]:
    """Both directories keep a password, and no setting says which counts: reset is not offered."""
    who = password_cast.BOTH_PASSWORDS
    call = await _call_of(on_stage)
    await call.look_up(who)
    code = await call.send_link()
    async with _customer(on_stage, who) as caller:
        await caller.open(await caller.newest_link())
        await _prove(caller, code)
    account = await call.waits_for(p.AccountPrompt)
    expect_that("password_authority" in account.why_no_reset, f"the setting is named: {account.why_no_reset}")
    yield Step("agent", f"is not offered a reset: {account.why_no_reset}")
    await call.end()


async def _call_of(on_stage: Stage) -> Call:
    return await Call.begin(on_stage.desk.session(on_stage.desk.agent))


def _customer(on_stage: Stage, username: str) -> Customer:
    return Customer(on_stage.box.world.user(username).email, on_stage.mailbox_url)


async def _prove(caller: Customer, code: str) -> None:
    """The code and the passcode from the phone."""
    await caller.answer("CodeGiven", code=code)
    await caller.answer("PasscodeGiven", passcode=await caller.newest_passcode())


async def _type(caller: Customer, password: str) -> None:
    await caller.answer("NewPasswordTyped", password=password, again=password, sign_out_elsewhere="yes")
