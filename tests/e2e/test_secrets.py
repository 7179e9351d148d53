"""R-16 and R-02, end to end: a whole call of real processes, then a look everywhere that something is written."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser

from csrdesk.sandbox import Sandbox
from tests.cli.conftest import CSRDESK
from tests.e2e.conftest import csrdesk, serving
from tests.e2e.customer import AtBrowser
from tests.e2e.screens import code_of
from tests.e2e.tmux import Tmux

pytestmark = [pytest.mark.needs("chromium", "tmux"), pytest.mark.asyncio(loop_scope="session")]


def processes_of(settings: Path) -> dict[int, str]:
    """Arguments and environment of every process that works with these settings."""
    found = {}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            seen = (process / "cmdline").read_bytes() + b"\n" + (process / "environ").read_bytes()
        except OSError:  # it ended meanwhile
            continue
        if str(settings).encode() in seen:
            found[int(process.name)] = seen.decode("latin-1")
    return found


def written_below(*folders: Path) -> dict[str, str]:
    """What lies there, as text, byte by byte."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {str(path): path.read_bytes().decode("latin-1") for path in files}


def read(path: Path) -> str:
    return path.read_text("utf-8")


def secrets_of(box: Sandbox) -> dict[str, str]:
    """Those that the sandbox knows, by name."""
    at, world = box.settings(), box.world
    tokens = {token for mail in world.mails for token in re.findall(r"/v/([\w-]{20,})", mail.text)}
    assert len(tokens) == 1
    return {
        "client secret": at.client_secret,
        "directory password": at.directory_password,
        "mail password": at.smtp_password,
        "link token": tokens.pop(),
        "passcode": world.passcodes[-1].code,
    }


def holds(text: str, secret: str) -> bool:
    """Whether it stands there, also as an agent would write six digits; not as part of a longer number or id."""
    spaced = rf"{secret[:3]}[ -]?{secret[3:]}" if secret.isdigit() else re.escape(secret)
    return re.search(rf"(?<![0-9a-fA-F.-]){spaced}(?![0-9a-fA-F])", text) is not None


async def test_r_16_after_a_whole_call_no_token_code_passcode_or_secret_is_written_anywhere(
    settings: Path, browser: Browser, box: Sandbox, tmp_path: Path, home: Path
) -> None:
    environment = {"HOME": str(home), "CSRDESK_CONFIG": str(settings), "TZ": "UTC"}
    panes: dict[str, str] = {}
    async with serving(settings), Tmux(tmp_path, CSRDESK, columns=80, lines=24, environment=environment) as console:
        await console.shows("Connected")
        await console.type("ada")
        await console.press("Enter")
        await console.shows("Magic link")
        await console.press("l")
        await console.shows("Link goes to")
        await console.press("s")
        code = code_of(await console.shows("Say this code"))
        running = processes_of(settings)
        async with AtBrowser(browser, box.settings().mailbox_url, "ada@mail.example") as ada:
            await ada.follow_link()
            await ada.type_code("000000" if code != "000000" else "111111")
            await console.shows("4 (codes|tries|more)|[Ww]rong code")
            await ada.type_code(code)
            panes["once the code was right"] = await console.shows("The code has been entered")
            await ada.type_passcode()
            panes["verified"] = await console.shows("CALLER VERIFIED")
        running |= processes_of(settings)
        await console.press("d")
        await console.shows("Disable this account")
        await console.type("The phone was stolen")
        await console.press("C-s")
        await console.shows("sessions ended")
        await console.press("Enter")
        await console.shows("disabled in AD")
        await console.press("e")
        await console.shows("The call is over")
        panes["history"] = await console.history()
        audit = await csrdesk(settings, "audit", "list", "--json")
        calls = await csrdesk(settings, "call", "list", "--all", "--json")

    secrets = secrets_of(box) | {"spoken code": code}
    assert len(running) >= 2, "serve and console"
    places = {f"process {pid}": seen for pid, seen in running.items()}
    places |= {f"pane, {when}": pane for when, pane in panes.items()}
    places |= written_below(settings.parent / "data", home) | {"audit": audit.out, "calls": calls.out}
    places |= {"settings": read(settings), "recording": read(tmp_path / "exchanges.jsonl")}
    assert {"desk.sqlite3", "csrdesk.log"} <= {Path(name).name for name in places}
    assert '"otp":"***"' in places["recording"]
    assert "pingone.set_enabled" in places["audit"]
    found = [f"{name} in {place}" for place, text in places.items() for name, it in secrets.items() if holds(text, it)]
    assert found == []
    assert not [place for place, text in places.items() if re.search(r"eyJ[\w-]{20,}\.eyJ", text)], "an access token"
    # And the search finds what is there: the secrets' own files, and the mail.
    kept = written_below(settings.parent)
    assert sum(holds(text, it) for text in kept.values() for it in secrets.values()) == 3
    assert holds(box.world.mails[0].text, secrets["link token"])
