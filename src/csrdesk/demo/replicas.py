"""Replicas of one desk: `csrdesk serve`, each a process with a data folder of its own, on one database."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from csrdesk.errors import ConflictError
from csrdesk.sandbox import Connection
from csrdesk.wiring.trial import write_settings

_PATIENCE = 60.0
_GLANCE = 0.05
"""Seconds: another process tells nobody how far it is."""


@dataclass
class Replica:
    """One of them, which can be killed and started again."""

    folder: Path
    pages_port: int
    api_port: int
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)
    environment: Mapping[str, str] = field(default_factory=dict)
    """What its process is given beside this one's own."""

    async def start(self) -> None:
        """Serve; both ports answer when this returns. Raises `ConflictError`."""
        log = self.folder / "log"
        with log.open("ab") as out:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "csrdesk", "serve", stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out,
                env=os.environ | {"CSRDESK_CONFIG": str(self.folder / "config.toml")} | dict(self.environment),
            )  # fmt: skip
        try:
            async with asyncio.timeout(_PATIENCE):
                while not (_answers(self.api_port) and _answers(self.pages_port)):
                    if self.process.returncode is not None:
                        raise ConflictError(
                            f"A server of the desk did not start: {log.read_text('utf-8')[-500:]}", system="csrdesk"
                        )
                    await asyncio.sleep(_GLANCE)
        except TimeoutError:
            raise ConflictError("A server of the desk was not there after a minute.", system="csrdesk") from None

    async def kill(self) -> None:
        """As a machine that loses its power."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """As whoever runs it stops it: consoles that wait are let go first."""
        await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(how)
        try:
            await asyncio.wait_for(process.wait(), _PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()


@asynccontextmanager
async def replicas(number: int, folder: Path) -> AsyncIterator[list[Replica]]:
    """So many, not started yet, but with ports of their own; they are ended with the block."""
    async with AsyncExitStack() as stack:
        made = [Replica(folder / f"replica-{n}", _free_port(), _free_port()) for n in range(1, number + 1)]
        for one in made:
            one.folder.mkdir(mode=0o700)
            stack.push_async_callback(one.stop)
        yield made


async def start(
    several: list[Replica],
    connection: Connection,
    database: str,
    *,
    pages: str,
    desk: str,
    limits: Mapping[str, object] | None = None,
) -> None:
    """Start them side by side: on that database, reached at the origins `pages` and `desk`, whichever serves.

    `limits`: settings of that section. Raises `ConflictError`.
    """
    key = secrets.token_bytes(32)
    for one in several:
        key_file = one.folder / "key"
        key_file.touch(mode=0o600)
        key_file.write_bytes(key)
        more = {"api_url": desk, "api_port": one.api_port, "database": database, "key_file": str(key_file)}
        write_settings(connection, one.folder, public_url=pages, listen_port=one.pages_port, desk=more, limits=limits)
    await asyncio.gather(*(one.start() for one in several))


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
