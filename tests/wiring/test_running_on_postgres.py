"""A desk whose database is PostgreSQL: copied and put back as the guide says, watched, and its audit sent on."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from csrdesk.config import ServeSettings, Settings
from csrdesk.config.pages_file import PagesSettings
from csrdesk.demo.agent import Call
from csrdesk.engine.audit import Entry, Kind
from csrdesk.engine.checkpoints import read_checkpoints, signed_by
from csrdesk.sandbox import Options, Sandbox, people
from csrdesk.server.door import NOBODY
from csrdesk.wiring import open_desk
from csrdesk.wiring.backup import back_up
from csrdesk.wiring.checkpoints import checkpoints_of
from csrdesk.wiring.door import outer_pages
from csrdesk.wiring.trial import settings_for
from tests.postgres import Server, program
from tests.services.syslog_server import collector
from tests.services.test_sinks import Authority, syslog
from tests.wiring.test_ops import free_port
from tests.wiring.test_second_audit import numbers, until

pytestmark = pytest.mark.needs("postgres")


@pytest_asyncio.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(Options()) as sandbox:
        yield sandbox


def server_of(box: Sandbox, folder: Path, url: str) -> Settings:
    """One server's settings, with the key of all."""
    folder.mkdir(exist_ok=True)
    for name, content in (("password", b"hush-hush"), ("shared.key", b"k" * 32)):
        (folder / name).touch(0o600)
        (folder / name).write_bytes(content)
    made = settings_for(box.settings(), folder)
    files = {"database_password_file": str(folder / "password"), "key_file": str(folder / "shared.key")}
    return replace(made, desk=replace(made.desk, database=url, **files))


def run(name: str, *words: str) -> None:
    """One of PostgreSQL's programs."""
    subprocess.run([str(program(name)), *words], check=True, capture_output=True)


async def test_a_desk_on_postgresql_is_copied_and_put_back_as_the_guide_says(
    box: Sandbox, tmp_path: Path, postgres: Server
) -> None:
    old, new = postgres.new(), postgres.new()
    copy = tmp_path / "copy"
    before = server_of(box, tmp_path / "one", old)
    async with open_desk(before, serve_pages=True) as desk:
        call = await Call.begin(desk.session(desk.agent))
        await call.look_up(people.ONE_DEVICE)
        await call.end()
        async with asyncio.timeout(30):
            while not checkpoints_of(before).path.exists():  # noqa: ASYNC110 - it follows the call's end, by itself
                await asyncio.sleep(0.02)
        made = await back_up(desk, copy)
        run("pg_dump", "--format=custom", f"--file={copy}/desk.dump", old)
        rows = len(await desk.audit.list(limit=10_000))
    assert made.files == ("checkpoint.key", "checkpoints.jsonl", "desk.key")
    run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={new}", f"{copy}/desk.dump")
    settings = server_of(box, tmp_path / "two", new)
    put_back(copy, Path(settings.desk.data_dir))
    async with open_desk(settings, serve_pages=True) as desk:
        assert len(await desk.audit.list(limit=10_000)) == rows
        file = checkpoints_of(settings)
        verdict = await desk.reader.verify(read_checkpoints(file.path), signed_by(file.public_key))
        assert verdict.finding is None
        assert verdict.checkpoints >= 1


def put_back(copy: Path, data: Path) -> None:
    """The keys and checkpoints of the copy, in a new data folder."""
    data.mkdir(mode=0o700)
    for path in (*copy.glob("*.key"), copy / "checkpoints.jsonl"):
        shutil.copy2(path, data)


async def test_r_68_of_several_servers_on_one_database_one_sends_the_audit_on(
    box: Sandbox, tmp_path: Path, postgres: Server
) -> None:
    (tmp_path / "ca").mkdir()
    authority, url = Authority(tmp_path / "ca"), postgres.new()
    async with collector(authority.context()) as there:
        keeper = syslog(authority, there.port)
        one, two = (replace(server_of(box, tmp_path / name, url), audit_sink=keeper) for name in ("one", "two"))
        async with open_desk(two, serve_pages=True) as second:
            async with open_desk(one, serve_pages=True) as first:
                for n in range(120):
                    await (first, second)[n % 2].audit.write(Entry(kind=Kind.EVENT, action="row", agent="grace"))
                await until(lambda: len(numbers(there)) == 120)
                figures = first.engine.figures()
                await figures.since()
                assert (await figures.now()).calls_open == 0
            await second.audit.write(Entry(kind=Kind.EVENT, action="last", agent="grace"))
            await until(lambda: len(numbers(there)) == 121)
            assert (await second.engine.figures().since()).rows == {}
    assert numbers(there) == list(range(1, 122))
    assert json.loads(there.messages[-1]["text"])["action"] in ("last", "row")


async def test_where_pages_come_to_one_servers_door_the_others_send_links_as_well(
    box: Sandbox, tmp_path: Path, postgres: Server
) -> None:
    """Two servers with doors of their own, and pages at one of them, in this process: two looks of a second each."""
    url, port = postgres.new(), free_port()
    desks = [at_door(server_of(box, tmp_path / name, url), tmp_path / name, port) for name in ("one", "two")]
    async with open_desk(desks[0], serve_pages=True) as first, open_desk(desks[1], serve_pages=True) as second:
        assert (first.pages.why_no_link(), second.pages.why_no_link()) == (NOBODY, NOBODY)
        pages = PagesSettings(desks[1].serve.door, door_secret_file=desks[1].serve.door_secret_file, listen_port=port)
        async with outer_pages(pages, lambda _: None):
            await until(lambda: (first.pages.why_no_link(), second.pages.why_no_link()) == ("", ""))


def at_door(settings: Settings, folder: Path, port: int) -> Settings:
    """The same with a door, for pages at that port."""
    secret = folder / "door-secret"
    secret.touch(0o600)
    secret.write_text("the door's own secret, long enough to be taken")
    serve = ServeSettings(door=f"unix:{folder}/door", door_secret_file=str(secret))
    return replace(settings, serve=serve, desk=replace(settings.desk, public_url=f"http://localhost:{port}"))
