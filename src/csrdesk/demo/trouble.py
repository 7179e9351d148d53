"""Scenes of the demo in which something outside is down: half is done, said, and mended; a mail comes later."""

from __future__ import annotations

from collections.abc import AsyncIterator

from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.demo.stage import Stage
from csrdesk.demo.telling import Step, expect, expect_that
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.sandbox import people

_LATER = "Customer: not told yet."


async def one_side_down(on_stage: Stage) -> AsyncIterator[Step]:
    """PingOne takes no write and the mail server no mail: half done; tried again, and told a moment later."""
    who, faults = people.SEVERAL_DEVICES, on_stage.box.faults
    user = on_stage.box.world.user(who)
    writes = faults.add(method="PUT", path="/enabled$", status=503)
    mail = faults.add(method="SMTP", path=user.email, status=450)
    call = await Call.begin(on_stage.desk.session(on_stage.desk.agent))
    await call.look_up(who)
    await call.say(a.ProtectiveDisableChosen())
    await call.say(a.Confirmed("Caller reports a stranger's sign-ins", "INC-1010"))
    notice = call.sees(p.NoticePrompt)
    expect((notice.half_done, notice.again), (True, True), "half done, with another try")
    expect_that(user.enabled, "PingOne has it enabled as before")
    half = "; ".join(line.text for line in notice.lines[:2])
    yield Step("agent", f"disables {who!r} while PingOne takes no write: half done. {half}")
    waits = next(line.text for line in notice.lines if line.text.startswith(_LATER))
    yield Step("agent", f"is told: {waits}")
    faults.clear(writes)
    faults.clear(mail)
    async with Customer(user.email, on_stage.mailbox_url) as owner:
        told = await owner.mail("Account Disabled")
    expect_that("Our help desk has disabled your account" in told, "the mail says what was done")
    yield Step("customer", "reads a moment later that the desk has disabled the account, and whom to call")
    await call.say(a.TryAgainChosen())
    notice = call.sees(p.NoticePrompt)
    expect((notice.half_done, user.enabled), (False, False), "disabled in both")
    yield Step("agent", "tries again: " + "; ".join(line.text for line in notice.lines[:2]))
    await call.say(a.NoticeRead())
    await call.end()


async def pingone_down(on_stage: Stage) -> AsyncIterator[Step]:
    """PingOne does not answer at all: nobody is verified, and AD alone can be closed."""
    who, faults = people.EXPIRED, on_stage.box.faults
    user = on_stage.box.world.user(who)
    down = faults.add(path="/users", status=503)
    call = await Call.begin(on_stage.desk.session(on_stage.desk.agent))
    await call.look_up(who)
    card = call.sees(p.UnverifiableCardPrompt)
    yield Step("agent", f"sees: {card.why}")
    await call.say(a.ProtectiveDisableChosen())
    await call.say(a.Confirmed("Caller reports a stranger's sign-ins", "INC-1011"))
    notice = call.sees(p.NoticePrompt)
    expect((notice.half_done, user.enabled), (True, True), "only AD is closed")
    yield Step("agent", f"closes what can be closed: {notice.lines[0].text}; {notice.lines[1].text}")
    faults.clear(down)
    await call.say(a.NoticeRead())
    await call.look_up(who)
    await call.say(a.ProtectiveDisableChosen())
    await call.say(a.Confirmed("Caller reports a stranger's sign-ins", "INC-1011"))
    notice = call.sees(p.NoticePrompt)
    expect((notice.half_done, user.enabled), (False, False), "disabled in both")
    yield Step("agent", "looks them up again: " + "; ".join(line.text for line in notice.lines[:2]))
    await call.say(a.NoticeRead())
    await call.end()
