"""What `engine.store` promises, asked of each database alike: who writes, who sees, what is undone, who is told."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from csrdesk.engine import schema
from csrdesk.engine.changes import Changes
from csrdesk.engine.store import Statements, Store
from csrdesk.errors import StoreUnavailableError
from tests.engine.world import store_at
from tests.postgres import Server

BOTH = ("sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres")))
Place = Path | str
Open = Callable[[], Awaitable[Store]]

WRITES_AND_DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.engine.world import store_at

async def main():
    at = sys.argv[1]
    store = await store_at(at if "://" in at else Path(at))
    async with store.transaction(durable=sys.argv[2] == "durable") as tx:
        await tx.execute("INSERT INTO tries VALUES ('link', 'person', 'now')")
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.fixture(params=BOTH)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where a new database is."""
    if request.param == "sqlite":
        return tmp_path / "desk.db"
    server: Server = request.getfixturevalue("postgres")
    return server.new()


@pytest_asyncio.fixture
async def opens(place: Place) -> AsyncIterator[Open]:
    """Opens the same database once more, as another process would."""
    opened: list[Store] = []

    async def once_more() -> Store:
        opened.append(await store_at(place))
        return opened[-1]

    yield once_more
    for store in opened:
        await store.close()


@pytest_asyncio.fixture
async def store(opens: Open) -> Store:
    return await opens()


def put(key: str, topic: str = "") -> Callable[[Statements], int]:
    def work(statements: Statements) -> int:
        if topic:
            statements.wake(topic)
        return statements.execute("INSERT INTO tries VALUES (?, 'p', 'now')", key)

    return work


async def kept(store: Store) -> list[object]:
    return [row["challenge_id"] for row in await store.all("SELECT challenge_id FROM tries ORDER BY challenge_id")]


async def test_values_come_back_as_they_were_given(store: Store) -> None:
    values = ("id", "flow", 2**53, b"\x00\xff{}", "Ada \N{SNOWMAN} 'quoted' %s ?", None)
    sql = "INSERT INTO outbox VALUES (?, 'c', 'a', ?, ?, ?, ?, 0, 'now', 'now', 'now', ?)"
    async with store.transaction() as tx:
        assert await tx.execute(sql, "id", values[3], values[4], "stage", values[2], "") == 1
        assert await tx.one("SELECT id, tries FROM outbox WHERE about = ?", values[4]) == {"id": "id", "tries": 2**53}
    assert await store.one("SELECT effect, about FROM outbox") == {"effect": values[3], "about": values[4]}
    assert await store.at_key("SELECT about FROM outbox WHERE id = ?", "id") == {"about": values[4]}
    assert await store.tuples("SELECT tries, effect, about FROM outbox") == [values[2:5]]
    assert await store.all("SELECT '?' AS mark, '%' AS sign, id FROM outbox WHERE id = ?", "id") == [
        {"mark": "?", "sign": "%", "id": "id"}
    ]


async def test_where_nothing_is_found_there_is_no_row(store: Store) -> None:
    assert await store.one("SELECT * FROM tries WHERE challenge_id = ?", "b") is None
    assert await store.at_key("SELECT * FROM tries WHERE challenge_id = ?", "b") is None
    assert await store.all("SELECT * FROM tries") == []
    assert await store.tuples("SELECT * FROM tries") == []
    assert await store.one("SELECT max(seq) AS newest FROM changes") == {"newest": None}


async def test_rows_changed_are_counted(store: Store) -> None:
    for key in ("a", "b", "c"):
        await store.at_once(put(key))
    async with store.transaction() as tx:
        assert await tx.execute("UPDATE tries SET person_id = 'q' WHERE challenge_id > ?", "a") == 2
        assert await tx.execute("DELETE FROM tries WHERE person_id = 'nobody'") == 0


async def test_text_is_compared_byte_by_byte_whatever_the_machines_language_is(store: Store) -> None:
    for key in ("b", "B", "a", "ä", "_"):
        await store.at_once(put(key))
    assert await kept(store) == ["B", "_", "a", "b", "ä"]
    assert await store.all("SELECT challenge_id FROM tries WHERE challenge_id < ?", "_") == [{"challenge_id": "B"}]


async def test_an_exception_leaves_nothing_behind(store: Store) -> None:
    with suppress(ZeroDivisionError):
        async with store.transaction() as tx:
            await tx.at_once(put("a"))
            raise ZeroDivisionError
    async with store.transaction():
        pass
    await store.at_once(put("b"))
    assert await kept(store) == ["b"]


async def test_what_a_transaction_read_stays_true_until_it_commits_on_any_connection(opens: Open) -> None:
    one, two = await opens(), await opens()
    await one.at_once(lambda at: at.execute("INSERT INTO tries VALUES ('n', '0', 'now')"))

    async def count_one_up(store: Store) -> None:
        async with store.transaction() as tx:
            row = await tx.one("SELECT person_id FROM tries")
            assert row is not None
            await tx.execute("UPDATE tries SET person_id = ?", str(int(str(row["person_id"])) + 1))

    await asyncio.gather(*(count_one_up(store) for store in [one, two] * 25))
    assert await two.one("SELECT person_id FROM tries") == {"person_id": "50"}


async def test_reads_see_what_was_committed_before_they_began_and_nothing_else(opens: Open) -> None:
    one, two = await opens(), await opens()
    async with one.transaction() as tx:
        await tx.at_once(put("a"))
        assert await tx.all("SELECT challenge_id FROM tries") == [{"challenge_id": "a"}]
        assert await kept(one) == await kept(two) == []
    assert await kept(one) == await kept(two) == ["a"]


async def test_a_function_is_one_transaction_whole_or_not_at_all(store: Store) -> None:
    def fail(statements: Statements) -> None:
        put("b", "flow:b")(statements)
        raise ZeroDivisionError

    told: list[frozenset[str]] = []
    store.committed = told.append
    assert await store.at_once(put("a", "flow:a")) == 1
    with pytest.raises(ZeroDivisionError):
        await store.at_once(fail, durable=False)
    assert await kept(store) == ["a"]
    assert told == [{"flow:a"}]


async def test_functions_that_wait_see_what_those_before_them_did_and_each_undoes_its_own_alone(store: Store) -> None:
    told: list[frozenset[str]] = []
    store.committed = told.append

    def count(statements: Statements) -> object:
        return statements.one("SELECT count(*) AS n FROM tries")

    def mistaken(statements: Statements) -> int:
        put("b", "flow:b")(statements)
        return statements.execute("INSERT INTO tries VALUES (1)")

    async with store.transaction():
        asked = [asyncio.ensure_future(store.at_once(work)) for work in (put("a", "flow:a"), mistaken, count, put("c"))]
        await asyncio.sleep(0)
    first, failed, counted, last = await asyncio.gather(*asked, return_exceptions=True)
    assert (first, counted, last) == (1, {"n": 1}, 1)
    assert isinstance(failed, Exception)
    assert not isinstance(failed, StoreUnavailableError), "a mistake is not taken for a broken machine"
    assert await kept(store) == ["a", "c"]
    assert told == [frozenset(), {"flow:a"}]


async def test_whoever_is_cancelled_is_cancelled_when_it_is_done(store: Store) -> None:
    async with store.transaction():
        asked = asyncio.ensure_future(store.at_once(put("a")))
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.sleep(0)
        assert not asked.done()
    await asyncio.wait([asked])
    assert asked.cancelled()
    assert await kept(store) == ["a"]


async def test_a_cancelled_transaction_is_undone_and_gives_its_turn_on(store: Store) -> None:
    begun = asyncio.Event()

    async def write_and_wait() -> None:
        async with store.transaction() as tx:
            await tx.at_once(put("a"))
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(write_and_wait())
    await begun.wait()
    task.cancel()
    await asyncio.wait([task])
    await store.at_once(put("b"))
    assert await kept(store) == ["b"]


async def end_it_and_go_on(store: Store) -> None:
    async with store.transaction() as tx:
        await tx.at_once(put("a"))
        await tx.execute("ROLLBACK")
        with pytest.raises(StoreUnavailableError, match="ended what was begun"):
            await tx.at_once(put("b"))


async def test_what_the_database_ended_by_itself_is_not_gone_on_with(store: Store) -> None:
    with pytest.raises(StoreUnavailableError, match="ended what was begun"):
        await end_it_and_go_on(store)

    def end_and_fail(statements: Statements) -> int:
        statements.execute("ROLLBACK")
        raise ZeroDivisionError

    async with store.transaction():
        asked = [asyncio.ensure_future(store.at_once(work)) for work in (put("a"), end_and_fail, put("b"))]
        await asyncio.sleep(0)
    ended = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(error) for error in ended} == {ZeroDivisionError}, "all of them are told"
    assert await kept(store) == []


@pytest.mark.parametrize("how", ["durable", "saved"])
async def test_what_was_committed_survives_the_sudden_end_of_its_process(place: Place, opens: Open, how: str) -> None:
    words = (sys.executable, "-c", WRITES_AND_DIES, str(place), how)
    process = await asyncio.create_subprocess_exec(*words, cwd=Path(__file__).parents[2])
    assert await process.wait() == -9
    assert await kept(await opens()) == ["link"]


async def test_others_are_woken_by_what_was_committed_for_them_and_know_their_own(opens: Open) -> None:
    one, two = await opens(), await opens()
    changes = Changes(two)
    watching = asyncio.create_task(changes.watch())
    with changes.listen("flow:a") as a:
        before = await two.generation()
        await two.at_once(put("mine", "flow:b"))
        await one.at_once(put("theirs", "flow:a"))
        async with asyncio.timeout(10):
            await a.wait()
        assert await two.generation() != before
    rows = await two.all("SELECT seq, topic FROM changes ORDER BY seq")
    assert [(two.is_ours(int(str(row["seq"]))), row["topic"]) for row in rows] == [(True, "flow:b"), (False, "flow:a")]
    watching.cancel()
    await asyncio.wait([watching])


async def test_a_store_that_was_closed_says_so(store: Store) -> None:
    await store.close()
    await store.close()
    with pytest.raises(StoreUnavailableError, match="it was closed"):
        await store.one("SELECT 1")
    with pytest.raises(StoreUnavailableError, match="it was closed"):
        await store.at_once(put("a"))
    with pytest.raises(StoreUnavailableError, match="it was closed"):
        async with store.transaction():
            pass


async def close_while_writing(store: Store, asked: list[asyncio.Task[int]]) -> None:
    async with store.transaction() as tx:
        await tx.at_once(put("begun"))
        asked += [asyncio.ensure_future(store.at_once(put(key))) for key in ("a", "b")]
        await asyncio.sleep(0)
        await store.close()


async def test_what_is_under_way_or_waits_when_the_store_is_closed_is_told_so_and_undone(opens: Open) -> None:
    store, other = await opens(), await opens()
    asked: list[asyncio.Task[int]] = []
    with pytest.raises(StoreUnavailableError, match="it was closed"):
        await close_while_writing(store, asked)
    for error in await asyncio.gather(*asked, return_exceptions=True):
        assert isinstance(error, StoreUnavailableError)
    with pytest.raises(StoreUnavailableError):
        await store.generation()
    assert await kept(other) == []


async def test_a_mistake_in_a_statement_is_not_taken_for_a_broken_machine(store: Store) -> None:
    with pytest.raises(Exception, match="nothing") as mistake:
        await store.all("SELECT nothing FROM tries")
    assert not isinstance(mistake.value, StoreUnavailableError)


async def test_a_table_that_is_gone_is_damage(store: Store) -> None:
    async with store.transaction() as tx:
        await tx.execute("DROP TABLE tries")
    with pytest.raises(StoreUnavailableError, match="damaged"):
        await kept(store)


async def test_two_that_come_at_once_make_the_tables_once(place: Place) -> None:
    stores = await asyncio.gather(*(store_at(place) for _ in range(4)))
    for number, store in enumerate(stores):
        await store.at_once(put(str(number)))
    assert await kept(stores[0]) == ["0", "1", "2", "3"]
    for store in stores:
        await store.close()


@pytest.mark.needs("postgres")
async def test_both_have_the_same_tables_columns_and_indexes(tmp_path: Path, postgres: Server) -> None:
    file, server = await store_at(tmp_path / "desk.db"), await store_at(postgres.new())
    named = "SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_autoindex%'"
    indexes = {str(name) for (name,) in await file.tuples(named)}
    of_server = "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%_key'"
    there = {str(name) for (name,) in await server.tuples(of_server)}
    assert {name for name in there if not name.endswith("_pkey")} == indexes
    tables = [str(name) for (name,) in await file.tuples("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in (name for name in tables if not name.startswith("sqlite_")):
        told = f"SELECT name, type, \"notnull\" OR pk > 0 FROM pragma_table_info('{table}')"
        columns = [(name, _KINDS[str(kind)], bool(needed)) for name, kind, needed in await file.tuples(told)]
        sql = "SELECT column_name, data_type, is_nullable = 'NO' FROM information_schema.columns WHERE table_name = ?"
        found = await server.tuples(f"{sql} AND table_schema = 'public' ORDER BY ordinal_position", table)
        assert found == columns, table
    assert await server.one("SELECT value FROM desk_facts WHERE name = 'version'") == {"value": str(len(schema.STEPS))}
    await file.close()
    await server.close()


_KINDS = {"TEXT": "text", "INTEGER": "bigint", "BLOB": "bytea"}
