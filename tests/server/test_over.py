"""Every link that opens nothing looks alike and takes as long, whatever the reason."""

from __future__ import annotations

import random
import statistics
import time

import httpx
from starlette.applications import Starlette

from bench.ranks import mann_whitney
from csrdesk.model.link import LinkStage
from csrdesk.server.serve import listen, serve
from tests.server.conftest import ORIGIN
from tests.server.customers import CODE, PASSCODE, Customers
from tests.server.visitor import Visitor

KINDS = ("unknown", "expired", "used", "foreign")
REQUESTS = 1000


async def over_links(customers: Customers, app: Starlette) -> dict[str, str]:
    """A path of each kind: for any browser but the one that used it."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        expired, used, foreign = (Visitor(client, customers.new_link()) for _ in range(3))
        customers.links[expired.path[3:]].stage = LinkStage.EXPIRED
        for visitor in (used, foreign):
            await visitor.open()
            await visitor.press("CodeGiven", code=CODE)
        await used.press("DeviceChosen")
        await used.press("PasscodeGiven", passcode=PASSCODE)
        assert customers.links[used.path[3:]].stage is LinkStage.APPROVED
        return {"unknown": "/v/" + "u" * 43, "expired": expired.path, "used": used.path, "foreign": foreign.path}


async def test_r_17_unknown_expired_used_and_foreign_links_look_alike(customers: Customers, app: Starlette) -> None:
    paths = await over_links(customers, app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as stranger:
        answers = [await stranger.get(path) for path in paths.values()]
    assert {answer.status_code for answer in answers} == {410}
    assert len({answer.text for answer in answers}) == 1
    assert len({str(sorted(answer.headers.multi_items())) for answer in answers}) == 1


async def test_r_17_unknown_expired_used_and_foreign_links_take_as_long(customers: Customers, app: Starlette) -> None:
    paths = await over_links(customers, app)
    # Over a real connection, as whoever guesses links would measure; without one the fake's own dict is what counts.
    # At p > 0.01 one comparison in a hundred fails by chance; a difference that is there shows up each time.
    medians: dict[str, float] = {}
    chances: dict[str, float] = {}
    async with serve(app, listen()) as port:
        for _ in range(3):
            times = await timed(f"http://127.0.0.1:{port}", paths)
            medians = {kind: statistics.median(times[kind]) for kind in KINDS}
            assert max(medians.values()) - min(medians.values()) < 0.005, medians
            chances = {kind: mann_whitney(times["unknown"], times[kind]) for kind in KINDS[1:]}
            if min(chances.values()) > 0.01:
                return
    raise AssertionError(f"told apart by time: {chances}, medians {medians}")


def test_the_statistics_tell_samples_apart() -> None:
    chance = random.Random(7)
    one = [chance.gauss(1.0, 0.2) for _ in range(REQUESTS)]
    assert mann_whitney(one, [chance.gauss(1.0, 0.2) for _ in range(REQUESTS)]) > 0.01
    assert mann_whitney(one, [chance.gauss(1.05, 0.2) for _ in range(REQUESTS)]) < 0.01


async def timed(address: str, paths: dict[str, str], requests: int = REQUESTS) -> dict[str, list[float]]:
    """Seconds of each request, the kinds in ever another order so that the machine's mood falls on all alike."""
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    chance = random.Random(1)
    async with httpx.AsyncClient(base_url=address) as client:
        for _ in range(requests):
            for kind in chance.sample(KINDS, len(KINDS)):
                begin = time.perf_counter()
                answer = await client.get(paths[kind])
                times[kind].append(time.perf_counter() - begin)
                assert answer.status_code == 410
    return times
