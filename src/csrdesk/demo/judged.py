"""Calls whose browser PingOne Protect judges once the code was right: `csrdesk demo --play --protect`.

Low risk goes on; high risk and a program in the browser's place are not approved, and the agent is told why; where
Protect gives no answer, only a strong device counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.demo.stage import Stage
from csrdesk.demo.telling import Scene, Step, expect, expect_that
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.model.risk import WhenDown
from csrdesk.sandbox import people

_BROWSER = "Mozilla/5.0 (X11; Linux x86_64)"
_STOPPED = "we cannot go on here"


async def low_risk(on_stage: Stage) -> AsyncIterator[Step]:
    """A browser that Protect knows: judged beside the call, and shown on the account."""
    who = people.ONE_DEVICE
    call, code = await _sent(on_stage, who)
    expect(len(on_stage.box.world.evaluations), 0, "evaluations before the customer's own code")
    async with _at_browser(on_stage, who, _BROWSER) as caller:
        await _types(caller, code)
        yield Step("customer", "types the right code: Protect judges that browser and address, never the agent's")
        await caller.answer("PasscodeGiven", passcode=await caller.newest_passcode())
        caller.reads("You are confirmed")
    account = await call.waits_for(p.AccountPrompt)
    expect_that(account.evidence.risk is not None, "the account shows what Protect said")
    label = account.evidence.risk.label if account.evidence.risk else ""
    expect(label, "low risk, known device", "what Protect said")
    yield Step("agent", f"sees {account.evidence.label}; PingOne Protect: {label}")
    await call.end()
    await _completed(on_stage, "SUCCESS")
    yield Step("desk", "has told Protect that it was them")


async def high_risk(on_stage: Stage) -> AsyncIterator[Step]:
    """High risk at the right code: no device is asked, nothing is approved, and the agent is told."""
    async for step in _stopped(on_stage, f"{_BROWSER} risk-high", "a browser that Protect thinks ill of"):
        yield step


async def bot(on_stage: Stage) -> AsyncIterator[Step]:
    """A program in place of a browser knows the right code: the same."""
    async for step in _stopped(on_stage, "SomeBot/1.0", "a program in the browser's place"):
        yield step


async def no_answer(on_stage: Stage) -> AsyncIterator[Step]:
    """Protect is down: a weak device is not asked, a strong one is enough."""
    fault = on_stage.box.faults.add(path="/riskEvaluations$", status=503)
    weak, strong = people.VOICE, people.TOTP
    call, code = await _sent(on_stage, weak)
    sent = len(on_stage.box.world.passcodes)
    async with _at_browser(on_stage, weak, _BROWSER) as caller:
        await _types(caller, code)
    card = await call.waits_for(p.CardPrompt)
    expect(len(on_stage.box.world.passcodes), sent, "passcodes sent")
    yield Step("agent", f"is told while Protect is down: {card.note}")
    await call.end()
    call, code = await _sent(on_stage, strong)
    async with _at_browser(on_stage, strong, _BROWSER) as caller:
        await _types(caller, code)
        await caller.answer("PasscodeGiven", passcode=await caller.app_passcode())
        caller.reads("You are confirmed")
    account = await call.waits_for(p.AccountPrompt)
    risk = account.evidence.risk
    expect(risk.without if risk else None, WhenDown.STEP_UP, "what stood in for Protect")
    yield Step("agent", f"sees another caller, with an authenticator app: {account.evidence.label}")
    await call.end()
    on_stage.box.faults.clear(fault)


async def _stopped(on_stage: Stage, user_agent: str, what: str) -> AsyncIterator[Step]:
    who = people.ONE_DEVICE
    call, code = await _sent(on_stage, who)
    sent = len(on_stage.box.world.passcodes)
    async with _at_browser(on_stage, who, user_agent) as caller:
        await _types(caller, code)
        caller.reads(_STOPPED)
        expect_that("risk" not in caller.text.lower(), "the page says nothing of risk")
    yield Step("customer", f"types the right code in {what}: the page goes no further, and does not say why")
    form = await call.waits_for(p.MagicLinkFormPrompt)
    expect(len(on_stage.box.world.passcodes), sent, "passcodes sent")
    yield Step("agent", f"is told: {form.note}")
    await _completed(on_stage, "FAILED")
    await call.say(a.Cancelled())
    await call.end()
    rows = await on_stage.desk.audit.list(limit=20)
    expect_that(any(row.kind == "alert" and row.action == "link.risk" for row in rows), "the audit has an alert")
    yield Step("desk", "has an alert in its audit, and told Protect that nobody was let in")


async def _sent(on_stage: Stage, who: str) -> tuple[Call, str]:
    call = await Call.begin(on_stage.desk.session(on_stage.desk.agent))
    await call.look_up(who)
    return call, await call.send_link()


def _at_browser(on_stage: Stage, who: str, user_agent: str) -> Customer:
    return Customer(on_stage.box.world.user(who).email, on_stage.mailbox_url, user_agent=user_agent)


async def _types(caller: Customer, code: str) -> None:
    await caller.open(await caller.newest_link())
    await caller.answer("CodeGiven", code=code)


async def _completed(on_stage: Stage, wanted: str) -> None:
    """How Protect's evaluation ends, which it hears behind what is shown already."""
    newest = list(on_stage.box.world.evaluations.values())[-1]
    for _ in range(100):
        if newest.completion != "IN_PROGRESS":
            break
        await asyncio.sleep(0.05)
    expect(newest.completion, wanted, "how Protect's evaluation ended")


SCENES: Final[tuple[Scene, ...]] = (low_risk, high_risk, bot, no_answer)
"""All calls that are played."""
