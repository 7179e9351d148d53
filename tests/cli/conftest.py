"""A command line in this process, and as a real program beside a running sandbox."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from csrdesk.cli.main import main
from csrdesk.sandbox import Options, Sandbox
from csrdesk.wiring.trial import write_settings

CSRDESK = str(Path(sys.executable).with_name("csrdesk"))


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def envelope(self) -> dict[str, Any]:
        """Standard output as the one JSON object that it must be."""
        return msgspec.json.decode(self.out, type=dict[str, Any])

    @property
    def data(self) -> Any:  # noqa: ANN401 - each test knows its shape
        return self.envelope["data"]

    @property
    def error(self) -> dict[str, Any]:
        return msgspec.convert(self.envelope["error"], dict[str, Any])


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run a command line in this process."""

    def run(*words: str) -> Ran:
        capsys.readouterr()
        code = main(words)
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run


@pytest_asyncio.fixture
async def box() -> AsyncIterator[Sandbox]:
    """A PingOne, a directory, a mail server and phones."""
    async with Sandbox(Options()) as sandbox:
        yield sandbox


@pytest.fixture
def settings(box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file of a desk beside the sandbox; every command of the test uses it."""
    folder = tmp_path / "desk"
    folder.mkdir(mode=0o700)
    path = write_settings(box.settings(), folder)
    monkeypatch.setenv("CSRDESK_CONFIG", str(path))
    return path


def change(settings: Path, old: str, new: str) -> None:
    """Replace a piece of the settings file."""
    text = settings.read_text("utf-8")
    assert old in text
    settings.write_text(text.replace(old, new), "utf-8")


@pytest.fixture
def csrdesk(settings: Path) -> Callable[..., Awaitable[Ran]]:
    """Run csrdesk as a program of its own, without a terminal."""

    async def run(*words: str, program: str = CSRDESK, typed: bytes = b"") -> Ran:
        process = await asyncio.create_subprocess_exec(
            program,
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"CSRDESK_CONFIG": str(settings)},
            start_new_session=True,  # no terminal of whoever runs the tests
        )
        out, err = await asyncio.wait_for(process.communicate(typed), 180)
        return Ran(process.returncode or 0, out.decode(), err.decode())

    return run
