"""The customer has chosen the number on the phone: how long from the poll that first says COMPLETED to the repaint?

From the moment at which the sandbox has answered that poll to the paint of the news on the waiting agent's console: the
real app, the real pages, the store on disk, the sandbox a process of its own that writes down its moments. In between
the desk approves: it reads the devices once more, and commits. Stated beside it: to the account page, for which devices
and account are read outside. One person has the app alone, so calls come one after the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import tempfile
from pathlib import Path

from bench import programs
from bench.bare_click import BareClick, bare_click
from bench.click_to_console import BASELINE, LIMITS, PAUSE_SECONDS, Relay, Waiting
from bench.figure import Figure, Judged, sample
from bench.painted import PATIENCE_SECONDS, Listener, shown
from bench.timed_sandbox import read_calls
from csrdesk.app import ConsoleInfo, CsrdeskApp
from csrdesk.cli.main import START_THRESHOLD
from csrdesk.cli.sweeping import swept_in_pauses
from csrdesk.config import load
from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.flows import prompts as p
from csrdesk.flows.doors import Session
from csrdesk.sandbox import people
from csrdesk.wiring import Desk, open_desk

ROUNDS = 9
"""One person is sent at most ten links in ten minutes."""
MORE_PUSHES = "pushes_per_person_an_hour = 20\n"
Times = tuple[list[float], list[float], list[float]]


def measure(*, quick: bool) -> list[Figure]:
    gc.set_threshold(START_THRESHOLD)
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as name:
        words = [programs.PYTHON, "-m", "bench.timed_sandbox", name, "0"]
        with programs.running(words, programs.SETTINGS, programs.environment()) as settings:
            times = asyncio.run(_measured(Path(settings), Path(name), 3 if quick else ROUNDS))
    news, account, bare = map(sample, times)
    return [
        Figure(
            question="push answered to news on the console",
            ours=news,
            baseline=BASELINE,
            base=bare,
            judged=Judged.P99,
            target=150,
        ),
        Figure(
            question="push answered to account page",
            ours=account,
            baseline=BASELINE,
            base=bare,
            judged=Judged.NOTHING,
        ),
    ]


async def _measured(settings: Path, folder: Path, rounds: int) -> Times:
    times: Times = ([], [], [])
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as name:
        own = programs.with_data_in(Path(name), settings, LIMITS + MORE_PUSHES)
        async with contextlib.AsyncExitStack() as stack:
            desk = await stack.enter_async_context(open_desk(load(own), serve_pages=True))
            bare = await stack.enter_async_context(bare_click(Path(name)))
            await stack.enter_async_context(swept_in_pauses())
            for number in range(rounds):
                for kept, more in zip(times, await _once(desk, folder, bare, number), strict=True):
                    kept.append(more)
    return times


async def _once(desk: Desk, folder: Path, base: BareClick, number: int) -> tuple[float, float, float]:
    """Milliseconds to the first news, to the account page, and of the baseline."""
    call = await Call.begin(desk.session(desk.agent))
    await call.look_up(people.ONLY_APP)
    code = await call.send_link()
    reference = call.sees(p.PollingPrompt).link.reference
    mailbox = desk.settings.directory.url.replace("/directory", "/mailbox")
    waiting = Waiting(desk.session(desk.agent), call.view, code, reference)
    relay, listener = Relay(itertools.repeat(waiting), waiting), Listener()

    async def connect() -> Session:
        return relay

    app = CsrdeskApp(connect, ConsoleInfo(agent="Agent"))
    async with Customer(people.person(people.ONLY_APP).email, mailbox) as customer, shown(app, listener, reference):
        await customer.open(await customer.newest_link())
        await customer.answer("CodeGiven", code=code)
        await asyncio.sleep(PAUSE_SECONDS)
        news, verified = listener.expect("Thank you. One"), listener.expect("CALLER VERIFIED")
        await customer.answer_push("approve")
        account = await asyncio.wait_for(verified, PATIENCE_SECONDS)
        completed = _polled(folder, account)
        # The approval can overtake the news that the device was shown: then the account page is the first news.
        first = news.result() if news.done() else account
    await call.waits_for(p.AccountPrompt)
    await call.end()
    return (first - completed) * 1000, (account - completed) * 1000, await base.once(number)


def _polled(folder: Path, before: float) -> float:
    """When the last poll was answered; the monotonic clock is the one that paints are told by."""
    polls = [one.ended for one in read_calls(folder) if one.method == "GET" and "/deviceAuthentications/" in one.path]
    return max(ended for ended in polls if ended < before)
