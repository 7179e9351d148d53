"""Taking up from the shell what a process left that was killed: calls, links, and acts whose end nobody saw."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from csrdesk.sandbox import Sandbox, people
from tests.cli.conftest import CSRDESK, Ran
from tests.cli.terminal import Customer, Terminal
from tests.cli.test_calls import verified_call

Csrdesk = Callable[..., Awaitable[Ran]]
WRITE = r"/users/[^/]+/enabled$"
PATIENCE = 60.0


def rows(settings: Path, sql: str, *values: str) -> list[tuple[str, ...]]:
    """What the desk's database holds, read beside it."""
    with sqlite3.connect(settings.parent / "data" / "desk.sqlite3") as connection:
        found = connection.execute(sql, values).fetchall()
    connection.close()
    return found


async def killed_in_the_write(box: Sandbox, settings: Path, who: str, *words: str, ignored: bool = False) -> None:
    """Run csrdesk, and kill it while PingOne's answer to its write is on the way; PingOne has done it, or lost it."""
    box.faults.add(path=WRITE, method="PUT", late_ms=5000, ignore_write=ignored, times=1)
    process = await asyncio.create_subprocess_exec(
        CSRDESK, *words, stdin=asyncio.subprocess.DEVNULL, env=os.environ | {"CSRDESK_CONFIG": str(settings)}
    )
    async with asyncio.timeout(PATIENCE):
        while box.faults.current():  # noqa: ASYNC110 - until the request is there
            await asyncio.sleep(0.02)
        while rows(settings, "SELECT 1 FROM open_intents JOIN audit USING (seq) WHERE action = 'ad.set_enabled'"):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)
        while box.world.user(who).enabled is not ignored:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)
    process.kill()
    assert await process.wait() == -9


PROTECTIVE = ("--protective", "--reason", "stolen", "--ticket", "INC-7", "--yes")


async def test_r_62_a_command_that_was_killed_in_its_write_is_found_done_and_not_done_again(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    await killed_in_the_write(box, settings, people.TOTP, "user", "disable", people.TOTP, *PROTECTIVE)
    assert not box.world.user(people.TOTP).enabled
    listed = await csrdesk("call", "list", "--json")
    (act,) = listed.data
    assert (act["stage"], act["unknown"], act["left"]) == ("an act was interrupted", 1, True)
    assert any("1 act was begun and nobody knows how it ended" in message for message in listed.envelope["messages"])
    ran = await csrdesk("call", "resume", act["id"], "--json")
    assert ran.code == 0, ran
    assert [line["text"] for line in ran.data["lines"]][:2] == ["AD: disabled", "PingOne: disabled"]
    results = rows(settings, "SELECT action, result FROM audit WHERE kind = 'outcome' AND action LIKE '%enabled'")
    assert sorted(results) == [("ad.set_enabled", "done"), ("pingone.set_enabled", "found done")]
    assert "nobody knows" not in (await csrdesk("call", "list")).err
    assert (await csrdesk("audit", "verify")).code == 0


async def test_r_62_an_act_that_was_not_done_is_done_with_retry_and_only_that_half(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    call = await verified_call(box, settings, people.ONE_DEVICE)
    words = ("user", "disable", people.ONE_DEVICE, "--call", call, "--reason", "asked", "--yes")
    await killed_in_the_write(box, settings, people.ONE_DEVICE, *words, ignored=True)
    assert box.world.user(people.ONE_DEVICE).enabled
    ran = await csrdesk("call", "resume", call)
    assert ran.code == 0, ran
    assert "failed  PingOne: not disabled. csrdesk stopped before it was done" in ran.err
    assert "verified until" in ran.out
    again = await csrdesk(*words)
    assert again.code == 0, again
    assert not box.world.user(people.ONE_DEVICE).enabled
    results = rows(settings, "SELECT action, result FROM audit WHERE kind = 'outcome' AND action LIKE '%enabled'")
    assert results == [
        ("ad.set_enabled", "done"),
        ("pingone.set_enabled", "found not done"),
        ("pingone.set_enabled", "done"),
    ]


async def test_a_link_of_a_killed_command_ends_when_its_call_is_taken_up_and_a_new_one_verifies(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    customer = Customer(box, "ada@mail.example")
    async with Terminal(settings, "call", "start", people.ONE_DEVICE, talk_here=True) as agent:
        await agent.code()
        found = re.search(r"Call ([0-9a-f]+):", agent.screen)
        assert found
        old = await customer.link()
        agent.process.kill()
        await agent.process.wait()
    ran = await csrdesk("call", "resume", found[1], "--json")
    assert (ran.code, ran.error["code"], ran.data["verified"]) == (6, "not_verified", False)
    assert "--send" in ran.error["errorMessage"]
    assert "The open link was ended" in ran.err
    async with Terminal(settings, "call", "resume", found[1], "--send", "--json") as agent:
        code = await agent.code()
        async with httpx.AsyncClient() as client:
            assert (await client.get(old.copy_with(port=(await customer.link()).port))).status_code == 410
        await customer.confirm(code)
        ran = await agent.ended()
    assert (ran.code, ran.data["verified"], ran.data["call"]) == (0, True, found[1])


@pytest.mark.parametrize(
    ("words", "code"),
    [(("nothing",), "no_such_flow"), (("x", "--retry", "--leave"), "usage")],
    ids=["no such call", "both"],
)
async def test_what_cannot_be_taken_up_is_said(csrdesk: Csrdesk, words: tuple[str, ...], code: str) -> None:
    ran = await csrdesk("call", "resume", *words, "--json")
    assert ran.code != 0
    assert ran.error["code"] == code


async def test_r_61_where_another_program_holds_the_database_nothing_is_done_and_that_is_said(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    assert (await csrdesk("call", "list")).code == 0
    other = sqlite3.connect(settings.parent / "data" / "desk.sqlite3", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        ran = await csrdesk("user", "disable", people.TOTP, *PROTECTIVE, "--json")
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert ran.code == 7, ran
    assert "another program holds it. Nothing was done." in ran.error["errorMessage"]
    assert box.world.user(people.TOTP).enabled
    assert (await csrdesk("user", "disable", people.TOTP, *PROTECTIVE)).code == 0
