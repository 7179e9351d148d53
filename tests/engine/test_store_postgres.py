"""PostgreSQL that goes away, comes back, is full, takes no more, or holds another desk: said in words, nothing lost."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import pytest_asyncio
import trustme

from csrdesk.engine import postgres_connection
from csrdesk.engine.audit import Audit, Entry, Kind
from csrdesk.engine.changes import Changes
from csrdesk.engine.clock import SystemClock
from csrdesk.engine.postgres_address import Address
from csrdesk.engine.postgres_errors import not_let_in, translated
from csrdesk.engine.store import Statements
from csrdesk.engine.store_postgres import KEPT_CHANGES, PostgresStore
from csrdesk.errors import StoreUnavailableError
from csrdesk.model.secret import Secret
from tests.conftest import mount, unmount
from tests.postgres import Server, server

pytestmark = pytest.mark.needs("postgres")

KEY, OTHER_KEY = b"k" * 32, b"o" * 32


@pytest.fixture
def url(postgres: Server) -> str:
    return postgres.new()


@pytest_asyncio.fixture
async def store(url: str) -> AsyncIterator[PostgresStore]:
    store = await PostgresStore.open(Address(url, busy_seconds=0.2))
    yield store
    await store.close()


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server that these tests stop and start, with little room."""
    with server("max_connections=10", "superuser_reserved_connections=3") as running:
        yield running


def put(key: str) -> Callable[[Statements], int]:
    return lambda statements: statements.execute("INSERT INTO tries VALUES (?, 'p', 'now')", key)


async def kept(store: PostgresStore) -> list[object]:
    return [row["challenge_id"] for row in await store.all("SELECT challenge_id FROM tries ORDER BY 1")]


def name_of(url: str) -> str:
    return urlsplit(url).path[1:]


@dataclass
class Cable:
    """Between a store and its server, to be cut: it can swallow the answer to a commit."""

    target: int
    port: int = 0
    swallows: int = 0
    """How many answers to commits are still lost; each takes its way with it."""
    swallows_after: str = ""
    """The answer to the next commit after a statement that holds this."""

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.target))
            for source, to, is_answer in ((near, far, False), (far, near, True)):
                threading.Thread(target=self._carry, args=(source, to, is_answer), daemon=True).start()

    def _carry(self, source: socket.socket, to: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not is_answer and self.swallows_after and self.swallows_after.encode() in data:
                    self.swallows, self.swallows_after = 1, ""
                if is_answer and self.swallows and b"COMMIT\0" in data:
                    self.swallows -= 1
                    break
                to.sendall(data)
        for end in (source, to):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def cable(url: str) -> Iterator[tuple[Cable, str]]:
    """A cable to that database, and the URL at its near end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        laid = Cable(urlsplit(url).port or 0, port)
        thread = threading.Thread(target=laid.serve, args=(listener,), daemon=True)
        thread.start()
        yield laid, f"postgresql://desk@127.0.0.1:{port}/{name_of(url)}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(20)


async def until_it_works(store: PostgresStore) -> None:
    async with asyncio.timeout(30):
        while True:
            with suppress(StoreUnavailableError):
                await store.one("SELECT 1")
                return
            await asyncio.sleep(0.1)


async def test_a_server_that_is_not_there_is_said_to_be_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(StoreUnavailableError, match=r"its server cannot be reached\. Nothing was done"):
        await PostgresStore.open(Address(f"postgresql://desk@127.0.0.1:{port}/desk"))


async def test_a_desk_may_open_before_its_server_does_and_tries_again_when_it_is_asked(own: Server) -> None:
    url = own.new()
    own.stop()
    store = await PostgresStore.open(Address(url), wait=False)
    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match="cannot be reached"):
            await store.one("SELECT 1")
    with pytest.raises(StoreUnavailableError, match="cannot be reached"):
        await store.generation()
    own.start()
    await until_it_works(store)
    assert await store.at_once(put("a")) == 1
    await store.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
async def test_a_server_that_was_started_anew_between_two_uses_is_noticed_by_nobody(
    own: Server, how: signal.Signals
) -> None:
    store = await PostgresStore.open(Address(own.new()))
    await store.at_once(put("a"))
    assert await kept(store) == ["a"]
    own.stop(how)
    own.start()
    assert await store.at_once(put("b")) == 1
    assert await kept(store) == ["a", "b"]
    await store.close()


async def write_across_an_end(store: PostgresStore, own: Server) -> None:
    async with store.transaction() as tx:
        await tx.at_once(put("a"))
        own.stop()
        own.start()
        await tx.at_once(put("b"))


async def test_a_transaction_that_the_servers_end_cut_off_is_undone_and_says_so(own: Server) -> None:
    store = await PostgresStore.open(Address(own.new()))
    with pytest.raises(StoreUnavailableError, match="cannot be used") as ended:
        await write_across_an_end(store, own)
    assert "Nothing was done." in ended.value.message
    assert await kept(store) == []
    assert await store.at_once(put("c")) == 1
    assert await kept(store) == ["c"]
    await store.close()


async def fail_after_its_end(store: PostgresStore, own: Server) -> None:
    async with store.transaction() as tx:
        await tx.at_once(put("a"))
        own.stop()
        own.start()
        raise ZeroDivisionError


async def test_what_is_undone_after_the_servers_end_raises_its_own_reason(own: Server) -> None:
    store = await PostgresStore.open(Address(own.new()))
    with pytest.raises(ZeroDivisionError):
        await fail_after_its_end(store, own)
    assert await store.at_once(put("b")) == 1
    assert await kept(store) == ["b"]
    await store.close()


async def test_what_the_server_refuses_at_the_commit_was_not_done_and_is_not_called_lost(store: PostgresStore) -> None:
    await store.at_once(lambda at: at.execute("CREATE TABLE late (n INT UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
    with pytest.raises(psycopg.errors.UniqueViolation):
        await store.at_once(lambda at: at.execute("INSERT INTO late VALUES (1), (1)"))
    assert await store.all("SELECT * FROM late") == []


async def test_several_that_ask_first_make_the_tables_once(url: str) -> None:
    store = await PostgresStore.open(Address(url), wait=False)
    assert await asyncio.gather(*(kept(store) for _ in range(2))) == [[], []]
    await store.close()


async def test_a_commit_whose_answer_is_lost_is_not_said_to_be_undone_nor_done_again(url: str) -> None:
    with cable(url) as (laid, near):
        store = await PostgresStore.open(Address(near))
        told: list[frozenset[str]] = []
        store.committed = told.append
        laid.swallows = 2
        with pytest.raises(StoreUnavailableError, match="did not say whether it kept") as lost:
            await store.at_once(put("a"))
        assert "Nothing was done" not in lost.value.message
        with pytest.raises(StoreUnavailableError, match="did not say whether it kept"):
            async with store.transaction() as tx:
                await tx.at_once(put("b"))
        assert told == [], "nobody is told of what may not be there"
        assert await kept(store) == ["a", "b"], "it was there, once"
        assert await store.at_once(put("c")) == 1
        await store.close()


async def test_a_server_that_takes_no_more_connections_is_named_and_then_used_again(own: Server) -> None:
    url, others = own.new(), []
    with suppress(psycopg.OperationalError):
        while True:
            others.append(psycopg.connect(own.url()))
    with pytest.raises(StoreUnavailableError, match="takes no more connections"):
        await PostgresStore.open(Address(url))
    for other in others:
        other.close()
    store = await PostgresStore.open(Address(url), wait=False)
    await until_it_works(store)
    await store.close()


async def test_another_writer_is_waited_for_and_then_named(url: str, store: PostgresStore) -> None:
    with psycopg.connect(url) as other:
        other.execute(b"SELECT pg_advisory_xact_lock(%s)", (postgres_connection.WRITERS,))
        with pytest.raises(StoreUnavailableError, match="another program holds it"):
            await store.at_once(put("a"))
        assert await kept(store) == [], "readers wait for nobody"
        writing = asyncio.ensure_future(store.at_once(put("b")))
        await asyncio.sleep(0)
        other.rollback()
        assert await writing == 1


async def stand_still(store: PostgresStore, other: PostgresStore) -> None:
    async with store.transaction() as tx:
        await tx.at_once(put("a"))
        async with asyncio.timeout(20):
            while True:
                with suppress(StoreUnavailableError):
                    await other.at_once(put("b"))
                    break
        await tx.at_once(put("c"))


async def test_a_writer_that_stands_still_does_not_hold_up_the_others_for_ever(url: str, store: PostgresStore) -> None:
    other = await PostgresStore.open(Address(url, busy_seconds=0.2))
    with pytest.raises(StoreUnavailableError, match="took too long"):
        await stand_still(store, other)
    assert await kept(other) == ["b"]
    assert await store.at_once(put("d")) == 1
    await other.close()


async def test_a_database_of_another_key_is_left_alone(url: str) -> None:
    await (await PostgresStore.open(Address(url))).close()
    for key in (KEY, KEY):
        await (await PostgresStore.open(Address(url), key=key)).close()
    with pytest.raises(StoreUnavailableError, match=r"another key than this desk's\. Give every server"):
        await PostgresStore.open(Address(url), key=OTHER_KEY)


async def test_the_databases_mark_of_the_key_leads_back_to_none(url: str) -> None:
    store = await PostgresStore.open(Address(url), key=KEY)
    facts = str(await store.all("SELECT * FROM desk_facts"))
    assert KEY.decode() not in facts
    assert KEY.hex() not in facts
    await store.close()


async def test_a_database_of_a_newer_csrdesk_is_left_alone(url: str, store: PostgresStore) -> None:
    await store.at_once(lambda at: at.execute("UPDATE desk_facts SET value = '99' WHERE name = 'version'"))
    with pytest.raises(StoreUnavailableError, match="newer csrdesk"):
        await PostgresStore.open(Address(url))


async def test_a_database_that_keeps_no_utf_8_is_refused(postgres: Server) -> None:
    postgres.ask("CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII'")
    with pytest.raises(StoreUnavailableError, match="does not keep text as UTF-8"):
        await PostgresStore.open(Address(postgres.url("bytes")))


async def test_an_unknown_database_and_a_name_without_rights_are_said(postgres: Server) -> None:
    with pytest.raises(StoreUnavailableError, match="knows no such name or database"):
        await PostgresStore.open(Address(postgres.url("nowhere")))
    postgres.ask("CREATE ROLE guest LOGIN")
    with pytest.raises(StoreUnavailableError, match="this name may not use it"):
        await PostgresStore.open(Address(postgres.new().replace("desk@", "guest@")))


async def test_r_46_the_password_is_given_to_the_server_shown_to_nobody_and_taken_from_nowhere_else(
    own: Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.ask("CREATE ROLE clerk LOGIN PASSWORD 'gr8-$ecret '' x'")
    own.ask("CREATE DATABASE of_clerk OWNER clerk")
    rules = own.folder / "data" / "pg_hba.conf"
    rules.write_text(f"host all clerk 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
    own.ask("SELECT pg_reload_conf()")
    address = Address(own.url("of_clerk", "clerk"), Secret("gr8-$ecret ' x"))
    assert "gr8" not in repr(address)
    store = await PostgresStore.open(address)
    assert await store.at_once(put("a")) == 1
    await store.close()
    monkeypatch.setenv("PGPASSWORD", "gr8-$ecret ' x")
    (home / ".pgpass").write_text("*:*:*:*:gr8-$ecret ' x")
    (home / ".pgpass").chmod(0o600)
    for password in (None, Secret("wrong")):
        with pytest.raises(StoreUnavailableError, match="refuses name or password") as refused:
            await PostgresStore.open(Address(address.url, password))
        assert "wrong" not in refused.value.message + refused.value.details


async def test_r_44_elsewhere_only_tls_is_spoken_and_the_servers_name_and_ca_are_checked(own: Server) -> None:
    ca = trustme.CA()
    issued = ca.issue_cert("localhost")
    root, cert, key = (own.folder / name for name in ("root.pem", "cert.pem", "key.pem"))
    for path, pem in ((root, ca.cert_pem), (cert, issued.cert_chain_pems[0]), (key, issued.private_key_pem)):
        pem.write_to_path(path)
        path.chmod(0o600)
        os.chown(path, own.folder.stat().st_uid, own.folder.stat().st_gid)
    url = own.new().replace("127.0.0.1", "localhost")
    ours, numbered = (f"{named}?sslrootcert={root}" for named in (url, url.replace("localhost", "127.0.0.1")))
    with pytest.raises(StoreUnavailableError, match="speaks no TLS"):
        await PostgresStore.open(Address(ours, tls=True))
    own.options = ("ssl=on", f"ssl_cert_file={cert}", f"ssl_key_file={key}", *own.options)
    own.stop()
    own.start()
    store = await PostgresStore.open(Address(ours, tls=True))
    in_use = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    assert await store.one(in_use) == {"ssl": True}
    await store.close()
    for refused in (url, numbered):
        with pytest.raises(StoreUnavailableError, match="certificate cannot be trusted"):
            await PostgresStore.open(Address(refused, tls=True))


async def fill(store: PostgresStore) -> None:
    for _ in range(30):
        await store.at_once(put(secrets.token_hex(1_000_000)))


@pytest.mark.needs("mounts")
async def test_r_61_a_full_disk_of_the_servers_is_named_and_nothing_was_done() -> None:
    with server() as alone:
        disk, owner = alone.folder / "small", alone.folder.stat()
        disk.mkdir()
        mount("-t", "tmpfs", "-o", f"size=24m,uid={owner.st_uid},gid={owner.st_gid},mode=700", "tmpfs", str(disk))
        try:
            ballast = disk / "ballast"
            ballast.write_bytes(b" " * 2_000_000)
            alone.ask(f"CREATE TABLESPACE small LOCATION '{disk}'")
            alone.ask("CREATE DATABASE small TEMPLATE template0 TABLESPACE small")
            store = await PostgresStore.open(Address(alone.url("small")))
            alone.ask("CHECKPOINT")
            with pytest.raises(StoreUnavailableError, match=r"its server's disk is full\. Nothing was done\."):
                await fill(store)
            ballast.unlink()
            written = len(await kept(store))
            await Audit(store, SystemClock()).write(Entry(kind=Kind.EVENT, action="room again", agent="grace"))
            assert 0 < written == len(await kept(store))
            await store.close()
        finally:
            alone.stop(signal.SIGQUIT)
            unmount(disk)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("25006", "is it a standby"),
        ("40P01", "ended what was begun"),
        ("57014", "did not answer in time"),
        ("53200", "no memory left"),
        ("08006", "the way to its server broke"),
    ],
)
def test_what_tells_of_the_server_is_said_in_words(state: str, words: str) -> None:
    error = translated(psycopg.errors.lookup(state)())
    assert isinstance(error, StoreUnavailableError)
    assert words in error.message


def test_whoever_is_not_let_in_is_told_why_as_far_as_the_server_says_it() -> None:
    for said, words in (
        ("the database system is starting up", "started or shut down"),
        ("no route to host", "reached"),
    ):
        assert words in not_let_in(psycopg.OperationalError(said)).message


async def test_a_mistake_that_was_hushed_up_is_no_commit(store: PostgresStore) -> None:
    def hushed_up(statements: Statements) -> None:
        put("a")(statements)
        with suppress(psycopg.Error):
            statements.execute("INSERT INTO tries VALUES (1)")

    with pytest.raises(StoreUnavailableError, match="ended what was begun"):
        await store.at_once(hushed_up)
    assert await kept(store) == []


async def test_topics_that_are_old_are_forgotten(store: PostgresStore) -> None:
    await store.at_once(lambda at: at.wake("old"))
    await store.at_once(lambda at: at.tuples("SELECT setval('changes_seq_seq', ?)", KEPT_CHANGES * 2 - 1))
    await store.at_once(lambda at: at.wake("new"))
    assert await store.all("SELECT topic FROM changes") == [{"topic": "new"}]


async def test_a_table_that_a_newer_replica_widened_is_read_on_by_an_older_one(url: str, store: PostgresStore) -> None:
    other = await PostgresStore.open(Address(url))
    await store.at_once(put("a"))
    everything = "SELECT * FROM tries"
    for _ in range(7):
        await store.all(everything)
        await store.at_once(lambda at: at.all(everything))
    await other.at_once(lambda at: at.execute("ALTER TABLE tries ADD COLUMN more TEXT"))
    assert [row["challenge_id"] for row in await store.all(everything)] == ["a"]
    with pytest.raises(StoreUnavailableError, match="changed meanwhile"):
        await store.at_once(lambda at: at.all(everything))
    assert len(await store.at_once(lambda at: at.all(everything))) == 1
    await other.close()


async def test_a_switch_is_a_number_and_text_without_end_marks(store: PostgresStore) -> None:
    await store.at_once(
        lambda at: at.execute("INSERT INTO bulk_runs VALUES (?, 'a', 'x', 'now', NULL, ?)", "a\0b", True)
    )
    sql = "SELECT id, no_notify FROM bulk_runs"
    assert await store.one(sql) == {"id": "a\N{REPLACEMENT CHARACTER}b", "no_notify": 1}


async def test_a_process_that_was_killed_is_gone_and_one_that_is_there_is_not(url: str, store: PostgresStore) -> None:
    there = await PostgresStore.open(Address(url))
    await there.arrive("there")
    presence = await store.arrive("here")
    words = (sys.executable, "-c", IS_THERE, url)
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    assert await process.stdout.readline() == b"there\n"
    await until(lambda: not presence.is_gone("other"))
    assert not any(map(presence.is_gone, ("here", "there", "other", "")))
    assert presence.is_gone("nobody")
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await until(lambda: presence.is_gone("other"))
    assert not presence.is_gone("there")
    await there.close()


IS_THERE = """
import asyncio, sys
from csrdesk.engine.postgres_address import Address
from csrdesk.engine.store_postgres import PostgresStore

async def main():
    store = await PostgresStore.open(Address(sys.argv[1]))
    await store.arrive("other")
    print("there", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_what_a_process_says_of_itself_the_others_hear_until_it_says_it_no_more(url: str) -> None:
    one, two = await PostgresStore.open(Address(url)), await PostgresStore.open(Address(url))
    here, there = await one.arrive("one"), await two.arrive("two")
    assert not there.is_said("well")
    here.say("well")
    await until(lambda: there.is_said("well"))
    here.say("well", on=False)
    await until(lambda: not there.is_said("well"))
    assert not there.is_gone("one")
    await one.close()
    await two.close()


async def test_nobody_is_gone_while_nothing_can_be_heard_and_waiters_look_for_themselves(own: Server) -> None:
    url = own.new()
    one, two = await PostgresStore.open(Address(url)), await PostgresStore.open(Address(url))
    changes = Changes(one)
    here, _ = await one.arrive("one"), await two.arrive("two")
    watching = asyncio.create_task(changes.watch())
    await until(lambda: not here.is_gone("two"))
    assert here.is_gone("three")
    with changes.listen("flow:a") as news:
        own.stop()
        async with asyncio.timeout(20):
            await news.wait()
        await until(lambda: not here.is_gone("three"))
        with pytest.raises(StoreUnavailableError, match=r"shut down|cannot be reached"):
            await one.generation()
        own.start()
        await until(lambda: here.is_gone("three"))
        assert not here.is_gone("two"), "it comes back, too"
        news.clear()
        await until_it_works(two)
        await two.at_once(lambda at: at.wake("flow:a"))
        async with asyncio.timeout(20):
            await news.wait()
    watching.cancel()
    await asyncio.wait([watching])
    await one.close()
    await two.close()


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not seen():  # noqa: ASYNC110 - another process's end rings no event here
            await asyncio.sleep(0.02)
