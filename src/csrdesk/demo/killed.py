"""The demo's scene of a kill: a command dies in the middle of its write, and what it left is taken up.

The command is a process of its own on the same desk; what kills it is SIGKILL, while PingOne's answer is on the way.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator

from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.demo.stage import Stage
from csrdesk.demo.telling import DifferenceError, Step, expect, expect_that
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows import user_functions as uf
from csrdesk.flows.doors import CallSummary
from csrdesk.sandbox import people

_WRITE = r"/users/[^/]+/enabled$"
_LATE_MS = 60_000
_PATIENCE = 20.0
_GLANCE = 0.02
"""Seconds: another process tells nobody how far it is."""


async def taken_up(on_stage: Stage) -> AsyncIterator[Step]:
    """A command is killed in its write, twice: once PingOne had done it, once it was lost. Nothing is done twice."""
    who = people.MUST_CHANGE
    user, session = on_stage.box.world.user(who), on_stage.desk.session(on_stage.desk.agent)
    call = await Call.begin(session)
    await call.look_up(who)
    code = await call.send_link()
    async with Customer(user.email, on_stage.mailbox_url) as caller:
        await caller.open(await caller.newest_link())
        await caller.answer("CodeGiven", code=code)
        await caller.answer("PasscodeGiven", passcode=await caller.newest_passcode())
    await call.waits_for(p.AccountPrompt)
    await _killed(on_stage, call, "disable", was_done=True)
    yield Step("desk", f"kills `csrdesk user disable {who}` while PingOne's answer is on the way")
    act = await _left(on_stage, call)
    expect((act.stage, act.unknown), ("an act was interrupted", 1), "what the list of calls says")
    yield Step("agent", f"sees in the list of calls: {act.customer}, {act.stage}, {act.unknown} unknown")
    lines = await _resumed(on_stage, act)
    expect_that(all(line.ok or line.aside for line in lines), f"found done: {lines}")
    expect_that(not user.enabled, "PingOne says disabled")
    yield Step("agent", "takes it up; what nobody saw is read back: " + "; ".join(line.text for line in lines[:2]))
    await _killed(on_stage, call, "enable", was_done=False)
    yield Step("desk", f"kills `csrdesk user enable {who}` as well; this time PingOne has lost the write")
    lines = await _resumed(on_stage, await _left(on_stage, call))
    expect([line.ok for line in lines[:2]], [True, False], f"AD alone: {lines}")
    yield Step("agent", "takes it up: " + "; ".join(line.text for line in lines[:2]))
    await call.looks_again()  # the account's page was read anew by itself
    call.sees(p.AccountPrompt)
    await call.say(a.EnableChosen())
    await call.say(a.Confirmed("Once more, after the kill", "INC-1020"))
    notice = call.sees(p.NoticePrompt)
    expect_that(not notice.again and user.enabled, f"all done: {notice.lines}")
    yield Step("agent", "tries again, in the call that is still verified: " + notice.lines[1].text)
    expect_that(not await on_stage.desk.left_unknown(), "nothing is left unknown")
    await call.say(a.NoticeRead())
    await call.end()


async def _killed(on_stage: Stage, call: Call, act: str, *, was_done: bool) -> None:
    """Run the command until PingOne has its write in hand and AD has answered; then kill it."""
    who, box = people.MUST_CHANGE, on_stage.box
    box.faults.add(path=_WRITE, method="PUT", late_ms=_LATE_MS, ignore_write=not was_done, times=1)
    words = ("user", act, who, "--call", call.view.id, "--reason", "The caller asks for it", "--yes")
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "csrdesk", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | {"CSRDESK_CONFIG": str(on_stage.desk.data_dir.parent / "config.toml")},
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            while not await _is_in_the_write(on_stage, enabled=act == "enable", was_done=was_done):  # noqa: ASYNC110 - another process
                await asyncio.sleep(_GLANCE)
    except TimeoutError:
        raise DifferenceError(f"the command did not come as far as its write ({command.returncode})") from None
    finally:
        if command.returncode is None:
            command.kill()
        await command.wait()
        box.faults.clear()


async def _is_in_the_write(on_stage: Stage, *, enabled: bool, was_done: bool) -> bool:
    """PingOne has the request, and has done it where it is to; AD's half has its outcome."""
    begun = [row.action for row in await on_stage.desk.audit.unknown()]
    done = on_stage.box.world.user(people.MUST_CHANGE).enabled is enabled
    return not on_stage.box.faults.current() and begun == ["pingone.set_enabled"] and done is was_done


async def _left(on_stage: Stage, call: Call) -> CallSummary:
    calls = await on_stage.desk.session(on_stage.desk.agent).calls()
    act = next((one for one in calls if one.call_id == call.view.id and one.left), None)
    if act is None:
        raise DifferenceError(f"the list of calls does not show what was killed: {calls}")
    return act


async def _resumed(on_stage: Stage, act: CallSummary) -> tuple[p.ResultLine, ...]:
    session = on_stage.desk.session(on_stage.desk.agent)
    await session.resume(act.id)
    outcome = (await session.settled(act.id)).outcome
    if not isinstance(outcome, uf.Outputs):
        raise DifferenceError(f"the act came to no end: {outcome}")
    return outcome.lines
