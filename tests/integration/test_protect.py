"""PingOne Protect judges the browser of a caller whose code was right: real pages, a desk, the sandbox's Protect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.model.risk import RiskLevel, WhenDown
from csrdesk.sandbox import people
from csrdesk.sandbox.model import Evaluation
from csrdesk.sandbox.passcodes import totp_now
from tests.integration.conftest import World

BROWSER = "Mozilla/5.0 (X11; Linux x86_64)"
WHO = people.ONE_DEVICE
RISKY_PAGE = "Tell the agent that this page says: we cannot go on here."
EVALUATE = "/riskEvaluations$"


@pytest.fixture
def when_down() -> str:
    return "step_up"


@pytest.fixture
def settings(settings: Settings, when_down: str) -> Settings:
    return replace(
        settings,
        flow=replace(settings.flow, protect_analysis_required=True),
        protect=replace(settings.protect, when_down=WhenDown(when_down).value, timeout_seconds=0.5),
    )


async def at_the_page(world: World, username: str, agent: str, call: Call, code: str) -> Customer:
    user = world.box.world.user(username)
    caller = Customer(user.email, world.box.settings().mailbox_url, user_agent=agent)
    await caller.open(await caller.newest_link())
    await caller.answer("CodeGiven", code=code)
    return caller


async def comes(condition: Callable[[], bool]) -> None:
    """What goes on behind what is shown already; raises after some seconds."""
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come")


def evaluation(world: World) -> Evaluation:
    (only,) = world.box.world.evaluations.values()
    return only


async def ends(world: World, completion: str) -> None:
    await comes(lambda: evaluation(world).completion == completion)


async def says(world: World, row: tuple[str, str, str]) -> None:
    """The audit, once what goes on behind is written down."""
    for _ in range(100):
        if row in await actions(world):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"the audit does not say {row}")


async def actions(world: World) -> list[tuple[str, str, str]]:
    return [(row.kind, row.action, row.result) for row in await world.desk.audit.list()]


@pytest.mark.parametrize(
    ("agent", "label", "level"),
    [
        (BROWSER, "low risk, known device", RiskLevel.LOW),
        (f"{BROWSER} risk-medium", "medium risk, known device", RiskLevel.MEDIUM),
        (f"{BROWSER} new-device", "low risk, new device", RiskLevel.LOW),
    ],
)
async def test_low_and_medium_go_on_and_the_agent_reads_it_on_the_account(
    world: World, agent: str, label: str, level: RiskLevel
) -> None:
    call, code = await world.sent(WHO)
    async with await at_the_page(world, WHO, agent, call, code) as caller:
        await caller.answer("PasscodeGiven", passcode=await caller.newest_passcode())
        caller.reads("You are confirmed")
    account = await call.waits_for(p.AccountPrompt)
    assert account.evidence.risk
    assert account.evidence.risk.label == label
    made = evaluation(world)
    assert (made.level, made.user_id, made.ip) == (level.value, world.box.world.user(WHO).id, "127.0.0.1")
    assert made.user_agent == agent
    await ends(world, "SUCCESS")
    assert ("outcome", "risk.evaluate", "done") in await actions(world)
    await says(world, ("outcome", "risk.complete", "done"))


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        (f"{BROWSER} risk-high", "high risk, known device"),
        ("SomeBot/1.0", "high risk, a program instead of a person, known device"),
        ("aitm", "high risk, somebody between the customer and the page, known device"),
    ],
)
async def test_high_and_what_protect_recommends_against_is_not_approved_and_the_agent_is_told(
    world: World, agent: str, label: str
) -> None:
    call, code = await world.sent(WHO)
    async with await at_the_page(world, WHO, agent, call, code) as caller:
        caller.reads(RISKY_PAGE)
        assert "risk" not in caller.text.lower()
        assert world.box.world.passcodes == []
        await caller.open(caller.url)
        caller.reads(RISKY_PAGE)
    form = await call.waits_for(p.MagicLinkFormPrompt)
    assert form.note == f"Nothing was approved. PingOne Protect: {label}."
    await ends(world, "FAILED")
    rows = await world.desk.audit.list()
    (alert,) = [row for row in rows if row.action == "link.risk"]
    assert (alert.kind, alert.details["level"]) == ("alert", "HIGH")


@pytest.mark.parametrize("fault", [{"status": 503}, {"latency_ms": 2_000}, {"wrong_shape": True}, {"cut": True}])
async def test_without_an_answer_a_weak_device_is_not_asked_and_nothing_is_approved(
    world: World, fault: dict[str, object]
) -> None:
    world.box.faults.add(path=EVALUATE, **fault)
    call, code = await world.sent(WHO)
    async with await at_the_page(world, WHO, BROWSER, call, code) as caller:
        caller.reads("Nothing was approved")
        assert world.box.world.passcodes == []
    card = await call.waits_for(p.CardPrompt)
    assert card.note.endswith("PingOne Protect: no answer, so a strong device is needed.")
    assert ("outcome", "risk.evaluate", "failed") in await actions(world)


async def test_without_an_answer_a_strong_device_is_enough(world: World) -> None:
    world.box.faults.add(path=EVALUATE, status=503)
    call, code = await world.sent(people.TOTP)
    async with await at_the_page(world, people.TOTP, BROWSER, call, code) as caller:
        device = world.box.world.user(people.TOTP).devices[0]
        await caller.answer("PasscodeGiven", passcode=totp_now(device, world.box.clock.now()))
        caller.reads("You are confirmed")
    account = await call.waits_for(p.AccountPrompt)
    assert account.evidence.risk
    assert account.evidence.risk.without is WhenDown.STEP_UP


@pytest.mark.parametrize("when_down", ["allow"])
async def test_where_settings_allow_it_an_answer_is_done_without_and_never_silently(world: World) -> None:
    world.box.faults.add(path=EVALUATE, status=503)
    call, code = await world.sent(WHO)
    async with await at_the_page(world, WHO, BROWSER, call, code) as caller:
        await caller.answer("PasscodeGiven", passcode=await caller.newest_passcode())
        caller.reads("You are confirmed")
    account = await call.waits_for(p.AccountPrompt)
    assert account.evidence.risk
    assert account.evidence.risk.label == "no answer, risk not known"
    assert [row.details["protect"] for row in await world.desk.audit.list() if row.action == "link.risk"] == [
        "no answer, risk not known"
    ]


@pytest.mark.parametrize("when_down", ["block"])
async def test_where_settings_block_it_nothing_is_approved_without_an_answer(world: World) -> None:
    world.box.faults.add(path=EVALUATE, status=503)
    call, code = await world.sent(people.TOTP)
    async with await at_the_page(world, people.TOTP, BROWSER, call, code) as caller:
        caller.reads(RISKY_PAGE)
    form = await call.waits_for(p.MagicLinkFormPrompt)
    assert form.note == "Nothing was approved. PingOne Protect: no answer, so nothing is approved."


async def test_a_link_that_the_agent_ends_ends_its_evaluation_as_failed(world: World) -> None:
    call, code = await world.sent(WHO)
    async with await at_the_page(world, WHO, BROWSER, call, code):
        await call.say(a.Cancelled())
    await ends(world, "FAILED")


async def test_an_end_that_protect_does_not_take_now_is_told_later(world: World) -> None:
    world.box.faults.add(path="/event$", status=503, times=4)
    call, code = await world.sent(WHO)
    async with await at_the_page(world, WHO, BROWSER, call, code) as caller:
        await caller.answer("PasscodeGiven", passcode=await caller.newest_passcode())
    await call.waits_for(p.AccountPrompt)
    await ends(world, "SUCCESS")


async def test_never_with_the_agents_address_nor_before_the_code(world: World) -> None:
    await world.sent(WHO)
    async with world.customer(WHO) as caller:
        await caller.open(await caller.newest_link())
        await caller.answer("CodeGiven", code="000000")
    assert world.box.world.evaluations == {}


async def test_r_16_what_is_known_of_a_browser_is_written_nowhere(world: World, settings: Settings) -> None:
    payload = "R/o1-payload-of-the-signals-script"
    call, code = await world.sent(WHO)
    user = world.box.world.user(WHO)
    async with Customer(user.email, world.box.settings().mailbox_url, user_agent=f"{BROWSER} only-here") as caller:
        await caller.open(await caller.newest_link())
        await caller.answer("CodeGiven", code=code, signals=payload)
        await caller.answer("PasscodeGiven", passcode=await caller.newest_passcode())
    await call.waits_for(p.AccountPrompt)
    await ends(world, "SUCCESS")
    folder = world.desk.data_dir
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert user.id.encode() in kept
    assert payload.encode() not in kept
    assert b'"ip' not in kept
    assert evaluation(world).user_agent.endswith("only-here")
