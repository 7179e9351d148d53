"""How soon does a console hear of a step while a thousand others wait at the same desk API?

The memory that one of them costs the desk stands beside it.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import programs
from bench.figure import Figure, Judged, Sample

CONSOLES = 1000
CLICKS = 200
PAUSE_SECONDS = 0.05
"""Between two clicks: twenty a second."""


class Console:
    """One agent's connection, by hand: a client's own cost is not what is measured."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader, self._writer, self._token = reader, writer, token
        self.view: dict[str, Any] = {}

    @classmethod
    async def at(cls, port: int, token: str) -> Console:
        return cls(*await asyncio.open_connection("localhost", port), token)

    def ask(self, method: str, path: str, body: object = None) -> None:
        content = json.dumps(body).encode() if body is not None else b""
        head = f"{method} /desk/v1{path} HTTP/1.1\r\nhost: desk\r\nauthorization: Bearer {self._token}\r\n"
        typed = f"content-type: application/json\r\ncontent-length: {len(content)}\r\n" if content else ""
        self._writer.write(f"{head}{typed}\r\n".encode() + content)

    async def hear(self) -> dict[str, Any]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.lower().split("\r\n") if line.startswith("content-length")
        )
        found: dict[str, Any] = json.loads(await self._reader.readexactly(length))
        return found

    async def begin(self) -> None:
        """A call, and waiting for news of it."""
        self.ask("POST", "/flows?settle=1", {"flow": "csr_main", "inputs": {}})
        self.view = await self.hear()
        self.wait()

    def wait(self) -> None:
        self.ask("GET", f"/flows/{self.view['id']}/changed?rev={self.view['rev']}")

    def close(self) -> None:
        self._writer.close()


def measure(*, quick: bool) -> list[Figure]:
    """The agent ends their call by another connection; their console hears of it. Then it begins another."""
    consoles, clicks = (CONSOLES // 5, CLICKS // 5) if quick else (CONSOLES, CLICKS)
    with programs.sandbox() as settings, tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as folder:
        desk = [programs.PYTHON, "-m", "bench.served_desk", settings, folder, str(consoles)]
        with programs.running(desk, r"served: .*", programs.environment()):
            server = (Path(folder) / "config.toml").read_text("utf-8").split(":")[-1].strip().strip('"')
            pid = int((Path(folder) / "pid").read_text("utf-8"))
            return [asyncio.run(_measured(int(server), pid, consoles, clicks))]


async def _measured(port: int, pid: int, number: int, clicks: int) -> Figure:
    before = _resident(pid)
    consoles = []
    for n in range(number):
        console = await Console.at(port, f"token-{n}")
        await console.begin()
        consoles.append(console)
    held = (_resident(pid) - before) / number
    alone, heard = [], []
    for n in range(clicks):
        console = consoles[n * number // clicks]
        hand = await Console.at(port, f"token-{n * number // clicks}")
        body = {"rev": console.view["rev"], "answer": {"type": "CallEnded"}}
        began = time.perf_counter()
        hand.ask("POST", f"/flows/{console.view['id']}/answers", body)
        news = asyncio.ensure_future(console.hear())
        await hand.hear()
        alone.append((time.perf_counter() - began) * 1000)
        await news
        heard.append((time.perf_counter() - began) * 1000)
        hand.close()
        await asyncio.sleep(PAUSE_SECONDS)
    for console in consoles:
        console.close()
    return Figure(
        question=f"from an agent's answer to the news on their waiting console, {number} waiting",
        ours=Sample(tuple(heard)),
        baseline="the answer's own answer",
        base=Sample(tuple(alone)),
        judged=Judged.P99,
        target=250,
        note=f"one process, SQLite; a waiting console costs the desk {held:.0f} kB",
    )


def _resident(pid: int) -> int:
    """Kilobytes."""
    said = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(said.stdout)
