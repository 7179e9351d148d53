"""A desk whose audit has a second keeper: alerts and all, also over a kill, and said where it stays behind."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from csrdesk.config import AuditSinkSettings, Settings
from csrdesk.demo.beside import SandboxSide
from csrdesk.demo.calls import not_me
from csrdesk.demo.stage import Stage
from csrdesk.engine.audit import Entry, Kind
from csrdesk.engine.clock import stamp
from csrdesk.engine.forwarding import BATCH
from csrdesk.engine.store_sqlite import SqliteStore
from csrdesk.model.checkup import Level
from csrdesk.sandbox import Options, Sandbox
from csrdesk.wiring import open_desk
from csrdesk.wiring.checkup import looks, take_all
from csrdesk.wiring.ops import Ops, desk_watched
from csrdesk.wiring.second_audit import AREA
from csrdesk.wiring.trial import settings_for
from tests.services.syslog_server import Collector, collector
from tests.services.test_sinks import Authority, syslog

SENDER = """
import asyncio, ssl, sys
from datetime import timedelta
from pathlib import Path
from csrdesk.config import AuditSinkSettings, LimitSettings
from csrdesk.engine.audit import Entry, Kind
from csrdesk.engine.engine import Engine
from csrdesk.engine.forwarding import Forwarding, Times
from csrdesk.engine.store_sqlite import SqliteStore
from csrdesk.flows.rules import Rules
from csrdesk.services.sinks.opening import open_sink

async def nothing(effect, context):
    raise NotImplementedError

async def main():
    path, url, ca, rows = sys.argv[1:]
    store = await SqliteStore.open(Path(path), busy_seconds=30)
    engine = Engine(store, lambda links: nothing, rules=Rules(), limits=LimitSettings(), key=b"k" * 32)
    sink = open_sink(AuditSinkSettings(kind="syslog", url=url, ca_file=ca))
    async with engine:
        times = Times(timedelta(minutes=10), pause=0.1, sign=0.2, lease=1.5)
        forwarding = Forwarding(engine._desk, sink, lambda: None, name=engine.name, times=times)
        sending = asyncio.create_task(forwarding.run())
        for n in range(int(rows)):
            await engine.audit.write(Entry(kind=Kind.EVENT, action="row", agent="grace"))
        await asyncio.sleep(60)

asyncio.run(main())
"""


def numbers(there: Collector) -> list[int]:
    """The rows that came, in their order."""
    return [json.loads(one["text"])["seq"] for one in there.messages if one["id"] == "audit"]


async def until(seen: Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not seen():  # noqa: ASYNC110 - seen from outside
            await asyncio.sleep(0.01)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    (tmp_path / "ca").mkdir()
    return Authority(tmp_path / "ca")


@pytest_asyncio.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(Options()) as sandbox:
        yield sandbox


def with_keeper(box: Sandbox, folder: Path, keeper: AuditSinkSettings) -> Settings:
    return replace(settings_for(box.settings(), folder), audit_sink=keeper)


async def test_r_68_after_a_kill_every_row_is_there_in_order_and_only_the_edge_twice(
    tmp_path: Path, authority: Authority
) -> None:
    """A process killed while it sends, and another that goes on: two starts, and the end of a lease."""
    path, ca = tmp_path / "desk.db", str(authority.folder / "ca.pem")
    async with collector(authority.context()) as there:
        server = f"localhost:{there.port}"
        await killed_once(path, server, ca, 900, lambda: len(there.messages) >= 300)
        written = await rows_of(path)
        await killed_once(path, server, ca, 50, lambda: len(set(numbers(there))) >= written + 50)
        came = numbers(there)
    first = {seq: came.index(seq) for seq in set(came)}
    assert sorted(first) == list(range(1, written + 51))
    assert sorted(first, key=lambda seq: first[seq]) == sorted(first)  # each came first in its turn
    twice = sorted({seq for seq in came if came.count(seq) > 1})
    assert twice == list(range(twice[0], twice[0] + len(twice))) if twice else True
    assert len(twice) <= BATCH


async def killed_once(path: Path, server: str, ca: str, rows: int, seen: Callable[[], bool]) -> None:
    """A process that writes so many rows and sends what it can, killed once that is seen."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", SENDER, str(path), server, ca, str(rows))
    try:
        await until(seen)
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def rows_of(path: Path) -> int:
    """How many rows the audit of that database has."""
    store = await SqliteStore.open(path)
    found = await store.one("SELECT count(*) AS n FROM audit")
    await store.close()
    assert found
    return int(str(found["n"]))


async def test_r_68_alerts_and_checkpoints_of_a_desk_reach_its_second_keeper(
    box: Sandbox, tmp_path: Path, authority: Authority
) -> None:
    async with collector(authority.context()) as there:
        settings = with_keeper(box, tmp_path, syslog(authority, there.port))
        ops = Ops("127.0.0.1", 0)
        async with open_desk(settings, serve_pages=True) as desk, desk_watched(ops, desk):
            async for _ in not_me(Stage(box, desk, SandboxSide(box))):
                pass
            newest = (await desk.audit.list(limit=1))[-1].seq
            await until(lambda: newest in numbers(there))
            await until(lambda: any(one["id"] == "checkpoint" for one in there.messages))
            assert desk.trouble == ""
        alerts = [json.loads(one["text"])["action"] for one in there.messages if one["pri"] == "105"]
    assert "link.not_me" in alerts
    text = "".join(one["text"] for one in there.messages)
    for user in box.world.users.values():
        assert not user.email or user.email not in text


async def test_the_check_up_says_whether_the_second_keeper_answers_and_what_it_has_not_got(
    box: Sandbox, tmp_path: Path, authority: Authority
) -> None:
    async def found(settings: Settings) -> list[tuple[Level, str]]:
        named = tuple(look for look in looks(settings, tmp_path) if look.area == AREA)
        return [(one.level, one.what) for one in await take_all(named, lambda _: None)]

    async with collector(authority.context()) as there:
        settings = with_keeper(box, tmp_path, syslog(authority, there.port))
        assert await found(settings) == [
            (Level.OK, f"localhost:{there.port} answers over TLS; 0 rows are on their way.")
        ]
        async with open_desk(settings, serve_pages=False) as desk:
            await desk.audit.write(Entry(kind=Kind.EVENT, action="row", agent="grace"))
            old = stamp(desk.engine._desk.clock.now()).replace("20", "19", 1)  # noqa: SLF001 - a row of long ago
            async with desk.engine._desk.store.transaction() as tx:  # noqa: SLF001 - as above
                await tx.execute("UPDATE audit SET at = ?", old)
        [(level, words)] = await found(settings)
        assert level is Level.WARNING
        assert "has not got 1 rows" in words
    assert [level for level, _ in await found(settings)] == [Level.WRONG]
    assert await found(replace(settings, audit_sink=AuditSinkSettings())) == []


async def test_how_far_the_second_keeper_is_behind_is_a_figure(
    box: Sandbox, tmp_path: Path, authority: Authority
) -> None:
    async with collector(authority.context()) as there:
        port = there.port
    settings = with_keeper(box, tmp_path, replace(syslog(authority, port), timeout_seconds=1))
    from csrdesk.server.metrics import Metrics

    ops = Ops("127.0.0.1", 0)
    ops.metrics = Metrics()
    async with open_desk(settings, serve_pages=True) as desk:
        from csrdesk.server.desk_figures import DeskFigures

        figures = DeskFigures(ops.metrics, desk.engine.figures(), desk.clock, desk.engine.forwarding)
        await desk.audit.write(Entry(kind=Kind.EVENT, action="row", agent="grace"))
        await until(lambda: desk.engine.forwarding is not None and desk.engine.forwarding.rows_behind == 1)
        await figures.update()
        text = (await ops.metrics.text()).decode()
    assert "csrdesk_audit_sink_rows_behind 1.0" in text
    assert "csrdesk_audit_sink_behind_seconds" in text
