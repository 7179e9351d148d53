"""What PingOne Protect judged is told how it ended: once, within half an hour, and whatever became of the page."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest

from csrdesk.engine.audit import AuditRow, Entry, Kind
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows import risk_effects as kx
from csrdesk.flows import risk_replies as kr
from csrdesk.flows.challenge_acceptance import PageStopped
from csrdesk.flows.doors import Visitor
from csrdesk.flows.kernel import Failed, Problem
from csrdesk.flows.rules import Rules
from csrdesk.model.link import LinkStage
from csrdesk.model.risk import Risk, RiskCheck, RiskLevel, WhenDown
from csrdesk.model.secret import Secret
from tests.engine.world import ADA, BROKEN, BROWSER, Call, Desk, desk_on, linked

RULES = Rules(protect_analysis=True)
LOW = Risk("risk-1", RiskLevel.LOW, device_status="KNOWN_DEVICE")
HIGH = Risk("risk-1", RiskLevel.HIGH)
TOO_LATE = Failed(Problem("PingOne takes no end of it any more.", code="conflict"))
DOWN = Failed(Problem("PingOne is down.", code="unavailable"))


@asynccontextmanager
async def desk_with(path: Path, risk: Risk = LOW, **more: object) -> AsyncIterator[Desk]:
    async with desk_on(path, rules=RULES, **more) as desk:  # type: ignore[arg-type]
        desk.world.replies[kx.EvaluateRisk] = kr.RiskEvaluated(risk, correlation_id="c-risk")
        desk.world.replies[kx.CompleteEvaluation] = kr.EvaluationCompleted()
        yield desk


@asynccontextmanager
async def completing(desk: Desk) -> AsyncIterator[None]:
    """While the desk tells how visits ended."""
    work = asyncio.create_task(desk.engine.keep_completing())
    try:
        yield
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


async def judged(desk: Desk) -> Call:
    """A call whose customer entered the code, from a browser that Protect judged."""
    call = await linked(desk)
    visitor = Visitor("Mozilla/5.0", Secret("payload"))
    code = a.CodeGiven(Secret(await call.code()))
    await desk.engine.customers.answer(call.token, BROWSER, code, source="198.51.100.7", visitor=visitor)
    return call


def told(desk: Desk) -> int:
    return [name for name, _ in desk.world.done].count("CompleteEvaluation")


async def comes(condition: Callable[[], Awaitable[bool]]) -> None:
    """Until it is so; raises after some seconds."""
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110 - what goes on behind rings no event here
            await asyncio.sleep(0.005)


async def settles(desk: Desk) -> None:
    """Until the only row's end was taken and the audit has it, or it was given up."""

    async def over() -> bool:
        kinds = [row.kind.value for row in await rows(desk, "risk.complete")]
        return bool((await row_of(desk))["ended_at"]) and kinds.count("intent") == kinds.count("outcome")

    await comes(over)


async def row_of(desk: Desk) -> dict[str, object]:
    (row,) = await desk.store.all("SELECT * FROM evaluations")
    return dict(row)


async def rows(desk: Desk, action: str) -> list[AuditRow]:
    return [row for row in await desk.engine.audit.list(limit=1000) if row.action == action]


async def test_an_approved_page_has_succeeded_and_every_word_of_it_is_audited(tmp_path: Path) -> None:
    async with desk_with(tmp_path / "desk.db") as desk, completing(desk):
        call = await linked(desk)
        account = await call.verify()
        assert account.evidence.risk == RiskCheck(LOW)
        await settles(desk)
        assert (await row_of(desk))["wanted"] == "SUCCESS"
        noted = await rows(desk, "link.risk")
        assert [(row.kind, row.details["level"], row.details["device"]) for row in noted] == [
            ("event", "LOW", "KNOWN_DEVICE")
        ]
        assert [row.kind for row in await rows(desk, "risk.evaluate")] == ["intent", "outcome"]
        assert [row.kind for row in await rows(desk, "risk.complete")] == ["intent", "outcome"]


async def test_what_performs_it_gets_address_and_browser(tmp_path: Path) -> None:
    async with desk_with(tmp_path / "desk.db") as desk:
        await judged(desk)
        context = desk.world.contexts["EvaluateRisk"]
        assert (context.source, context.visitor) == ("198.51.100.7", Visitor("Mozilla/5.0", Secret("payload")))


async def test_high_risk_ends_the_link_for_both_sides_and_the_evaluation_failed(tmp_path: Path) -> None:
    async with desk_with(tmp_path / "desk.db", HIGH) as desk, completing(desk):
        call = await judged(desk)
        page = await call.page()
        assert isinstance(page.view.outcome, PageStopped)
        form = (await call.until_stage(p.MagicLinkFormPrompt)).prompt
        assert isinstance(form, p.MagicLinkFormPrompt)
        assert form.note == "Nothing was approved. PingOne Protect: high risk."
        await settles(desk)
        assert (await row_of(desk))["wanted"] == "FAILED"
        (alert,) = await rows(desk, "link.risk")
        assert (alert.kind, alert.details["level"]) == ("alert", "HIGH")
        assert [row.result for row in await rows(desk, "link.risky")] == [""]


async def test_while_the_page_is_open_the_agent_reads_what_was_found(tmp_path: Path) -> None:
    async with desk_with(tmp_path / "desk.db") as desk:
        call = await judged(desk)
        assert (await call.polling()).link.risk == RiskCheck(LOW)


async def test_a_page_that_was_left_has_failed_after_twenty_five_minutes(tmp_path: Path) -> None:
    async with desk_with(tmp_path / "desk.db") as desk, completing(desk):
        assert await desk.do(kx.EvaluateRisk(person_id=ADA.id)) == ("RiskEvaluated",)
        desk.clock.move(minutes=24)
        await asyncio.sleep(0.05)
        assert told(desk) == 0
        desk.clock.move(minutes=1)
        await settles(desk)
        assert (told(desk), (await row_of(desk))["wanted"]) == (1, "FAILED")


async def test_what_a_process_left_that_ended_another_one_tells(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_with(path) as desk:
        await judged(desk)
        clock = desk.clock
    clock.move(minutes=25)
    async with desk_with(path, clock=clock) as desk, completing(desk):
        await settles(desk)
        assert told(desk) == 1


async def test_of_two_processes_one_tells(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with (
        desk_with(path) as desk,
        desk_with(path, clock=desk.clock) as other,
        completing(desk),
        completing(other),
    ):
        await judged(desk)
        desk.clock.move(minutes=25)
        await settles(desk)
        await asyncio.sleep(0.1)
        assert told(desk) + told(other) == 1


async def test_what_is_not_taken_now_is_told_again_and_again_until_it_is(tmp_path: Path) -> None:
    async with desk_with(tmp_path / "desk.db") as desk, completing(desk):
        desk.world.replies[kx.CompleteEvaluation] = DOWN
        call = await linked(desk)
        await call.verify()
        for tries, seconds in enumerate((2, 4, 8), 1):
            await until_told(desk, tries)
            desk.clock.move(seconds=seconds)
        await until_told(desk, 4)
        desk.world.replies[kx.CompleteEvaluation] = kr.EvaluationCompleted()
        desk.clock.move(seconds=16)
        await settles(desk)
        assert told(desk) == 5
        results = [row.result for row in await rows(desk, "risk.complete") if row.kind == "outcome"]
        assert sorted(results) == ["done", "failed", "failed", "failed", "failed"]


async def until_told(desk: Desk, tries: int) -> None:
    """Until so many tries were made and written down."""

    async def so_often() -> bool:
        outcomes = [row for row in await rows(desk, "risk.complete") if row.kind == "outcome"]
        return told(desk) == len(outcomes) == tries

    await comes(so_often)


async def test_what_protect_takes_no_more_is_not_told_again(tmp_path: Path) -> None:
    async with desk_with(tmp_path / "desk.db") as desk, completing(desk):
        desk.world.replies[kx.CompleteEvaluation] = TOO_LATE
        await (await linked(desk)).verify()
        await settles(desk)
        desk.clock.move(minutes=10)
        await asyncio.sleep(0.05)
        assert told(desk) == 1


async def test_after_half_an_hour_nobody_tells_it_any_more_and_the_audit_says_so(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_with(path) as desk:
        await judged(desk)
        desk.clock.move(minutes=31)
        async with completing(desk):
            await settles(desk)
        assert told(desk) == 0
        (row,) = await rows(desk, "risk.not_completed")
        assert (row.kind, row.result, row.details) == ("event", "failed", {"evaluation": "risk-1", "status": "FAILED"})


async def test_a_process_that_was_killed_while_it_told_is_waited_for_and_then_another_one_tells(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_with(path) as desk:
        desk.world.held.add(kx.CompleteEvaluation)
        work = asyncio.create_task(desk.engine.keep_completing())

        async def tried() -> bool:
            return told(desk) > 0

        await (await linked(desk)).verify()
        await comes(tried)
        async with desk_with(path, clock=desk.clock) as other, completing(other):
            await asyncio.sleep(0.05)
            assert told(other) == 0
            await other.engine.audit.write(Entry(kind=Kind.INTENT, action="ad.unlock", agent="hal", key="elsewhere:1"))
            desk.clock.move(seconds=61)

            async def over() -> bool:
                return bool((await row_of(other))["ended_at"])

            await comes(over)
            assert told(other) == 1

            async def only_the_act_of_somebody_else_is_open() -> bool:
                return [row.key for row in await other.engine.audit.unknown()] == ["elsewhere:1"]

            await comes(only_the_act_of_somebody_else_is_open)
        work.cancel()
        desk.world.gate.set()
        with suppress(asyncio.CancelledError):
            await work


async def test_a_database_that_cannot_be_used_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_with(path, busy_seconds=0.05) as desk:
        await judged(desk)
        desk.clock.move(minutes=25)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            async with completing(desk):
                await asyncio.sleep(0.3)
                other.close()
                await settles(desk)


async def test_an_end_of_which_no_row_is_known_is_told_once(tmp_path: Path) -> None:
    async with desk_with(tmp_path / "desk.db") as desk:
        desk.world.replies[kx.CompleteEvaluation] = DOWN
        effect = kx.CompleteEvaluation(person_id=ADA.id, risk_id="unknown", status="FAILED")
        assert await desk.do(effect) == ("Failed:unavailable",)
        assert await desk.store.all("SELECT * FROM evaluations") == []


async def test_settled_ones_are_forgotten_after_a_day(tmp_path: Path) -> None:
    async with desk_with(tmp_path / "desk.db") as desk, completing(desk):
        await (await linked(desk)).verify()
        await settles(desk)
        desk.clock.move(hours=25)
        desk.world.replies[kx.EvaluateRisk] = kr.RiskEvaluated(Risk("risk-2", RiskLevel.LOW))
        await (await linked(desk)).verify()

        async def forgotten() -> bool:
            return [row["id"] for row in await desk.store.all("SELECT id FROM evaluations")] == ["risk-2"]

        await comes(forgotten)


@pytest.mark.parametrize("other", ["another page", "another person"])
async def test_r_12_what_was_found_goes_to_the_own_link_alone(tmp_path: Path, other: str) -> None:
    async with desk_with(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        who = ADA.id if other == "another page" else "u-grace"
        note = kx.NoteRisk(person_id=who, challenge_id=call.challenge_id, found=RiskCheck(LOW))
        assert await desk.do(note, call_id=call.id) == ("Failed:forbidden",)


async def test_a_link_that_ended_meanwhile_takes_no_note(tmp_path: Path) -> None:
    async with desk_with(tmp_path / "desk.db") as desk:
        desk.world.held.add(kx.EvaluateRisk)
        call = await linked(desk)
        entering = asyncio.create_task(call.enter_code())

        async def begun() -> bool:
            return "EvaluateRisk" in desk.world.contexts

        await comes(begun)
        await call.tell(a.Cancelled())
        desk.world.gate.set()
        await entering
        assert (await rows(desk, "link.risk")) == []
        row = await desk.store.one("SELECT stage FROM challenges WHERE id = ?", call.challenge_id)
        assert row
        assert row["stage"] == LinkStage.ENDED.value


async def test_without_an_answer_the_link_says_what_follows(tmp_path: Path) -> None:
    async with desk_with(tmp_path / "desk.db") as desk:
        desk.world.replies[kx.EvaluateRisk] = BROKEN
        call = await judged(desk)
        assert (await call.polling()).link.risk == RiskCheck(without=WhenDown.STEP_UP)
        (row,) = await rows(desk, "link.risk")
        assert row.details["protect"] == "no answer, so a strong device is needed"


async def test_after_a_kill_between_code_and_judgement_the_page_asks_again_and_then_judges(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_with(path) as desk:
        desk.world.replies[kx.EvaluateRisk] = lambda _: r.SecretLost()
        call = await judged(desk)
        assert isinstance((await call.page()).view.prompt, p.TryAgainPrompt)
        desk.world.replies[kx.EvaluateRisk] = kr.RiskEvaluated(LOW)
        await call.customer(a.TryAgainChosen())
        assert (await call.polling()).link.risk == RiskCheck(LOW)
