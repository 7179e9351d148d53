"""A list of accounts, as the command that people type, against a real controller and the sandbox's PingOne."""

from __future__ import annotations

import asyncio
import csv
import getpass
import os
from pathlib import Path
from typing import Any

import msgspec

from csrdesk.sandbox import Options, Sandbox, people
from csrdesk.wiring.trial import OtherDirectory, write_settings
from tests.ad.controller import Controller
from tests.ad.people import PASSWORD, SERVICE
from tests.cli.conftest import CSRDESK, change

DISABLED = 2
"""The bit of `userAccountControl` ([MS-ADTS] 2.2.16)."""
LEAVERS = (people.ONE_DEVICE, people.SEVERAL_DEVICES, people.ONLY_PINGONE)


def is_disabled(dc: Controller, username: str) -> bool:
    return bool(int(dc.value(people.person(username).sam_account_name, "userAccountControl")) & DISABLED)


def settings_in(folder: Path, box: Sandbox, dc: Controller) -> Path:
    keys: dict[str, object] = {
        "kind": "ad",
        "controllers": [dc.url],
        "ca_file": str(dc.ca_file),
        "user": f"{SERVICE}@csrdesk.test",
    }
    path = write_settings(box.settings(), folder, directory=OtherDirectory(keys, PASSWORD))
    change(path, "[desk]\n", f'[desk]\nbulk_identities = ["{getpass.getuser()}"]\nbulk_restore = true\n')
    return path


async def ran(settings: Path, act: str, result: str) -> tuple[int, dict[str, Any]]:
    why = ("--reason", "left the company", "--ticket", "HR-7", "--yes", "--json")
    process = await asyncio.create_subprocess_exec(
        *(CSRDESK, "user", act, "--from", "list.csv", "--result", result, *why),
        cwd=settings.parent,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"CSRDESK_CONFIG": str(settings)},
    )
    out, _ = await asyncio.wait_for(process.communicate(), 180)
    return process.returncode or 0, msgspec.json.decode(out, type=dict[str, Any])["data"]


def results(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["identifier"]: row for row in csv.DictReader(file)}


async def test_a_list_is_disabled_in_active_directory_and_taken_back(tmp_path: Path, dc: Controller) -> None:
    async with Sandbox(Options()) as box:
        settings = settings_in(tmp_path, box, dc)
        (tmp_path / "list.csv").write_text("\n".join((*LEAVERS, people.PROTECTED)) + "\n", "utf-8")
        code, data = await ran(settings, "disable", "out.csv")
        assert (code, data["done"], data["refused"]) == (8, 3, 1), data
        told = results(tmp_path / "out.csv")
        assert "AD: disabled" in told[people.ONE_DEVICE]["what"]
        assert "AD" not in told[people.ONLY_PINGONE]["what"]
        try:
            both = (people.ONE_DEVICE, people.SEVERAL_DEVICES)
            assert [is_disabled(dc, name) for name in both] == [True, True]
            assert not is_disabled(dc, people.PROTECTED)
        finally:
            code, data = await ran(settings, "enable", "back.csv")
        assert (code, data["done"]) == (8, 3), data
        assert [is_disabled(dc, name) for name in both] == [False, False]
