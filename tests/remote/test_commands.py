"""Commands on a machine that holds a sign-in and nothing else: the desk is elsewhere, and all goes on as at home."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from csrdesk.flows import prompts as p
from csrdesk.sandbox import people
from tests.cli.conftest import CSRDESK, Ran, run
from tests.remote.conftest import GRACE, Served, looked_up, token_of

__all__ = ["run"]
Csrdesk = Callable[..., Awaitable[Ran]]


def machine(folder: Path, server: str, token: str) -> dict[str, str]:
    """An agent's machine: its environment."""
    folder.mkdir()
    settings, held = folder / "config.toml", folder / "token"
    settings.write_text(f'[desk]\nserver = "{server}"\n', "utf-8")
    held.write_text(token, "utf-8")
    held.chmod(0o600)
    return {"CSRDESK_CONFIG": str(settings), "CSRDESK_TOKEN_FILE": str(held)}


@pytest.fixture
def csrdesk(served: Served, tmp_path: Path) -> Csrdesk:
    there = machine(tmp_path / "laptop", served.url, token_of(GRACE))

    async def run(*words: str) -> Ran:
        return await program(there, *words)

    return run


async def program(there: dict[str, str], *words: str) -> Ran:
    """Run csrdesk as a program of its own on that machine."""
    process = await asyncio.create_subprocess_exec(
        CSRDESK, *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, env=os.environ | there, start_new_session=True,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 180)
    return Ran(process.returncode or 0, out.decode(), err.decode())


async def test_a_verified_callers_account_is_shown_closed_and_read_back(
    served: Served, csrdesk: Csrdesk, tmp_path: Path
) -> None:
    """Takes some seconds: each command is a program, as on an agent's machine."""
    async with served.session() as session, served.customer(people.ONE_DEVICE) as customer:
        call = await looked_up(session, people.ONE_DEVICE)
        code = await call.send_link()
        await customer.open(await customer.newest_link())
        await customer.answer("CodeGiven", code=code)
        await customer.answer("PasscodeGiven", passcode=await customer.newest_passcode())
        await call.waits_for(p.AccountPrompt)
    call_id, user = call.view.id, served.box.world.user(people.ONE_DEVICE)

    listed = await csrdesk("call", "list", "--json")
    assert [one["id"] for one in listed.data] == [call_id]
    shown = await csrdesk("user", "show", people.ONE_DEVICE, "--call", call_id, "--json")
    assert (shown.code, shown.data["accountStatus"]) == (0, "ACTIVE")
    act = ("user", "disable", people.ONE_DEVICE, "--call", call_id, "--reason", "phone lost", "--ticket", "INC-1")
    would = await csrdesk(*act, "--dry-run", "--json")
    assert (would.code, user.enabled) == (0, True)
    assert {one["where"] for one in would.data["wouldWrite"]} == {"AD", "PingOne"}
    done = await csrdesk(*act, "--yes", "--json")
    assert (done.code, user.enabled) == (0, False), done.err
    rows = await csrdesk("audit", "list", "--call", call_id, "--json")
    assert {row["agent"] for row in rows.data} == {GRACE.id}
    assert "pingone.set_enabled" in {row["action"] for row in rows.data}
    row = await csrdesk("audit", "show", str(rows.data[0]["seq"]))
    assert (row.code, call_id in row.out) == (0, True)
    devices = await csrdesk("device", "list", "--call", call_id, "--json")
    assert (devices.code, len(devices.data)) == (0, 1)
    ended = await csrdesk("call", "end", call_id)
    assert (ended.code, (await csrdesk("call", "list")).err) == (0, "No calls.\n")
    assert not list((tmp_path / "laptop").glob("**/*.sqlite3"))


async def test_looking_up_says_the_same_as_at_the_desk_itself(served: Served, csrdesk: Csrdesk, tmp_path: Path) -> None:
    there = await csrdesk("user", "show", people.TOTP)
    at_home = {"CSRDESK_CONFIG": str(tmp_path / "desk" / "config.toml")}
    process = await asyncio.create_subprocess_exec(
        CSRDESK, "user", "show", people.TOTP, stdout=asyncio.subprocess.PIPE, env=os.environ | at_home
    )
    out, _ = await asyncio.wait_for(process.communicate(), 180)
    assert (there.code, there.out) == (0, out.decode())
    assert {row.agent for row in await served.desk.audit.list() if row.kind == "lookup"} >= {GRACE.id}


async def test_a_sign_in_that_does_not_count_is_said_and_nothing_is_done(served: Served, csrdesk: Csrdesk) -> None:
    served.gate.over.add(token_of(GRACE))
    ran = await csrdesk("user", "show", people.TOTP, "--json")
    assert (ran.code, ran.error["code"]) == (5, "not_signed_in")
    assert "csrdesk login" in ran.error["errorMessage"]


async def test_the_check_up_of_such_a_machine_asks_the_desk(csrdesk: Csrdesk) -> None:
    ran = await csrdesk("doctor", "--json")
    assert ran.code == 0
    assert [(one["area"], one["level"]) for one in ran.data] == [("Settings", "ok"), ("Desk", "ok"), ("Log", "ok")]
    assert "knows you as grace" in ran.data[1]["what"]


ONLY_THERE = (
    "serve",
    "data purge",
    "audit verify",
    "audit export --output rows.jsonl",
    "audit export --public-key",
    "user disable --from people.csv --reason r --ticket t",
)


@pytest.mark.parametrize("line", ONLY_THERE)
def test_what_is_done_at_the_desk_alone_says_where_that_is(
    run: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    for name, value in machine(tmp_path / "laptop", "https://desk-api.example", "t").items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text("user\nada\n", "utf-8")
    ran = run(*line.split(), "--json") if line != "serve" else run("serve")
    assert ran.code == 2
    said = ran.err if line == "serve" else ran.error["errorMessage"]
    assert "desk.server: this is done where the desk runs, and that is https://desk-api.example." in said


def test_a_desk_that_is_not_there_is_said_in_words(
    run: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in machine(tmp_path / "laptop", "http://127.0.0.1:9", "t").items():
        monkeypatch.setenv(name, value)
    ran = run("call", "list", "--json")
    assert (ran.code, ran.error["code"]) == (3, "unreachable")
    assert ran.error["errorMessage"] == "The desk cannot be reached. Try again in a moment."
