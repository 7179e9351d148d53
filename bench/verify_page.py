"""How many verify pages a second does one process serve, against a bare page of the same length?

The page behind a mailed link, which its customer has open: cookie and link are looked at in the database each time.
From eight connections that stand, whose client does next to nothing, because it has the other of two cores.
"""

from __future__ import annotations

import asyncio
import re
import socket
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bench import programs
from bench.figure import Figure, in_turns
from csrdesk.config import load
from csrdesk.demo.agent import Call
from csrdesk.flows.csr_main import Start
from csrdesk.sandbox import people
from csrdesk.wiring import open_desk

PAGES, ROUNDS, CONNECTIONS = 2_000, 7, 8
TARGET = 1 / 0.4
"""Of times: above 0.4 of the pages a second."""
_LIMITS = "[limits]\nlink_seconds = 600\n"


def measure(*, quick: bool) -> list[Figure]:
    pages, rounds = (400, 2) if quick else (PAGES, ROUNDS)
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as name, programs.sandbox() as settings:
        folder = Path(name)
        own = programs.with_data_in(folder, Path(settings), _LIMITS)
        env = programs.environment(CSRDESK_CONFIG=str(own))
        with programs.running([programs.CSRDESK, "serve"], "Ctrl-C ends it", env):
            url, cookie, html = asyncio.run(_link(own))
            page, port = folder / "page.html", _free_port()
            page.write_text(html, "utf-8")
            bare = [programs.PYTHON, str(programs.BASELINES / "bare_page.py"), str(page), str(port)]
            with programs.running(bare, "Application startup complete", programs.environment()):
                ours, base = in_turns(
                    lambda: asyncio.run(_fetched(url, cookie, pages)),
                    lambda: asyncio.run(_fetched(f"http://127.0.0.1:{port}/", cookie, pages)),
                    rounds,
                )
    return [
        Figure(
            question=f"{pages} verify pages, {CONNECTIONS} connections (above 0.4 of the bare pages a second)",
            ours=ours, baseline="a bare Starlette page of that length", base=base, target=TARGET,
        )
    ]  # fmt: skip


async def _link(settings: Path) -> tuple[str, str, str]:
    """A link that was mailed and opened: its address here, the browser's cookie, and the page."""
    read = load(settings)
    async with open_desk(read, serve_pages=False) as desk:
        session = desk.session(desk.agent)
        call = Call(session, await session.settled((await session.start("csr_main", Start())).id))
        await call.look_up(people.ONE_DEVICE)
        await call.send_link()
        async with httpx.AsyncClient() as client:
            mails = (await client.get(f"{read.mailbox_url}.json")).json()["mails"]
            found = re.search(r"https?://\S+/v/\S+", mails[0]["text"])
            answer = await client.get(found[0] if found else "")
    answer.raise_for_status()
    return str(answer.url), f"csrdesk={answer.cookies['csrdesk']}", answer.text


async def _fetched(url: str, cookie: str, pages: int) -> float:
    parts = urlsplit(url)
    request = f"GET {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\ncookie: {cookie}\r\n\r\n".encode()

    async def some(number: int) -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for _ in range(number):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            if not head.startswith(b"HTTP/1.1 200") or length is None:
                raise RuntimeError(f"no page: {head!r}")
            await reader.readexactly(int(length[1]))
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(some(pages // CONNECTIONS) for _ in range(CONNECTIONS)))
    return (time.perf_counter() - began) * 1000


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
