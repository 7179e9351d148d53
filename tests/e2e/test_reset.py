"""A forgotten password in a real terminal and a real Chromium: few keys there, and nothing twice here."""

from __future__ import annotations

import os
import re
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser

from csrdesk.sandbox.password_cast import EXTERNAL_ALLOWED
from csrdesk.server import texts
from tests.cli.conftest import CSRDESK
from tests.e2e.customer import AtBrowser
from tests.e2e.screens import code_of, fills, readable
from tests.e2e.tmux import Tmux

pytestmark = [pytest.mark.needs("chromium", "tmux"), pytest.mark.asyncio(loop_scope="session")]
NEW = "Seven teal otters, 2 boats"


async def things(mailbox: str, kind: str) -> list[dict[str, str]]:
    """What reached the customer so far: mails or passcodes."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{mailbox}.json", params={"to": f"{EXTERNAL_ALLOWED}@mail.example"})
    found: list[dict[str, str]] = answer.json()[kind]
    return found


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_a_reset_takes_at_most_14_keys_and_the_customer_1_mail_1_code_and_1_factor(
    tmp_path: Path, browser: Browser, columns: int, lines: int
) -> None:
    environment = {"HOME": os.environ["HOME"], "TMPDIR": str(tmp_path), "TZ": "UTC"}
    async with Tmux(tmp_path, CSRDESK, "demo", columns=columns, lines=lines, environment=environment) as console:
        first = await console.shows(r"Connected.*/mailbox\b")
        mailbox = re.search(r"http://\S+/mailbox\b", first)
        assert mailbox
        await console.type(EXTERNAL_ALLOWED)
        await console.press("Enter")
        await console.shows("Magic link")
        await console.press("l")
        await console.shows("Link goes to")
        await console.press("s")
        code = code_of(await console.shows("Say this code"))
        async with AtBrowser(browser, mailbox[0], f"{EXTERNAL_ALLOWED}@mail.example") as bea:
            await bea.follow_link()
            await bea.type_code(code)
            passcode = await bea.type_passcode()
            await readable(console, "CALLER VERIFIED", "Reset", "Reload", "Back", "End call")
            await console.press("w")
            confirm = await readable(
                console, "Let the caller set a new password", "Reason", "Nobody at the desk types it"
            )
            fills(confirm, columns, lines)
            await console.type("Forgot it on holiday")
            await console.press("C-s")
            waits = await readable(console, "A new password, set in AD", "CALLER VERIFIED", "Own link", "Cancel")
            assert "Reference" in waits
            # The page that verified comes to the question by itself.
            await bea.heading(texts.CHOOSE_TITLE, seconds=15)
            await console.shows(r"\[x\] The caller's page shows it")
            await bea.page.get_by_label(texts.CHOOSE_LABEL, exact=True).fill(NEW)
            await bea.page.get_by_label(texts.CHOOSE_AGAIN).fill(NEW)
            await bea.page.get_by_role("button", name=texts.CHOOSE_SET).click()
            await bea.heading(texts.CHANGED_TITLE)
        notice = await readable(console, "AD: password set", "PingOne: 1 session ended", "New password")
        assert NEW not in notice
        await console.press("Enter")
        await console.shows("Why can't they sign in")
        await console.press("e")
        await console.shows("The call is over")
        assert console.keys <= 14
        assert NEW not in await console.history()
        mails = await things(mailbox[0], "mails")
        assert [mail["subject"].partition(",")[0] for mail in mails] == [
            "Password Changed",
            "Magic Link Authentication",
        ]
        assert [one["code"] for one in await things(mailbox[0], "passcodes")] == [passcode]
        await console.press("q")
        assert await console.ended() == 0
