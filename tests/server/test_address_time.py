"""Nobody learns by time whether a code for the spoken address was ever one: measured over HTTP, with a desk on disk."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from bench.ranks import mann_whitney
from csrdesk.config import LimitSettings
from csrdesk.flows import answers as a
from csrdesk.flows.rules import Rules
from csrdesk.model.secret import Secret
from csrdesk.server.app import make_app
from csrdesk.server.serve import listen, serve
from tests.engine.world import Desk, desk_on, looked_up
from tests.server.conftest import KEY, LOOK, ORIGIN
from tests.server.visitor import Visitor

EACH = 100
"""Of each kind; `python -m bench spoken_address` asks 2,000."""
NOBODYS = "000000000"
PROXY = "127.0.0.1"


@dataclass(frozen=True)
class Codes:
    """Where the page is, and a code of each kind that opens nothing there."""

    address: str
    kinds: dict[str, str]


async def said(desk: Desk) -> str:
    """The code that a new call's agent says."""
    call = await looked_up(desk)
    await call.tell(a.SpokenAddressChosen())
    code = (await call.view()).spoken_code
    assert code
    return code.reveal()


@pytest.fixture
async def codes(tmp_path: Path) -> AsyncIterator[Codes]:
    limits = LimitSettings(links_per_person_in_ten_minutes=10, wrong_posts_per_address=1000)
    async with desk_on(tmp_path / "desk.db", rules=Rules(spoken_address=True), limits=limits) as desk:
        expired = await said(desk)
        desk.clock.move(seconds=200)
        used = await said(desk)
        await desk.engine.customers.enter_code(Secret(used), "somebody", source="198.51.100.7")
        app = make_app(desk.engine.customers, LOOK, key=KEY, public_url=ORIGIN, trusted_proxies=(PROXY,))
        async with serve(app, listen()) as port:
            yield Codes(f"http://{PROXY}:{port}", {"unknown": NOBODYS, "expired": expired, "used": used})


async def test_r_17_an_unknown_an_expired_and_a_used_code_take_as_long_over_http(codes: Codes) -> None:
    """Takes some seconds: a difference shows in many answers only, and each of them is a row on disk."""
    found: list[str] = []
    # On a busy machine, or once in a hundred by chance, samples differ; a difference that is there shows each time.
    for turn in range(3):
        times = await timed(codes, turn)
        medians = {kind: statistics.median(seconds) for kind, seconds in times.items()}
        apart = max(medians.values()) - min(medians.values())
        chance = min(mann_whitney(times["unknown"], times[kind]) for kind in ("expired", "used"))
        if apart < 0.005 and chance > 0.01:
            return
        found.append(f"{medians}, p {chance}")
    raise AssertionError(f"told apart by time: {found}")


async def timed(codes: Codes, turn: int) -> dict[str, list[float]]:
    """Seconds of each answer, the kinds in an order by chance, each from an address that has tried none yet."""
    times: dict[str, list[float]] = {kind: [] for kind in codes.kinds}
    chance = random.Random(turn)
    async with httpx.AsyncClient(base_url=codes.address) as client:
        visitor = Visitor(client, "")
        visitor.path = "/c"
        await visitor.open()
        form = visitor.form("CodeGiven")
        for number in range(EACH):
            for place, kind in enumerate(chance.sample(list(codes.kinds), len(codes.kinds))):
                source = {"X-Forwarded-For": f"10.{turn * 8 + place}.{number // 250}.{number % 250 + 1}"}
                began = time.perf_counter()
                answer = await client.post("/c", data=form | {"code": codes.kinds[kind]}, headers=source)
                times[kind].append(time.perf_counter() - began)
                assert answer.status_code == 422, answer.text
                assert "That code opens nothing" in answer.text
    return times
