"""Two `csrdesk serve` and a command on a third machine, on one PostgreSQL behind one address: one of them is killed.

It starts programs, because what is proved is what a killed process leaves: about four seconds.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from csrdesk.sandbox import Sandbox, people
from csrdesk.wiring.trial import write_settings
from tests.cli.conftest import CSRDESK, Ran, change
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


async def line(process: asyncio.subprocess.Process, words: str) -> str:
    """The next line that says this."""
    assert process.stderr
    async with asyncio.timeout(2 * PATIENCE):
        while words not in (said := (await process.stderr.readline()).decode()):
            assert said, f"it ended before it said {words!r}"
    return said


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(2 * PATIENCE):
        while not seen():  # noqa: ASYNC110 - another process's end rings no event here
            await asyncio.sleep(0.05)


async def is_up(port: int) -> bool:
    async with httpx.AsyncClient() as client:
        return (await client.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200


async def test_workers_share_a_port_and_one_that_is_killed_is_started_again_while_the_others_serve(
    box: Sandbox, tmp_path: Path, postgres: Server
) -> None:
    async with balanced() as balancer:
        made = machine(box, tmp_path / "one", postgres.new(), balancer)
        words = (CSRDESK, "serve", "--workers", "2")
        process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE, env=made.environment)
        try:
            said = await line(process, "2 processes serve the customers' pages at ")
            found = re.search(r"here: port (\d+)", said)
            assert found
            balancer.to = int(found[1])
            second = await asyncio.create_subprocess_exec(
                CSRDESK, "serve", stderr=asyncio.subprocess.PIPE, env=made.environment
            )
            _, refused = await asyncio.wait_for(second.communicate(), PATIENCE)
            assert f"Process {process.pid} serves the customers' pages already." in refused.decode()
            first, other = children(process.pid)
            os.kill(first, signal.SIGKILL)
            assert "ended (signal 9). Another one is started" in await line(process, "Worker 1 ended")
            assert await is_up(balancer.to)
            async with Terminal(made.settings, "call", "start", people.ONE_DEVICE, "--no-wait", "--json") as agent:
                code = await agent.code()
                assert (await agent.ended()).code == 0
            await Customer(box, "ada@mail.example").confirm(code)
            await until(lambda: len(children(process.pid)) == 2)
            now = children(process.pid)
            assert other in now
            assert first not in now
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await asyncio.wait_for(process.communicate(), 2 * PATIENCE)
        assert process.returncode == 0
        assert not any(map(runs, now))


async def test_workers_end_with_the_process_that_started_them_however_that_ends(
    box: Sandbox, tmp_path: Path, postgres: Server
) -> None:
    async with balanced() as balancer:
        made = machine(box, tmp_path / "one", postgres.new(), balancer)
        words = (CSRDESK, "serve", "--workers", "2")
        process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE, env=made.environment)
        await line(process, "2 processes serve")
        left = children(process.pid)
        process.kill()
        await process.wait()
        await until(lambda: not any(map(runs, left)))


async def test_workers_need_one_postgresql_and_say_so(csrdesk: Callable[..., Awaitable[Ran]], settings: Path) -> None:
    change(settings, 'public_url = ""', 'public_url = "http://localhost:8443"')
    ran = await csrdesk("serve", "--workers", "2")
    assert ran.code == 2
    assert "--workers needs desk.database" in ran.err
    ran = await csrdesk("serve", "--workers", "2", "--role", "desk")
    assert ran.code == 2
    assert "leave out --role" in ran.err
    change(settings, "[desk]", '[desk]\ndatabase = "postgresql:///nowhere?host=/nowhere"')
    ran = await csrdesk("serve", "--workers", "2")
    assert ran.code == 3
    assert "cannot be reached" in ran.err
    assert "Worker 1 could not start; what it said stands above. Nothing is served." in ran.err
