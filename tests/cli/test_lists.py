"""`csrdesk user disable --from FILE` and its kin, as programs of their own against a running sandbox."""

from __future__ import annotations

import csv
import os
import pwd
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from csrdesk.sandbox import Sandbox
from csrdesk.sandbox.crowd import crowd
from tests.cli.conftest import Ran, change

Csrdesk = Callable[..., Awaitable[Ran]]
ME = pwd.getpwuid(os.getuid()).pw_name
WHY = ("--reason", "left the company", "--ticket", "HR-7")
NAMES = [person.username for person in crowd()]


@pytest.fixture(autouse=True)
def named(settings: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Settings name this account for lists, and it works in a folder of its own."""
    change(settings, "[desk]\n", f'[desk]\nbulk_identities = ["{ME}"]\n')
    change(settings, "[pingone]\n", "[pingone]\nrequests_per_second = 2000.0\n")
    monkeypatch.chdir(tmp_path)


def results(path: str = "leavers.result.csv") -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def mode(path: str) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)


def write(text: str, path: str = "leavers.csv") -> str:
    Path(path).write_text(text, "utf-8")
    return path


def enabled(box: Sandbox, username: str) -> bool:
    return bool(box.world.user(username).enabled)


async def test_a_list_is_disabled_in_both_directories_and_told_line_by_line(box: Sandbox, csrdesk: Csrdesk) -> None:
    some = NAMES[:5]
    write("Name;UserName\n" + "".join(f"somebody;{name}\n" for name in some))
    ran = await csrdesk("user", "disable", "--from", "leavers.csv", *WHY, "--yes", "--json")
    assert ran.code == 0, ran
    data: Any = ran.data
    assert (data["accounts"], data["done"], data["column"]) == (5, 5, "UserName")
    assert not any(enabled(box, name) for name in some)
    rows = results()
    assert sorted((row["line"], row["identifier"], row["result"]) for row in rows) == sorted(
        (str(line), name, "done") for line, name in enumerate(some, 2)
    )
    assert mode("leavers.result.csv") == 0o600
    audit = (await csrdesk("audit", "list", "--call", data["run"], "--limit", "1000", "--json")).data
    acts = [row for row in audit if "act" in row["details"]]
    marks = {(row["details"]["verified"], row["details"]["bulk"], row["ticket"]) for row in acts}
    assert (len(acts), marks) == (5 * 4 + 2 * len(with_account(box, some)), {(False, True, "HR-7")})


def with_account(box: Sandbox, names: list[str]) -> list[str]:
    """Those who have an AD account, too."""
    return [person.username for person in crowd() if person.username in names and person.in_directory]
