"""A desk is copied while it works, lost, and put back: its audit verifies, and a link that was out opens its page."""

from __future__ import annotations

import dataclasses
import shutil
import stat
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from csrdesk.cli.main import main
from csrdesk.config import Settings
from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.engine.checkpoints import read_checkpoints, signed_by
from csrdesk.errors import ConflictError, StoreUnavailableError
from csrdesk.sandbox import Options, Sandbox, people
from csrdesk.wiring import open_desk
from csrdesk.wiring.backup import BACKED_UP, back_up
from csrdesk.wiring.checkpoints import checkpoints_of
from csrdesk.wiring.trial import settings_for
from tests.wiring.test_ops import free_port


@pytest_asyncio.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(Options()) as sandbox:
        yield sandbox


@pytest.fixture
def settings(box: Sandbox, tmp_path: Path) -> Settings:
    port = free_port()
    (tmp_path / "desk").mkdir(mode=0o700)
    return settings_for(box.settings(), tmp_path / "desk", public_url=f"http://localhost:{port}", listen_port=port)


async def test_a_desk_that_was_put_back_from_its_copy_goes_on(box: Sandbox, settings: Settings, tmp_path: Path) -> None:
    data, copy = Path(settings.desk.data_dir), tmp_path / "copy"
    async with open_desk(settings, serve_pages=True) as desk:
        done = await Call.begin(desk.session(desk.agent))
        await done.look_up(people.ONE_DEVICE)
        await done.end()
        call = await Call.begin(desk.session(desk.agent))
        await call.look_up(people.ONE_DEVICE)
        code = await call.send_link()
        made = await back_up(desk, copy)
        await done.begin(desk.session(desk.agent))  # what comes after the copy is lost with the desk
    assert made.files == ("checkpoint.key", "checkpoints.jsonl", "desk.key", "desk.sqlite3")
    assert {stat.S_IMODE(path.stat().st_mode) for path in copy.iterdir()} == {0o600}
    put_back(copy, data)
    async with open_desk(settings, serve_pages=True) as desk:
        assert len(await desk.audit.list(limit=10_000)) == made.rows
        assert (await desk.audit.list())[-1].action == BACKED_UP
        file = checkpoints_of(settings)
        verdict = await desk.reader.verify(read_checkpoints(file.path), signed_by(file.public_key))
        assert verdict.finding is None
        address = box.world.user(people.ONE_DEVICE).email
        async with Customer(address, box.settings().mailbox_url) as caller:
            await caller.open(await caller.newest_link())
            await caller.answer("CodeGiven", code=code)
            assert caller.offers("PasscodeGiven")


def put_back(copy: Path, data: Path) -> None:
    """As the guide says: a new data folder of mode 0700, and the files in it."""
    shutil.rmtree(data)
    subprocess.run(["install", "-d", "-m", "0700", str(data)], check=True)
    subprocess.run(["install", "-m", "0600", *map(str, copy.iterdir()), str(data)], check=True)


async def test_a_folder_that_is_there_is_left_alone(settings: Settings, tmp_path: Path) -> None:
    async with open_desk(settings, serve_pages=False, reach_out=False) as desk:
        for folder in (tmp_path, tmp_path / "none" / "copy"):
            with pytest.raises(ConflictError, match="Nothing was copied"):
                await back_up(desk, folder)
        assert not [row for row in await desk.audit.list() if row.action == BACKED_UP]


async def test_a_copy_that_fails_is_taken_away_again(settings: Settings, tmp_path: Path) -> None:
    async with open_desk(settings, serve_pages=False, reach_out=False) as desk:
        key = Path(settings.desk.data_dir) / "checkpoint.key"
        key.unlink()
        key.mkdir()
        with pytest.raises(StoreUnavailableError, match="taken away again"):
            await back_up(desk, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


async def test_of_a_desk_on_postgresql_keys_and_checkpoints_are_copied(settings: Settings, tmp_path: Path) -> None:
    async with open_desk(settings, serve_pages=False, reach_out=False) as desk:
        elsewhere = replace(settings, desk=replace(settings.desk, database="postgresql://db.example/desk"))
        made = await back_up(dataclasses.replace(desk, settings=elsewhere), tmp_path / "copy")
    assert (made.files, made.rows) == (("checkpoint.key", "desk.key"), 0)


def test_the_command_says_what_was_copied_and_refuses_a_second_time(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CSRDESK_CONFIG", str(tmp_path / "desk" / "config.toml"))
    assert main(["data", "backup", str(tmp_path / "copy")]) == 0
    assert "desk.sqlite3; 1 rows of the audit" in capsys.readouterr().out
    assert main(["data", "backup", str(tmp_path / "copy"), "--json"]) == 1
    assert '"code":"conflict"' in capsys.readouterr().out.replace(" ", "")
