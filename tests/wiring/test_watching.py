"""A desk that looks now and then whether the world outside answers: told when that changes, and only then."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from pathlib import Path

from csrdesk.flows import answers as a
from csrdesk.flows import csr_main
from csrdesk.sandbox import Options, Sandbox
from csrdesk.services.answering import DIRECTORY, MAIL, PINGONE
from csrdesk.wiring import open_desk
from csrdesk.wiring.store import DATABASE
from csrdesk.wiring.trial import settings_for
from csrdesk.wiring.watching import AUDIT, WORDS, watch


async def test_what_goes_down_and_comes_back_is_told_once_each(tmp_path: Path) -> None:
    told: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()
    async with Sandbox(Options()) as box, open_desk(settings_for(box.settings(), tmp_path), serve_pages=False) as desk:
        watching = asyncio.create_task(watch(desk, told.put_nowait, every=0.05))
        try:
            async with asyncio.timeout(20):
                box.faults.add(path="^/directory", cut=True)
                assert await told.get() == ("AD",)
                box.faults.clear()
                assert await told.get() == ()
            await asyncio.sleep(0.3)
            assert told.empty()
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching


async def test_a_look_up_that_fails_is_told_at_once_and_what_is_back_a_moment_later(tmp_path: Path) -> None:
    told: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()
    async with Sandbox(Options()) as box, open_desk(settings_for(box.settings(), tmp_path), serve_pages=False) as desk:
        box.faults.add(path="^/directory", cut=True)
        watching = asyncio.create_task(watch(desk, told.put_nowait, every=3600, here=0.05))
        try:
            async with asyncio.timeout(30):
                assert await told.get() == (DIRECTORY,)
                box.faults.clear()
                assert await told.get() == ()
                # Nothing is down, so the next look of itself is an hour away.
                box.faults.add(path="/v1/|/as/", status=503)
                session = desk.session(desk.agent)
                begun = await session.start("csr_main", csr_main.Start())
                asked = await session.settled(begun.id)
                await session.answer(begun.id, asked.rev, a.UsernameGiven("nobody.at.all"))
                assert await told.get() == (PINGONE,)
                box.faults.clear()
                assert await told.get() == ()
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching


async def test_a_database_that_takes_no_row_is_told_with_what_is_down_and_again_when_it_does(tmp_path: Path) -> None:
    told: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()
    async with Sandbox(Options()) as box:
        settings = settings_for(box.settings(), tmp_path)
        async with open_desk(settings, serve_pages=False, wait_for_store=False) as desk:
            assert await desk.is_writable()
            other = sqlite3.connect(tmp_path / "data" / DATABASE, isolation_level=None)
            other.execute("BEGIN EXCLUSIVE")
            box.faults.add(path="^/directory", cut=True)
            watching = asyncio.create_task(watch(desk, told.put_nowait, every=0.05, here=0.05))
            try:
                async with asyncio.timeout(30):
                    while await told.get() != (AUDIT, "AD"):
                        pass
                    assert desk.trouble
                    other.close()
                    assert await told.get() == ("AD",)
                    assert not desk.trouble
            finally:
                watching.cancel()
                with suppress(asyncio.CancelledError):
                    await watching


async def test_a_desk_that_does_not_reach_out_misses_nothing(tmp_path: Path) -> None:
    async with Sandbox(Options()) as box:
        settings = settings_for(box.settings(), tmp_path)
        async with open_desk(settings, serve_pages=False, reach_out=False) as desk:
            assert await desk.not_answering() == ()


def test_of_each_that_can_be_down_it_is_said_what_that_means() -> None:
    assert WORDS.keys() == {AUDIT, PINGONE, DIRECTORY, MAIL}
