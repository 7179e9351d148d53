"""Can a stranger tell by the time of the answer whether somebody has a mail address?

From the POST of an address to the page of recovery, and to that of registration, until the page with the form for the
code has come, over one connection that stands, against real pages with the store on disk and the sandbox as a process
of its own. Known and unknown addresses in an order by chance, so that what the desk does for one behind the page falls
on both alike.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from bench import programs
from bench.figure import Figure, Judged, sample
from csrdesk.config import Settings, load
from csrdesk.demo.customer import Customer
from csrdesk.sandbox import people
from csrdesk.wiring import open_desk

EACH = 2_000
AT_ONCE = 8
ANSWER_SECONDS = 1.0
"""As settings have it by default: more than the look-up takes."""
REGISTRATIONS = 1_000
"""Of each kind at the page of registration, which sends a mail for every one of them."""
KNOWN = (people.ONLY_PINGONE, people.NO_DEVICE_PINGONE, people.PINGONE_MUST_CHANGE)
Times = dict[str, list[float]]


class Page(NamedTuple):
    """A page that a stranger can type an address into."""

    path: str
    form: str
    then: str
    """What the page that follows asks for, whoever has the address."""


RECOVER = Page("/recover", "EmailGiven", "RecoveryTyped")
REGISTER = Page("/register", "RegisterEmailGiven", "PasscodeGiven")


def measure(*, quick: bool) -> list[Figure]:
    recover = _asked(RECOVER, 100 if quick else EACH)
    register = _asked(REGISTER, 100 if quick else REGISTRATIONS)
    return [
        _figure("an address that somebody has: POST to the form for the code", recover),
        _figure("the same at the page of registration", register),
    ]


def _asked(page: Page, each: int) -> Times:
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as name, programs.sandbox() as settings:
        own = programs.with_data_in(Path(name), Path(settings))
        return asyncio.run(_measured(page, _without_limits(load(own)), each))


def _figure(question: str, times: Times) -> Figure:
    return Figure(
        question=question,
        ours=sample(times["known"]),
        baseline="one that nobody has",
        base=sample(times["unknown"]),
        judged=Judged.APART,
        target=5,
    )


def _without_limits(settings: Settings) -> Settings:
    limits = replace(
        settings.limits,
        recoveries_per_address_in_ten_minutes=10_000,
        recoveries_per_address_a_day=10_000,
        public_pages_per_source=10_000,
        recovery_answer_seconds=ANSWER_SECONDS,
    )
    flow = replace(settings.flow, ciam_account_recovery_enabled=True)
    return replace(settings, limits=limits, flow=flow, registration=replace(settings.registration, enabled=True))


async def _measured(page: Page, settings: Settings, each: int) -> Times:
    chance = random.Random(11)
    orders = ["known"] * each + ["unknown"] * each
    chance.shuffle(orders)
    times: Times = {"known": [], "unknown": []}
    async with open_desk(settings, serve_pages=True) as desk:
        waiting = iter(enumerate(orders))

        async def stranger() -> None:
            async with Customer("", "", user_agent="Mozilla/5.0 known") as browser:
                for number, kind in waiting:
                    address = f"{KNOWN[number % len(KNOWN)]}@mail.example"
                    await browser.open(f"{desk.pages_url}{page.path}")
                    began = time.perf_counter()
                    await browser.answer(page.form, email=address if kind == "known" else _like(address, number))
                    times[kind].append((time.perf_counter() - began) * 1000)
                    if not browser.offers(page.then):
                        raise RuntimeError(f"no form for a code: {browser.text[:200]}")

        await asyncio.gather(*(stranger() for _ in range(AT_ONCE)))
    return times


def _like(address: str, number: int) -> str:
    """One of the same length that nobody has, another each time: counted and looked for as any."""
    name, _, domain = address.partition("@")
    return f"{str(number % 10 ** len(name)).zfill(len(name))}@{domain}"
