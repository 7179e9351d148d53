"""The demo as people run it: a program of its own, without a terminal, that plays by itself."""

from __future__ import annotations

import asyncio
import io
import os
import re
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from csrdesk.demo import play
from csrdesk.demo.agent import Call
from csrdesk.demo.calls import call_of, verified_call
from csrdesk.demo.stage import Stage, stage
from csrdesk.demo.telling import DifferenceError, Scene, Step, Teller, expect
from csrdesk.sandbox import people

CSRDESK = str(Path(sys.executable).with_name("csrdesk"))
STORY = (
    # Each scene that a newcomer should see, in the order of the story.
    r"scanner +fetches the link three times; it spends nothing",
    r"customer +types a wrong code: refused and counted",
    r"agent +sees the code right",
    r"scanner +opens the link in a second browser: nothing there",
    r"customer +types the passcode from the phone",
    r"agent +sees authentication: link, code and device",
    r"desk +refuses another agent's session for this call",
    r"agent +disables: AD: disabled; PingOne: disabled; PingOne: 2 sessions ended",
    r"agent +enables: AD: enabled; PingOne: enabled",
    r"agent +disables 'xiaoming' without proof, marked unverified",
    r"agent +sees link and code; account disabled, factor not asked; disabled in AD, disabled in PingOne",
    r"desk +refuses: .*Nothing was done",
    r"agent +sees why they can't sign in: locked in AD, locked in PingOne, PingOne password locked after wrong tries",
    r"agent +unlocks: AD: unlocked; PingOne: unlocked; PingOne password: unlocked; Device .*: still locked",
    r"desk +writes nothing the second time: Nothing of the account was locked",
    r"agent +lets the account end: AD: set to end with \d+ \w+ \d{4}",
    r"agent +takes back what the desk had set: AD: set never to end",
    r"agent +asks for another password: AD: password set to be changed at the next sign-in",
    r"customer +types one that is too short: refused on the page, and nothing is written",
    r"agent +reads: AD: password set; PingOne: 1 session ended; .*Customer: told by mail",
    r"customer +shows the device once more, and the page goes on to the new password",
    r"agent +reads: PingOne: password set",
    r"agent +is not offered a reset: Both AD and PingOne keep a password .*password_authority",
    r"agent +sees: A device is registered, but none can be used now\.",
    r"customer +types the right code in a browser without passkeys; no device can be used",
    r"agent +is told: The caller cannot use any of their devices\. Nothing was approved\.",
    r"agent +sees recovery proof: link and code, no device",
    r"agent +sees: Magic link: not now: There is no mail address .*; Push to the app: a strong device alone",
    r"agent +sends a push to the app, and says the number \d\d",
    r"customer +finds that number in the app, and chooses it",
    r"agent +sees authentication: device alone \(strong\)",
    r"customer +did not call, and presses Deny in the app",
    r"agent +is warned: The request was denied on the phone\. Verification of this person is frozen",
    r"agent +is told: The line dropped, so link and verification have ended\.",
    r"customer +did not call, and says so",
    r"agent +disables 'bruno' while PingOne takes no write: half done\. AD: disabled; PingOne: not disabled",
    r"agent +is told: Customer: not told yet\. .*csrdesk tries again until",
    r"customer +reads a moment later that the desk has disabled the account",
    r"agent +tries again: AD: was disabled already, nothing written; PingOne: disabled",
    r"agent +sees: PingOne cannot be asked, so nobody can be verified now\.",
    r"agent +closes what can be closed: AD: disabled; PingOne: not disabled",
    r"agent +looks them up again: AD: was disabled already, nothing written; PingOne: disabled",
    r"agent +sees in the list of calls: .*, an act was interrupted, 1 unknown",
    r"agent +takes it up; what nobody saw is read back: AD: disabled; PingOne: disabled",
    r"agent +takes it up: AD: enabled; PingOne: not enabled\. csrdesk stopped before it was done",
    r"agent +tries again, in the call that is still verified: PingOne: enabled",
    r"agent +disables a list of 5, which settings allow: 4 disabled, .*'tomas' is protected and refused",
    r"agent +takes the list back: 4 enabled",
    r"desk +has \d+ audit rows .*every intent has its outcome",
    r"desk +verifies its audit: \d+ rows are as they were written; \d+ signed checkpoints agree",
    r"desk +is given a copy that was cut before row (\d+): The rows from \1 on were cut off\.",
    r"desk +is given a copy in which row 3 names somebody else: Row 3 was altered after it was written\.",
    r"end +Everything was as expected: \d+ steps\.",
)


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """A line of `--json`."""

    step: int
    who: str
    text: str
    ok: bool


def files_of(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob("*") if not path.is_dir()]


async def played(folder: Path, *words: str) -> tuple[str, int]:
    """What the demo said, and its process group; it must end 0 without a word of complaint."""
    process = await asyncio.create_subprocess_exec(
        CSRDESK,
        "demo",
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(folder)},
        start_new_session=True,
    )
    out, err = await asyncio.wait_for(process.communicate(), 180)
    assert (process.returncode, err.decode()) == (0, ""), out.decode()
    return out.decode(), process.pid


async def test_without_a_terminal_the_demo_plays_the_whole_story_and_ends_0(tmp_path: Path) -> None:
    out, _ = await played(tmp_path)
    assert re.search(".*".join(STORY), out, re.DOTALL), out


async def test_a_played_demo_tells_scripts_one_object_a_line(tmp_path: Path) -> None:
    out, _ = await played(tmp_path, "--json")
    lines = [msgspec.json.decode(line, type=Line) for line in out.splitlines()]
    assert {line.who for line in lines} == {"scene", "agent", "customer", "scanner", "desk", "end"}
    assert all(line.ok for line in lines)
    assert [line.step for line in lines] == sorted(line.step for line in lines)
    assert lines[-1].text == f"Everything was as expected: {lines[-1].step} steps."


async def test_a_played_demo_leaves_no_folder_process_or_port_behind(tmp_path: Path, home: Path) -> None:
    record = tmp_path / "exchanges.jsonl"
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    _, group = await played(temporary, "--play", "--record", str(record))
    assert files_of(temporary) == files_of(home) == []
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)
    lines = record.read_text("utf-8").splitlines()
    ports = {urlsplit(msgspec.json.decode(line)["url"]).port for line in lines}
    assert len(ports) == 1
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port or 0), timeout=2)


async def test_r_16_a_recording_of_the_demo_holds_no_secret_token_passcode_or_spoken_code(tmp_path: Path) -> None:
    record = tmp_path / "exchanges.jsonl"
    codes: list[str] = []

    async def one_more_link(on_stage: Stage) -> AsyncIterator[Step]:
        """A link whose code this test knows."""
        call = await call_of(on_stage)
        await call.look_up(people.EMAIL_ELSEWHERE)
        codes.append(await call.send_link())
        yield Step("agent", "sends a link")

    async with stage(record) as on_stage:
        teller = Teller(as_json=False, out=(told := io.StringIO()))
        for scene in (verified_call, one_more_link):
            assert await teller.tell(scene, on_stage), told.getvalue()
        secrets = [on_stage.box.settings().client_secret, *(sent.code for sent in on_stage.box.world.passcodes)]
        links = [link for mail in on_stage.box.world.mails for link in re.findall(r"/v/(\S+)", mail.text)]
    text = record.read_text("utf-8")
    assert record.stat().st_mode & 0o777 == 0o600
    assert '"otp":"***"' in text
    assert '"authorization":"Bearer ***"' in text
    assert re.search(r"eyJ[\w-]+\.", text) is None
    assert len(links) >= 2
    for secret in (*secrets, *links, *codes):
        # An id may hold the same six digits by chance, but not as a value of its own.
        assert re.search(rf"(?<![0-9a-f-]){re.escape(secret)}(?![0-9a-f-])", text) is None


async def looks_up_nobody(on_stage: Stage) -> AsyncIterator[Step]:
    """Somebody who is not there."""
    call = await Call.begin(on_stage.desk.session(on_stage.desk.agent))
    await call.look_up("nobody.at.all")
    yield Step("agent", "looks somebody up")
    expect(call.view.prompt is None, True, "the screen")


async def never_told(_: Stage) -> AsyncIterator[Step]:
    """Comes after the difference."""
    yield Step("agent", "should not be heard")


async def reads_another_page(_: Stage) -> AsyncIterator[Step]:
    """The page says something else."""
    yield Step("customer", "opens the page")
    raise DifferenceError("'welcome' is not on the page")


@pytest.mark.parametrize("scene", [looks_up_nobody, reads_another_page])
async def test_a_demo_that_differs_says_where_and_ends_non_zero(scene: Scene) -> None:
    told = io.StringIO()
    teller = Teller(as_json=True, out=told)
    async with stage() as on_stage:
        assert not await teller.tell(scene, on_stage)
    assert teller.finish() == 1
    lines = [msgspec.json.decode(line, type=Line) for line in told.getvalue().splitlines()]
    assert [line.who for line in lines[-2:]] == ["failed", "end"]
    assert not lines[-1].ok
    assert lines[-1].text.startswith("Not as expected: ")


async def test_a_played_demo_stops_at_the_first_difference_and_gives_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert await play(scenes=(reads_another_page, never_told)) == 1
    told = capsys.readouterr().out
    assert "opens the page" in told
    assert "should not be heard" not in told
