"""`desk.lock`: one process serves the pages, the others see which, and it goes with its process."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from csrdesk.wiring.lock import Holder, PagesLock

HOLD = """
import asyncio, sys, time
from pathlib import Path
from csrdesk.wiring.lock import PagesLock
lock = PagesLock(Path(sys.argv[1]))
assert asyncio.run(lock.take())
lock.announce("https://desk.example")
print("held", flush=True)
time.sleep(60)
"""


async def test_one_holds_it_and_the_others_see_who_and_where(tmp_path: Path) -> None:
    first, second = PagesLock(tmp_path), PagesLock(tmp_path)
    assert second.holder() is None
    assert await first.take()
    first.announce("https://desk.example")
    assert not await second.take()
    assert (first.ours, second.ours) == (True, False)
    assert second.holder() == first.holder() == Holder(os.getpid(), "https://desk.example")
    first.release()
    assert second.holder() is None
    assert await second.take()
    second.release()


async def test_it_goes_with_its_process_whatever_ended_that(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: ASYNC220 - it says one line
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        lock = PagesLock(tmp_path)
        assert not await lock.take()
        assert lock.holder() == Holder(process.pid, "https://desk.example")
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        assert lock.holder() is None
        assert await lock.take()
        lock.release()


async def test_a_look_at_the_lock_does_not_take_it_and_a_text_alone_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / "desk.lock").write_text('{"pid":1,"url":"https://evil.example"}')
    lock = PagesLock(tmp_path)
    assert lock.holder() is None
    assert await PagesLock(tmp_path).take()


async def test_the_file_is_its_owners_alone_and_no_link_is_followed(tmp_path: Path) -> None:
    lock = PagesLock(tmp_path)
    await lock.take()
    assert stat.S_IMODE((tmp_path / "desk.lock").stat().st_mode) == 0o600
    lock.release()
    (tmp_path / "desk.lock").unlink()
    (tmp_path / "desk.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        await lock.take()
