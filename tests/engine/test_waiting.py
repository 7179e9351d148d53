"""Whoever waits goes on waiting while the desk's database is away: no call falls back to its card for that."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from csrdesk.engine.changes import flow_topic, link_topic
from csrdesk.errors import StoreUnavailableError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows.doors import View
from csrdesk.flows.kernel import Failed
from csrdesk.model.secret import Secret
from tests.engine.world import Begin, Desk, Told, ToldToWait, came, desk_on, disable, linked
from tests.postgres import Server, server


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server that these tests stop and start."""
    with server() as running:
        yield running


async def looks(desk: Desk, topic: str) -> None:
    """Return when whoever waits for that has looked while the database is away."""
    with desk.engine._desk.changes.listen(topic) as news:  # noqa: SLF001 - rung with those who wait
        for _ in range(2):
            news.clear()
            await news.wait()


async def settled(desk: Desk, flow_id: str) -> View:
    """As a console does: ask again where the desk could not be asked."""
    while True:
        try:
            return await desk.session().settled(flow_id)
        except StoreUnavailableError:
            await asyncio.sleep(0.1)


@pytest.mark.needs("postgres")
async def test_a_call_waits_on_while_the_database_is_away_and_goes_on_when_it_is_back(own: Server) -> None:
    """Takes seconds: a server is stopped, missed, and started."""
    async with desk_on(own.new()) as desk:
        call = await linked(desk)
        code, before = await call.code(), await call.view()
        await asyncio.to_thread(own.stop)
        await looks(desk, link_topic(call.challenge_id))
        with pytest.raises(StoreUnavailableError):
            await call.customer(a.CodeGiven(Secret(code)))
        await asyncio.to_thread(own.start)
        assert await settled(desk, call.id) == before
        await call.verify()
        assert isinstance((await call.view()).prompt, p.AccountPrompt)


@pytest.mark.needs("postgres")
async def test_what_came_while_the_database_was_away_is_saved_when_it_is_back(own: Server) -> None:
    """Takes seconds, as above."""
    async with desk_on(own.new()) as desk:
        session = desk.session()
        begun = await session.start("told", Begin())
        moment = desk.clock.now() + timedelta(seconds=5)
        await session.answer(begun.id, begun.rev, ToldToWait(fx.WaitUntil(moment=moment)))
        await asyncio.to_thread(own.stop)
        desk.clock.move(seconds=5)
        await looks(desk, flow_topic(begun.id))
        await asyncio.to_thread(own.start)
        async with asyncio.timeout(30):
            while not came(view := await settled(desk, begun.id)):
                await session.changed(begun.id, view.rev)
        assert came(view) == ("TimeCame",)


@pytest.mark.needs("postgres")
async def test_r_61_an_act_while_the_database_is_away_is_refused_and_not_waited_for(own: Server) -> None:
    """Takes seconds, as above."""
    async with desk_on(own.new()) as desk:
        session = desk.session()
        begun = await session.start("told", Begin())
        desk.world.held.add(fx.FindUser)
        doing = Told((fx.FindUser(identifier="ada"), disable()))
        await session.answer(begun.id, begun.rev, doing)
        await desk.world.begun.wait()
        await asyncio.to_thread(own.stop)
        guard = desk.engine._guard  # noqa: SLF001 - asked directly, since no step can be saved
        context = desk.world.contexts["FindUser"]
        reply = await guard(disable(), context)
        assert isinstance(reply, Failed)
        assert "nothing was done" in reply.problem.message
        assert {name for name, _ in desk.world.done} == {"FindUser"}
        await asyncio.to_thread(own.start)


async def test_what_is_waited_for_does_not_go_on_unsaved(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path, busy_seconds=0.05) as desk:
        call = await linked(desk)
        before = await call.view()
        other = sqlite3.connect(path, isolation_level=None)
        try:
            # In one go, so that nobody writes between the news and the trouble.
            other.execute("UPDATE challenges SET fetched = 1, rev = rev + 1 WHERE id = ?", (call.challenge_id,))
            other.execute("INSERT INTO changes (topic) VALUES (?)", (link_topic(call.challenge_id),))
            other.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(0.5)
            shown = await call.session.view(call.id)
            assert (shown.rev, shown.trouble) == (before.rev, "")
        finally:
            other.close()
        after = await call.session.changed(call.id, before.rev)
        assert isinstance(after.prompt, p.PollingPrompt)
        assert after.prompt.link.fetched == 1
