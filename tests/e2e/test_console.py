"""The whole call in a real terminal, by keyboard alone, at both sizes; the customer sits at a real Chromium."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.cli.conftest import CSRDESK
from tests.e2e.customer import AtBrowser
from tests.e2e.screens import code_of, fills, readable
from tests.e2e.tmux import Tmux

pytestmark = [pytest.mark.needs("chromium", "tmux"), pytest.mark.asyncio(loop_scope="session")]
SIZES = pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40)], ids=["80x24", "120x40"])


def left_in(folder: Path) -> list[str]:
    """What csrdesk left of its temporary folders."""
    return [path.name for path in folder.iterdir() if path.name.startswith("csrdesk")]


@SIZES
async def test_a_whole_call_takes_at_most_12_keys_and_each_screen_is_readable(
    tmp_path: Path, browser: Browser, columns: int, lines: int
) -> None:
    environment = {"HOME": os.environ["HOME"], "TMPDIR": str(tmp_path), "TZ": "UTC"}
    async with Tmux(tmp_path, CSRDESK, "demo", columns=columns, lines=lines, environment=environment) as console:
        first = await readable(console, r"Connected.*/mailbox\b", "Caller not verified", "User name, mail")
        fills(first, columns, lines)
        mailbox = re.search(r"http://\S+/mailbox\b", first)
        assert mailbox
        await console.type("ada")
        await console.press("Enter")
        person = ("Ada Lindqvist", "a***@m***.example", "+44 *** *** 41")
        card = await readable(console, "Magic link", "Caller not verified", *person, "End call")
        assert not re.search("enabled|disabled|locked", card, re.IGNORECASE), "account state before verification"
        await console.press("l")
        await readable(console, "Link goes to", "a***@m***.example", "Send", "Cancel")
        await console.press("s")
        sent = await readable(console, "Say this code", "Reference", "left", "Accepted by the mail server")
        code = code_of(sent)
        async with AtBrowser(browser, mailbox[0], "ada@mail.example") as ada:
            await ada.follow_link()
            await readable(console, "Fetched", "Say this code")
            await ada.type_code(code)
            entered = await readable(console, "The code has been entered", "Page", "left")
            assert "Say this code" not in entered
            await ada.type_passcode()
            state = ("Ada Lindqvist", "Active Directory", "PingOne", "Why can't they sign in:  Nothing stops them.")
            proof = "link, code and device (weak)"
            await readable(console, "CALLER VERIFIED until", *state, proof, "Disable", "End call")
            await console.press("d")
            fields = ("Reason", "Ticket", "End every PingOne session")
            await readable(console, "Disable this account", "Ada Lindqvist, ada, a***@m***.example", *fields)
            await console.type("The phone was stolen")
            await console.press("C-s")
            done = ("AD: disabled", "PingOne: disabled", "PingOne: 2 sessions ended")
            await readable(console, "sessions ended", *done, "CALLER VERIFIED")
            await console.press("Enter")
            await readable(console, "disabled in AD; disabled in PingOne", "DISABLED", "Enable", "End call")
        await console.press("e")
        await readable(console, "The call is over", "Caller not verified", "Next call")
        assert console.keys <= 12
        await console.press("q")
        assert await console.ended() == 0
    assert left_in(tmp_path) == []


@SIZES
async def test_what_goes_wrong_is_said_on_the_screen_and_the_call_goes_on(
    tmp_path: Path, columns: int, lines: int
) -> None:
    environment = {"HOME": os.environ["HOME"], "TMPDIR": str(tmp_path), "TZ": "UTC"}
    async with Tmux(tmp_path, CSRDESK, "demo", columns=columns, lines=lines, environment=environment) as console:
        await console.shows("Connected")
        await console.press("Enter")
        await readable(console, "Type something that finds the caller's account")
        await console.paste("x" * 10_000)
        await readable(console, "At most 256 characters fit here")
        for typed, said in (
            ("x" * 256, "PingOne knows nobody by that"),
            ("ravi", "only in AD, so PingOne cannot verify"),
            ("*)(uid=*\\", "PingOne knows nobody by that"),
        ):
            await console.type(typed)
            await console.press("Enter")
            await readable(console, said)
            await console.press("C-u")
        await console.type("berg@family.example")
        await console.press("Enter")
        await readable(console, "Jonna Berg", "Jonas Berg", "number ends 50", "number ends 51")
        await console.press("a")
        await console.shows("User name, mail address")
        await console.type("wanjiru")
        await console.press("Enter")
        await readable(console, "v  Cannot verify", "Wanjirũ Kamau", "Not now", "none", "locked after")
        await console.press("v")
        await readable(console, "Nothing was done", "Not verified")
        await console.press("a")
        await console.shows("User name, mail address")
        await console.type("viktor")
        await console.press("Enter")
        hostile = await console.shows("Number ends.*F1 Help")
        assert "Vik<b onclick=alert(1)>tor</b>" in hostile  # markup is text, and so is what a terminal might obey
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", hostile)
        await console.press("C-q")
        await console.shows("End")
