"""`csrdesk login`, `logout`, `whoami`, as programs of their own with a browser, a keyring and a sandbox beside them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

import httpx
import pytest

from csrdesk.cli import browsing
from csrdesk.cli.exits import Exit
from csrdesk.sandbox import Sandbox
from csrdesk.sandbox.staff import AGENT, LEAD
from tests.cli.conftest import Ran, change
from tests.cli.terminal import Terminal

ROOT = Path(__file__).parents[2]
Csrdesk = Callable[..., Coroutine[None, None, Ran]]


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that stands for the system's keyring."""
    path = tmp_path / "keyring.json"
    monkeypatch.setenv("TEST_KEYRING", str(path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.cli.file_keyring.FileKeyring")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return path


def browses_as(monkeypatch: pytest.MonkeyPatch, who: str) -> None:
    monkeypatch.setenv("BROWSER", f"{sys.executable} {Path(__file__).with_name('signs_on.py')} {who!r} %s")


def held(ring: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(ring.read_text("utf-8")) if ring.exists() else {}
    return found


async def test_an_agent_signs_in_is_known_and_signs_out(
    csrdesk: Csrdesk, ring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browses_as(monkeypatch, LEAD)
    ran = await csrdesk("login", "--json")
    assert ran.code == Exit.OK, ran.err
    assert (ran.data["username"], ran.data["kept"]) == (LEAD, "keyring")
    assert "Sign in with the browser that opens" in ran.err
    who = await csrdesk("whoami", "--json")
    assert (who.data["name"], who.data["groups"], who.data["reached"]) == ("Petra Kowalska", ["Help desk leads"], True)
    assert "eyJ" not in ran.out + ran.err + who.out + who.err
    out = await csrdesk("logout")
    assert (out.code, out.out) == (Exit.OK, "Petra Kowalska (petra) is signed out.\n")
    assert held(ring) == {}
    assert (await csrdesk("logout")).out == "Nobody was signed in.\n"


async def test_whoever_cancels_is_not_signed_in_and_the_code_says_so(
    csrdesk: Csrdesk, ring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browses_as(monkeypatch, "")
    ran = await csrdesk("login")
    assert ran.code == Exit.CREDENTIALS
    assert "cancelled" in ran.err
    assert held(ring) == {}


async def test_signing_in_again_ends_the_sign_in_before(
    csrdesk: Csrdesk, ring: Path, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    browses_as(monkeypatch, AGENT)
    assert (await csrdesk("login")).code == Exit.OK
    (first,) = box.provider.sign_ons.refreshes.values()
    browses_as(monkeypatch, LEAD)
    assert (await csrdesk("login")).code == Exit.OK
    assert first.over
    assert held(ring)
    assert LEAD in (await csrdesk("whoami")).out


async def test_who_it_is_is_said_without_a_network_and_said_to_be_unasked(
    csrdesk: Csrdesk, ring: Path, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    browses_as(monkeypatch, AGENT)
    assert (await csrdesk("login")).code == Exit.OK
    let_the_token_end(ring)
    box.faults.add(path="/as/", cut=True)
    ran = await csrdesk("whoami")
    assert ran.code == Exit.OK
    assert "Oskar Nyström (oskar)" in ran.out
    assert "nobody was asked whether it still counts" in ran.err


def let_the_token_end(ring: Path) -> None:
    """As it is a quarter of an hour later."""
    pieces = held(ring)
    head = next(name for name in pieces if "." not in name)
    counted = json.loads(pieces[head])
    names = [f"{head}.{counted['turn']}{number}" for number in range(counted["pieces"])]
    whole = re.sub(r'"access_ends":[\d.]+', '"access_ends":1.0', "".join(pieces[name] for name in names))
    digest = hashlib.sha256(whole.encode()).hexdigest()
    ring.write_text(json.dumps({names[0]: whole, head: json.dumps(counted | {"pieces": 1, "digest": digest})}), "utf-8")


async def test_logging_out_without_the_service_says_what_is_left(
    csrdesk: Csrdesk, ring: Path, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    browses_as(monkeypatch, AGENT)
    assert (await csrdesk("login")).code == Exit.OK
    box.faults.add(path="/as/", status=503)
    ran = await csrdesk("logout")
    assert ran.code == Exit.OUTSIDE
    assert "You are signed out here, but" in ran.err
    assert held(ring) == {}


async def test_a_sign_in_for_one_command_is_kept_nowhere(
    csrdesk: Csrdesk, ring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browses_as(monkeypatch, LEAD)
    ran = await csrdesk("login", "--once", "--", "whoami", "--json")
    assert ran.code == Exit.OK, ran.err
    assert ran.data["username"] == LEAD
    assert held(ring) == {}


async def test_without_a_keyring_nobody_signs_in_in_vain(csrdesk: Csrdesk, monkeypatch: pytest.MonkeyPatch) -> None:
    browses_as(monkeypatch, LEAD)
    ran = await csrdesk("login")
    assert ran.code == Exit.USAGE
    assert "csrdesk login --once COMMAND" in ran.err
    assert "CSRDESK_TOKEN_FILE" in ran.err
    assert "Sign in with the browser" not in ran.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("login", "--", "whoami"), Exit.USAGE, "--once"),
        (("login", "nonsense"), Exit.USAGE, "--once"),
    ],
)
async def test_a_command_alone_is_not_signed_in_for(
    csrdesk: Csrdesk, ring: Path, words: tuple[str, ...], code: Exit, said: str
) -> None:
    ran = await csrdesk(*words)
    assert ran.code == code
    assert said in ran.err
    assert held(ring) == {}


async def test_where_nobody_signs_in_the_machines_account_is_named(
    csrdesk: Csrdesk, settings: Path, ring: Path
) -> None:
    change(settings, "issuer = ", "timeout_seconds = 5\n# issuer = ")
    who = await csrdesk("whoami", "--json")
    assert who.data["signs_in"] is False
    ran = await csrdesk("login")
    assert ran.code == Exit.USAGE
    assert "sign_in.issuer" in ran.err
    assert held(ring) == {}


async def test_a_script_needs_no_person(
    csrdesk: Csrdesk, box: Sandbox, settings: Path, tmp_path: Path, ring: Path
) -> None:
    at, file = box.settings().sign_in, tmp_path / "script-secret"
    file.write_text(at.script_client_secret)
    file.chmod(0o600)
    change(settings, at.client_id, f'{at.script_client_id}"\nclient_secret_file = "{file}')
    who = await csrdesk("whoami", "--json")
    assert who.data["username"] == at.script_client_id
    ran = await csrdesk("login")
    assert ran.code == Exit.REFUSED
    assert "nobody needs to" in ran.err
    assert held(ring) == {}


async def test_a_code_is_shown_large_and_as_a_picture_and_ctrl_c_ends_the_waiting(
    settings: Path, box: Sandbox, ring: Path
) -> None:
    async with Terminal(settings, "login", talk_here=True) as terminal:
        await terminal.shows(r"There is no browser here")
        code = await terminal.shows(r"type:   \[ ((?:[B-Z] ){4}- (?:[B-Z] ){3}[B-Z]) \]")
        await terminal.shows(r"Waiting for you: 9:\d\d left")
        terminal.type("\x03")
        assert await terminal.process.wait() == Exit.INTERRUPTED
    (waiting,) = box.provider.sign_ons.devices.values()
    assert code[1].replace(" ", "") == waiting.user_code
    rows = re.findall(r"\x1b\[97;40m([█▀▄ ]+)\x1b\[0m", terminal.screen)
    assert (len(rows), {len(row) for row in rows}) == (21, {41}), "it fits 80 columns and 24 lines with the words"
    assert terminal.screen.endswith("\r\x1b[K"), "the line is taken away"
    assert "Traceback" not in terminal.screen
    assert held(ring) == {}


async def test_a_code_that_is_typed_elsewhere_signs_an_agent_in(csrdesk: Csrdesk, box: Sandbox, ring: Path) -> None:
    running = asyncio.create_task(csrdesk("login", "--device"))
    while not (waiting := list(box.provider.sign_ons.devices.values())):  # noqa: ASYNC110 - of another process
        await asyncio.sleep(0.05)
    async with httpx.AsyncClient(timeout=30) as browser:
        go = f"{box.settings().auth_url}/{box.settings().environment_id}/device/go"
        await browser.post(go, data={"user_code": waiting[0].user_code, "agent": AGENT})
    ran = await running
    assert ran.code == Exit.OK, ran.err
    assert f"[ {' '.join(waiting[0].user_code)} ]" in ran.err
    assert "\x1b" not in ran.err, "nobody watches"
    assert held(ring)


def test_a_browser_is_opened_only_where_somebody_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    assert browsing.browser_here() is None
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")
    assert browsing.browser_here() is None
