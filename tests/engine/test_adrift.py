"""While the desk's database cannot be written, people are looked up and nothing else is done; then all is on record."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from csrdesk.config import LimitSettings
from csrdesk.engine.disk import is_full
from csrdesk.engine.owed import LATE
from csrdesk.engine.store_late import SPARED, LateStore
from csrdesk.errors import StaleFlowError, StoreUnavailableError
from csrdesk.flows import answers as a
from csrdesk.flows import csr_main
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows.kernel import Effect
from csrdesk.flows.replies import UserFound
from tests.engine.world import ADA, Begin, Call, Desk, desk_on, looked_up

NOT_WRITTEN = "The audit cannot be written. Look-ups go on; nothing else does."


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another program writes, and does not come to an end."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


async def revs(desk: Desk) -> dict[str, int]:
    """The flows as the database knows them."""
    return {str(row["id"]): int(str(row["rev"])) for row in await desk.store.all("SELECT id, rev FROM flows")}


async def test_r_61_a_caller_is_looked_up_while_nothing_can_be_written_and_no_link_is_sent(path: Path) -> None:
    async with desk_on(path, busy_seconds=0.05) as desk:
        with held(path):
            call = await looked_up(desk)
            view = await call.tell(a.MagicLinkChosen())
            assert view.trouble == NOT_WRITTEN
            view = await call.tell(a.SendChosen())
            assert isinstance(view.prompt, p.MagicLinkFormPrompt)
            assert "No link is open. The audit cannot be written, so nothing was done." in view.prompt.note
            assert {name for name, _ in desk.world.done} == {"FindUser", "ReadProtection", "ReadDevices"}
            assert await revs(desk) == {}
        view = await call.tell(a.SendChosen())
        assert isinstance(view.prompt, p.PollingPrompt)
        assert view.trouble == ""
        assert (await revs(desk))[call.id] == view.rev
        rows = [row for row in await desk.engine.audit.list(limit=100) if row.kind == "lookup"]
        assert [(row.action, bool(row.details[LATE])) for row in rows if LATE in row.details] == [("lookup", True)]


async def test_r_61_a_call_goes_on_where_it_stood_when_writing_fails_in_its_middle(path: Path) -> None:
    async with desk_on(path, busy_seconds=0.05) as desk:
        call = await looked_up(desk)
        before = (await revs(desk))[call.id]
        with held(path):
            view = await call.tell(a.MagicLinkChosen())
            assert isinstance(view.prompt, p.MagicLinkFormPrompt)
            assert (await revs(desk))[call.id] == before
            with pytest.raises(StaleFlowError):
                await call.session.answer(call.id, before, a.MagicLinkChosen())
        view = await call.tell(a.SendChosen())
        assert (await revs(desk))[call.id] == view.rev


async def test_a_step_whose_saving_failed_for_a_moment_is_saved_before_it_acts(path: Path) -> None:
    async with desk_on(path, busy_seconds=0.4) as desk:
        call = await looked_up(desk)
        await call.tell(a.MagicLinkChosen())
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        asyncio.get_running_loop().call_later(0.6, other.close)
        view = await call.tell(a.SendChosen())
        assert isinstance(view.prompt, p.PollingPrompt)
        assert len(desk.world.mails) == 1


async def test_who_was_faster_in_another_process_is_believed(path: Path) -> None:
    async with desk_on(path, busy_seconds=0.05) as desk, desk_on(path) as beside:
        call = await looked_up(desk)
        with held(path):
            await call.tell(a.MagicLinkChosen())
        elsewhere = Call(beside, beside.session(), call.id)
        assert isinstance((await elsewhere.tell(a.MagicLinkChosen())).prompt, p.MagicLinkFormPrompt)
        kept = await call.session.view(call.id)
        with pytest.raises(StaleFlowError):
            await call.session.answer(call.id, kept.rev, a.SendChosen())
        assert (await call.view()).rev == (await elsewhere.view()).rev
        assert desk.world.mails == []


async def test_what_is_kept_is_never_saved_over_a_step_of_another_process(path: Path) -> None:
    async with desk_on(path, busy_seconds=0.4) as desk:
        call = await looked_up(desk)
        form = await call.tell(a.MagicLinkChosen())
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        def step_there() -> None:
            other.execute("UPDATE flows SET rev = rev + 1 WHERE id = ?", (call.id,))
            other.execute("COMMIT")
            other.close()

        asyncio.get_running_loop().call_later(0.6, step_there)
        await call.session.answer(call.id, form.rev, a.SendChosen())
        view = await call.view()
        assert (view.rev, type(view.prompt)) == (form.rev + 1, p.MagicLinkFormPrompt)
        assert desk.world.mails == []


async def test_two_answers_to_a_step_that_is_kept_make_one(path: Path) -> None:
    async with desk_on(path, busy_seconds=0.2) as desk:
        call = await looked_up(desk)
        with held(path):
            now = await call.view()
            both = [call.session.answer(call.id, now.rev, a.MagicLinkChosen()) for _ in range(2)]
            came = await asyncio.gather(*both, return_exceptions=True)
    assert sum(isinstance(one, StaleFlowError) for one in came) == 1


async def test_what_is_no_look_up_is_not_even_begun(path: Path) -> None:
    async with desk_on(path, busy_seconds=0.05) as desk:
        begun = await desk.session().start("told", Begin())
        with held(path), pytest.raises(StoreUnavailableError):
            await desk.session().start("told", Begin((fx.FindUser(identifier="ada"),)))
        assert set(await revs(desk)) == {begun.id}


@pytest.mark.parametrize("unreadable", [False, True])
async def test_r_57_look_ups_that_no_row_tells_of_are_counted_all_the_same(path: Path, *, unreadable: bool) -> None:
    async with desk_on(path, busy_seconds=0.05, limits=LimitSettings(look_ups_per_agent_an_hour=2)) as desk:
        with held(path):
            if unreadable:
                await desk.store.close()
            for found in ("CardPrompt", "CardPrompt", "UsernamePrompt"):
                call = await looked_up(desk)
                assert type((await call.view()).prompt).__name__ == found
        assert sum(name == "FindUser" for name, _ in desk.world.done) == 2


async def test_an_acts_end_that_could_not_be_written_is_written_late(path: Path) -> None:
    async with desk_on(path, busy_seconds=0.05) as desk:
        others: list[sqlite3.Connection] = []

        def found(_effect: Effect) -> UserFound:
            others.append(sqlite3.connect(path, isolation_level=None))
            others[0].execute("BEGIN IMMEDIATE")
            return UserFound(ADA)

        desk.world.replies[fx.FindUser] = found
        await looked_up(desk)
        assert not await desk.engine.is_writable()
        assert desk.engine.trouble == NOT_WRITTEN
        assert not await desk.engine.audit.list()
        others[0].close()
        assert await desk.engine.is_writable()
        assert desk.engine.trouble == ""
        assert [(row.action, LATE in row.details) for row in await desk.engine.audit.list()] == [("lookup", True)]


async def test_a_late_store_is_there_as_soon_as_its_file_can_be_opened(tmp_path: Path) -> None:
    moment = 0.0
    folder = tmp_path / "not yet"
    store = LateStore(folder / "desk.db", elapsed=lambda: moment)
    told: list[frozenset[str]] = []
    store.committed = told.append
    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match="cannot be opened"):
            await store.one("SELECT 1")
    folder.mkdir()
    with pytest.raises(StoreUnavailableError, match="cannot be opened"):
        await store.at_key("SELECT 1")
    moment = SPARED
    assert await store.all("SELECT 1 AS one") == [{"one": 1}]
    await store.at_once(lambda tx: tx.wake("flow:a"))
    assert told == [{"flow:a"}]
    assert (await store.tuples("SELECT topic FROM changes"), await store.at_key("SELECT 2 AS two")) == (
        [("flow:a",)],
        {"two": 2},
    )
    assert await store.generation() > 0
    assert store.is_ours(1)
    await store.close()
    assert not store.is_ours(1)
    await store.close()


async def test_a_late_store_that_cannot_be_opened_is_read_as_it_lies(path: Path) -> None:
    before = LateStore(path)
    await before.at_once(lambda tx: tx.execute("INSERT INTO tries VALUES ('a', 'p', 'now')"))
    await before.close()
    path.with_name("desk.db-wal").mkdir()  # SQLite can make none
    store = LateStore(path)
    assert (
        await store.one("SELECT challenge_id FROM tries")
        == await store.at_key("SELECT challenge_id FROM tries")
        == {"challenge_id": "a"}
    )
    assert await store.all("SELECT person_id FROM tries") == [{"person_id": "p"}]
    assert await store.tuples("SELECT person_id FROM tries") == [("p",)]
    with pytest.raises(StoreUnavailableError):
        await store.at_once(lambda tx: tx.wake("flow:a"))
    with pytest.raises(StoreUnavailableError):
        await store.generation()


def test_a_disk_with_room_is_not_full_and_one_that_is_gone_is_not_either(tmp_path: Path) -> None:
    assert not is_full(tmp_path)
    assert not is_full(tmp_path / "gone")


async def test_a_late_store_is_not_tried_for_a_moment_after_a_write_failed(path: Path) -> None:
    moment = 0.0
    store = LateStore(path, busy_seconds=0.05, elapsed=lambda: moment)
    async with store.transaction() as tx:
        tx.wake("flow:a")
    with held(path), pytest.raises(StoreUnavailableError, match="another program"):
        await store.at_once(lambda tx: tx.wake("flow:b"))
    for late, raises in ((SPARED / 2, True), (SPARED, False)):
        moment = late
        if raises:
            with pytest.raises(StoreUnavailableError, match="another program"):
                async with store.transaction() as tx:
                    tx.wake("flow:c")
        else:
            await store.at_once(lambda tx: tx.wake("flow:d"))
    assert await store.tuples("SELECT topic FROM changes ORDER BY seq") == [("flow:a",), ("flow:d",)]
    await store.close()


async def test_a_call_that_was_begun_while_nothing_could_be_written_can_be_taken_up_later(path: Path) -> None:
    async with desk_on(path, busy_seconds=0.05) as desk:
        with held(path):
            begun = await desk.session().start("csr_main", csr_main.Start())
            assert await desk.session().calls() == ()
            await desk.tell(desk.session(), begun.id, a.UsernameGiven("ada@home.example", "T-1"))
        assert await desk.engine.is_writable()
        assert [call.id for call in await desk.session().calls()] == [begun.id]
    async with desk_on(path) as desk:
        assert isinstance((await desk.session().resume(begun.id)).view.prompt, p.CardPrompt)
