"""The loop: steps race and one wins, crashes repeat nothing that counts, and waiting ends when there is news."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from csrdesk.engine.codes import new_id
from csrdesk.errors import NoSuchFlowError, StaleFlowError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows.kernel import Effect
from csrdesk.model.proofs import Act
from csrdesk.model.secret import Secret
from tests.engine.world import (
    ADA,
    GRACE,
    Begin,
    Desk,
    Told,
    ToldToStop,
    ToldToWait,
    came,
    desk_on,
    disable,
    linked,
)

SEND = fx.SendMagicLink(person_id=ADA.id, account="A*** B***")
PROTECT = disable(Act.PROTECT)
CHECK = fx.CheckPasscode(person_id=ADA.id, authentication_id="da", device_id="d-totp")
FIND = fx.FindUser(identifier="ada")

CRASH = """
import asyncio, os, sys
from pathlib import Path
from csrdesk.flows import effects as fx
from tests.engine.world import *
from tests.engine.test_runner import CHECK, FIND, PROTECT, SEND

async def main():
    async with desk_on(Path(sys.argv[1])) as desk:
        for effect in (fx.FindUser, fx.SendMagicLink, fx.SetPingOneEnabled, fx.CheckPasscode):
            desk.world.replies[effect] = lambda _: os._exit(9)
        if "+" in sys.argv[2]:
            desk.world.held = {fx.FindUser}
        begun = await desk.session().start("told", Begin())
        print(begun.id, flush=True)
        effects = {"find": FIND, "send": SEND, "write": PROTECT, "check": CHECK}
        told = [effects[name] for name in sys.argv[2].split("+")]
        await desk.tell(desk.session(), begun.id, Told(tuple(told), Secret("123456")))

asyncio.run(main())
"""
"""A process that is gone in the middle of an effect."""


async def crash(path: Path, effects: str) -> str:
    """Run a desk until it dies in `effects`; the flow's id."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", CRASH, str(path), effects],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 9, done.stderr
    return done.stdout.strip()


async def taken_over(desk: Desk, flow_id: str) -> tuple[str, ...]:
    """What comes of the flow once the process that died is no longer waited for."""
    desk.clock.move(seconds=59)
    waiting = asyncio.ensure_future(desk.session().settled(flow_id))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    assert desk.world.done == []
    desk.clock.move(seconds=1)
    return came(await waiting)


async def test_a_read_that_a_crash_interrupted_is_performed_again(tmp_path: Path) -> None:
    flow_id = await crash(tmp_path / "desk.db", "find")
    async with desk_on(tmp_path / "desk.db") as desk:
        assert await taken_over(desk, flow_id) == ("UserFound",)


@pytest.mark.parametrize(
    ("effect", "said"),
    [
        ("send", "Failed:may_have_been_sent"),
        ("write", "Failed:not_done"),
        ("check", "SecretLost"),
    ],
)
async def test_what_a_crash_interrupted_is_never_sent_or_written_again(tmp_path: Path, effect: str, said: str) -> None:
    flow_id = await crash(tmp_path / "desk.db", effect)
    async with desk_on(tmp_path / "desk.db") as desk:
        assert await taken_over(desk, flow_id) == (said,)
        assert [name for name, _ in desk.world.done] == (["ReadAccount"] if effect == "write" else [])
        assert await desk.engine.audit.unknown() == ()


async def test_what_a_crash_interrupted_side_by_side_is_settled_each_by_its_kind(tmp_path: Path) -> None:
    flow_id = await crash(tmp_path / "desk.db", "write+find")
    async with desk_on(tmp_path / "desk.db") as desk:
        assert await taken_over(desk, flow_id) == ("Failed:not_done", "UserFound")
        assert sorted(name for name, _ in desk.world.done) == ["FindUser", "ReadAccount"]


async def test_a_write_whose_intent_was_never_made_is_done_by_who_takes_over(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        async with desk.store.transaction() as tx:
            flow_id = await desk.engine._runner.rows.insert(tx, "told", Begin((PROTECT,)), GRACE)  # noqa: SLF001
            await tx.execute("UPDATE flows SET performer = 'dead'")
        assert await taken_over(desk, flow_id) == ("PingOneEnabledSet",)


async def test_a_slow_process_and_the_one_that_took_over_write_once(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as slow, desk_on(path) as other:
        slow.world.held = {fx.SetPingOneEnabled}
        begun = await slow.session().start("told", Begin((PROTECT,)))
        await slow.world.begun.wait()
        assert await taken_over(other, begun.id) == ("Failed:not_done",)
        slow.world.gate.set()
        assert came(await slow.session().settled(begun.id)) == ("Failed:not_done",)
        assert [name for name, _ in slow.world.done + other.world.done] == ["SetPingOneEnabled", "ReadAccount"]


async def test_of_two_answers_to_one_prompt_one_wins_and_the_other_is_stale(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as one, desk_on(path) as two:
        begun = await one.session().start("told", Begin())
        answers = [desk.session().answer(begun.id, begun.rev, Told((FIND,))) for desk in (one, two) * 5]
        ended = await asyncio.gather(*answers, return_exceptions=True)
        assert [type(e) for e in ended if isinstance(e, BaseException)] == [StaleFlowError] * 9
        await one.session().settled(begun.id)
        assert len(one.world.done) + len(two.world.done) == 1


async def test_an_answer_to_an_older_revision_is_stale(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        begun = await desk.session().start("told", Begin())
        await desk.tell(desk.session(), begun.id, Told((FIND,)))
        with pytest.raises(StaleFlowError):
            await desk.session().answer(begun.id, begun.rev, ToldToStop())


async def test_an_answer_cancels_what_a_prompt_was_waiting_for(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        session = desk.session()
        begun = await session.start("told", Begin())
        waiting = await desk.tell(session, begun.id, ToldToWait(fx.WaitUntil(moment=desk.clock.now() + timedelta(1))))
        assert waiting.prompt
        over = await desk.tell(session, begun.id, ToldToStop())
        assert over.outcome
        desk.clock.move(days=2)
        assert (await session.view(begun.id)).rev == over.rev


async def test_waiting_ends_when_its_moment_comes(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        session = desk.session()
        begun = await session.start("told", Begin())
        waiting = await desk.tell(session, begun.id, ToldToWait(fx.WaitUntil(moment=desk.clock.now() + timedelta(1))))
        desk.clock.move(days=1)
        assert came(await session.changed(begun.id, waiting.rev)) == ("TimeCame",)


async def test_poll_and_answer_at_once_make_one_step(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        for _ in range(20):
            session = desk.session()
            begun = await session.start("told", Begin())
            moment = desk.clock.now() + timedelta(seconds=1)
            waiting = await desk.tell(session, begun.id, ToldToWait(fx.WaitUntil(moment=moment)))
            desk.clock.move(seconds=1)
            with_answer = session.answer(begun.id, waiting.rev, ToldToStop())
            ended = await asyncio.gather(with_answer, return_exceptions=True)
            view = await session.changed(begun.id, waiting.rev)
            assert view.rev == waiting.rev + 1
            assert bool(view.outcome) is not isinstance(ended[0], StaleFlowError)


async def test_news_of_a_flow_that_is_no_step_leaves_its_poll_alone(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        session = desk.session()
        begun = await session.start("told", Begin())
        moment = desk.clock.now() + timedelta(1)
        waiting = await desk.tell(session, begun.id, ToldToWait(fx.WaitUntil(moment=moment)))
        async with desk.store.transaction() as tx:
            tx.wake(f"flow:{begun.id}")
        await asyncio.sleep(0.05)
        desk.clock.move(days=1)
        assert came(await session.changed(begun.id, waiting.rev)) == ("TimeCame",)


async def test_a_step_of_one_process_wakes_who_waits_in_another(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as one, desk_on(path) as two:
        begun = await one.session().start("told", Begin())
        waiting = asyncio.ensure_future(two.session().changed(begun.id, begun.rev))
        await asyncio.sleep(0.05)
        clock = asyncio.get_running_loop().time
        await one.session().answer(begun.id, begun.rev, Told((FIND,)))
        started = clock()
        assert (await waiting).rev > begun.rev
        assert clock() - started < 0.15


async def test_a_front_end_that_goes_away_takes_no_effect_with_it(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.held = {fx.SetPingOneEnabled}
        session = desk.session()
        begun = await session.start("told", Begin((PROTECT,)))
        waiting = asyncio.ensure_future(session.settled(begun.id))
        await desk.world.begun.wait()
        waiting.cancel()
        await asyncio.wait([waiting])
        desk.world.gate.set()
        assert came(await session.settled(begun.id)) == ("PingOneEnabledSet",)
        assert len(desk.world.done) == 1


async def test_many_steps_one_after_another_leave_no_flow_unattended(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:

        async def one_flow() -> None:
            session = desk.session()
            begun = await session.start("told", Begin())
            for _ in range(10):
                view = await session.view(begun.id)
                await session.answer(begun.id, view.rev, Told((FIND,)))
                async with asyncio.timeout(10):
                    await session.settled(begun.id)

        await asyncio.gather(*(one_flow() for _ in range(5)))


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE flows SET version = 99",
        "UPDATE flows SET name = 'gone'",
        'UPDATE flows SET state = CAST(\'{"type": "NoSuchState"}\' AS BLOB)',
    ],
)
async def test_a_state_of_another_version_says_start_again(tmp_path: Path, spoil: str) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        begun = await desk.session().start("told", Begin())
        async with desk.store.transaction() as tx:
            await tx.execute(spoil)
        with pytest.raises(NoSuchFlowError, match="Start again"):
            await desk.session().view(begun.id)
        (call,) = await desk.session().calls(all_of_them=True)
        assert call.over
        assert "Start again" in call.stage


async def test_a_flow_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        with pytest.raises(NoSuchFlowError):
            await desk.session().settled(new_id())
        assert await desk.engine._runner.rows.rev(new_id()) == 0  # noqa: SLF001


async def test_the_secret_of_an_answer_that_lost_the_race_is_not_used(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        code = await call.code()
        posts = [
            call.customer(a.CodeGiven(Secret(typed)), browser)
            for typed, browser in (("000000", "one"), (code, "two"), ("111111", "three"))
        ]
        ended = await asyncio.gather(*posts, return_exceptions=True)
        assert sum(isinstance(e, StaleFlowError) for e in ended) == 2
        row = await desk.store.one("SELECT tries FROM challenges")
        assert row == {"tries": 1}


def kinds(*effects: Effect) -> list[str]:
    return [effect.kind for effect in effects]


def test_the_effects_tried_above_are_of_every_kind() -> None:
    assert kinds(FIND, SEND, PROTECT, CHECK) == ["read", "send", "write", "send"]
