"""However demo and sandbox are ended, no folder with secrets stays: SIGTERM, SIGHUP, a closed window.

Each test starts a program, because what is proved is how a process ends: 2 to 5 seconds.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import signal
import struct
import termios
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.conftest import CSRDESK
from tests.cli.terminal import PATIENCE


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def can_be_hung_up(terminal: int | None = None) -> None:
    """In the new process: whoever runs the tests may be deaf to SIGHUP (nohup), which would be handed on."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if terminal is not None:
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def opened(folder: Path) -> bool:
    """The desk of the demo is there, with all that it keeps."""
    return len(entries(folder)) == 2 and any(folder.glob("csrdesk-demo-*/data/desk.sqlite3"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize(
    ("words", "once", "code"), [(("sandbox",), b"Ctrl-C ends it", 0), (("demo", "--play"), b"agent", 130)]
)
async def test_a_program_that_is_ended_leaves_no_folder_behind(
    tmp_path: Path, words: tuple[str, ...], once: bytes, code: int, number: signal.Signals
) -> None:
    process = await asyncio.create_subprocess_exec(
        CSRDESK, *words, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=os.environ | {"TMPDIR": str(tmp_path)},
        preexec_fn=can_be_hung_up,
    )  # fmt: skip
    assert process.stdout
    said = b""
    try:
        while once not in said:
            line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
            assert line, said
            said += line
        assert len(entries(tmp_path)) == 2
        process.send_signal(number)
        with suppress(ProcessLookupError):
            process.send_signal(number)  # as a shell and its terminal both do
        rest, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    assert (process.returncode, entries(tmp_path)) == (code, [])
    assert b"Traceback" not in rest


async def test_closing_the_window_of_the_demo_leaves_no_folder_behind(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = await asyncio.create_subprocess_exec(
        CSRDESK, "demo", stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=lambda: can_be_hung_up(theirs),
        env=os.environ | {"TMPDIR": str(tmp_path), "TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(theirs)
    loop = asyncio.get_running_loop()
    loop.add_reader(ours, lambda: os.read(ours, 65536))  # what is painted goes somewhere
    try:
        async with asyncio.timeout(2 * PATIENCE):
            while not opened(tmp_path):  # noqa: ASYNC110 - a folder has no event for it
                await asyncio.sleep(0.05)
        loop.remove_reader(ours)
        os.close(ours)
        await asyncio.wait_for(process.wait(), PATIENCE)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    assert entries(tmp_path) == []
