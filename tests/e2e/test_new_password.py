"""A whole reset: the agent at a real terminal, the customer at a browser, and then a look at what was written."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from csrdesk.sandbox import Sandbox
from csrdesk.sandbox.digests import digest
from csrdesk.server import texts
from tests.cli.conftest import CSRDESK
from tests.e2e.conftest import csrdesk, serving
from tests.e2e.customer import AtBrowser
from tests.e2e.screens import code_of
from tests.e2e.test_secrets import processes_of, read, written_below
from tests.e2e.tmux import Tmux

pytestmark = [pytest.mark.needs("chromium", "tmux"), pytest.mark.asyncio(loop_scope="session")]
GOOD = "Winding-7-Lanes"
NARROW = 320
REFUSED = ("Kraken1", "Kraken-7-Lindqvist")
"""Too short; and with the name in it, which only the directory can tell."""


async def types(ada: AtBrowser, password: str) -> None:
    await ada.page.get_by_label(texts.CHOOSE_LABEL).fill(password)
    await ada.page.get_by_label(texts.CHOOSE_AGAIN).fill(password)
    await ada.page.get_by_role("button", name=texts.CHOOSE_SET).click()


async def chooses(ada: AtBrowser) -> float:
    """What is refused here and there, then what is taken; the seconds until that is said."""
    assert await ada.page.evaluate("document.documentElement.scrollWidth") <= NARROW
    await types(ada, REFUSED[0])
    await expect(ada.page.locator("#rules .unmet")).to_have_text("At least 8 characters")
    await types(ada, REFUSED[1])
    await expect(ada.page.get_by_role("alert")).to_contain_text("must not contain your name")
    began = time.monotonic()
    await types(ada, GOOD)
    await ada.heading(texts.CHANGED_TITLE)
    return time.monotonic() - began


async def test_r_16_a_reset_in_the_page_that_verified_leaves_the_password_nowhere_but_where_it_belongs(
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
        async with AtBrowser(browser, box.settings().mailbox_url, "ada@mail.example") as ada:
            await ada.page.set_viewport_size({"width": NARROW, "height": 640})
            await ada.follow_link()
            await ada.type_code(code)
            await ada.type_passcode()
            panes["verified"] = await console.shows("CALLER VERIFIED")
            assert re.search(r"\bw +Reset\b", panes["verified"])
            await console.press("w")
            panes["asked first"] = await console.shows("Reason")
            await console.type("Forgot it on holiday")
            await console.press("C-s")
            panes["waiting"] = await console.shows("The caller's page shows it")
            # The page that verified asks by itself: no new mail, code or factor, and nothing to press.
            await expect(ada.page.get_by_label(texts.CHOOSE_LABEL)).to_be_visible(timeout=30_000)
            running = processes_of(settings)
            took = await chooses(ada)
        panes["set"] = await console.shows("AD: password set")
        assert "PingOne: 2 sessions ended" in panes["set"]
        await console.press("Enter")
        panes["after"] = await console.shows("Changed   today")
        await console.press("e")
        await console.shows("The call is over")
        assert console.keys <= 14
        panes["history"] = await console.history()
        audit = await csrdesk(settings, "audit", "list", "--json")

    entry = box.world.entry("ada")
    assert entry.passwords[-1] == digest(entry.first("objectGUID"), GOOD)
    assert (len(box.world.passcodes), len([mail for mail in box.world.mails if "/v/" in mail.text])) == (1, 1)
    assert took < 5, "a busy machine, and still far from a customer's patience"
    places = {f"process {pid}": seen for pid, seen in running.items()} | {
        f"pane {name}": pane for name, pane in panes.items()
    }
    places |= written_below(settings.parent / "data", home) | {"audit": audit.out}
    places |= {"recording": read(tmp_path / "exchanges.jsonl")}
    assert {"desk.sqlite3", "csrdesk.log"} <= {Path(name).name for name in places}
    assert "ad.set_password" in places["audit"]
    assert "Forgot it on holiday" in places[str(settings.parent / "data" / "desk.sqlite3")] + places["audit"]
    wide = ["\0".join(word) for word in (GOOD, "Kraken")]  # as `unicodePwd` has it
    assert [place for place, text in places.items() if re.search("|".join([GOOD, "Kraken", *wide]), text)] == []
