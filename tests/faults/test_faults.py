"""A team's desk is hurt in the middle of calls, and each time nothing is lost, done twice, done without its intent or
unknown at the end, and the audit is whole. `make faults` does the same for longer, with more calls.

Programs are killed here and seconds are waited without a server, so each takes about ten; they share one desk.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults.desk import Desk, desk
from tests.faults.judge import flaws
from tests.faults.scenes import FAULTS, SHORT, Fault

pytestmark = [pytest.mark.needs("postgres"), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hurt(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with desk(tmp_path_factory.mktemp("faults")) as running:
        yield running


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_r_61_r_62_nothing_is_lost_done_twice_or_unknown_after(hurt: Desk, fault: Fault) -> None:
    came = await fault(hurt, SHORT)
    assert await flaws(hurt, came.calls) == []
