"""What does a registration take beyond PingOne's own answers, and does a server take fifty of them at once?

A customer at the pages, over HTTP: address, code, names, password, terms. Counted is the time from each POST until the
page that follows it is there. The baseline of the first question is the time within it in which at least one call to
PingOne was under way, from the moments that the sandbox wrote down, with 100 ms added to each, and as long as smtplib
alone takes for the one mail that a page waits for, timed in the same round. What is left is csrdesk's own. Calls that
could have been made side by side and were not count as PingOne's here; what a chain needs, `critical_path` measures.
The processor's time stands beside it, because a busy machine adds to the whole and hardly to that.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from bench import programs
from bench.critical_path import bare_mail
from bench.figure import Figure, Judged, sample
from bench.timed_sandbox import Call, read_calls
from csrdesk.config import MailSettings, Settings, load
from csrdesk.demo.customer import Customer
from csrdesk.engine.recoveries import BEATS
from csrdesk.sandbox import ids
from csrdesk.wiring import Desk, open_desk

ROUNDS = 9
LATENCY = 100
AT_ONCE = 50
ANSWER_SECONDS = 0.1
"""The least that settings take: what known and unknown addresses are made to wait alike is no work."""
PASSWORD = "Winding-7-Lanes"
Span = tuple[float, float]


class Alone(NamedTuple):
    """One registration with nobody beside it, in milliseconds."""

    wall: float
    outside: float
    """Of that: in which PingOne was asked, or a mail was taken."""
    processor: float
    """Of the desk and of the customer who plays here, which are one process."""


def measure(*, quick: bool) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as folder:
        words = [programs.PYTHON, "-m", "bench.timed_sandbox", folder, str(LATENCY)]
        with programs.running(words, programs.SETTINGS, programs.environment()) as settings:
            alone, crowd = asyncio.run(_measured(Path(settings), Path(folder), 3 if quick else ROUNDS))
    return [
        Figure(
            question="a whole registration, 100 ms more each call",
            ours=sample(one.wall for one in alone),
            baseline="PingOne's answers and the mail's",
            base=sample(one.outside for one in alone),
            target=1.1,
        ),
        Figure(
            question="its processor time, the customer's side among it",
            ours=sample(one.processor for one in alone),
            baseline="PingOne's answers and the mail's",
            base=sample(one.outside for one in alone),
            judged=Judged.NOTHING,
        ),
        Figure(
            question=f"{AT_ONCE} registrations at once, none failed: each",
            ours=sample(crowd),
            baseline="one alone",
            base=sample(one.wall for one in alone),
            judged=Judged.NOTHING,
        ),
    ]


async def _measured(settings: Path, folder: Path, rounds: int) -> tuple[list[Alone], list[float]]:
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as own:
        read = _open_to_all(load(programs.with_data_in(Path(own), settings)))
        async with open_desk(read, serve_pages=True) as desk:
            mailbox = read.directory.url.replace("/directory", "/mailbox")
            alone = [await _alone(desk, read.mail, mailbox, folder, number) for number in range(rounds + 1)][1:]
            names = [f"crowd{number}@new.example" for number in range(AT_ONCE)]
            crowd = await asyncio.gather(*(registered(desk, mailbox, name) for name in names))
    return alone, [_length(spans) for spans in crowd]


def _open_to_all(settings: Settings) -> Settings:
    """With registration on, the terms asked for, and the limits of one source address out of the way."""
    limits = replace(
        settings.limits,
        public_pages_per_source=10_000,
        recovery_answer_seconds=ANSWER_SECONDS,
    )
    flow = replace(settings.flow, ciam_agreement_enabled=True, agreement_id=ids.AGREEMENT)
    return replace(settings, limits=limits, flow=flow, registration=replace(settings.registration, enabled=True))


async def _alone(desk: Desk, server: MailSettings, mailbox: str, folder: Path, number: int) -> Alone:
    before, mail = len(read_calls(folder)), await asyncio.to_thread(bare_mail, server)
    worked = time.process_time()
    spans = await registered(desk, mailbox, f"alone{number}@new.example")
    processor = (time.process_time() - worked) * 1000
    return Alone(_length(spans), mail + _covered(spans, read_calls(folder)[before:]), processor)


async def registered(desk: Desk, mailbox: str, address: str) -> list[Span]:
    """A whole registration; from when to when the customer waited. Raises `DifferenceError` where it fails."""
    spans: list[Span] = []
    async with Customer(address, mailbox) as browser:
        await browser.open(f"{desk.pages_url}/register")

        async def answer(kind: str, **typed: str) -> None:
            began = time.monotonic()
            await browser.answer(kind, **typed)
            spans.append((began, time.monotonic()))

        await answer("RegisterEmailGiven", email=address)
        code = await browser.newest_passcode()
        await asyncio.sleep(BEATS * ANSWER_SECONDS)  # as long as nobody reads a mail faster
        await answer("PasscodeGiven", passcode=code)
        await answer("NamesGiven", given_name="Nour", family_name="Lind")
        await answer("FirstPasswordTyped", password=PASSWORD, again=PASSWORD)
        await answer("AgreementAccepted")
        browser.reads("You are registered")
    return spans


def _length(spans: Sequence[Span]) -> float:
    return sum(ended - began for began, ended in spans) * 1000


def _covered(spans: Sequence[Span], calls: Sequence[Call]) -> float:
    """Milliseconds of the spans in which at least one call was under way."""
    cut = [
        (max(began, call.began), min(ended, call.ended))
        for (began, ended), call in itertools.product(spans, calls)
        if call.began < ended and call.ended > began
    ]
    total, until = 0.0, float("-inf")
    for began, ended in sorted(cut):
        total += max(0.0, ended - max(began, until))
        until = max(until, ended)
    return total * 1000
