"""When the desk last unlocked somebody in the directory, by its own audit."""

from __future__ import annotations

from pathlib import Path

from csrdesk.engine.audit import Entry, Kind
from tests.engine.world import desk_on


async def test_the_last_unlock_that_was_done_is_the_one_that_counts(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        links, audit = desk.engine.links, desk.engine.audit

        async def noted(action: str, result: str, person_id: str = "p-1") -> None:
            await audit.write(
                Entry(kind=Kind.OUTCOME, action=action, agent="grace", person_id=person_id, result=result)
            )

        assert await links.unlocked_at("p-1") is None
        for action, result, who in (
            ("ad.unlock", "failed", "p-1"),
            ("pingone.unlock", "done", "p-1"),
            ("ad.unlock", "done", "p-2"),
        ):
            await noted(action, result, who)
        assert await links.unlocked_at("p-1") is None
        await noted("ad.unlock", "done")
        (row,) = await audit.list(limit=1)
        assert await links.unlocked_at("p-1") == row.at
