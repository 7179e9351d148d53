"""Three calls at once in a real terminal, and the console killed: one of them is taken up, verified as it was."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from pathlib import Path

import pytest
from playwright.async_api import Browser

from csrdesk.sandbox import Sandbox, people
from tests.cli.conftest import CSRDESK
from tests.e2e.conftest import csrdesk
from tests.e2e.customer import AtBrowser
from tests.e2e.screens import code_of
from tests.e2e.tmux import Tmux

pytestmark = [pytest.mark.needs("chromium", "tmux"), pytest.mark.asyncio(loop_scope="session")]


def folder(parent: Path, name: str) -> Path:
    found = parent / name
    found.mkdir()
    return found


def running(settings: Path) -> int:
    """The process that has the desk's calls: it holds a lock of its own in the data folder."""
    (lock,) = (settings.parent / "data" / "running").iterdir()
    return next(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and holds(entry, lock))


def holds(process: Path, lock: Path) -> bool:
    try:
        return any(entry.readlink() == lock for entry in (process / "fd").iterdir())
    except OSError:  # somebody else's, or gone meanwhile
        return False


async def look_up(console: Tmux, who: str) -> None:
    await console.shows("User name, mail address")
    await console.type(who)
    await console.press("Enter")
    await console.shows("Number ends")


async def send(console: Tmux) -> str:
    """Send the link; the code to say."""
    await console.press("l")
    await console.shows("Link goes to")
    await console.press("s")
    return code_of(await console.shows("Say this code"))


async def three_calls(console: Tmux, browser: Browser, mailbox: str) -> None:
    """One caller verified, one with a link on the way, one looked up."""
    await console.shows("Connected")
    await look_up(console, people.ONE_DEVICE)
    code = await send(console)
    async with AtBrowser(browser, mailbox, "ada@mail.example") as ada:
        await ada.follow_link()
        await ada.type_code(code)
        await ada.type_passcode()
    await console.shows("CALLER VERIFIED")
    await console.press("C-n")
    await look_up(console, people.TOTP)
    await send(console)
    await console.press("C-n")
    await look_up(console, people.ONLY_PASSKEY)
    await console.press("F2")
    await console.shows("Your open calls.*link sent, waiting for the code")


async def choose(console: Tmux, listed: str, name: str) -> None:
    found = re.search(rf"(\d) .{{2}}{name}", listed)
    assert found, listed
    await console.press(found[1])
    await console.press("Enter")


async def test_of_three_calls_one_is_taken_up_after_a_kill_and_its_caller_is_still_verified(
    box: Sandbox, settings: Path, tmp_path: Path, browser: Browser
) -> None:
    environment = {"HOME": os.environ["HOME"], "CSRDESK_CONFIG": str(settings), "TZ": "UTC"}
    linked, looked_up = (box.world.user(who).family for who in (people.TOTP, people.ONLY_PASSKEY))
    async with Tmux(folder(tmp_path, "one"), CSRDESK, columns=80, lines=24, environment=environment) as console:
        await three_calls(console, browser, box.settings().mailbox_url)
        os.kill(running(settings), signal.SIGKILL)
        assert await console.ended() != 0
    async with Tmux(folder(tmp_path, "two"), CSRDESK, columns=80, lines=24, environment=environment) as console:
        listed = await console.shows("Your open calls.*Ada Lindqvist")
        for words in (
            "Ada Lindqvist +take up: verified +1[0-4]:[0-5][0-9] left",
            f"{linked} +take up: link sent",
            f"{looked_up} +take up: not verified",
        ):
            assert re.search(words, listed), listed
        await choose(console, listed, "Ada Lindqvist")
        assert "Ada Lindqvist" in await console.shows("CALLER VERIFIED until")
        await console.press("d")
        await console.shows("Disable this account")
        await console.type("taken up after the kill")
        await console.press("C-s")
        await console.shows("AD: disabled.*PingOne: disabled")
        await console.press("F2")
        await choose(console, await console.shows("Your open calls.*take up: link sent"), f".*{linked}")
        await console.shows("That link was ended")
        await console.press("C-q")
        await console.shows("Keep and leave")
        await console.press("k")
        assert await console.ended() == 0
    assert not box.world.user(people.ONE_DEVICE).enabled
    ran = await csrdesk(settings, "audit", "list", "--limit", "200", "--json")
    assert [row["details"]["links"] for row in ran.data if row["action"] == "call.resumed"] == [0, 1]
    assert (await csrdesk(settings, "audit", "verify")).code == 0


async def test_two_consoles_on_one_call_show_the_same_and_send_one_link(
    box: Sandbox, settings: Path, tmp_path: Path
) -> None:
    environment = {"HOME": os.environ["HOME"], "CSRDESK_CONFIG": str(settings), "TZ": "UTC"}
    one = Tmux(folder(tmp_path, "one"), CSRDESK, columns=80, lines=24, environment=environment)
    two = Tmux(folder(tmp_path, "two"), CSRDESK, columns=80, lines=24, environment=environment)
    async with one, two:
        await one.shows("Connected")
        await look_up(one, people.ONE_DEVICE)
        await one.press("l")
        await one.shows("Link goes to")
        await two.shows("Connected")
        await two.press("F2")
        listed = await two.shows("Ada Lindqvist +not verified, in another console")
        await choose(two, listed, "Ada Lindqvist")
        await two.shows("Link goes to")
        await asyncio.gather(one.press("s"), two.press("s"))
        shown = await asyncio.gather(one.shows("Say this code"), two.shows("Say this code"))
        assert code_of(shown[0]) == code_of(shown[1])
        await one.press("x")
        await two.shows("Magic link")
    assert len(box.world.mails) == 1
