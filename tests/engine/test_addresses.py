"""The desk's own record of addresses: an address that replaced another proves nobody for three days."""

from __future__ import annotations

from pathlib import Path

from csrdesk.config import LimitSettings
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.model.devices import Age
from tests.engine.world import ADA, ADDRESS, Desk, desk_on, looked_up


async def seen(desk: Desk, address: str) -> Age:
    return await desk.engine.links.saw_address(ADA.id, address)


async def test_r_37_an_address_that_replaced_another_is_new_for_three_days(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        assert await seen(desk, "old@home.example") is Age.UNKNOWN
        desk.clock.move(hours=71)
        assert await seen(desk, "OLD@home.example") is Age.UNKNOWN
        desk.clock.move(hours=1)
        assert await seen(desk, "old@home.example") is Age.OLD
        assert await seen(desk, ADDRESS) is Age.NEW
        desk.clock.move(hours=72)
        assert await seen(desk, ADDRESS) is Age.OLD
        assert await seen(desk, "old@home.example") is Age.NEW
        assert await seen(desk, "") is Age.UNKNOWN
        kept = str(await desk.store.all("SELECT * FROM addresses"))
    assert "home.example" not in kept


async def test_r_37_no_link_goes_to_a_new_address_whatever_the_screen_says(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", limits=LimitSettings(proof_age_hours=24)) as desk:
        await seen(desk, "old@home.example")
        call = await looked_up(desk)
        await call.tell(a.MagicLinkChosen())
        await call.tell(a.SendChosen())
        prompt = (await call.view()).prompt
        assert isinstance(prompt, p.MagicLinkFormPrompt)
        assert "too new" in prompt.note
        assert desk.world.mails == []
        desk.clock.move(hours=24)
        await call.tell(a.SendChosen())
        await call.polling()


async def test_r_37_a_look_up_goes_on_where_the_record_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path, busy_seconds=0.05) as desk:
        async with desk_on(path) as other, other.store.transaction() as held:
            await held.all("SELECT 1")
            assert await seen(desk, ADDRESS) is Age.UNKNOWN
        await seen(desk, "old@home.example")
        async with desk_on(path) as other, other.store.transaction() as held:
            await held.all("SELECT 1")
            assert await seen(desk, ADDRESS) is Age.NEW


async def test_r_37_the_record_alone_decides_nothing_for_others(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await seen(desk, "old@home.example")
        effect = fx.SendMagicLink(person_id="u-other", account="A*** B***")
        assert await desk.do(effect) == ("LinkSent",)
