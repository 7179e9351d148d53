"""csrdesk as a program: who it says acts, where secrets may be seen, what it loads, and what a crash tells."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import re
import shutil
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from csrdesk.sandbox import Sandbox, people
from tests.cli.conftest import Ran, change
from tests.cli.terminal import Terminal

Csrdesk = Callable[..., Awaitable[Ran]]


async def test_r_42_the_agent_is_who_the_operating_system_says_and_nothing_else(
    csrdesk: Csrdesk, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("USER", "LOGNAME", "USERNAME", "SUDO_USER", "CSRDESK_AGENT"):
        monkeypatch.setenv(name, "mallory")
    change(settings, "[desk]\n", '[desk]\nagent_name = "Dr. Mallory"\n')
    await csrdesk("user", "show", people.ONE_DEVICE)
    rows = (await csrdesk("audit", "list", "--json")).data
    assert {row["agent"] for row in rows} == {pwd.getpwuid(os.getuid()).pw_name}
    for option in ("--agent", "--as", "--user"):
        assert (await csrdesk("user", "show", people.ONE_DEVICE, option, "mallory")).code == 2


async def test_r_46_no_secret_is_seen_in_arguments_or_environment_while_it_runs(box: Sandbox, settings: Path) -> None:
    async with Terminal(settings, "call", "start", people.ONE_DEVICE) as agent:
        code = await agent.code()
        process = Path("/proc") / str(agent.process.pid)
        if not process.exists():
            pytest.skip("no /proc here")
        seen = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        agent.interrupt()
        await agent.ended()
    connection = box.settings()
    for secret in (connection.client_secret, connection.directory_password, connection.smtp_password, code):
        assert secret.encode() not in seen


@pytest.mark.parametrize("name", ["pingone-client-secret", "directory-password", "mail-password"])
async def test_r_46_a_secret_that_others_could_read_is_refused(csrdesk: Csrdesk, settings: Path, name: str) -> None:
    (settings.parent / name).chmod(0o640)
    ran = await csrdesk("user", "show", people.ONE_DEVICE, "--json")
    assert (ran.code, ran.error["code"]) == (2, "config")
    assert "chmod 600" in ran.error["errorMessage"]


async def test_r_46_a_crash_is_one_line_with_a_reference_and_tells_no_secret(
    csrdesk: Csrdesk, box: Sandbox, settings: Path
) -> None:
    await csrdesk("call", "list")
    with sqlite3.connect(settings.parent / "data" / "desk.sqlite3") as database:
        database.execute("ALTER TABLE flows RENAME COLUMN rev TO lost")
    database.close()
    ran = await csrdesk("user", "show", "secret@patient.example", "--json")
    assert (ran.code, ran.error["code"]) == (70, "crash")
    plain = await csrdesk("user", "show", "secret@patient.example")
    assert plain.err.count("\n") == 1
    assert "Traceback" not in plain.err
    log = (settings.parent / "data" / "csrdesk.log").read_text()
    assert f"crash {ran.error['reference']} csrdesk" in log
    assert "msgspec.ValidationError" in log
    connection = box.settings()
    for secret in (connection.client_secret, connection.directory_password, "secret@patient.example"):
        assert secret not in log + ran.out + plain.err


LOADED = """
import json, sys
from csrdesk.cli.main import main
code = main(["user", "show", "ada", "--json"])
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
sys.exit(code)
"""


async def test_showing_a_user_loads_nothing_that_it_does_not_use(settings: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LOADED, stdout=asyncio.subprocess.PIPE, env=os.environ | {"CSRDESK_CONFIG": str(settings)}
    )
    out, _ = await asyncio.wait_for(process.communicate(), 180)
    assert process.returncode == 0
    loaded = set(json.loads(out.splitlines()[-1]))
    assert {"typer", "httpx", "sqlite3", "msgspec"} <= loaded
    unused = {"textual", "rich", "click", "starlette", "uvicorn", "jinja2", "keyring", "smtplib", "aiosmtpd", "jwt"}
    assert loaded & unused == set()


async def test_what_a_desk_writes_is_its_owners_alone(csrdesk: Csrdesk, settings: Path) -> None:
    await csrdesk("user", "show", people.ONE_DEVICE)
    data = settings.parent / "data"
    assert data.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o077 for path in data.iterdir() if path.stat().st_mode & 0o077} == {}


async def test_arguments_that_are_no_text_are_no_crash(settings: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "csrdesk", b"user", b"show", b"\xff\xfe", b"--json",
        stdout=asyncio.subprocess.PIPE, env=os.environ | {"CSRDESK_CONFIG": str(settings)},
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), 180)
    assert (process.returncode, json.loads(out)["error"]["code"]) == (1, "not_found")


def entries(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_the_sandbox_offers_settings_and_leaves_nothing_behind(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "csrdesk", "sandbox", stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert process.stderr
    said = ""
    try:
        while "Ctrl-C" not in said:
            said += (await asyncio.wait_for(process.stderr.readline(), 60)).decode()
    finally:
        process.terminate()
    assert re.search(rf"CSRDESK_CONFIG={re.escape(str(tmp_path))}/csrdesk-desk-\w+/config\.toml \S*csrdesk\n", said)
    # What it says to type can be typed as it stands, also where csrdesk is not on the PATH.
    program = re.search(r"People +(\S+) sandbox people\n", said)
    assert program
    assert shutil.which(program[1])
    assert re.search(r"Faults +http://127\.0\.0\.1:\d+/control/faults, http://127\.0\.0\.1:\d+/control/clock\n", said)
    await asyncio.wait_for(process.wait(), 60)
    assert process.returncode == 0
    assert entries(tmp_path) == []
