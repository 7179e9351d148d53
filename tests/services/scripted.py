"""A server that says exactly what a test tells it to, byte for byte: what no well-behaved server would say."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Say:
    """One answer. `delay` in seconds; `cut` ends the connection after that many bytes of the answer."""

    status: int = 200
    body: object = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    cut: int | None = None

    def bytes(self) -> bytes:
        content = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        lines = [f"HTTP/1.1 {self.status} Scripted", "content-type: application/hal+json;charset=UTF-8"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, f"content-length: {len(content)}", "", ""]).encode() + content


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Script = Callable[[Asked], Say]


@dataclass
class Scripted:
    """Where the server is and what it was asked."""

    port: int
    scheme: str
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def to(self, ending: str) -> list[Asked]:
        """The requests whose path, without its query, ends so."""
        return [one for one in self.asked if one.path.partition("?")[0].endswith(ending)]


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    method, path, _ = first.split(" ")
    return Asked(method, path, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


@contextlib.asynccontextmanager
async def scripted(script: Script, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Scripted]:
    """Serves `script` on a free port of this machine."""
    at = Scripted(0, "https" if tls else "http")
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                asked = await _read(reader)
                at.asked.append(asked)
                say = script(asked)
                await asyncio.sleep(say.delay)
                writer.write(say.bytes() if say.cut is None else say.bytes()[: say.cut])
                await writer.drain()
                if say.cut is not None:
                    break
        writer.close()
        serving.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    at.port = server.sockets[0].getsockname()[1]
    try:
        yield at
    finally:
        server.close()
        for task in list(serving):
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


TOKEN = Say(body={"access_token": "token-1", "token_type": "Bearer", "expires_in": 3600})


def in_order(*says: Say, token: Say = TOKEN) -> Script:
    """Each request but those for a token gets the next answer; the last one is said again and again."""
    left: list[Say] = list(says)

    def script(asked: Asked) -> Say:
        if asked.path.endswith("/as/token"):
            return token
        return left.pop(0) if len(left) > 1 else left[0]

    return script


def by_path(answers: Sequence[tuple[str, Say]]) -> Script:
    """The first answer whose text is in the path."""

    def script(asked: Asked) -> Say:
        return next(say for part, say in answers if part in asked.path)

    return script
