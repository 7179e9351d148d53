"""A team's desk is hurt in the middle of calls, and each time nothing is lost, done twice, done without its intent or
unknown at the end, and the audit is whole. `make faults` does the same for longer, with more calls.

Programs are killed here and seconds are waited without a server, so each takes about ten; they share one desk.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.caller import several
from tests.faults.clocks import clocks_apart
from tests.faults.desk import AGENTS, Desk, desk
from tests.faults.judge import flaws
from tests.faults.machines import disk_full, small_disk
from tests.faults.scenes import FAULTS
from tests.faults.size import SHORT, Fault
from tests.faults.writes import Write

pytestmark = [pytest.mark.needs("postgres"), pytest.mark.asyncio(loop_scope="module")]


NEEDS = {disk_full: "mounts", clocks_apart: "compiler"}
PATIENCE = 90.0
"""Seconds: a call that is lost says where it waits."""


@pytest.fixture(scope="module")
def disk() -> Iterator[Path | None]:
    with small_disk() as folder:
        yield folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hurt(tmp_path_factory: pytest.TempPathFactory, disk: Path | None) -> AsyncIterator[Desk]:
    async with desk(tmp_path_factory.mktemp("faults"), database_folder=disk) as running:
        yield running


@pytest.mark.parametrize(
    "fault",
    [pytest.param(one, marks=[pytest.mark.needs(NEEDS[one])] if one in NEEDS else []) for one in FAULTS],
    ids=lambda fault: fault.__name__,
)
async def test_r_61_r_62_nothing_is_lost_done_twice_or_unknown_after(hurt: Desk, fault: Fault) -> None:
    async with asyncio.timeout(PATIENCE):
        came = await fault(hurt, SHORT)
    assert await flaws(hurt, came.calls) == []


async def test_whatever_is_wrong_with_a_desk_is_found(hurt: Desk) -> None:
    async with AsyncExitStack() as stack:
        (call,) = await several(hurt, stack, 1, AGENTS[:1])
        await call.begin()
        twice = Write("pingone.set_enabled", "nobody", "{}")
        hurt.writes.taken += [twice, twice]
        await hurt.rows("INSERT INTO open_intents SELECT key, seq FROM audit WHERE kind = 'intent' LIMIT 1")
        await hurt.rows("UPDATE audit SET action = 'x' || action WHERE kind = 'intent'")
        found = "\n".join(await flaws(hurt, [call], settles=0))
        await hurt.rows("UPDATE audit SET action = substr(action, 2) WHERE kind = 'intent'")
        await hurt.rows("DELETE FROM open_intents")
        hurt.writes.taken = [write for write in hurt.writes.taken if write != twice]
        for words in ("unknown at the end", "done 2 times", "without its intent", "0 intents", "the audit", "not over"):
            assert words in found
        await call.end()
    assert await flaws(hurt, [call]) == []
