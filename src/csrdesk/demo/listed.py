"""The demo's scene of a list: the command that people type, on the same desk, with settings that allow it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from csrdesk.demo.stage import Stage
from csrdesk.demo.telling import DifferenceError, Step, expect, expect_that
from csrdesk.sandbox import people
from csrdesk.sandbox.crowd import crowd

_FOUR = 4


class _Data(msgspec.Struct, frozen=True):
    done: int = 0
    refused: int = 0


class _Envelope(msgspec.Struct, frozen=True):
    exit_code: int
    data: _Data | None


async def from_a_list(on_stage: Stage) -> AsyncIterator[Step]:
    """A list of leavers, one of them protected, is disabled; then it turns out to have been the wrong list."""
    leavers = [person.username for person in crowd()[:_FOUR]]
    folder = on_stage.desk.data_dir.parent
    (folder / "leavers.csv").write_text("\n".join(("username", *leavers, people.PROTECTED)), "utf-8")
    settings = _allowing_lists(on_stage)
    came = await _ran(settings, "disable", "The contract has ended")
    expect(came, _Envelope(8, _Data(done=_FOUR, refused=1)), "what came of the list")
    users = [on_stage.box.world.user(name) for name in leavers]
    expect_that(not any(user.enabled for user in users), "all of the list are disabled in PingOne")
    expect_that(on_stage.box.world.user(people.PROTECTED).enabled, "but the protected account")
    told = f"{_FOUR} disabled, told by mail, a result a line; {people.PROTECTED!r} is protected and refused"
    yield Step("agent", f"disables a list of {_FOUR + 1}, which settings allow: {told}")
    (folder / "leavers.result.csv").unlink()
    back = await _ran(settings, "enable", "It was the wrong list")
    expect(back.data and back.data.done, _FOUR, "how many are enabled again")
    expect_that(all(user.enabled for user in users), "all of the list are enabled in PingOne")
    yield Step("agent", f"takes the list back: {_FOUR} enabled, because this desk had disabled them")


def _allowing_lists(on_stage: Stage) -> Path:
    """The demo's settings, and that its agent may act on lists."""
    folder = on_stage.desk.data_dir.parent
    text = (folder / "config.toml").read_text("utf-8")
    allowed = f'[desk]\nbulk_identities = ["{on_stage.desk.agent.id}"]\nbulk_restore = true\n'
    path = folder / "lists.toml"
    path.write_text(text.replace("[desk]\n", allowed), "utf-8")
    path.chmod(0o600)
    return path


async def _ran(settings: Path, act: str, reason: str) -> _Envelope:
    why = ("--reason", reason, "--ticket", "HR-1021", "--yes", "--json")
    files = ("--from", "leavers.csv", "--result", "leavers.result.csv")
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "csrdesk", "user", act, *files, *why),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=settings.parent,
        env=os.environ | {"CSRDESK_CONFIG": str(settings)},
    )
    out, _ = await command.communicate()
    try:
        return msgspec.json.decode(out, type=_Envelope)
    except msgspec.DecodeError:
        raise DifferenceError(f"the command printed no JSON ({command.returncode})") from None
