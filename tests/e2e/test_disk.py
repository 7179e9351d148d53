"""A full disk, a read-only one, and another program that holds the database: what agents, scripts and customers see.

The disks are real ones, small and in memory; nothing is done on them that is not on record.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from csrdesk.sandbox import Sandbox, people
from csrdesk.server import texts
from tests.cli.conftest import CSRDESK, change
from tests.cli.terminal import Customer, Terminal
from tests.conftest import mount, unmount
from tests.e2e.conftest import csrdesk, serving
from tests.e2e.tmux import Tmux
from tests.server.visitor import Visitor

pytestmark = [pytest.mark.needs("mounts"), pytest.mark.asyncio(loop_scope="session")]
Trouble = Callable[[Path], AbstractAsyncContextManager[None]]

HOLDS = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""
PROTECT = ("user", "disable", "ada", "--protective", "--reason", "taken over", "--ticket", "INC-1", "--yes", "--json")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own for the desk's data."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs", str(folder))
    yield folder
    unmount(folder)


@pytest.fixture
def at_disk(settings: Path, disk: Path) -> Path:
    """The settings of a desk whose data lies there."""
    change(settings, f'data_dir = "{settings.parent / "data"}"', f'data_dir = "{disk / "data"}"')
    return settings


@asynccontextmanager
async def full(disk: Path) -> AsyncIterator[None]:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1024))
        except OSError:
            pass
    yield
    filler.unlink()


@asynccontextmanager
async def read_only(disk: Path) -> AsyncIterator[None]:
    mount("-o", "remount,ro", str(disk))
    yield
    mount("-o", "remount,rw", str(disk))


@asynccontextmanager
async def held(disk: Path) -> AsyncIterator[None]:
    pipe = asyncio.subprocess.PIPE
    path = str(disk / "data" / "desk.sqlite3")
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDS, path, stdin=pipe, stdout=pipe)
    assert other.stdout
    assert await other.stdout.readline() == b"held\n"
    yield
    await other.communicate(b"")


TROUBLES = pytest.mark.parametrize(
    ("trouble", "why"),
    [(full, "the disk is full"), (read_only, "its disk is read-only"), (held, "another program holds it")],
    ids=["full", "read-only", "held"],
)


@TROUBLES
async def test_r_61_commands_end_with_7_say_why_and_do_nothing(
    at_disk: Path, disk: Path, box: Sandbox, trouble: Trouble, why: str
) -> None:
    assert (await csrdesk(at_disk, "user", "show", "ada")).code == 0
    async with trouble(disk):
        acted = await csrdesk(at_disk, *PROTECT)
        assert (acted.code, acted.error["code"]) == (7, "store_unavailable")
        assert acted.error["errorMessage"] == f"The desk's database cannot be used: {why}. Nothing was done."
        said = await csrdesk(at_disk, "audit", "list")
        assert (said.code, said.out) == (7, "")
        assert said.err == f"csrdesk: The desk's database cannot be used: {why}. Nothing was done.\n"
        looked_at = await csrdesk(at_disk, "doctor", "--json")
        (finding,) = [one for one in looked_at.data if one["area"] == "Database"]
        assert (looked_at.code, finding["level"]) == (1, "wrong")
        assert why in finding["what"]
        assert box.world.user("ada").enabled
    done = await csrdesk(at_disk, *PROTECT)
    assert done.code == 0, done
    assert not box.world.user("ada").enabled


@pytest.mark.needs("tmux")
@pytest.mark.parametrize("trouble", [full, read_only, held])
async def test_r_61_the_console_says_look_ups_only_before_the_agent_starts_and_acts_when_it_can(
    at_disk: Path, disk: Path, tmp_path: Path, box: Sandbox, trouble: Trouble
) -> None:
    assert (await csrdesk(at_disk, "user", "show", "ada")).code == 0
    environment = {"HOME": os.environ["HOME"], "CSRDESK_CONFIG": str(at_disk)}
    async with Tmux(tmp_path, CSRDESK, columns=80, lines=24, environment=environment) as console:
        async with trouble(disk):
            await console.shows("! Audit: look-ups only.*User name, mail address")
            await console.type("ada")
            await console.press("Enter")
            await console.shows("! Audit: look-ups only.*Ada Lindqvist.*Protect")
            await console.press("p")
            await console.shows("Disable this account because")
            await console.type("taken over")
            await console.press("Tab")
            await asyncio.sleep(0.5)  # no hand is so fast that the next key comes before the focus has moved
            await console.type("INC-1")
            await console.press("C-s")
            screen = await console.shows("Not done.*AD: not disabled. The audit cannot be written, so nothing was")
            assert "Try again" in screen
            assert box.world.user("ada").enabled
        await console.shows("Connected")
        await console.press("t")
        await console.shows("AD: disabled.*PingOne: disabled")
        await console.press("C-q")
        await console.shows("A call is open")
        await console.press("e")
        assert await console.ended() == 0
    assert not box.world.user("ada").enabled
    rows = (await csrdesk(at_disk, "audit", "list", "--json")).data
    assert [row["kind"] for row in rows if "happened_at" in row["details"]] == ["lookup"]
    assert (await csrdesk(at_disk, "audit", "verify")).code == 0


@pytest.mark.parametrize("trouble", [full, held])  # no disk can be made read-only below a server that is writing
async def test_r_61_a_customers_page_says_so_counts_nothing_and_goes_on_afterwards(
    at_disk: Path, disk: Path, box: Sandbox, trouble: Trouble
) -> None:
    async with serving(at_disk), Terminal(at_disk, "call", "start", people.ONE_DEVICE, "--json") as agent:
        code = await agent.code()
        link = await Customer(box, "ada@mail.example").link()
        async with httpx.AsyncClient(base_url=link.join("/"), timeout=30) as client:
            visitor = Visitor(client, link.path.rpartition("/")[2])
            await visitor.open()
            form = visitor.form("CodeGiven", code=code)
            async with trouble(disk):
                page = await visitor.post(form)
                assert (page.status_code, texts.FAILED_RETRY in page.text) == (503, True)
            await visitor.post(form)
            assert "PasscodeGiven" in visitor.page.text
            passcode = (await Customer(box, "ada@mail.example").things("passcodes"))[0]["code"]
            await visitor.press("PasscodeGiven", passcode=passcode)
        ran = await agent.ended()
    assert (ran.code, ran.data["verified"]) == (0, True), ran
