"""The customers' pages as a process of their own: whole calls go through it, and it holds no credential of the desk."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from csrdesk.cli.serve import Role, check_role
from csrdesk.config import ServeSettings, Settings
from csrdesk.config.pages_file import NOT_HERE, load_pages
from csrdesk.demo.beside import SandboxSide
from csrdesk.demo.calls import verified_call
from csrdesk.demo.resets import reset_by_own_link, reset_in_page
from csrdesk.demo.spoken import spoken_address
from csrdesk.demo.stage import Stage
from csrdesk.errors import ConfigError
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.sandbox import Options, Sandbox, people
from csrdesk.server.door import NOBODY
from csrdesk.wiring import open_desk
from csrdesk.wiring.trial import settings_for
from tests.integration.conftest import World

SECRET = "the door's own secret, long enough to be taken"


def free_port() -> int:
    """One that was free a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass(frozen=True)
class Apart:
    """Settings for both processes."""

    settings: Settings
    """The desk's."""
    file: Path
    """The pages'."""
    port: int
    ops: int


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(Options()) as running:
        yield running


@pytest.fixture
def apart(box: Sandbox, tmp_path: Path) -> Apart:
    for name in ("desk", "pages"):
        (tmp_path / name).mkdir(mode=0o700)
        secret = tmp_path / name / "door-secret"
        secret.touch(0o600)
        secret.write_text(SECRET)
    port, ops, door = free_port(), free_port(), f"unix:{tmp_path}/door"
    settings = settings_for(box.settings(), tmp_path / "desk", public_url=f"http://localhost:{port}")
    serve = ServeSettings(door=door, door_secret_file=str(tmp_path / "desk" / "door-secret"))
    file = tmp_path / "pages" / "pages.toml"
    file.write_text(
        f'[pages]\ndoor = "{door}"\ndoor_secret_file = "{tmp_path}/pages/door-secret"\nlisten_port = {port}\n'
        f"[serve]\nops_port = {ops}\n"
    )
    return Apart(replace(settings, serve=serve), file, port, ops)


@asynccontextmanager
async def pages_of(
    apart: Apart, *, wait_for: str = "Serving the customers' pages", said: list[bytes] | None = None
) -> AsyncIterator[Process]:
    """The pages' process, once it has said `wait_for`; `said` gets what else it says, its log too."""
    environment = {"CSRDESK_CONFIG": str(apart.file), "HOME": str(apart.file.parent), "PATH": os.environ["PATH"]}
    program = [sys.executable, "-m", "csrdesk", "serve", "--role", "pages"]
    process = await asyncio.create_subprocess_exec(*program, env=environment, cwd=apart.file.parent, stderr=PIPE)
    try:
        await says(process, wait_for)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        _, rest = await process.communicate()
        if said is not None:
            said.append(rest)


async def says(process: Process, words: str) -> str:
    """The line with these words; wait for it."""
    assert process.stderr
    async with asyncio.timeout(60):
        while words not in (line := (await process.stderr.readline()).decode()):
            assert line, f"it ended without {words!r}"
    return line


async def heard(world: World) -> None:
    """Wait until the desk knows that pages are there."""
    async with asyncio.timeout(30):
        while world.desk.pages.why_no_link():  # noqa: ASYNC110 - as an agent sees it
            await asyncio.sleep(0.02)


async def test_r_56_whole_calls_and_resets_go_through_pages_that_hold_no_credential(box: Sandbox, apart: Apart) -> None:
    """Four calls of the demo against a second process, which then is looked at: some ten seconds."""
    said: list[bytes] = []
    async with open_desk(apart.settings, serve_pages=True) as desk, pages_of(apart, said=said) as pages:
        on_stage = Stage(box, desk, SandboxSide(box))
        await heard(World(box, desk))
        for scene in (verified_call, reset_in_page, reset_by_own_link, spoken_address):
            async for _ in scene(on_stage):
                pass
        process = Path("/proc") / str(pages.pid)
        if process.exists():
            connection = box.settings()
            own = (process / "environ").read_bytes() + (process / "cmdline").read_bytes() + apart.file.read_bytes()
            for secret in (connection.client_secret, connection.directory_password, connection.smtp_password):
                assert secret.encode() not in own
            assert not any(name.encode() in own for name in NOT_HERE)
            opened = {str(one.readlink()) for one in (process / "fd").iterdir() if one.is_symlink()}
            desks = str(apart.file.parents[1] / "desk")
            assert not [one for one in opened if one.startswith(desks) or "sqlite" in one]
            mapped = (process / "maps").read_text()
            assert not re.search(r"_sqlite3|_ldap|psycopg", mapped)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{apart.ops}") as client:
            assert (await client.get("/ready")).json() == {"ready": True, "desk": True}
            figures = (await client.get("/metrics")).text
        assert 'csrdesk_outside_seconds_count{result="ok",service="desk"}' in figures
        assert 'service="pingone"' not in figures
    assert await audited(apart, "reset.opened") >= 2
    tokens = {found for mail in box.world.mails for found in re.findall(r"/v/([\w-]{43})", mail.text)}
    typed = {code.code for code in box.world.passcodes}
    assert tokens
    assert typed
    assert not [secret for secret in (*tokens, *typed) if secret.encode() in b"".join(said)]


async def audited(apart: Apart, action: str) -> int:
    """How many rows of the desk's audit have that action."""
    async with open_desk(apart.settings, serve_pages=False, reach_out=False) as desk:
        return [row.action for row in await desk.audit.list(limit=1000)].count(action)


async def test_r_56_the_pages_process_loads_neither_engine_nor_services_that_reach_out(apart: Apart) -> None:
    program = (
        "import sys, csrdesk.cli.serving_pages, csrdesk.wiring.door, csrdesk.wiring.ops, csrdesk.server.metrics\n"
        "import csrdesk.server.app, csrdesk.server.through_door, csrdesk.config.pages_file, csrdesk.cli.waiting\n"
        "bad = ('csrdesk.engine', 'csrdesk.services.pingone', 'csrdesk.services.mail', 'csrdesk.services.performer',\n"
        "       'csrdesk.services.directory.ldap', 'csrdesk.sandbox', 'sqlite3', 'psycopg', 'textual')\n"
        "words = ('csrdesk.engine', 'csrdesk.engine.presence')  # a Protocol, and nothing that could do anything\n"
        "print(*[name for name in sys.modules if name.startswith(bad) and name not in words])"
    )
    done = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=PIPE)
    out, _ = await done.communicate()
    assert (done.returncode, out.decode().split()) == (0, [])


async def test_without_pages_at_the_door_no_link_is_sent_and_the_reason_is_said(box: Sandbox, apart: Apart) -> None:
    async with open_desk(apart.settings, serve_pages=True) as desk:
        world = World(box, desk)
        assert desk.pages.why_no_link() == NOBODY
        call = await world.looked_up(people.ONE_DEVICE)
        await call.say(a.MagicLinkChosen())
        await call.say(a.SendChosen())
        assert call.sees(p.MagicLinkFormPrompt).note == NOBODY
    assert not box.world.mails


async def test_pages_wait_for_their_desk_and_go_on_when_it_comes_back(box: Sandbox, apart: Apart) -> None:
    """A process that starts before its desk, and a desk that goes and comes back: some seconds of real waiting."""
    async with pages_of(apart, wait_for="Waiting for it") as pages:
        async with open_desk(apart.settings, serve_pages=True) as desk:
            await says(pages, "Serving the customers' pages")
            world = World(box, desk)
            await heard(world)
            _, code = await world.sent(people.ONE_DEVICE)
            async with world.customer(people.ONE_DEVICE) as caller:
                link = await caller.newest_link()
                await caller.open(link)
                assert caller.status == 200
        async with httpx.AsyncClient() as client:
            away = await client.get(link)
        assert away.status_code == 503
        assert "failed" not in away.headers.get("location", "")
        async with open_desk(apart.settings, serve_pages=True) as desk:
            world = World(box, desk)
            async with world.customer(people.ONE_DEVICE) as caller:
                await caller.open(link)
                await caller.answer("CodeGiven", code=code)
                assert caller.offers("PasscodeGiven") or caller.offers("DeviceChosen")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[pages]\ndoor = "unix:/run/x"\n[pingone]\nenvironment_id = "x"', "pingone"),
        ('[pages]\ndoor = "unix:/run/x"\nclient_secret_file = "x"', "pages"),
        ("[pages]\n", "pages"),
        ('[pages]\ndoor = "http://desk.example"', "pages.door"),
    ],
)
def test_r_56_pages_have_no_place_in_their_settings_for_a_credential(tmp_path: Path, text: str, key: str) -> None:
    file = tmp_path / "pages.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load_pages(file)
    assert raised.value.key == key


@pytest.mark.parametrize("name", NOT_HERE)
def test_r_56_pages_do_not_start_where_the_environment_leads_to_a_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    file = tmp_path / "pages.toml"
    file.write_text('[pages]\ndoor = "unix:/run/x"')
    assert load_pages(file).pages.listen_port == 8443
    monkeypatch.setenv(name, "")
    with pytest.raises(ConfigError, match=name):
        load_pages(file)


@pytest.mark.parametrize(("role", "door"), [(Role.DESK, ""), (Role.ALL, "unix:/run/x")])
def test_which_process_strangers_reach_is_no_surprise(role: Role, door: str) -> None:
    with pytest.raises(ConfigError, match=r"serve\.door"):
        check_role(role, door)
