"""What an agent sees of a recovery that they mailed somebody the way to, and how often that can be mailed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.engine import public_pages
from csrdesk.engine.public_pages import PublicPage
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows import recovery_effects as vx
from csrdesk.flows import recovery_replies as vr
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.rules import Rules
from csrdesk.model.recovery import Progress, Stage
from csrdesk.model.risk import Risk, RiskCheck, RiskLevel, WhenDown
from tests.engine.world import ADA, Call, Desk, desk_on, looked_up

RULES = Rules(recovery=True)
INVITE = vx.InviteToRecover(person_id=ADA.id)


def invited(desk: Desk) -> None:
    desk.world.replies[vx.InviteToRecover] = lambda _: vr.RecoveryInvited("a***@h***.example", desk.clock.now())


async def watching(desk: Desk) -> Call:
    invited(desk)
    call = await looked_up(desk)
    await call.tell(a.RecoveryChosen())
    return call


async def progress(call: Call) -> Progress:
    prompt = (await call.view()).prompt
    assert isinstance(prompt, p.RecoveryWatchPrompt), prompt
    return prompt.progress


async def put(desk: Desk) -> PublicPage:
    """A page of Ada's, as the recovery's own flow writes it down."""
    now = desk.clock.now()
    row = PublicPage(
        id="page-1", flow="account_recovery", token_hash="t", browser="b", person_id=ADA.id, stage=Stage.ANALYSED,
        started_at=now, until=now + timedelta(minutes=10), quiet_until=now,
    )  # fmt: skip
    async with desk.store.transaction() as tx:
        await public_pages.insert(tx, row)
        await public_pages.save(tx, row)
    return row


async def becomes(call: Call, wanted: Progress) -> None:
    async with asyncio.timeout(30):
        while await progress(call) != wanted:  # noqa: ASYNC110 - what goes on behind rings no event here
            await asyncio.sleep(0.005)


async def test_the_agent_sees_each_step_of_the_page_and_nothing_secret(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        call = await watching(desk)
        assert await progress(call) == Progress()
        row = await put(desk)
        began = row.started_at
        await becomes(call, Progress(Stage.ANALYSED, began))
        desk.clock.move(seconds=5)
        now = desk.clock.now()
        for changed, seen in (
            ({"stage": Stage.CODE_SENT, "sent_at": now}, Progress(Stage.CODE_SENT, began, now)),
            ({"stage": Stage.CODE_SENT, "sent_at": now, "tries": 1}, Progress(Stage.CODE_SENT, began, now, 1)),
            (
                {"stage": Stage.DONE, "sent_at": now, "tries": 1, "ended_at": now},
                Progress(Stage.DONE, began, now, 1, now),
            ),
        ):
            async with desk.store.transaction() as tx:
                await public_pages.save(tx, replace(row, **changed))
            await becomes(call, seen)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (RiskCheck(Risk("r-1", RiskLevel.LOW, "", "KNOWN_DEVICE")), "low risk, known device"),
        (RiskCheck(Risk("r-1", RiskLevel.HIGH, "BOT_MITIGATION")), "high risk, a program instead of a person"),
        (RiskCheck(None, WhenDown.ALLOW), "no answer, risk not known"),
    ],
    ids=["low", "bot", "no answer"],
)
async def test_what_protect_made_of_the_page_is_seen_by_whoever_watches_it(
    tmp_path: Path, found: RiskCheck, words: str
) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        call = await watching(desk)
        row = await put(desk)
        bind = vx.BindRecovery(person_id=ADA.id, found=found)
        context = Context(row.id, 2, row.id, public_pages.CUSTOMER)
        assert await desk.engine._guard(bind, context) == r.Noted()  # noqa: SLF001
        await becomes(call, Progress(Stage.ANALYSED, row.started_at, risk=found))
        seen = (await progress(call)).risk
        assert seen
        assert seen.label == words


async def test_a_page_that_asked_for_its_code_waits_for_it(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        call = await watching(desk)
        row = await put(desk)
        now = desk.clock.now()
        async with desk.store.transaction() as tx:
            await public_pages.save(tx, replace(row, sent_at=now))
        await becomes(call, Progress(Stage.CODE_SENT, row.started_at, now))


async def test_a_page_whose_time_is_up_has_ended(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        call = await watching(desk)
        row = await put(desk)
        await becomes(call, Progress(Stage.ANALYSED, row.started_at))
        desk.clock.move(minutes=11)
        await becomes(call, Progress(Stage.ENDED, row.started_at, ended_at=row.until))


async def test_what_was_begun_before_the_mail_is_not_shown(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        await put(desk)
        desk.clock.move(minutes=1)
        call = await watching(desk)
        assert await progress(call) == Progress()


async def test_r_18_the_way_in_is_mailed_as_often_as_a_link_and_the_limit_is_an_alert(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        invited(desk)
        for _ in range(3):
            assert await desk.do(INVITE) == ("RecoveryInvited",)
        assert await desk.do(INVITE) == ("Failed:limit_reached",)
        assert ("alert", "limit.reached", "refused") in await desk.said_of()
        for _ in range(2):
            desk.clock.move(minutes=11)
            for _ in range(3):
                assert await desk.do(INVITE) == ("RecoveryInvited",)
        desk.clock.move(minutes=11)
        assert await desk.do(INVITE) == ("RecoveryInvited",)
        desk.clock.move(minutes=11)
        assert await desk.do(INVITE) == ("Failed:limit_reached",)
        desk.clock.move(hours=24)
        assert await desk.do(INVITE) == ("RecoveryInvited",)


async def test_r_30_a_recovery_that_was_watched_to_its_end_verified_nobody(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        call = await watching(desk)
        await call.tell(a.BackChosen())
        assert isinstance((await call.view()).prompt, p.CardPrompt)
        assert await desk.store.all("SELECT * FROM windows") == []
