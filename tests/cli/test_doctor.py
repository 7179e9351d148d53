"""`csrdesk doctor` as a program: a desk that is well, one with something wrong in each place, and Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from csrdesk.sandbox import Sandbox
from tests.cli.conftest import CSRDESK, Ran, change
from tests.cli.terminal import Terminal

Csrdesk = Callable[..., Awaitable[Ran]]
AREAS = [
    "Settings",
    "PingOne",
    "PingOne rights",
    "MFA policy",
    "Passkeys",
    "Clock",
    "PingOne roles",
    "Sign-in",
    "Directory",
    "Passwords",
    "Mail",
    "Pages",
    "Keys",
    "Database",
    "Log",
]


def of(ran: Ran, area: str) -> list[tuple[str, str]]:
    return [(one["level"], one["what"]) for one in ran.data if one["area"] == area]


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def open_to_others(settings: Path) -> None:
    (settings.parent / "directory-password").chmod(0o644)
    (settings.parent / "data" / "desk.key").chmod(0o640)
    settings.chmod(0o666)


def write(settings: Path, text: str) -> None:
    settings.write_text(text, "utf-8")


async def test_a_desk_that_is_well_ends_with_0_and_changes_nothing(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    ran = await csrdesk("doctor", "--json")
    assert (ran.code, ran.envelope["error"]) == (0, None)
    assert list(dict.fromkeys(one["area"] for one in ran.data)) == AREAS
    assert {one["level"] for one in ran.data} == {"ok", "warning"}
    assert of(ran, "Pages") == [("warning", "Nobody serves them now, so no link can be sent.")]
    assert files(settings.parent / "data") == []
    assert box.world.mails == []


async def test_what_is_wrong_is_named_with_what_to_do_and_ends_with_1(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    at = box.settings()
    await csrdesk("call", "list")
    change(settings, at.mfa_policy_id, "00000000-0000-4000-8000-000000000000")
    change(settings.parent / "mail-password", at.smtp_password, "wrong")
    open_to_others(settings)
    ran = await csrdesk("doctor", "--json")
    assert (ran.code, ran.error["code"]) == (1, "wrong")
    wrong = {one["area"] for one in ran.data if one["level"] == "wrong"}
    assert wrong == {"Settings", "MFA policy", "Mail", "Directory", "Passwords", "Keys"}
    assert ("wrong", "Others can change the settings, and with them who may act.") in of(ran, "Settings")
    assert of(ran, "Directory") == [("wrong", "Not asked: there is no password.")]
    assert "chmod 600" in " ".join(what for _, what in of(ran, "Keys"))
    told = await csrdesk("doctor")
    assert told.code == 1
    assert told.err.endswith("things are wrong.\n")
    assert "\nwrong     Mail            The mail server does not take csrdesk's sign-in." in told.out
    assert "\n                          Compare mail.user," in told.out


async def test_pingone_down_takes_no_other_look_with_it(box: Sandbox, settings: Path, csrdesk: Csrdesk) -> None:
    change(settings, box.settings().auth_url, "http://127.0.0.1:1")
    ran = await csrdesk("doctor", "--json")
    assert ran.code == 1
    assert [level for level, _ in of(ran, "PingOne")] == ["wrong"]
    assert [level for level, _ in of(ran, "Mail")] == ["ok"]


@pytest.mark.parametrize("text", ["[pingone", "[pingone]\nenvironment_id = 3\n"])
async def test_settings_that_cannot_be_used_are_the_one_thing_wrong(
    settings: Path, csrdesk: Csrdesk, text: str
) -> None:
    write(settings, text)
    ran = await csrdesk("doctor", "--json")
    assert (ran.code, [(one["area"], one["level"]) for one in ran.data]) == (1, [("Settings", "wrong")])


async def test_who_serves_the_pages_is_said_and_the_pages_are_asked_for(settings: Path, csrdesk: Csrdesk) -> None:
    server = await asyncio.create_subprocess_exec(
        CSRDESK, "serve", stderr=asyncio.subprocess.PIPE, env=os.environ | {"CSRDESK_CONFIG": str(settings)}
    )
    try:
        assert server.stderr
        await server.stderr.readline()
        served, answers = of(await csrdesk("doctor", "--json"), "Pages")
    finally:
        server.terminate()
        await asyncio.wait_for(server.communicate(), 60)
    assert served == ("ok", f"Served by process {server.pid}.")
    assert answers[0] == "ok"
    assert answers[1].endswith(" answers.")


async def test_doctor_names_who_may_act_without_verification_and_names_that_are_nobodys(
    settings: Path, csrdesk: Csrdesk
) -> None:
    me = pwd.getpwuid(os.getuid()).pw_name
    change(
        settings,
        "[desk]\n",
        f'[desk]\nscript_identities = ["{me}", "no-such-account"]\nbulk_identities = ["nor-this"]\n',
    )
    ran = await csrdesk("doctor", "--json")
    said = of(ran, "Settings")
    assert ran.code == 0
    assert ("warning", f"You, {me}, may act without verifying anybody.") in said
    assert ("warning", "desk.script_identities names no account of this machine: no-such-account.") in said
    assert ("warning", "desk.bulk_identities names no account of this machine: nor-this.") in said


async def test_a_terminal_shows_what_is_waited_for_and_ctrl_c_leaves_nothing_behind(
    box: Sandbox, settings: Path
) -> None:
    box.faults.add(path="/users", latency_ms=30_000)
    async with Terminal(settings, "doctor", talk_here=True) as agent:
        await agent.shows("Looking at: PingOne\\b")
        agent.interrupt()
        ran = await agent.ended()
    assert (ran.code, ran.out) == (130, "")
    assert "Traceback" not in agent.screen
    assert agent.screen.endswith("\r\x1b[K")
