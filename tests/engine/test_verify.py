"""What `audit verify` finds: each way to change what was written, the first bad row, and what it takes for that."""

from __future__ import annotations

import sqlite3
import tracemalloc
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from csrdesk.engine.audit import PURGED, START, Audit, Columns, Detail, Entry, Kind
from csrdesk.engine.checkpoints import Checkpoint, public_key, sign, signed_by
from csrdesk.engine.clock import MovableClock
from csrdesk.engine.flaws import Flaw
from csrdesk.engine.store_sqlite import SqliteStore
from csrdesk.engine.verify import PAGE, UNCOVERED, Verdict, verify

ROWS = 12
SEED = b"s" * 32
Tamper = Callable[[sqlite3.Connection], object]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


@pytest_asyncio.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(path)
    await grow(store, ROWS)
    yield store
    await store.close()


async def grow(store: SqliteStore, rows: int) -> None:
    """Write rows that differ in everything."""
    audit = Audit(store, MovableClock())
    async with store.transaction() as tx:
        for n in range(rows):
            entry = Entry(kind=Kind.EVENT, action=f"row {n}", agent="grace", details={"n": n, "umlaut": "ä\n"})
            await audit.append(tx, entry)


def tamper(path: Path, how: Tamper) -> None:
    """Change the file past csrdesk."""
    with sqlite3.connect(path) as connection:
        how(connection)
    connection.close()


def rows_of(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    return connection.execute("SELECT * FROM audit ORDER BY seq").fetchall()


def columns(values: tuple[object, ...]) -> Columns:
    """What is hashed of a row."""
    return msgspec.convert(dict(zip(Columns.__struct_fields__, values, strict=True)), Columns)


def renumber(connection: sqlite3.Connection, first: int, by: int) -> None:
    """Move the rows from `first` on by so many numbers."""
    connection.execute("UPDATE audit SET seq = -seq WHERE seq >= ?", (first,))
    connection.execute("UPDATE audit SET seq = -seq + ? WHERE seq < 0", (by,))


def put(connection: sqlite3.Connection, seq: int, prev: str, *, fits: bool) -> None:
    """A row that nobody wrote."""
    told = columns((seq, "2030-01-01T12:00:00.000000+00:00", 1, "event", "put", "eve", "x", *[""] * 7, "{}", prev))
    values = (*msgspec.structs.astuple(told), told.hash if fits else "f" * 64)
    connection.execute(f"INSERT INTO audit VALUES ({', '.join('?' * 17)})", values)


def restamp(connection: sqlite3.Connection, first: int) -> None:
    """Make the chain fit again from `first` on."""
    prev = str(connection.execute("SELECT hash FROM audit WHERE seq = ?", (first - 1,)).fetchone()[0])
    for row in rows_of(connection)[first - 1 :]:
        told = columns((*row[:15], prev))
        connection.execute("UPDATE audit SET prev = ?, hash = ? WHERE seq = ?", (prev, told.hash, row[0]))
        prev = told.hash


def altered(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE audit SET agent = 'somebody else' WHERE seq = 5")


def altered_with_its_hash(connection: sqlite3.Connection) -> None:
    altered(connection)
    row = rows_of(connection)[4]
    connection.execute("UPDATE audit SET hash = ? WHERE seq = 5", (columns(row[:16]).hash,))


def altered_in_what_it_follows(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE audit SET prev = ? WHERE seq = 5", ("e" * 64,))


def altered_to_no_text(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE audit SET agent = CAST(x'ff' AS TEXT) WHERE seq = 5")


def altered_to_a_blob(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE audit SET details = x'00ff' WHERE seq = 5")


def altered_in_its_number(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE audit SET seq = 99 WHERE seq = 12")


def first_row_written_anew(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM audit WHERE seq = 1")
    put(connection, 1, "d" * 64, fits=True)


def removed(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM audit WHERE seq IN (5, 6)")


def removed_and_numbered_anew(connection: sqlite3.Connection) -> None:
    removed(connection)
    renumber(connection, 7, -2)


def first_removed(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM audit WHERE seq = 1")


def inserted(connection: sqlite3.Connection, *, fits: bool = False, prev: str = "") -> None:
    before = prev or str(rows_of(connection)[3][16])
    renumber(connection, 5, 1)
    put(connection, 5, before, fits=fits)


def inserted_with_its_hash(connection: sqlite3.Connection) -> None:
    inserted(connection, fits=True)


def inserted_from_nowhere(connection: sqlite3.Connection) -> None:
    inserted(connection, prev="c" * 64)


def inserted_a_copy_of_a_later_one(connection: sqlite3.Connection) -> None:
    inserted(connection, prev=str(rows_of(connection)[8][15]))


def reordered(connection: sqlite3.Connection) -> None:
    for old, new in ((5, -5), (6, 5), (-5, 6)):
        connection.execute("UPDATE audit SET seq = ? WHERE seq = ?", (new, old))


def moved_to_the_end(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE audit SET seq = 99 WHERE seq = 5")


FOUND: list[tuple[Tamper, Flaw, int]] = [
    (altered, Flaw.ALTERED, 5),
    (altered_with_its_hash, Flaw.ALTERED, 5),
    (altered_in_what_it_follows, Flaw.ALTERED, 5),
    (altered_to_no_text, Flaw.ALTERED, 5),
    (altered_to_a_blob, Flaw.ALTERED, 5),
    (altered_in_its_number, Flaw.ALTERED, 99),
    (first_row_written_anew, Flaw.ALTERED, 1),
    (removed, Flaw.REMOVED, 5),
    (removed_and_numbered_anew, Flaw.REMOVED, 5),
    (first_removed, Flaw.REMOVED, 1),
    (inserted, Flaw.INSERTED, 5),
    (inserted_with_its_hash, Flaw.INSERTED, 5),
    (inserted_from_nowhere, Flaw.INSERTED, 5),
    (inserted_a_copy_of_a_later_one, Flaw.INSERTED, 5),
    (reordered, Flaw.REORDERED, 5),
    (moved_to_the_end, Flaw.REORDERED, 5),
]


async def checkpoint(store: SqliteStore, count: int, *, head: str = "", seed: bytes = SEED) -> Checkpoint:
    """A signed checkpoint of a row as it stands now."""
    row = await Audit(store, MovableClock()).row(count)
    at = MovableClock().now()
    return sign(Checkpoint(count, head or (row.hash if row else "b" * 64), row.at if row else at, at), seed)


async def verified(store: SqliteStore, *checkpoints: Checkpoint) -> Verdict:
    return await verify(store, iter(checkpoints), signed_by(public_key(SEED)))


async def found(store: SqliteStore, *checkpoints: Checkpoint) -> tuple[Flaw, int] | None:
    finding = (await verified(store, *checkpoints)).finding
    return (finding.flaw, finding.seq) if finding else None


async def test_an_audit_as_it_was_written_is_whole(store: SqliteStore) -> None:
    verdict = await verified(store, await checkpoint(store, 5), await checkpoint(store, 10))
    last = await Audit(store, MovableClock()).row(ROWS)
    assert last
    assert verdict == Verdict(rows=ROWS, first=1, head=last.hash, checkpoints=2, covered=10)


async def test_an_audit_without_a_row_is_whole(path: Path, store: SqliteStore) -> None:
    tamper(path, lambda c: c.execute("DELETE FROM audit"))
    assert await verified(store) == Verdict(rows=0, first=1, head=START, checkpoints=0, covered=0)


@pytest.mark.parametrize(("how", "flaw", "seq"), FOUND, ids=[getattr(how, "__name__", "") for how, _, _ in FOUND])
async def test_r_63_the_first_bad_row_and_what_was_done_are_named(
    path: Path, store: SqliteStore, how: Tamper, flaw: Flaw, seq: int
) -> None:
    tamper(path, how)
    verdict = await verified(store)
    assert verdict.finding
    assert (verdict.finding.flaw, verdict.finding.seq) == (flaw, seq)
    assert str(seq) in verdict.finding.message


async def test_r_63_of_two_changes_the_first_is_named(path: Path, store: SqliteStore) -> None:
    tamper(path, altered)
    tamper(path, lambda c: c.execute("DELETE FROM audit WHERE seq = 3"))
    assert await found(store) == (Flaw.REMOVED, 3)


async def test_r_63_a_change_on_the_second_page_is_named_too(path: Path, store: SqliteStore) -> None:
    await grow(store, PAGE)
    tamper(path, lambda c: c.execute("UPDATE audit SET reason = 'x' WHERE seq = ?", (PAGE + 3,)))
    assert await found(store, await checkpoint(store, PAGE + 1)) == (Flaw.ALTERED, PAGE + 3)


async def test_r_64_a_tail_that_was_cut_off_is_seen_by_a_checkpoint(path: Path, store: SqliteStore) -> None:
    known = await checkpoint(store, 10)
    tamper(path, lambda c: c.execute("DELETE FROM audit WHERE seq > 8"))
    assert await found(store) is None
    assert await found(store, await checkpoint(store, 4), known) == (Flaw.TRUNCATED, 9)


async def test_r_64_rows_with_a_chain_made_anew_are_seen_by_a_checkpoint(path: Path, store: SqliteStore) -> None:
    known = [await checkpoint(store, count) for count in (4, 10)]
    tamper(path, altered)
    tamper(path, lambda c: restamp(c, 5))
    assert await found(store) is None
    assert await found(store, *known) == (Flaw.RESTAMPED, 5)


async def test_r_64_a_checkpoint_that_somebody_else_signed_is_no_checkpoint(path: Path, store: SqliteStore) -> None:
    eve = b"e" * 32
    assert await found(store, await checkpoint(store, 10, seed=eve)) == (Flaw.FORGED, 10)
    assert await found(store, await checkpoint(store, 99, seed=eve)) == (Flaw.FORGED, 99)
    assert await found(store, await checkpoint(store, 5, head="a" * 64, seed=eve)) == (Flaw.FORGED, 5)


async def test_r_64_checkpoints_stand_in_their_order(store: SqliteStore) -> None:
    after = await checkpoint(store, 2)
    await grow(store, PAGE)
    assert await found(store, await checkpoint(store, PAGE + 5), after) == (Flaw.FORGED, 2)


async def test_r_64_checkpoints_that_were_taken_away_are_missed(store: SqliteStore) -> None:
    known = await checkpoint(store, 5)
    await grow(store, UNCOVERED)
    assert await found(store, known) == (Flaw.UNCOVERED, 6)
    assert await found(store, known, await checkpoint(store, 100)) is None


async def test_lines_that_are_no_checkpoints_are_counted(store: SqliteStore) -> None:
    broken = await checkpoint(store, 5)
    verdict = await verified(store, msgspec.structs.replace(broken, count=0), broken)
    assert (verdict.unreadable, verdict.checkpoints, verdict.finding) == (1, 1, None)


async def purged(path: Path, store: SqliteStore, upto: int, before: str, head: str = "") -> None:
    row = await Audit(store, MovableClock()).row(upto)
    assert row
    audit = Audit(store, MovableClock())
    told: dict[str, Detail] = {"upto": upto, "head": head or row.hash, "before": before}
    await audit.write(Entry(kind=Kind.EVENT, action=PURGED, agent="grace", details=told))
    tamper(path, lambda c: c.execute("DELETE FROM audit WHERE seq <= ?", (upto,)))


async def test_r_69_the_chain_goes_on_from_where_a_purge_says(path: Path, store: SqliteStore) -> None:
    known = await checkpoint(store, 3)
    await purged(path, store, 5, before="2036")
    verdict = await verified(store, known, await checkpoint(store, 8))
    assert (verdict.finding, verdict.first, verdict.rows, verdict.checkpoints) == (None, 6, ROWS + 1 - 5, 1)


async def test_r_69_rows_that_were_too_young_are_no_purge_but_removed(path: Path, store: SqliteStore) -> None:
    known = await checkpoint(store, 3)
    await purged(path, store, 5, before="2029")
    assert await found(store) is None
    assert await found(store, known) == (Flaw.REMOVED, 3)


@pytest.mark.parametrize("how", ["another hash", "no JSON"])
async def test_r_69_a_purge_that_says_otherwise_explains_nothing(path: Path, store: SqliteStore, how: str) -> None:
    await purged(path, store, 5, before="2036", head="a" * 64 if how == "another hash" else "")
    if how == "no JSON":
        tamper(path, lambda c: c.execute("UPDATE audit SET details = 'no' WHERE action = ?", (PURGED,)))
    assert await found(store) == (Flaw.REMOVED, 1)


async def test_memory_stays_flat_however_long_the_audit_is(store: SqliteStore) -> None:
    await grow(store, PAGE)
    peaks = []
    for rows in (PAGE, 4 * PAGE):
        await grow(store, rows)
        tracemalloc.start()
        await verified(store)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_a_checkpoint_is_signed_over_all_it_says() -> None:
    now = MovableClock().now()
    one, is_signed = sign(Checkpoint(1, "a" * 64, now, now), SEED), signed_by(public_key(SEED))
    assert is_signed(one)
    later = now + timedelta(seconds=1)
    for change in ({"count": 2}, {"head": "b"}, {"row_at": later}, {"at": later}, {"signature": "no base64"}):
        assert not is_signed(msgspec.structs.replace(one, **change))


def test_a_key_of_another_kind_is_refused() -> None:
    other = X25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for key in ("no key", other.decode()):
        with pytest.raises(ValueError, match=r"no Ed25519 key|PEM"):
            signed_by(key)
