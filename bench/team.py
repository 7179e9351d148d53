"""A customer's click, and the news of it at an agent's machine, where a thousand consoles wait at a team's desk.

Three servers on one PostgreSQL (fsync on), with sandbox, database and this measure on the same two cores. Consoles
are what they are to the desk: long polls, each of an agent of its own who signed in, spread over the servers; most
wait at a look-up, the others for a customer who holds a link. Beside these lie thousands of open links that nobody
clicks. Then customers post their right codes, twenty a second, each by whichever server is next; the news is there
when the poll of their call comes back. Painting is `click_to_console`'s. The baseline is a commit with NOTIFY on the
same database, until another connection hears it.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path

import httpx
import psycopg

from bench.figure import Figure, Judged, NotMeasured, sample
from csrdesk.demo.agent import Call
from csrdesk.demo.postgres import why_not
from csrdesk.demo.team import Team, team
from csrdesk.flows import prompts as p
from csrdesk.flows.doors import View
from csrdesk.model.link import LinkStage
from csrdesk.model.ways import Way
from csrdesk.remote import RemoteSession
from csrdesk.sandbox import staff
from csrdesk.sandbox.people import everybody

CONSOLES, LINKS, PER_SECOND, SERVERS = 1_000, 5_000, 20, 3
QUESTION = f"click to the waiting console, {SERVERS} servers, {{}} consoles and {{}} links"
MEMORY = "memory a waiting console (kB), of 40"
_SIDE_BY_SIDE = 8
_PATIENCE = 60.0
_KILOBYTES = 40.0
_LIMITS = {
    "link_seconds": 600,
    "links_per_agent_an_hour": 600,
    "look_ups_per_agent_an_hour": 600,
}
_COPY = """
INSERT INTO challenges SELECT {columns} FROM challenges, generate_series(1, {number}) AS copy
WHERE challenges.id = (SELECT min(id) FROM challenges WHERE stage = 'sent')
"""
_OTHERS = {"id": "'copy ' || copy", "token_hash": "'copy ' || copy", "person_id": "'copy ' || copy"}


@dataclass
class Waiting:
    """A call whose agent waits for the customer, and what the customer's browser holds."""

    session: RemoteSession
    view: View
    code: str
    url: str
    cookie: str = ""
    form: str = ""
    rev: str = ""


def measure(*, quick: bool) -> list[Figure | NotMeasured]:
    consoles, links = (100, 500) if quick else (CONSOLES, LINKS)
    question = QUESTION.format(consoles, links)
    if problem := why_not():
        return [NotMeasured(question, problem)]
    return asyncio.run(_measured(question, consoles, links))


async def _measured(question: str, consoles: int, links: int) -> list[Figure | NotMeasured]:
    options = ("fsync=on", "full_page_writes=on")
    async with team(servers=SERVERS, limits=_LIMITS, options=options) as running, AsyncExitStack() as stack:
        ports = cycle(f"http://localhost:{one.api_port}" for one in running.replicas)
        turns = asyncio.Semaphore(_SIDE_BY_SIDE)

        async def came(username: str, url: str) -> RemoteSession:
            async with turns:
                return await stack.enter_async_context(running.session(username, url=url))

        agents = [one.username for one in staff.CREW[:consoles]]
        sessions = await asyncio.gather(*(came(agent, next(ports)) for agent in agents))
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=_PATIENCE))
        before = _memory(running)
        clicking = await _with_links(running, sessions, client)
        await _copied(running, links - len(clicking))
        polls = await asyncio.gather(*(_at_look_up(one, turns) for one in sessions[: consoles - len(clicking)]))
        await stack.enter_async_context(_waited_for(polls))
        await asyncio.sleep(2)
        memory = (_memory(running) - before) / consoles
        news = await _clicked(clicking, client)
        bare = await asyncio.to_thread(_notified, running.database, len(news))
        lost = [poll for poll in polls if poll[1].done()]
        if lost:
            raise RuntimeError(f"{len(lost)} consoles stopped waiting: {lost[0][1]}")
    return [
        Figure(question=question, ours=sample(news), baseline="a commit with NOTIFY, until it is heard",
               base=sample(bare), judged=Judged.P99, target=250),
        Figure(question=MEMORY, ours=sample([memory]), baseline="40", base=sample([_KILOBYTES]), target=1.0),
    ]  # fmt: skip


async def _with_links(running: Team, sessions: Sequence[RemoteSession], client: httpx.AsyncClient) -> list[Waiting]:
    """A call for each person who can be sent a link, up to the customer's page with its form."""
    turns, numbers = asyncio.Semaphore(_SIDE_BY_SIDE), count()
    known = [one for one in everybody() if one.in_pingone and not one.situation and one.devices]

    async def sent(username: str) -> Waiting | None:
        async with turns:
            session = sessions[next(numbers) % len(sessions)]
            call = await Call.begin(session)
            await call.look_up(username)
            ways = call.view.prompt.ways if isinstance(call.view.prompt, p.CardPrompt) else ()
            if not any(offer.way is Way.LINK and offer.is_open for offer in ways):
                await call.end()
                return None
            code = await call.send_link()
            return Waiting(session, call.view, code, call.sees(p.PollingPrompt).link.reference)

    calls = [call for call in await asyncio.gather(*(sent(one.username) for one in known)) if call]
    mails = (await client.get(f"{running.mailbox_url}.json")).json()["mails"]
    links = {mail["subject"][-7:]: re.search(r"https?://\S+/v/\S+", mail["text"]) for mail in mails}
    for call in calls:
        link = links[call.url]
        call.url = link.group() if link else ""
        page = await client.get(call.url)
        call.cookie = f"csrdesk={page.cookies['csrdesk']}"
        client.cookies.clear()
        fields = dict(re.findall(r'name="(form|rev)" value="([^"]+)"', page.text))
        call.form, call.rev = fields["form"], fields["rev"]
        call.view = await call.session.settled(call.view.id)
    return calls


async def _copied(running: Team, number: int) -> None:
    """So many links more that are open."""

    def copy() -> None:
        with psycopg.connect(running.database, autocommit=True) as live:
            columns = [column.name for column in live.execute("SELECT * FROM challenges LIMIT 0").description or ()]
            named = ", ".join(_OTHERS.get(column, column) for column in columns)
            live.execute(_COPY.format(columns=named, number=number).encode())

    await asyncio.to_thread(copy)


Poll = tuple[RemoteSession, asyncio.Task[View]]


async def _at_look_up(session: RemoteSession, turns: asyncio.Semaphore) -> Poll:
    async with turns:
        call = await Call.begin(session)
    return session, asyncio.create_task(session.changed(call.view.id, call.view.rev))


@asynccontextmanager
async def _waited_for(polls: Sequence[Poll]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for _, task in polls:
            task.cancel()
        await asyncio.gather(*(task for _, task in polls), return_exceptions=True)


async def _clicked(calls: list[Waiting], client: httpx.AsyncClient) -> list[float]:
    """Each customer posts the right code, so many a second; from then until the console's poll comes back with it."""
    told = [asyncio.create_task(_code_is_right(call)) for call in calls]
    await asyncio.sleep(1)
    began: list[float] = []
    posts = []
    for call in calls:
        began.append(time.perf_counter())
        posts.append(asyncio.create_task(_post(call, client)))
        await asyncio.sleep(1 / PER_SECOND)
    await asyncio.gather(*posts)
    ended = await asyncio.wait_for(asyncio.gather(*told), _PATIENCE)
    return [(end - begin) * 1000 for begin, end in zip(began, ended, strict=True)]


async def _code_is_right(call: Waiting) -> float:
    view = call.view
    while isinstance(view.prompt, p.PollingPrompt) and view.prompt.link.stage is LinkStage.SENT:
        view = await call.session.changed(view.id, view.rev)
    return time.perf_counter()


async def _post(call: Waiting, client: httpx.AsyncClient) -> None:
    answer = await client.post(
        call.url,
        data={"type": "CodeGiven", "code": call.code, "form": call.form, "rev": call.rev, "webauthn": "NONE"},
        headers={"cookie": call.cookie, "sec-fetch-site": "same-origin"},
    )
    if answer.status_code != 303:
        raise RuntimeError(f"a right code was answered with {answer.status_code}: {answer.text[:200]}")


def _notified(database: str, rounds: int) -> list[float]:
    times = []
    with psycopg.connect(database, autocommit=True) as hears, psycopg.connect(database) as tells:
        hears.execute("LISTEN bare")
        tells.execute("CREATE TABLE bare (at integer)")
        tells.commit()
        for number in range(rounds):
            began = time.perf_counter()
            tells.execute("INSERT INTO bare VALUES (%s)", (number,))
            tells.execute("SELECT pg_notify('bare', '')")
            tells.commit()
            next(hears.notifies(timeout=_PATIENCE))
            times.append((time.perf_counter() - began) * 1000)
    return times


def _memory(running: Team) -> float:
    """Kilobytes that the servers hold, all together."""
    found = 0
    for one in running.replicas:
        status = Path(f"/proc/{one.process.pid if one.process else 0}/status").read_text("ascii")
        resident = re.search(r"VmRSS:\s+(\d+) kB", status)
        found += int(resident[1]) if resident else 0
    return found
