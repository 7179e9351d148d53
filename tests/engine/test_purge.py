"""What is kept, and for how long: call states a day after the end, audit rows for years, and a chain all the same."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from csrdesk.config import LimitSettings
from csrdesk.engine.audit import Entry, Kind
from csrdesk.engine.purge import Purged
from csrdesk.engine.verify import verify
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows.kernel import Failed, Problem
from csrdesk.model.notices import Change
from tests.engine.world import ADA, GRACE, Desk, desk_on, linked, looked_up

YEARS_DAYS = 6 * 366


NOTHING = {"flows": 0, "challenges": 0, "windows": 0, "tries": 0, "resets": 0}


async def held(desk: Desk) -> dict[str, int]:
    """How many rows of a call's tables there are."""
    counts = {}
    for table in ("flows", "challenges", "windows", "tries", "resets"):
        counts[table] = len(await desk.store.all(f"SELECT 1 FROM {table}"))
    return counts


async def ended_call(desk: Desk) -> None:
    call = await linked(desk)
    await call.verify()
    await call.tell(a.ResetChosen())
    await call.tell(a.Confirmed("Forgot it."))
    await call.tell(a.Cancelled())
    await call.tell(a.NoticeRead())
    await call.tell(a.CallEnded())


async def is_whole(desk: Desk) -> bool:
    return (await verify(desk.store, iter(()), lambda _: True)).finding is None


async def test_r_69_call_states_go_24_hours_after_the_end(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await ended_call(desk)
        before = await held(desk)
        desk.clock.move(hours=23, minutes=59)
        assert await desk.engine.purge(GRACE) == Purged(calls=0, audit_rows=0, upto=0, never_ended=0, unknown=0)
        assert await held(desk) == before
        desk.clock.move(minutes=2)
        assert (await desk.engine.purge(GRACE)).calls == 1
        assert await held(desk) == NOTHING
        row = (await desk.engine.audit.list())[-1]
        assert (row.action, row.agent, row.details) == ("data.purged", "grace", {"calls": 1})
        assert await is_whole(desk)


async def test_r_69_an_open_desk_takes_old_call_states_away_by_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk_on(tmp_path / "desk.db", busy_seconds=0.05) as desk:
        await ended_call(desk)
        desk.clock.move(hours=25)
        with sqlite3.connect(tmp_path / "desk.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            purging = asyncio.create_task(desk.engine.keep_purging(GRACE))
            await until(lambda: "no call was purged" in caplog.text)
            other.execute("ROLLBACK")
        other.close()
        assert (await held(desk))["flows"] > 0
        for _ in range(2):
            desk.clock.move(hours=1)
            await asyncio.sleep(0.1)
        purging.cancel()
        assert (await held(desk))["flows"] == 0
        assert (await desk.said_of())[-1] == ("event", "data.purged", "")


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not fact():  # noqa: ASYNC110 - a log rings no event
            await asyncio.sleep(0.01)


async def test_r_69_a_rehearsed_purge_takes_nothing_away(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await ended_call(desk)
        desk.clock.move(days=YEARS_DAYS + 1)
        before, rows = await held(desk), len(await desk.engine.audit.list(limit=1000))
        would = await desk.engine.purge(GRACE, dry_run=True)
        assert (would.calls, would.audit_rows, would.upto) == (1, rows, rows)
        assert (await held(desk), len(await desk.engine.audit.list(limit=1000))) == (before, rows)


async def test_r_69_a_call_that_nobody_ended_ends_by_itself_an_hour_later_and_goes_as_well(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await looked_up(desk)
        desk.clock.move(hours=24, minutes=59)
        assert (await desk.engine.purge(GRACE)).calls == 0
        desk.clock.move(minutes=2)
        rehearsed = await desk.engine.purge(GRACE, dry_run=True)
        assert (rehearsed.calls, rehearsed.never_ended) == (1, 1)
        assert (await desk.session().calls())[0].id == call.id
        assert await desk.engine.purge(GRACE) == rehearsed
        assert await held(desk) == NOTHING
        ended, purged = (await desk.engine.audit.list())[-2:]
        assert (ended.action, ended.call_id, ended.details) == ("call.ended", call.id, {"forgotten": True})
        assert purged.action == "data.purged"


async def test_r_69_a_call_in_which_an_act_has_no_known_end_stays_and_is_counted(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        intent = Entry(kind=Kind.INTENT, action="ad.unlock", agent=GRACE.id, call_id=call.id, key="k:1")
        await desk.engine.audit.write(intent)
        desk.clock.move(hours=26)
        came = await desk.engine.purge(GRACE)
        assert (came.calls, came.never_ended, came.unknown) == (0, 0, 1)
        assert (await held(desk))["flows"] > 0


async def test_r_69_a_frozen_person_stays_frozen_after_a_purge(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", limits=LimitSettings(not_me_freeze_hours=48)) as desk:
        call = await linked(desk)
        await call.page()
        await call.customer(a.NotMeChosen())
        await call.customer(a.NotMeAnswered("not_me"))
        await call.until_stage(p.CardPrompt)
        await call.tell(a.CallEnded())
        desk.clock.move(hours=30)
        assert (await desk.engine.purge(GRACE)).calls == 1
        again = await looked_up(desk)
        await again.tell(a.MagicLinkChosen())
        refused = (await again.tell(a.SendChosen())).prompt
        assert isinstance(refused, p.MagicLinkFormPrompt)
        assert refused.note


async def test_r_69_no_audit_row_goes_before_six_years_and_the_chain_survives(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        for days in (0, 10):
            desk.clock.move(days=days)
            await desk.engine.audit.write(Entry(kind=Kind.INTENT, action="x", agent="hal", key=f"k{days}"))
        desk.clock.move(days=YEARS_DAYS - 10)
        assert (await desk.engine.purge(GRACE)).audit_rows == 0
        desk.clock.move(days=1)
        assert await desk.engine.purge(GRACE) == Purged(calls=0, audit_rows=1, upto=1, never_ended=0, unknown=0)
        kept = await desk.engine.audit.list()
        assert [row.action for row in kept] == ["x", "audit.purged"]
        assert [row.seq for row in await desk.engine.audit.unknown()] == [2]
        assert await is_whole(desk)
        desk.clock.move(days=2 * YEARS_DAYS)
        assert (await desk.engine.purge(GRACE)).audit_rows == 2
        assert [row.seq for row in await desk.engine.audit.list()] == [4]
        assert await is_whole(desk)


@pytest.mark.parametrize("years", [0, 5])
def test_r_69_fewer_than_six_years_are_refused(years: int) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"audit_years": years}, LimitSettings)


async def test_what_became_of_mails_is_forgotten_with_the_calls(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await ended_call(desk)
        busy = Failed(Problem("Busy.", code="unavailable"))
        desk.world.replies[fx.TellCustomer] = busy
        for _ in range(2):
            await desk.do(fx.TellCustomer(person_id=ADA.id, change=Change.DISABLED))
        async with desk.store.transaction() as tx:
            await tx.execute("UPDATE outbox SET stage = 'sent' WHERE rowid = 1")
        desk.clock.move(hours=25)
        await desk.engine.purge(GRACE)
        assert [row["stage"] for row in await desk.store.all("SELECT stage FROM outbox")] == ["waiting"]
