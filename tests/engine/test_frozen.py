"""Until when the desk lets nobody verify a person who said that it was not them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from csrdesk.flows import answers as a
from tests.engine.world import ADA, desk_on, linked


async def test_r_21_who_said_this_was_not_me_is_frozen_for_four_hours_and_nobody_else_is(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call, links = await linked(desk), desk.engine.links
        assert await links.frozen_until(ADA.id) is None
        await call.customer(a.NotMeChosen())
        await call.customer(a.NotMeAnswered("not_me"))
        until = await links.frozen_until(ADA.id)
        assert until == desk.clock.now() + timedelta(hours=4)
        assert await links.frozen_until("somebody else") is None
        desk.clock.move(hours=3, minutes=59)
        assert await links.frozen_until(ADA.id) == until
        desk.clock.move(minutes=1)
        assert await links.frozen_until(ADA.id) is None
