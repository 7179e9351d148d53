"""A sandbox, settings for a desk beside it, and its programs as processes of their own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from csrdesk.sandbox import Options, Sandbox
from csrdesk.wiring.trial import write_settings
from tests.cli.conftest import CSRDESK, Ran


@pytest_asyncio.fixture(loop_scope="session")
async def box(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """The other side of the wire, recording."""
    async with Sandbox(Options(record=tmp_path / "exchanges.jsonl")) as running:
        yield running


@pytest.fixture
def settings(box: Sandbox, tmp_path: Path) -> Path:
    """The settings file of a desk beside the sandbox."""
    folder = tmp_path / "desk"
    folder.mkdir(mode=0o700)
    return write_settings(box.settings(), folder)


async def csrdesk(settings: Path, *words: str) -> Ran:
    """A command as a script runs it."""
    process = await asyncio.create_subprocess_exec(
        CSRDESK,
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"CSRDESK_CONFIG": str(settings)},
        start_new_session=True,
    )
    out, err = await asyncio.wait_for(process.communicate(), 180)
    return Ran(process.returncode or 0, out.decode(), err.decode())


@asynccontextmanager
async def serving(settings: Path, *, at: str = "http://localhost:") -> AsyncIterator[int]:
    """`csrdesk serve` until the block ends; its process id. It must end well, and have said where its pages are."""
    server = await asyncio.create_subprocess_exec(
        CSRDESK, "serve", stderr=asyncio.subprocess.PIPE, env=os.environ | {"CSRDESK_CONFIG": str(settings)}
    )
    assert server.stderr
    try:
        said = await asyncio.wait_for(server.stderr.readline(), 60)
        assert f"Serving the customers' pages at {at}" in said.decode(), said
        yield server.pid
    finally:
        server.terminate()
        _, rest = await asyncio.wait_for(server.communicate(), 60)
    assert (server.returncode, rest) == (0, b"")
