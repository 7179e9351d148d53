"""What a front end reads of the audit through its session: pages, rows and the agent's own calls, each look a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from csrdesk.engine import record
from csrdesk.engine.audit import Entry, Kind, Which
from csrdesk.errors import NotFoundError
from tests.engine.world import GRACE, HAL, Desk, desk_on


async def written(
    desk: Desk, number: int, *, agent: str = GRACE.id, calls: int = 2, reason: str = "", ticket: str = ""
) -> None:
    """Rows of that agent's calls in turns, all in one transaction."""
    async with desk.store.transaction() as tx:
        for n in range(number):
            call = f"call-{n % calls}" if agent == GRACE.id else "call-of-another"
            entry = Entry(kind=Kind.EVENT, action=f"act-{n}", agent=agent, call_id=call, reason=reason, ticket=ticket)
            await desk.engine.audit.append(tx, entry)


async def test_r_70_each_page_of_the_audit_that_a_front_end_shows_is_a_row(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await written(desk, 5)
        session = desk.session(GRACE)
        page = await session.audit(limit=2)
        assert ([line.seq for line in page.lines], page.more) == ([5, 4], True)
        older = await session.audit(before=4, limit=3)
        assert ([line.seq for line in older.lines], older.more) == ([3, 2, 1], True)
        assert (await session.audit(before=1, limit=3)).lines == ()
        looks = [row for row in await desk.engine.audit.list() if row.action == "audit.read"]
        assert [(row.agent, dict(row.details)) for row in looks] == [
            ("grace", {"rows": 2}),
            ("grace", {"rows": 3, "before": 4}),
            ("grace", {"rows": 0, "before": 1}),
        ]


async def test_a_page_of_one_call_has_the_rows_of_that_call_alone(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await written(desk, 5)
        page = await desk.session(GRACE).audit(call_id="call-1", limit=9)
        assert [(line.seq, line.call_id, line.action) for line in page.lines] == [
            (4, "call-1", "act-3"),
            (2, "call-1", "act-1"),
        ]
        assert not page.more


@pytest.mark.parametrize(
    ("which", "index"), [(Which(call_id="c"), "audit_of_call"), (Which(agent="sam"), "audit_of_agent")], ids=str
)
async def test_what_is_looked_for_is_found_by_an_index_and_not_by_reading_the_whole_audit(
    tmp_path: Path, which: Which, index: str
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        where, values = which.where
        sql = f"EXPLAIN QUERY PLAN SELECT * FROM audit WHERE {where} AND seq < ? ORDER BY seq DESC LIMIT ?"
        (step,) = await desk.store.all(sql, *values, 9, 9)
        assert index in str(step["detail"])


async def test_r_70_a_row_that_is_opened_is_a_row_and_shows_all_it_holds(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await written(desk, 1, reason="why")
        session = desk.session(GRACE)
        told = dict(await session.audit_row(1))
        assert (told["seq"], told["action"], told["reason"], told["call id"]) == ("1", "act-0", "why", "call-0")
        assert "ticket" not in told
        assert (await desk.engine.audit.list())[-1].details == {"rows": 1, "seq": 1}
        with pytest.raises(NotFoundError):
            await session.audit_row(77)


async def test_the_history_has_the_agent_s_own_calls_newest_first_and_nobody_else_s(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await written(desk, 3, ticket="INC-1")
        await written(desk, 2, agent=HAL.id)
        calls = await desk.session(GRACE).history()
        assert [(call.call_id, call.ticket, call.seq) for call in calls] == [
            ("call-1", "INC-1", 2),
            ("call-0", "INC-1", 3),
        ]
        assert (await desk.engine.audit.list())[-1].details == {"rows": 3, "agent": "grace"}


async def test_a_call_that_is_only_half_in_reach_is_not_in_the_history(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await written(desk, 1, calls=1)
        await written(desk, record.HISTORY, calls=2)
        calls = await desk.session(GRACE).history()
        assert [call.call_id for call in calls] == ["call-1"]
