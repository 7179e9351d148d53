"""The desk in numbers: what a call leaves in the tables is counted once, and nothing of anybody is in it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from csrdesk.engine.audit import Entry, Kind
from csrdesk.engine.figures import OTHER, Figures, Now, Since
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.model.proofs import Act
from tests.engine.world import ADA, ADDRESS, desk_on, linked


async def test_a_call_is_counted_as_it_goes_on(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        figures = Figures(desk.store, desk.clock)
        assert await figures.since() == Since(0, 0, {}, {})
        desk.clock.move(seconds=1)
        call = await linked(desk)
        assert await figures.now() == Now(calls_open=1, links_waiting=1, notices_owed=0, acts_unknown=0)
        first = await figures.since()
        assert (first.calls_started, first.calls_verified) == (1, 0)
        assert first.rows["intent"] == first.rows["outcome"] == 1
        await call.verify()
        desk.clock.move(seconds=1)
        second = await figures.since()
        assert (second.calls_started, second.calls_verified) == (0, 1)
        await call.tell(a.CallEnded())
        assert (await figures.now()).calls_open == 0


async def test_what_was_there_before_the_first_look_is_not_counted(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await linked(desk)
        assert await Figures(desk.store, desk.clock).since() == Since(0, 0, {}, {})


async def test_refusals_are_counted_by_code_and_what_is_no_code_has_one_name(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        figures = Figures(desk.store, desk.clock)
        await figures.since()
        enable = fx.SetPingOneEnabled(person_id=ADA.id, act=Act.ENABLE, reason="Asked.", enabled=True)
        await desk.do(enable)
        for code in (ADDRESS, "", None, 7, "x" * 60, "Ada Byron"):
            row = Entry(kind=Kind.REFUSED, action="x", agent="grace", details={"code": code})
            await desk.engine.audit.write(row)
        found = await figures.since()
    assert found.refusals == {"not_verified": 1, OTHER: 6}
    assert ADDRESS not in msgspec.json.encode(found).decode()
