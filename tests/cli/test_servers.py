"""Two `csrdesk serve` and a command on a third machine, on one PostgreSQL behind one address: one of them is killed.

It starts programs, because what is proved is what a killed process leaves: about four seconds.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from csrdesk.sandbox import Sandbox, people
from csrdesk.wiring.trial import write_settings
from tests.cli.conftest import CSRDESK
from tests.cli.terminal import PATIENCE, Customer, Terminal
from tests.postgres import Server

pytestmark = pytest.mark.needs("postgres")


@dataclass
class Balancer:
    """The one address of the customers' pages: leads to whichever server it is told."""

    to: int = 0
    port: int = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to)
        await asyncio.gather(_pour(reader, far_writer), _pour(far_reader, writer))


async def _pour(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(65536):
            to.write(data)
            await to.drain()
    to.close()


@asynccontextmanager
async def balanced() -> AsyncIterator[Balancer]:
    balancer = Balancer()
    async with await asyncio.start_server(balancer.carry, "127.0.0.1", 0) as listening:
        balancer.port = listening.sockets[0].getsockname()[1]
        yield balancer


@dataclass(frozen=True)
class Machine:
    """A server's settings, and the program while it runs."""

    settings: Path
    process: asyncio.subprocess.Process | None = None
    port: int = 0

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"CSRDESK_CONFIG": str(self.settings)}

    async def serving(self) -> Machine:
        process = await asyncio.create_subprocess_exec(
            CSRDESK, "serve", stderr=asyncio.subprocess.PIPE, env=self.environment
        )
        assert process.stderr
        said = await asyncio.wait_for(process.stderr.readline(), PATIENCE)
        found = re.search(rb"here: http://localhost:(\d+)", said)
        assert found, said
        return replace(self, process=process, port=int(found[1]))

    async def end(self, how: signal.Signals) -> int:
        assert self.process
        with suppress(ProcessLookupError):
            self.process.send_signal(how)
        await asyncio.wait_for(self.process.communicate(), PATIENCE)
        return self.process.returncode or 0


def machine(box: Sandbox, folder: Path, url: str, balancer: Balancer) -> Machine:
    folder.mkdir(mode=0o700)
    for name, content in (("desk.key", b"k" * 32), ("database-password", b"any")):
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    desk = {
        "database": url,
        "database_password_file": str(folder / "database-password"),
        "key_file": str(folder / "desk.key"),
    }
    made = write_settings(box.settings(), folder, public_url=f"http://localhost:{balancer.port}", desk=desk)
    return Machine(made)


async def test_a_customer_whose_server_is_killed_goes_on_at_the_other_with_the_same_link_and_code(
    box: Sandbox, tmp_path: Path, postgres: Server
) -> None:
    url = postgres.new()
    async with balanced() as balancer:
        one, two, third = (machine(box, tmp_path / name, url, balancer) for name in ("one", "two", "third"))
        one, two = await one.serving(), await two.serving()
        try:
            balancer.to = one.port
            words = ("call", "start", people.ONE_DEVICE, "--no-wait", "--json")
            async with Terminal(third.settings, *words) as agent:
                code = await agent.code()
                ran = await agent.ended()
            assert ran.code == 0, ran.err
            assert await one.end(signal.SIGKILL) == -9
            balancer.to = two.port
            await Customer(box, "ada@mail.example").confirm(code)
            async with Terminal(third.settings, "call", "show", ran.data["call"], "--json") as agent:
                shown = await agent.ended()
            assert shown.data["call"]["stage"].startswith("verified until")
            async with Terminal(third.settings, "audit", "verify", "--json") as agent:
                assert (await agent.ended()).code == 0
        finally:
            await one.end(signal.SIGKILL)
            assert await two.end(signal.SIGTERM) == 0
