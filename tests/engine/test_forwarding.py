"""The audit's second keeper gets every row, in order, at least once, from one process at a time; nobody waits."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from csrdesk.engine.audit import Entry, Kind
from csrdesk.engine.checkpoints import Checkpoint, CheckpointFile
from csrdesk.engine.forwarding import BATCH, LATE, Forwarding, Times, pause_after
from csrdesk.errors import UnreachableError
from csrdesk.flows import answers as a
from csrdesk.model.sink import Line
from tests.engine.world import ADDRESS, Desk, desk_on, linked

QUICK = Times(timedelta(minutes=10), pause=0.005, sign=0.05, lease=0.3)
DOWN = UnreachableError("The server cannot be reached.", details="ConnectionRefusedError")


@dataclass
class Keeper:
    """A `Sink` in memory."""

    lines: list[Line] = field(default_factory=list)
    down: bool = False
    tried: int = 0
    hold: asyncio.Event | None = None

    async def send(self, lines: Sequence[Line]) -> None:
        self.tried += 1
        if self.hold:
            await self.hold.wait()
        if self.down:
            raise DOWN
        self.lines += lines

    async def greet(self) -> None:
        """Nothing to say."""

    async def close(self) -> None:
        """Nothing to close."""

    @property
    def numbers(self) -> list[int]:
        """The rows as they came."""
        return [json.loads(line.text)["seq"] for line in self.lines if line.kind == "audit"]


class Sending:
    """One process's share, running."""

    def __init__(
        self, desk: Desk, keeper: Keeper, name: str = "one", *, newest: Callable[[], Checkpoint | None] = lambda: None
    ) -> None:
        self.forwarding = Forwarding(desk.engine._desk, keeper, newest, name=name, times=QUICK)  # noqa: SLF001
        self.task = asyncio.create_task(self.forwarding.run())

    async def stop(self) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not seen():  # noqa: ASYNC110 - seen from outside
            await asyncio.sleep(0.005)


async def write(desk: Desk, count: int) -> None:
    for n in range(count):
        await desk.engine.audit.write(Entry(kind=Kind.EVENT, action="row", agent="grace", details={"n": n}))


async def test_r_68_rows_go_to_the_second_keeper_in_order_as_they_are_exported(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        keeper = Keeper()
        sending = Sending(desk, keeper)
        call = await linked(desk)
        await call.verify()
        await call.tell(a.CallEnded())
        await write(desk, BATCH + 50)
        rows = await desk.engine.audit.list(limit=1000)
        await until(lambda: len(keeper.lines) == len(rows))
        await sending.stop()
    assert keeper.numbers == [row.seq for row in rows]
    assert [json.loads(line.text) for line in keeper.lines] == [json.loads(msgspec.json.encode(row)) for row in rows]
    assert all(line.text.isascii() and line.text.isprintable() for line in keeper.lines)
    assert ADDRESS not in "".join(line.text for line in keeper.lines)


async def test_r_68_what_alerts_or_fails_is_marked_and_one_event_is_one_line(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        keeper = Keeper()
        sending = Sending(desk, keeper)
        for kind, result in ((Kind.ALERT, ""), (Kind.REFUSED, "refused"), (Kind.OUTCOME, "failed"), (Kind.EVENT, "")):
            reason = 'line\nbreak "quoted" \u202egnp.exe \x9b31m'
            await desk.engine.audit.write(Entry(kind=kind, action="x", agent="grace", result=result, reason=reason))
        await until(lambda: len(keeper.lines) == 4)
        await sending.stop()
    assert [(line.alert, line.trouble) for line in keeper.lines] == [
        (True, False), (False, True), (False, True), (False, False)
    ]  # fmt: skip
    assert not any("\n" in line.text for line in keeper.lines)


async def test_r_68_a_process_that_ends_leaves_off_where_the_next_goes_on(tmp_path: Path) -> None:
    keeper = Keeper()
    for name in ("one", "two", "three"):
        async with desk_on(tmp_path / "desk.db") as desk:
            sending = Sending(desk, keeper, name)
            await write(desk, 10)
            rows = await desk.engine.audit.list(limit=100)
            await until(lambda rows=rows: len(keeper.lines) == len(rows))  # type: ignore[misc]
            await sending.stop()
    assert keeper.numbers == list(range(1, 31))


async def test_r_68_after_a_kill_only_what_was_under_way_comes_twice(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await write(desk, 3)
        first = Keeper(hold=asyncio.Event())
        killed = Sending(desk, first, "killed")
        await until(lambda: first.tried == 1)
        async with desk_on(tmp_path / "desk.db") as other:
            second = Keeper()
            sending = Sending(other, second, "next")
            await asyncio.sleep(0.1)
            assert not second.lines  # whoever sends is there still, as far as the other can know
            await until(lambda: second.numbers == [1, 2, 3])
            assert first.hold
            first.hold.set()  # it was not dead after all: what it says now moves nothing back
            await until(lambda: first.numbers == [1, 2, 3])
            await write(desk, 2)
            await until(lambda: second.numbers == [1, 2, 3, 4, 5])
            assert first.numbers == [1, 2, 3]
            await sending.stop()
        await killed.stop()


async def test_r_68_two_processes_do_not_send_at_the_same_time(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk, desk_on(tmp_path / "desk.db") as other:
        keeper = Keeper()
        both = Sending(desk, keeper, "one"), Sending(other, keeper, "two")
        for _ in range(20):
            await write(desk, 3)
            await write(other, 3)
        await until(lambda: len(keeper.lines) == 120)
        await asyncio.sleep(0.1)  # several looks of both
        for one in both:
            await one.stop()
    assert keeper.numbers == list(range(1, 121))


async def test_r_68_while_the_keeper_is_down_work_goes_on_and_later_it_gets_all(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        keeper = Keeper(down=True)
        sending = Sending(desk, keeper)
        await write(desk, 5)
        await until(lambda: keeper.tried >= 2 and sending.forwarding.rows_behind == 5)
        assert sending.forwarding.trouble == ""
        desk.clock.move(minutes=11)
        await until(lambda: bool(sending.forwarding.trouble))
        assert "no row for 11 minutes: The server cannot be reached." in sending.forwarding.trouble
        assert sending.forwarding.seconds_behind == 660
        tried = keeper.tried
        await until(lambda: keeper.tried > tried)
        alerts = [row for row in await desk.engine.audit.list(limit=100) if row.kind is Kind.ALERT]
        assert [(row.action, row.reason) for row in alerts] == [(LATE, DOWN.message)]
        keeper.down = False
        await until(lambda: keeper.numbers == [1, 2, 3, 4, 5, 6] and not sending.forwarding.trouble)
        assert (sending.forwarding.rows_behind, sending.forwarding.seconds_behind) == (0, 0.0)
        await sending.stop()


async def test_the_desk_says_loudly_that_its_second_audit_is_behind(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        keeper = Keeper(down=True)
        forwarding = desk.engine.forward_to(keeper, lambda: None, late=timedelta(minutes=10))
        assert desk.engine.trouble == ""
        task = asyncio.create_task(forwarding.run())
        await write(desk, 1)
        desk.clock.move(minutes=30)
        await until(lambda: "second audit" in desk.engine.trouble)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_r_68_checkpoints_go_after_the_rows_that_they_stand_for_and_once(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path / "checkpoints.jsonl", b"s" * 32)
    async with desk_on(tmp_path / "desk.db") as desk:
        keeper = Keeper()
        await write(desk, 3)
        row = (await desk.engine.audit.list())[-1]
        file.append(Checkpoint(row.seq, row.hash, row.at, row.at))
        sending = Sending(desk, keeper, newest=file.newest)
        await until(lambda: len(keeper.lines) == 4)
        await write(desk, 1)
        await until(lambda: len(keeper.lines) == 5)
        file.append(Checkpoint(4, "0" * 64, row.at, row.at))
        file.append(Checkpoint(9, "0" * 64, row.at, row.at))  # of rows that are not there yet
        await asyncio.sleep(0.05)
        await sending.stop()
    assert [line.kind for line in keeper.lines] == ["audit", "audit", "audit", "checkpoint", "audit"]
    signed = json.loads(keeper.lines[3].text)["checkpoint"]
    assert (signed["count"], signed["head"], len(signed["signature"])) == (3, row.hash, 88)


async def test_a_checkpoint_that_comes_without_a_new_row_goes_as_well(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path / "checkpoints.jsonl", b"s" * 32)
    async with desk_on(tmp_path / "desk.db") as desk:
        keeper = Keeper()
        await write(desk, 2)
        sending = Sending(desk, keeper, newest=file.newest)
        await until(lambda: len(keeper.lines) == 2)
        row = (await desk.engine.audit.list())[-1]
        file.append(Checkpoint(row.seq, row.hash, row.at, row.at))
        await until(lambda: len(keeper.lines) == 3)
        await sending.stop()
    assert keeper.lines[-1].kind == "checkpoint"


async def test_a_database_that_is_busy_costs_the_second_audit_time_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk_on(tmp_path / "desk.db", busy_seconds=0.02) as desk:
        keeper = Keeper()
        await write(desk, 2)
        with sqlite3.connect(tmp_path / "desk.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            sending = Sending(desk, keeper)
            await until(lambda: "cannot be read for its second keeper" in caplog.text)
            assert not keeper.lines
            other.execute("ROLLBACK")
        await until(lambda: keeper.numbers == [1, 2])
        with sqlite3.connect(tmp_path / "desk.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            await sending.stop()
            other.execute("ROLLBACK")
        assert "another process sends the audit on" in caplog.text
        other.close()


async def test_a_database_that_cannot_be_read_is_noted_for_the_second_audit_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        sending = Sending(desk, Keeper())
        await until(lambda: sending.forwarding._seen is not None)  # noqa: SLF001 - it has looked once
        with sqlite3.connect(tmp_path / "desk.db", isolation_level=None) as other:
            other.execute("ALTER TABLE audit_sink RENAME TO gone")
        other.close()
        await until(lambda: "how far the second audit is cannot be read" in caplog.text)
        await sending.stop()


def test_a_keeper_that_is_away_for_days_is_tried_every_half_minute() -> None:
    assert [pause_after(failed, 1.0) for failed in (0, 1, 2, 5, 9, 20_000)] == [1.0, 2.0, 4.0, 30.0, 30.0, 30.0]


async def test_what_goes_wrong_again_and_again_is_in_the_log_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        keeper = Keeper(down=True)
        sending = Sending(desk, keeper)
        await write(desk, 1)
        await until(lambda: keeper.tried >= 4)
        await sending.stop()
    assert caplog.text.count("the second audit takes nothing") == 1
