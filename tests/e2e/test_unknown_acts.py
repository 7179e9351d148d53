"""The console's start after a crash: what was begun and has no outcome on record is said on the first screen."""

from __future__ import annotations

import os
import re
import sqlite3
from pathlib import Path

import pytest

from csrdesk.sandbox import Sandbox, people
from tests.cli.conftest import CSRDESK
from tests.e2e.conftest import csrdesk
from tests.e2e.tmux import Tmux

pytestmark = [pytest.mark.needs("tmux"), pytest.mark.asyncio(loop_scope="session")]


async def test_r_62_the_console_says_at_its_start_that_nobody_knows_how_an_act_ended(
    box: Sandbox, settings: Path, tmp_path: Path
) -> None:
    words = ("--protective", "--reason", "r", "--ticket", "t", "--yes")
    assert (await csrdesk(settings, "user", "disable", people.TOTP, *words)).code == 0
    with sqlite3.connect(settings.parent / "data" / "desk.sqlite3") as connection:
        # As a kill between the intent and its outcome leaves it.
        connection.execute("INSERT INTO open_intents SELECT key, seq FROM audit WHERE kind = 'intent' LIMIT 1")
    connection.close()
    environment = {"HOME": os.environ["HOME"], "CSRDESK_CONFIG": str(settings)}
    async with Tmux(tmp_path, CSRDESK, columns=80, lines=24, environment=environment) as console:
        await console.shows(r"1 act was begun and nobody.*audit list.*--unknown")
        # The mailbox that a sandbox's settings name stands in the last line: what the customer gets is found there.
        await console.shows(rf"User name, mail address[\s\S]*Demo mail {re.escape(box.settings().mailbox_url)}")
        await console.press("C-q")
