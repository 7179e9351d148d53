"""A sandbox in a process of its own that writes down when each call began and ended: `python -m bench.timed_sandbox`.

Arguments: a folder for settings and `calls.jsonl`, and the milliseconds to add to each call. The moments are those of
the system's monotonic clock, which all processes of a machine share. Mail is not HTTP: the mailbox knows when it came.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TextIO

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from csrdesk.cli.waiting import until_stopped
from csrdesk.sandbox import Options, Sandbox
from csrdesk.wiring.trial import write_settings

CALLS = "calls.jsonl"
READY = "settings: "
_OUTSIDE = ("/v1/", "/directory/")


class Call(msgspec.Struct, frozen=True):
    """One call, in seconds of the monotonic clock."""

    method: str
    path: str
    began: float
    ended: float


class Timing:
    """ASGI: lets everything through; moments of API and directory calls go to the file."""

    def __init__(self, app: ASGIApp, file: TextIO) -> None:
        self._app = app
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.monotonic()
        await self._app(scope, receive, send)
        path = str(scope.get("path", ""))
        if path.startswith(_OUTSIDE) or "/as/token" in path or "/deviceAuthentications" in path:
            call = Call(scope["method"], path, began, time.monotonic())
            self._file.write(msgspec.json.encode(call).decode() + "\n")
            self._file.flush()


async def main(folder: Path, latency_ms: int, file: TextIO) -> None:
    async with Sandbox(Options(latency_ms=latency_ms), around=lambda app: Timing(app, file)) as box:
        print(f"{READY}{write_settings(box.settings(), folder)}", flush=True)
        async with until_stopped():
            pass


def read_calls(folder: Path) -> list[Call]:
    """What was written down so far, by beginning."""
    lines = (folder / CALLS).read_bytes().splitlines()
    return sorted((msgspec.json.decode(line, type=Call) for line in lines), key=lambda call: call.began)


if __name__ == "__main__":
    where = Path(sys.argv[1])
    with (where / CALLS).open("w", encoding="utf-8") as calls:
        asyncio.run(main(where, int(sys.argv[2]), calls))
