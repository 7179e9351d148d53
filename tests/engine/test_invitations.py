"""What an agent sees of a registration that they invited somebody to, and how often somebody can be invited."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.config import LimitSettings
from csrdesk.engine import public_pages
from csrdesk.engine.codes import keyed_fingerprint
from csrdesk.engine.public_pages import PublicPage
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import invitation_effects as ix
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.csr_main import Start
from csrdesk.flows.rules import Rules
from csrdesk.model.recovery import Progress, Stage
from tests.engine.world import HAL, KEY, Call, Desk, desk_on

RULES = Rules(registration=True)
ADDRESS = "new@mail.example"
COUNT = ix.CountInvitation(address=ADDRESS)


def nobody(desk: Desk) -> None:
    """Nobody is found, and every mail is taken."""
    desk.world.replies[fx.FindUser] = lambda _: r.NoSuchUser()
    desk.world.replies[ix.InviteToRegister] = lambda _: ix.Invited("n***w@m***.example", desk.clock.now())


async def watching(desk: Desk) -> Call:
    nobody(desk)
    session = desk.session()
    begun = await session.start("csr_main", Start())
    call = Call(desk, session, begun.id)
    await call.tell(a.UsernameGiven(ADDRESS))
    await call.tell(a.InviteChosen())
    return call


async def progress(call: Call) -> Progress:
    prompt = (await call.view()).prompt
    assert isinstance(prompt, p.RegistrationWatchPrompt), prompt
    return prompt.progress


async def put(desk: Desk, *, stage: Stage = Stage.OPENED) -> PublicPage:
    """A page that was begun with the address, as registration's own flow writes it down."""
    now = desk.clock.now()
    row = PublicPage(
        id="page-1", flow="registration", token_hash="t", browser="b",
        address_hash=keyed_fingerprint(KEY, ADDRESS.upper()), stage=stage,
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


async def test_the_agent_sees_each_step_of_whoever_they_invited_and_nothing_secret(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        call = await watching(desk)
        assert await progress(call) == Progress()
        row = await put(desk)
        began = row.started_at
        await becomes(call, Progress(Stage.OPENED, began))
        desk.clock.move(seconds=5)
        now = desk.clock.now()
        for changed, seen in (
            ({"stage": Stage.ANALYSED, "sent_at": now}, Progress(Stage.CODE_SENT, began, now)),
            ({"stage": Stage.VERIFIED, "sent_at": now, "tries": 1}, Progress(Stage.VERIFIED, began, now, 1)),
            (
                {"stage": Stage.DONE, "sent_at": now, "tries": 1, "ended_at": now},
                Progress(Stage.DONE, began, now, 1, now),
            ),
        ):
            async with desk.store.transaction() as tx:
                await public_pages.save(tx, replace(row, **changed))
            await becomes(call, seen)
        assert ADDRESS not in str(await desk.store.all("SELECT state FROM flows"))


async def test_a_registration_whose_time_is_up_has_ended(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        call = await watching(desk)
        row = await put(desk)
        await becomes(call, Progress(Stage.OPENED, row.started_at))
        desk.clock.move(minutes=11)
        await becomes(call, Progress(Stage.ENDED, row.started_at, ended_at=row.until))


async def test_what_was_begun_before_the_invitation_is_not_shown(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        await put(desk)
        desk.clock.move(minutes=1)
        assert await progress(await watching(desk)) == Progress()


async def test_r_18_an_address_is_invited_as_often_as_a_link_is_sent_and_the_limit_is_an_alert(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        for _ in range(3):
            assert await desk.do(COUNT) == ("InvitationCounted",)
        assert await desk.do(COUNT, agent=HAL) == ("Failed:limit_reached",)
        assert await desk.do(ix.CountInvitation(address=ADDRESS.upper())) == ("Failed:limit_reached",)
        assert ("alert", "limit.reached", "refused") in await desk.said_of()
        assert await desk.do(ix.CountInvitation(address="other@mail.example")) == ("InvitationCounted",)
        desk.clock.move(minutes=11)
        assert await desk.do(COUNT) == ("InvitationCounted",)


async def test_r_18_an_agent_invites_no_more_in_an_hour_than_they_may_send_links(tmp_path: Path) -> None:
    limits = LimitSettings(links_per_agent_an_hour=2)
    async with desk_on(tmp_path / "desk.db", rules=RULES, limits=limits) as desk:
        effects = [ix.CountInvitation(address=f"new{n}@mail.example") for n in range(3)]
        came = [await desk.do(effect) for effect in effects]
        assert came == [("InvitationCounted",)] * 2 + [("Failed:limit_reached",)]
        assert await desk.do(effects[2], agent=HAL) == ("InvitationCounted",)
        desk.clock.move(hours=1, seconds=1)
        assert await desk.do(effects[2]) == ("InvitationCounted",)


@pytest.mark.parametrize("table", ["audit", "flows", "public_counts"])
async def test_r_66_an_invitation_leaves_the_address_nowhere(tmp_path: Path, table: str) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        await watching(desk)
        assert ADDRESS not in str(await desk.store.all(f"SELECT * FROM {table}"))


async def test_r_30_an_invitation_verifies_nobody(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        call = await watching(desk)
        await call.tell(a.BackChosen())
        assert isinstance((await call.view()).prompt, p.UsernamePrompt)
        assert await desk.store.all("SELECT * FROM windows") == []
