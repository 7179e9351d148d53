"""The story of the demo: calls that end well, and calls that must not. Each scene is one call, told step by step."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

from csrdesk.demo.agent import Call
from csrdesk.demo.auditing import audit_verified
from csrdesk.demo.customer import Customer
from csrdesk.demo.in_ad_alone import in_ad_alone
from csrdesk.demo.killed import taken_up
from csrdesk.demo.listed import from_a_list
from csrdesk.demo.resets import nothing_guessed, reset_by_own_link, reset_in_page
from csrdesk.demo.spoken import only_weak_devices, spoken_address
from csrdesk.demo.stage import Stage
from csrdesk.demo.telling import DifferenceError, Scene, Step, expect, expect_that
from csrdesk.demo.trouble import one_side_down, pingone_down
from csrdesk.demo.without_link import denied_push, led_push
from csrdesk.errors import NoSuchFlowError
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows.doors import Agent
from csrdesk.model.account import Lock
from csrdesk.model.link import LinkStage
from csrdesk.sandbox import people


def customer(on_stage: Stage, username: str, *, webauthn: str = "NONE") -> Customer:
    """The invented person at their browser."""
    return Customer(on_stage.box.world.user(username).email, on_stage.mailbox_url, webauthn=webauthn)


async def call_of(on_stage: Stage) -> Call:
    """A new call of the demo's agent."""
    return await Call.begin(on_stage.desk.session(on_stage.desk.agent))


async def passcode_shown(caller: Customer) -> None:
    """The customer takes the passcode from their phone and types it."""
    await caller.answer("PasscodeGiven", passcode=await caller.newest_passcode())


async def verified_call(on_stage: Stage) -> AsyncIterator[Step]:
    """A whole call: look up, verify, disable, enable."""
    call = await call_of(on_stage)
    await call.look_up(people.ONE_DEVICE)
    card = call.sees(p.CardPrompt)
    yield Step(
        "agent", f"looks up {people.ONE_DEVICE!r}: {card.person.name}, {card.person.email}; {card.ways[0].gives}"
    )
    code = await call.send_link()
    link = call.sees(p.PollingPrompt).link
    expect(link.stage, LinkStage.SENT, "the link's stage")
    yield Step("agent", f"sends the link, reference {link.reference}, and says a code aloud")
    async with customer(on_stage, people.ONE_DEVICE) as caller:
        url = await caller.newest_link()
        for method in ("GET", "GET", "HEAD"):
            expect(await caller.fetch(url, method=method, user_agent="MailScanner/1.0"), 200, f"a scanner's {method}")
        yield Step("scanner", "fetches the link three times; it spends nothing")
        await caller.open(url)
        caller.reads(link.reference)
        yield Step("customer", "opens the link: the page names the company, the reference and the account, masked")
        await caller.answer("CodeGiven", code=wrong(code))
        caller.reads("not right")
        yield Step("customer", "types a wrong code: refused and counted")
        await caller.answer("CodeGiven", code=f"{code[:3]} - {code[3:]}")
        shown = await call.waits_for_stage(LinkStage.CODE_RIGHT)
        expect_that(shown.link.fetched >= 4, "the fetches are counted")
        yield Step("agent", f"sees the code right ({shown.link.fetched} fetches counted)")
        async with customer(on_stage, people.ONE_DEVICE) as other:
            await other.open(url)
            expect(other.status, 410, "the link in a second browser")
        yield Step("scanner", "opens the link in a second browser: nothing there")
        await passcode_shown(caller)
        caller.reads("keep this page open")
        yield Step("customer", "types the passcode from the phone")
    account = await call.waits_for(p.AccountPrompt)
    expect_that(account.evidence.has_device, "a device was shown")
    yield Step("agent", f"sees {account.evidence.label}; account {account.account.status.value}")
    await only_the_owner(on_stage, call)
    yield Step("desk", "refuses another agent's session for this call")
    async for step in disabled_and_enabled(on_stage, call):
        yield step
    await call.end()
    yield Step("agent", "ends the call")


def wrong(code: str) -> str:
    """Another six digits."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def only_the_owner(on_stage: Stage, call: Call) -> None:
    """Another agent can neither see nor answer this call."""
    stranger = on_stage.desk.session(Agent("somebody.else"))
    for attempt in (stranger.view(call.view.id), stranger.answer(call.view.id, call.view.rev, a.DisableChosen())):
        try:
            await attempt
        except NoSuchFlowError:
            continue
        raise DifferenceError("another agent could see or answer this call")


async def disabled_and_enabled(on_stage: Stage, call: Call) -> AsyncIterator[Step]:
    """Inside the verified window."""
    user = on_stage.box.world.user(people.ONE_DEVICE)
    await call.say(a.DisableChosen())
    call.sees(p.ConfirmPrompt)
    await call.say(a.Confirmed("The caller asks for it: phone lost", "INC-1001"))
    notice = call.sees(p.NoticePrompt)
    expect([line.ok for line in notice.lines], [True] * len(notice.lines), f"all done: {notice.lines}")
    expect_that(not user.enabled, "PingOne says disabled")
    yield Step("agent", "disables: " + "; ".join(line.text for line in notice.lines))
    await call.say(a.NoticeRead())
    account = call.sees(p.AccountPrompt).account
    expect((account.directory_enabled, account.pingone_enabled), (False, False), "the account as read back")
    yield Step("agent", f"reads it back: {', '.join(account.obstacles)}")
    await call.say(a.EnableChosen())
    await call.say(a.Confirmed("The phone was found", "INC-1001"))
    notice = call.sees(p.NoticePrompt)
    expect([line.ok for line in notice.lines], [True, True, True], f"all done, and told: {notice.lines}")
    await call.say(a.NoticeRead())
    account = call.sees(p.AccountPrompt).account
    expect((account.directory_enabled, account.pingone_enabled), (True, True), "the account as read back")
    yield Step("agent", "enables: " + "; ".join(line.text for line in notice.lines))


async def protective_disable(on_stage: Stage) -> AsyncIterator[Step]:
    """Somebody has their account: disabled at once, enabled only after verification."""
    who = people.TOTP
    call = await call_of(on_stage)
    await call.look_up(who)
    await call.say(a.ProtectiveDisableChosen())
    await call.say(a.Confirmed("Caller reports a stranger's sign-ins", "INC-1002"))
    notice = call.sees(p.NoticePrompt)
    expect_that(not on_stage.box.world.user(who).enabled, "PingOne says disabled")
    yield Step("agent", f"disables {who!r} without proof, marked unverified: {notice.lines[0].text}; ...")
    await call.say(a.NoticeRead())
    code = await call.send_link()
    async with customer(on_stage, who) as caller:
        await caller.open(await caller.newest_link())
        await caller.answer("CodeGiven", code=code)
        caller.reads("keep this page open")
    yield Step("customer", "opens the link and types the code; PingOne asks no device of a disabled account")
    account = await call.waits_for(p.AccountPrompt)
    expect(account.evidence.factor_not_asked, "disabled", "why no factor was asked")
    yield Step("agent", f"sees {account.evidence.label}")
    await call.say(a.EnableChosen())
    await call.say(a.Confirmed("The owner is on the phone", "INC-1002"))
    expect([line.ok for line in call.sees(p.NoticePrompt).lines], [True, True, True], "enabled in both, and told")
    yield Step("agent", "enables what the desk itself had disabled")
    await call.end()


async def disabled_by_others(on_stage: Stage) -> AsyncIterator[Step]:
    """Disabled to begin with, and not by the desk: verified, but not enabled."""
    who = people.DISABLED_BY_OTHERS
    call = await call_of(on_stage)
    await call.look_up(who)
    code = await call.send_link()
    async with customer(on_stage, who) as caller:
        await caller.open(await caller.newest_link())
        await caller.answer("CodeGiven", code=code)
    account = await call.waits_for(p.AccountPrompt)
    yield Step("agent", f"sees {account.evidence.label}; {', '.join(account.account.obstacles)}")
    await call.say(a.EnableChosen())
    await call.say(a.Confirmed("The caller asks for it", "INC-1003"))
    notice = call.sees(p.NoticePrompt)
    expect_that(not any(line.ok for line in notice.lines), f"nothing was enabled: {notice.lines}")
    expect_that(not on_stage.box.world.user(who).enabled, "PingOne still says disabled")
    yield Step("desk", f"refuses: {notice.lines[0].text}")
    await call.end()


async def each_lock(on_stage: Stage) -> AsyncIterator[Step]:
    """Locked everywhere: verified with the device, and each lock is ended by itself; then what AD alone keeps."""
    who = people.PINGONE_LOCKED
    user, now = on_stage.box.world.user(who), on_stage.box.clock.now()
    user.password.status, user.password.locked_until = "OK", now + timedelta(hours=1)
    await on_stage.directory.lock(who)
    call = await call_of(on_stage)
    await call.look_up(who)
    code = await call.send_link()
    async with customer(on_stage, who) as caller:
        await caller.open(await caller.newest_link())
        await caller.answer("CodeGiven", code=code)
        await passcode_shown(caller)
        caller.reads("keep this page open")
    account = await call.waits_for(p.AccountPrompt)
    expect_that(account.evidence.has_device, "a device was shown")
    expect(account.account.locks, tuple(Lock), "all that is locked")
    yield Step("agent", f"sees why they can't sign in: {', '.join(account.account.obstacles)}")
    user.devices[0].locked_until = now + timedelta(hours=1)
    await call.say(a.UnlockChosen())
    await call.say(a.Confirmed("Typed the old password", "INC-1004"))
    notice = call.sees(p.NoticePrompt)
    unlocked = [line.text.partition(" at ")[0] for line in notice.lines if not line.aside]
    expect(unlocked, [f"{lock}: unlocked" for lock in Lock], "each lock")
    yield Step("agent", "unlocks: " + "; ".join(line.text for line in notice.lines))
    await call.say(a.NoticeRead())
    expect(call.sees(p.AccountPrompt).account.locks, (), "the locks as read back")
    expect_that(user.devices[0].locked_until is not None, "the device is locked as before")
    await call.say(a.UnlockChosen())
    await call.say(a.Confirmed("The caller asks once more", "INC-1004"))
    again = call.sees(p.NoticePrompt).lines[0].text
    expect_that("Nothing was written" in again, again)
    yield Step("desk", f"writes nothing the second time: {again}")
    await call.say(a.NoticeRead())
    async for step in in_ad_alone(call):
        yield step
    await call.end()


async def locked_device(on_stage: Stage) -> AsyncIterator[Step]:
    """The only device is locked: no way to verify, and nothing weaker is taken."""
    call = await call_of(on_stage)
    await call.look_up(people.DEVICE_LOCKED)
    card = call.sees(p.UnverifiableCardPrompt)
    yield Step("agent", f"sees: {card.why} ({'; '.join(card.obstacles)})")
    await call.say(a.CannotVerifyChosen())
    call.sees(p.CannotVerifyPrompt)
    yield Step("agent", "says the words for a caller who cannot be verified; nothing was done")
    await call.end()


async def too_new(on_stage: Stage) -> AsyncIterator[Step]:
    """The only device was registered yesterday: whoever took the account over could have done it."""
    who = people.EMAIL_ELSEWHERE
    on_stage.box.world.user(who).devices[0].created_at = on_stage.box.clock.now() - timedelta(days=1)
    call = await call_of(on_stage)
    await call.look_up(who)
    card = call.sees(p.UnverifiableCardPrompt)
    expect(card.obstacles, ("registered too recently",), "why the device cannot be used")
    yield Step("agent", f"sees: {card.why} ({'; '.join(card.obstacles)})")
    await call.end()


async def no_passkeys_here(on_stage: Stage) -> AsyncIterator[Step]:
    """The page knows no passkeys and the phone is locked meanwhile: not verified."""
    who = people.PASSKEY_AND_PHONE
    call = await call_of(on_stage)
    await call.look_up(who)
    code = await call.send_link()
    for device in on_stage.box.world.user(who).devices:
        if device.type == "SMS":
            device.locked_until = on_stage.box.clock.now() + timedelta(hours=1)
    async with customer(on_stage, who, webauthn="NONE") as caller:
        await caller.open(await caller.newest_link())
        await caller.answer("CodeGiven", code=code)
        expect_that(not caller.offers("PasscodeGiven"), "no passcode is asked")
        yield Step("customer", "types the right code in a browser without passkeys; no device can be used")
        await caller.answer("CannotUseAnyChosen")
    card = await call.waits_for(p.CardPrompt)
    yield Step("agent", f"is told: {card.note}")
    await call.end()


async def same_mailbox(on_stage: Stage) -> AsyncIterator[Step]:
    """The only device is the link's own mailbox: a recovery proof at most."""
    who = people.SAME_MAILBOX
    call = await call_of(on_stage)
    await call.look_up(who)
    code = await call.send_link()
    async with customer(on_stage, who) as caller:
        await caller.open(await caller.newest_link())
        await caller.answer("CodeGiven", code=code)
        caller.reads("keep this page open")
    account = await call.waits_for(p.AccountPrompt)
    expect((account.evidence.has_device, account.evidence.registered), (False, False), "no device counts")
    yield Step("agent", f"sees {account.evidence.label}")
    await call.end()


async def line_dropped(on_stage: Stage) -> AsyncIterator[Step]:
    """The line drops while the link waits: the link ends, and the next try begins at the same customer."""
    who = people.PASSWORD_EXPIRED
    call = await call_of(on_stage)
    await call.look_up(who)
    await call.send_link()
    await call.say(a.LineDropped())
    card = call.sees(p.CardPrompt)
    expect(card.person.username, who, "the customer on the card")
    yield Step("agent", f"is told: {card.note}")
    async with customer(on_stage, who) as caller:
        await caller.open(await caller.newest_link())
        expect(caller.status, 410, "the link after the line dropped")
    yield Step("customer", "opens the link that came before: nothing there")
    await call.end()


async def not_me(on_stage: Stage) -> AsyncIterator[Step]:
    """The customer says "this wasn't me": the link ends, and verification of this person is frozen."""
    who = people.VOICE
    call = await call_of(on_stage)
    await call.look_up(who)
    await call.send_link()
    async with customer(on_stage, who) as owner:
        await owner.open(await owner.newest_link())
        await owner.answer("NotMeChosen")
        await owner.answer("NotMeAnswered", choice="not_me")
    yield Step("customer", "did not call, and says so on a page of its own")
    card = await call.waits_for(p.UnverifiableCardPrompt)
    yield Step("agent", f"is warned: {card.note}")
    await call.end()
    again = await call_of(on_stage)
    await again.look_up(who)
    yield Step("desk", f"sends no other link: {again.sees(p.UnverifiableCardPrompt).why}")
    await again.end()


async def audit_read(on_stage: Stage) -> AsyncIterator[Step]:
    """The audit of all this."""
    rows = await on_stage.desk.audit.list(limit=1000)
    kinds = {kind: sum(row.kind == kind for row in rows) for kind in ("intent", "outcome", "refused", "alert")}
    keys = {kind: {row.key for row in rows if row.kind == kind and row.key} for kind in ("intent", "outcome")}
    expect(keys["intent"] - keys["outcome"], set(), "intents without an outcome")
    expect_that(kinds["refused"] > 0, "refusals are in the audit")
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    yield Step("desk", f"has {len(rows)} audit rows ({told}); every intent has its outcome")


STORY: tuple[Scene, ...] = (
    verified_call,
    protective_disable,
    disabled_by_others,
    each_lock,
    reset_in_page,
    reset_by_own_link,
    nothing_guessed,
    locked_device,
    too_new,
    no_passkeys_here,
    same_mailbox,
    spoken_address,
    only_weak_devices,
    led_push,
    denied_push,
    line_dropped,
    not_me,
    one_side_down,
    pingone_down,
    taken_up,
    from_a_list,
    audit_read,
    audit_verified,
)
