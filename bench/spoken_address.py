"""Can a stranger tell by the time of the answer whether nine digits were ever anybody's code?

From the POST of a code to the spoken address until the page that says it opens nothing has come, over one connection
that stands, with the store on disk. Unknown, expired and used codes in an order by chance, each from a source address
that has tried none yet. The sandbox is there for the calls whose codes these are; no answer that is timed asks it.
"""

from __future__ import annotations

import asyncio
import random
import re
import tempfile
import time
from pathlib import Path

from msgspec.structs import replace

from bench import programs
from bench.figure import Figure, Judged, sample
from csrdesk.config import Settings, load
from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.flows import answers as a
from csrdesk.sandbox import people
from csrdesk.services import http
from csrdesk.wiring import Desk, open_desk

EACH = 2_000
NOBODYS = "000000000"
LINK_SECONDS = 30
"""The shortest life of a code that settings allow: one has to expire."""
Times = dict[str, list[float]]
_TOKEN = re.compile(r'name="form" value="([0-9a-f]+)"')


def measure(*, quick: bool) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as name, programs.sandbox() as settings:
        own = programs.with_data_in(Path(name), Path(settings))
        times = asyncio.run(_measured(_behind_a_proxy(load(own)), 100 if quick else EACH))
    return [
        Figure(
            question=f"a code for the spoken address that {kind}: POST to the page",
            ours=sample(times[kind]),
            baseline="one that never was",
            base=sample(times["unknown"]),
            judged=Judged.APART,
            target=5,
        )
        for kind in ("expired", "was used")
    ]


def _behind_a_proxy(settings: Settings) -> Settings:
    """So that each code can come from another source address."""
    limits = replace(settings.limits, link_seconds=LINK_SECONDS)
    return replace(settings, limits=limits, desk=replace(settings.desk, trusted_proxies=("127.0.0.1", "::1")))


async def _measured(settings: Settings, each: int) -> Times:
    async with open_desk(settings, serve_pages=True) as desk:
        expired = await _code(desk, people.LOST_MAILBOX)
        await asyncio.sleep(LINK_SECONDS + 1)
        used = await _code(desk, people.NO_EMAIL_PASSKEY)
        async with Customer("", "") as browser:
            await browser.open(f"{desk.pages_url}/c")
            await browser.answer("CodeGiven", code=used)
        codes = {"unknown": NOBODYS, "expired": expired, "was used": used}
        orders = [kind for kind in codes for _ in range(each)]
        random.Random(11).shuffle(orders)
        return await _posted(f"{desk.pages_url}/c", codes, orders)


async def _posted(url: str, codes: dict[str, str], orders: list[str]) -> Times:
    times: Times = {kind: [] for kind in codes}
    async with http.open_browser() as browser:
        token = _TOKEN.search((await browser.get(url)).text)
        for number, kind in enumerate(orders):
            source = f"10.{number // 62_500}.{number // 250 % 250}.{number % 250 + 1}"
            form = {"type": "CodeGiven", "form": token[1] if token else "", "code": codes[kind]}
            began = time.perf_counter()
            answer = await browser.post(url, data=form, headers={"x-forwarded-for": source})
            times[kind].append((time.perf_counter() - began) * 1000)
            if "That code opens nothing" not in answer.text:
                raise RuntimeError(f"not the page of a code that opens nothing: {answer.status_code}")
    return times


async def _code(desk: Desk, who: str) -> str:
    """What the agent of a new call says."""
    call = await Call.begin(desk.session(desk.agent))
    await call.look_up(who)
    await call.say(a.SpokenAddressChosen())
    return call.code()
