"""A process that is gone is known to be gone, however it ended; one that is there is not taken for gone."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from csrdesk.wiring.presence import FOLDER, Processes

STAYS = """
import sys
from pathlib import Path
from csrdesk.wiring.presence import Processes

Processes(Path(sys.argv[1]), "other").arrive()
print("there", flush=True)
sys.stdin.read()
"""


async def test_a_process_that_was_killed_is_gone_at_once(tmp_path: Path) -> None:
    here = Processes(tmp_path, "here")
    here.arrive()
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STAYS, str(tmp_path), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert other.stdout
    try:
        assert await other.stdout.readline() == b"there\n"
        assert not here.is_gone("other")
    finally:
        other.send_signal(signal.SIGKILL)
        await other.wait()
    assert here.is_gone("other")
    assert here.is_gone("other"), "also where nothing of it is left"
    here.leave()


def test_a_process_that_left_is_gone_and_leaves_no_file(tmp_path: Path) -> None:
    here, other = Processes(tmp_path, "here"), Processes(tmp_path, "other")
    here.arrive()
    other.arrive()
    assert not here.is_gone("other")
    other.leave()
    other.leave()
    assert here.is_gone("other")
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == ["here"]
    assert not here.is_gone("here")
    here.leave()


def test_who_arrives_takes_away_what_the_killed_left(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "killed").touch()
    here = Processes(tmp_path, "here")
    here.arrive()
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == ["here"]
    here.leave()


@pytest.mark.parametrize("name", ["", "../desk.key", "a/b"])
def test_a_name_that_no_process_has_touches_no_file(tmp_path: Path, name: str) -> None:
    key = tmp_path / "desk.key"
    key.touch()
    here = Processes(tmp_path, "here")
    here.arrive()
    assert not here.is_gone(name)
    assert key.exists()
    here.leave()


def test_a_folder_that_takes_no_file_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / FOLDER).touch()
    here = Processes(tmp_path, "here")
    here.arrive()
    here.leave()
