"""The audit's rows: whole, chained, one an event, without secrets."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import sys
from contextlib import suppress
from datetime import UTC
from pathlib import Path

import msgspec
import pytest

from csrdesk.engine.audit import START, VERSION, Audit, AuditRow, Entry, Kind
from csrdesk.engine.clock import MovableClock
from csrdesk.engine.entries import entry, masked
from csrdesk.engine.store_sqlite import SqliteStore
from csrdesk.errors import StoreUnavailableError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.csr_main import Start
from csrdesk.flows.doors import Agent, Context
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.model.proofs import Act
from csrdesk.model.secret import Secret
from tests.engine.world import (
    ADA,
    ADDRESS,
    BROKEN,
    Begin,
    Told,
    came,
    desk_on,
    disable,
    hold_after_next_commit,
    linked,
    looked_up,
)

WRITER = """
import asyncio, sys
from pathlib import Path
from csrdesk.engine.audit import Audit, Entry, Kind
from csrdesk.engine.clock import SystemClock
from csrdesk.engine.store_sqlite import SqliteStore

async def main():
    store = await SqliteStore.open(Path(sys.argv[1]))
    audit = Audit(store, SystemClock())
    for n in range(100):
        await audit.write(Entry(kind=Kind.EVENT, action=f"row {n}", agent=sys.argv[2]))
    await store.close()

asyncio.run(main())
"""


async def fill(audit: Audit) -> None:
    """Write rows until the disk is full to the last byte."""
    for size in (900, 0):
        with suppress(StoreUnavailableError):
            while True:
                await audit.write(Entry(kind=Kind.EVENT, action="x", agent="x", reason="x" * size))


def held(folder: Path) -> dict[str, bytes]:
    """What the database's files hold, byte by byte."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}


async def rows_of(path: Path) -> list[dict[str, object]]:
    store = await SqliteStore.open(path)
    rows = await store.all("SELECT * FROM audit ORDER BY seq")
    await store.close()
    return [dict(row) for row in rows]


def is_chained(rows: list[dict[str, object]]) -> bool:
    prev = START
    for number, row in enumerate(rows, 1):
        told = {name: value for name, value in row.items() if name != "hash"}
        canonical = msgspec.json.encode(told, order="sorted")
        expected = hashlib.sha256(canonical).hexdigest()
        if (row["seq"], row["prev"], row["hash"]) != (number, prev, expected):
            return False
        prev = expected
    return True


async def test_r_60_a_row_says_who_what_when_where_whom_and_how_it_went(
    tmp_path: Path,
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.verify()
        await desk.do(disable(), call_id=call.id)
        row = (await desk.engine.audit.list(person_id=ADA.id))[-1]
    assert (row.kind, row.action, row.result) == ("outcome", "pingone.set_enabled", "done")
    assert (row.agent, row.person_id, row.call_id) == ("grace", ADA.id, call.id)
    assert (row.reason, row.ticket, row.correlation_id) == ("asked for it", "T-1", "c-p1")
    assert row.at.tzinfo == UTC
    assert row.place
    assert row.version == VERSION == 1
    assert row.details == {"act": "disable", "changed": True, "enabled": False, "verified": True}


async def test_r_60_refusals_and_failures_are_rows_too(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.replies[fx.FindUser] = BROKEN
        await desk.do(fx.FindUser(identifier="ada"))
        await desk.do(disable())
        await desk.do(disable(Act.PROTECT))
        lookup, refusal, *_ = await desk.engine.audit.list()
    assert (lookup.kind, lookup.result, lookup.correlation_id) == ("lookup", "failed", "c-down")
    assert lookup.details == {"code": "unavailable", "identifier": "ada", "problem": "PingOne is down."}
    assert (refusal.kind, refusal.result, refusal.details["code"]) == ("refused", "refused", "not_verified")


async def test_each_row_holds_the_hash_of_the_row_before(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await linked(desk)
    rows = await rows_of(tmp_path / "desk.db")
    assert len(rows) == 3
    assert is_chained(rows)
    rows[1]["agent"] = "somebody else"
    assert not is_chained(rows)


async def test_two_processes_do_not_fork_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    await (await SqliteStore.open(path)).close()
    started = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, str(path), name) for name in ("a", "b")
    ]
    assert [await process.wait() for process in started] == [0, 0]
    rows = await rows_of(path)
    assert len(rows) == 200
    assert is_chained(rows)


HOSTILE = ["one\ntwo\r\nthree", '{"kind": "outcome"}', "'); DROP TABLE audit; --", "\x1b[2J\u202e"]


@pytest.mark.parametrize("comment", HOSTILE)
async def test_r_67_one_event_is_one_row_whatever_the_comment_holds(tmp_path: Path, comment: str) -> None:
    store = await SqliteStore.open(tmp_path / "desk.db")
    audit = Audit(store, MovableClock())
    await audit.write(Entry(kind=Kind.EVENT, action="test", agent="grace", reason=comment, details={"note": comment}))
    row, *others = await audit.list()
    await store.close()
    assert not others
    assert row.reason.isprintable()
    assert row.details == {"note": comment}
    assert msgspec.json.encode(row).count(b"\n") == 0
    assert is_chained(await rows_of(tmp_path / "desk.db"))


async def test_r_66_no_secret_and_no_whole_address_is_in_the_database(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as desk:
        call = await linked(desk)
        token, code = call.token, await call.code()
        await call.customer(a.CodeGiven(Secret("wrong-code-typed")))
        await call.verify()
        while_open = held(tmp_path)
    assert set(while_open) == {"desk.db", "desk.db-wal", "desk.db-shm"}
    for secret in (token, code, "123456", "wrong-code-typed", "cookie-of-ada"):
        assert [name for name, content in while_open.items() if secret.encode() in content] == [], secret
        assert secret.encode() not in held(tmp_path)["desk.db"]
    assert b"a***@h***.example" in held(tmp_path)["desk.db"]
    assert ADDRESS.encode() not in held(tmp_path)["desk.db"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@home.example", "a***@h***.example"),
        ("+1 512 555 1234", "*** *** 34"),
        ("ada", "ada"),
        ("12345", "12345"),
        ("a\x1b[1m", "a\N{REPLACEMENT CHARACTER}[1m"),
    ],
)
def test_r_66_what_was_typed_to_find_somebody_is_masked(typed: str, kept: str) -> None:
    assert masked(typed) == kept


@pytest.mark.parametrize(
    ("reply", "found", "person"),
    [
        (r.UserFound(ADA), 1, ADA.id),
        (r.SeveralUsers((ADA, ADA)), 2, ""),
        (r.NoSuchUser(), 0, ""),
        (r.OnlyInDirectory(), 0, ""),
    ],
)
async def test_a_look_up_is_one_row_with_what_it_found(tmp_path: Path, reply: Reply, found: int, person: str) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.replies[fx.FindUser] = reply
        await looked_up(desk)
        row, *others = await desk.engine.audit.list()
    assert not others
    assert (row.kind, row.person_id, row.details["found"]) == ("lookup", person, found)


async def test_r_61_look_ups_go_on_with_a_loud_banner_while_the_audit_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path, busy_seconds=0.4) as desk:
        hold_after_next_commit(desk, path)
        assert await desk.do(fx.FindUser(identifier="ada")) == ("UserFound",)
        assert "audit cannot be written" in desk.engine.trouble
        assert (await desk.engine.session(Agent("mira")).start("csr_main", Start())).trouble == desk.engine.trouble
        await desk.do(fx.FindUser(identifier="ada"))
        assert desk.engine.trouble == ""


@pytest.mark.parametrize(
    "effect",
    [
        disable(Act.PROTECT),
        fx.EndSessions(person_id=ADA.id, act=Act.PROTECT, reason="r", ticket="t"),
        fx.SendMagicLink(person_id=ADA.id, account="A*** B***"),
        fx.StartDeviceAuthentication(person_id=ADA.id),
    ],
)
async def test_r_61_nothing_is_done_where_the_intent_cannot_be_made_durable(tmp_path: Path, effect: Effect) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path, busy_seconds=0.4) as desk:
        hold_after_next_commit(desk, path)
        assert await desk.do(effect) == ("Failed:audit_unavailable",)
        assert desk.world.done == []
        assert desk.engine.trouble
        assert "Failed" not in (await desk.do(effect))[0]
        assert desk.engine.trouble == ""


@pytest.mark.parametrize("trouble", ["full", "read-only", "gone"])
async def test_r_61_nothing_is_done_on_a_full_read_only_or_missing_disk(tmp_path: Path, trouble: str) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as desk:
        session = desk.session()
        begun = await session.start("told", Begin())
        if trouble == "gone":
            path.rename(tmp_path / "away")
        else:
            async with desk.store.transaction() as tx:
                await tx.all("PRAGMA query_only = ON" if trouble == "read-only" else "PRAGMA max_page_count = 1")
        if trouble == "full":
            await fill(desk.engine.audit)
        try:
            said = came(await desk.tell(session, begun.id, Told((disable(Act.PROTECT),))))
        except StoreUnavailableError:
            said = ("Failed:audit_unavailable",)
        assert said == ("Failed:audit_unavailable",)
        assert desk.world.done == []


async def test_r_61_the_intent_is_durable_before_anything_is_done(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        seen: list[list[dict[str, object]]] = []

        def look(_: Effect) -> Reply:
            with sqlite3.connect(tmp_path / "desk.db") as other:
                seen.append([{"kind": row[0]} for row in other.execute("SELECT kind FROM audit ORDER BY seq")])
            other.close()
            return r.PingOneEnabledSet(enabled=False)

        desk.world.replies[fx.SetPingOneEnabled] = look
        await desk.do(disable(Act.PROTECT))
    assert seen == [[{"kind": "alert"}, {"kind": "intent"}]]


async def test_the_list_is_of_one_call_or_person_where_asked_and_the_newest(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "desk.db")
    audit = Audit(store, MovableClock())
    for call, person in (("c1", "p1"), ("c1", "p2"), ("c2", "p1")):
        await audit.write(Entry(kind=Kind.EVENT, action="x", agent="grace", call_id=call, person_id=person))

    async def listed(**which: str) -> list[int]:
        rows: tuple[AuditRow, ...] = await audit.list(**which)  # type: ignore[arg-type]
        return [row.seq for row in rows]

    assert await listed(call_id="c1") == [1, 2]
    assert await listed(person_id="p1") == [1, 3]
    assert [row.seq for row in await audit.list(limit=2)] == [2, 3]
    await store.close()


@pytest.mark.parametrize(
    ("effect", "action"),
    [
        (fx.RequireProof(person_id="u-1", act=Act.DISABLE), "verification.required"),
        (fx.EndCall(), "step.end_call"),
        (fx.ReadAccount(person_id="u-1"), "step.read_account"),
    ],
)
def test_what_is_refused_has_the_name_of_an_action_and_not_of_a_class(effect: Effect, action: str) -> None:
    assert entry(Kind.REFUSED, effect, Context("f", 1, "c", Agent("grace", "Grace"))).action == action
