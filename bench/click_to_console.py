"""A customer's last click, and the agent's screen: how long between, while 200 other calls wait?

From the POST with the right code of an account without a device, whose last step approves, to the paint of that news on
the waiting agent's console: the real app, the real pages, the store on disk. Stated beside it: to the account page, for
which the desk has read devices and account from the sandbox and changed the screen. Once with the pages in the agent's
process, once in another; the sandbox is a process of its own in both.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import re
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
import msgspec

from bench import programs
from bench.bare_click import BareClick, bare_click
from bench.figure import Figure, Judged, sample
from bench.painted import PATIENCE_SECONDS, Listener, shown
from csrdesk.app import ConsoleInfo, CsrdeskApp
from csrdesk.cli.main import START_THRESHOLD
from csrdesk.cli.sweeping import swept_in_pauses
from csrdesk.config import load
from csrdesk.demo.agent import Call
from csrdesk.flows import prompts as p
from csrdesk.flows.doors import Agent, AuditPage, CallRecord, CallSummary, Resumed, Session, View
from csrdesk.flows.kernel import Answer, Prompt
from csrdesk.model.ways import Way
from csrdesk.sandbox.people import everybody
from csrdesk.wiring import Desk, open_desk

WAITING, ROUNDS = 200, 3
"""A person has one link at a time, so clicks come in rounds: as many as there are people without a device."""
SIDE_BY_SIDE = 8
PAUSE_SECONDS = 0.25
"""Between two clicks: they are people's. The desk looks for garbage in such pauses, as it does in a real console."""
_NUMBERS = count()
LIMITS = """[limits]
link_seconds = 600
links_per_person_in_ten_minutes = 10
links_per_agent_an_hour = 600
look_ups_per_agent_an_hour = 600
"""
"""One agent does the work of many here."""
BASELINE = "bare page, commit, event, empty app"


@dataclass
class Waiting:
    """One call whose agent waits for the customer, and what the customer holds."""

    session: Session
    view: View
    code: str
    reference: str
    url: str = ""
    cookie: str = ""
    form: str = ""
    rev: str = ""


def measure(*, quick: bool) -> list[Figure]:
    gc.set_threshold(START_THRESHOLD)
    size = (60, 1) if quick else (WAITING, ROUNDS)
    with programs.sandbox() as settings:
        one = asyncio.run(_measured(Path(settings), *size, pages_elsewhere=False))
        two = asyncio.run(_measured(Path(settings), *size, pages_elsewhere=True))
    return [*_figures(one, "one process", 100), *_figures(two, "two processes", 150)]


Times = tuple[list[float], list[float], list[float]]


def _figures(times: Times, where: str, target: float) -> list[Figure]:
    account, news, bare = map(sample, times)
    return [
        Figure(
            question=f"click to repaint, {where}",
            ours=news,
            baseline=BASELINE,
            base=bare,
            judged=Judged.P99,
            target=target,
        ),
        Figure(
            question=f"click to account page, {where}",
            ours=account,
            baseline=BASELINE,
            base=bare,
            judged=Judged.NOTHING,
        ),
    ]


async def _measured(settings: Path, waiting: int, rounds: int, *, pages_elsewhere: bool) -> Times:
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as name:
        folder = Path(name)
        # Links that outlive the preparation.
        own = programs.with_data_in(folder, settings, LIMITS)
        async with contextlib.AsyncExitStack() as stack:
            if pages_elsewhere:
                serve, env = [programs.CSRDESK, "serve"], programs.environment(CSRDESK_CONFIG=str(own))
                stack.enter_context(programs.running(serve, "Serving the customers' pages", env))
            desk = await stack.enter_async_context(open_desk(load(own), serve_pages=not pages_elsewhere))
            client = await stack.enter_async_context(httpx.AsyncClient(timeout=PATIENCE_SECONDS))
            clicking, others = _people(waiting)
            await stack.enter_async_context(_watched(await _calls(desk, others)))
            bare = await stack.enter_async_context(bare_click(folder))
            await stack.enter_async_context(swept_in_pauses())
            times: Times = ([], [], [])
            for _ in range(rounds):
                calls = await _calls(desk, clicking)
                await _open_pages(desk, client, calls)
                for kept, more in zip(times, await _click(calls, client, bare), strict=True):
                    kept.extend(more)
            return times


def _people(waiting: int) -> tuple[list[str], list[str]]:
    """Who clicks: people without a device. Who else waits, so that it is `waiting` calls in all."""
    known = [person for person in everybody() if person.in_pingone]
    clicking = [person.username for person in known if not person.devices and not person.situation]
    others = [person.username for person in known if {"SMS", "TOTP", "EMAIL"} & {d.type for d in person.devices}]
    return clicking, others[-(waiting - len(clicking)) :]


async def _calls(desk: Desk, usernames: list[str]) -> list[Waiting]:
    """A call for each person who can be sent a link, each with an agent of its own, and the link sent."""
    turns = asyncio.Semaphore(SIDE_BY_SIDE)

    async def sent(username: str) -> Waiting | None:
        async with turns:
            agent = Agent(f"agent-{next(_NUMBERS)}")
            call = await Call.begin(desk.session(agent))
            await call.look_up(username)
            if not _can_be_mailed(call.view.prompt):
                await call.end()
                return None
            code = await call.send_link()
            return Waiting(desk.session(agent), call.view, code, call.sees(p.PollingPrompt).link.reference)

    return [call for call in await asyncio.gather(*map(sent, usernames)) if call]


def _can_be_mailed(prompt: Prompt | None) -> bool:
    offers = prompt.ways if isinstance(prompt, p.CardPrompt) else ()
    return any(offer.way is Way.LINK and offer.is_open for offer in offers)


async def _open_pages(desk: Desk, client: httpx.AsyncClient, calls: list[Waiting]) -> None:
    """The customers have the page with its form before them."""
    mailbox = desk.settings.directory.url.replace("/directory", "/mailbox.json")
    mails = {mail["subject"][-7:]: mail["text"] for mail in (await client.get(mailbox)).json()["mails"]}
    for call in calls:
        found = re.search(r"https?://\S+/v/\S+", mails[call.reference])
        call.url = found.group() if found else ""
        await _open(call, client)
        call.view = await call.session.settled(call.view.id)


async def _open(call: Waiting, client: httpx.AsyncClient) -> None:
    """Open the page as a browser does that is used for nothing else."""
    page = await client.get(call.url)
    call.cookie = f"csrdesk={page.cookies['csrdesk']}"
    client.cookies.clear()
    fields = dict(re.findall(r'name="(form|rev)" value="([^"]+)"', page.text))
    call.form, call.rev = fields["form"], fields["rev"]


@contextlib.asynccontextmanager
async def _watched(calls: list[Waiting]) -> AsyncIterator[None]:
    """Each call waited for as a console waits."""

    async def watch(call: Waiting) -> None:
        while call.view.outcome is None:
            call.view = await call.session.changed(call.view.id, call.view.rev)

    tasks = [asyncio.create_task(watch(call)) for call in calls]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Relay:
    """A `Session` that gives one console one call after the other, as if it had just been started."""

    def __init__(self, calls: Iterator[Waiting], first: Waiting) -> None:
        self.agent = first.session.agent
        self._calls = calls
        self._call = first

    async def start(self, flow: str, inputs: msgspec.Struct, *, call_id: str = "") -> View:
        del flow, inputs, call_id
        self._call = next(self._calls)
        return await self._call.session.view(self._call.view.id)

    async def view(self, flow_id: str) -> View:
        return await self._call.session.view(flow_id)

    async def resume(self, flow_id: str) -> Resumed:
        return await self._call.session.resume(flow_id)

    async def answer(self, flow_id: str, rev: int, answer: Answer) -> View:
        return await self._call.session.answer(flow_id, rev, answer)

    async def changed(self, flow_id: str, rev: int) -> View:
        return await self._call.session.changed(flow_id, rev)

    async def settled(self, flow_id: str) -> View:
        return await self._call.session.settled(flow_id)

    async def calls(self, *, all_of_them: bool = False) -> tuple[CallSummary, ...]:
        return await self._call.session.calls(all_of_them=all_of_them)

    async def record(self, call_id: str) -> CallRecord:
        return await self._call.session.record(call_id)

    async def history(self) -> tuple[CallRecord, ...]:
        return await self._call.session.history()

    async def audit(self, *, call_id: str = "", before: int = 0, limit: int = 500) -> AuditPage:
        return await self._call.session.audit(call_id=call_id, before=before, limit=limit)

    async def audit_row(self, seq: int) -> tuple[tuple[str, str], ...]:
        return await self._call.session.audit_row(seq)


async def _click(calls: list[Waiting], client: httpx.AsyncClient, base: BareClick) -> Times:
    account: list[float] = []
    news: list[float] = []
    bare: list[float] = []
    listener, relay = Listener(), Relay(iter(calls), calls[0])

    async def connect() -> Session:
        return relay

    app = CsrdeskApp(connect, ConsoleInfo(agent="Agent"))
    async with shown(app, listener, calls[0].reference):
        for number, call in enumerate(calls):
            if number:
                waits = listener.expect(call.reference)
                app.action_next_call()
                await asyncio.wait_for(waits, PATIENCE_SECONDS)
            await asyncio.sleep(PAUSE_SECONDS)
            first, verified = listener.expect("code is right"), listener.expect("CALLER VERIFIED")
            began = time.perf_counter()
            posting = asyncio.create_task(_post(call, client))
            done = await asyncio.wait_for(verified, PATIENCE_SECONDS)
            await posting
            account.append((done - began) * 1000)
            # The approval can overtake the news that the code was right: then the account page is the first news.
            news.append(((first.result() if first.done() else done) - began) * 1000)
            await asyncio.sleep(PAUSE_SECONDS)
            bare.append(await base.once(number))
    return account, news, bare


async def _post(call: Waiting, client: httpx.AsyncClient) -> None:
    answer = await client.post(
        call.url,
        data={"type": "CodeGiven", "code": call.code, "form": call.form, "rev": call.rev, "webauthn": "NONE"},
        headers={"cookie": call.cookie, "sec-fetch-site": "same-origin"},
    )
    client.cookies.clear()
    if answer.status_code != 303:
        raise RuntimeError(f"a right code was answered with {answer.status_code}: {answer.text[:200]}")
